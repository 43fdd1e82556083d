"""Workflow commands: lines such as `::error file=a,line=1::text` that a step prints for the runner.

`set-env` and `add-path` are refused, in GitHub's words; `set-output` and `save-state` still work there, with a
warning, and so they do here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ekswiz_sim.runner.masks import Masker
from ekswiz_sim.runner.request import Annotation, AnnotationLevel

_LEVELS: Mapping[str, AnnotationLevel] = {"error": "error", "warning": "warning", "notice": "notice"}
_KNOWN = frozenset(
    {
        *_LEVELS,
        "debug",
        "group",
        "endgroup",
        "add-mask",
        "echo",
        "set-output",
        "save-state",
        "set-env",
        "add-path",
        "add-matcher",
        "remove-matcher",
        "stop-commands",
    }
)
_NEW = re.compile(r"\s*::([^\s:]+)(?:\s+((?:(?!::).)*))?::(.*)", re.DOTALL)
_OLD = re.compile(r".*?##\[([^\s\]]+)(?:\s+([^\]]*))?\](.*)", re.DOTALL)
_DISABLED = (
    "The `{0}` command is disabled. Please upgrade to using Environment Files or opt into unsecure command execution "
    "by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to `true`. For more information see: "
    "https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/"
)
_DEPRECATED = (
    "The `{0}` command is deprecated and will be disabled soon. Please upgrade to using Environment Files. For more "
    "information see: https://github.blog/changelog/"
    "2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/"
)


@dataclass(frozen=True, slots=True)
class Command:
    """A parsed command; name in lower case."""

    name: str
    properties: Mapping[str, str]
    data: str


def parse_command(line: str, extra: str | None = None) -> Command | None:
    """The command in a line, or None. `extra` is the token that ends `stop-commands`."""
    for pattern, separator in ((_NEW, ","), (_OLD, ";")):
        found = pattern.fullmatch(line)
        if found is None:
            continue
        name = found.group(1).lower()
        if name in _KNOWN or (extra is not None and name == extra.lower()):
            return Command(name, _properties(found.group(2) or "", separator), _unescape(found.group(3)))
    return None


def _properties(text: str, separator: str) -> dict[str, str]:
    pairs = (part.split("=", 1) for part in text.split(separator) if "=" in part)
    return {key.strip().lower(): _unescape(value, properties=True) for key, value in pairs if value}


def _unescape(text: str, *, properties: bool = False) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n")):
        text = text.replace(code, character)
    if properties:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%25", "%")


@dataclass(slots=True)
class CommandReader:
    """Carries out one step's commands. What they leave: `outputs`, `state`, `annotations`, and `failed` if refused."""

    masker: Masker
    job: str
    step: str
    write: Callable[[str], None]
    outputs: dict[str, str] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    annotations: list[Annotation] = field(default_factory=list)
    failed: bool = False
    _until: str | None = None

    def line(self, line: str) -> None:
        """Take one line of a step's output: carry out its command, or write it to the log."""
        command = parse_command(line, self._until)
        if self._until is not None:
            if command is not None and command.name == self._until.lower():
                self._until = None
            self.write(line)
            return
        if command is None:
            self.write(line)
            return
        self._carry_out(command, line)

    def _carry_out(self, command: Command, line: str) -> None:
        name = command.name
        if name in _LEVELS:
            self.annotate(_LEVELS[name], command.data, command.properties)
        elif name == "add-mask":
            self._add_mask(command.data)
        elif name == "stop-commands":
            self._stop(command.data, line)
        elif name in ("set-env", "add-path"):
            self._refuse(line, _DISABLED.format(name))
        elif name in ("set-output", "save-state"):
            self._set(command, line)
        elif name in ("group", "endgroup"):
            self.write(f"##[{name}]{command.data}")

    def annotate(self, level: AnnotationLevel, message: str, properties: Mapping[str, str] | None = None) -> None:
        """Write a line of this level and keep it as an annotation, masked."""
        given = properties or {}
        self.write(f"##[{level}]{message}")
        self.annotations.append(
            Annotation(
                level,
                self.masker.mask(message),
                self.job,
                self.step,
                given.get("file", ""),
                given.get("line", ""),
                given.get("col", ""),
                self.masker.mask(given.get("title", "")),
            )
        )

    def _add_mask(self, secret: str) -> None:
        if secret.strip():
            self.masker.add(secret)
        else:
            self.annotate("warning", "Can't add secret mask for empty string in ##[add-mask] command.")

    def _stop(self, token: str, line: str) -> None:
        if not token or token.lower() == "pause-logging" or token.lower() in _KNOWN:
            self._refuse(
                line,
                "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow "
                "command.",
            )
            return
        self._until = token
        self.write(line)

    def _set(self, command: Command, line: str) -> None:
        name = command.properties.get("name", "")
        if not name:
            self._refuse(line, f"Required field 'name' is missing in ##[{command.name}] command.")
            return
        (self.outputs if command.name == "set-output" else self.state)[name] = command.data
        self.annotate("warning", _DEPRECATED.format(command.name))

    def _refuse(self, line: str, why: str) -> None:
        self.failed = True
        self.annotate("error", f"Unable to process command '{line}' successfully.")
        self.annotate("error", why)
