"""Options of the docker command: what is taken, what docker has but is not modelled here, and docker's refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["flag", "value", "list"]
RELEASE = "27.5.1"
"""The release of docker whose words this twin speaks."""
FLAGS_WRONG = 125
"""Exit code of the docker command for options that it does not know."""


class Stop(Exception):
    """The command ends here: text for stderr and exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


@dataclass(frozen=True, slots=True)
class Command:
    """What a subcommand takes.

    `options` maps names without dashes to kinds, `short` one letter to a name; `known` are options that docker has and
    this command does not model. `least` and `most` count arguments.
    """

    name: str
    usage: str
    options: Mapping[str, Kind] = field(default_factory=dict)
    short: Mapping[str, str] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    least: int = 0
    most: int | None = None


@dataclass(slots=True)
class Given:
    """A command line, read."""

    arguments: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)

    def on(self, name: str) -> bool:
        """Whether a flag is set."""
        return self.one(name) == "true"

    def one(self, name: str, default: str = "") -> str:
        """The last value of an option."""
        return self.values.get(name, [default])[-1]

    def all(self, name: str) -> list[str]:
        """Every value of an option."""
        return self.values.get(name, [])


def read(command: Command, words: Sequence[str]) -> Given:
    """Read a command line as docker does.

    Raises:
        Stop: Help was asked for, an option is unknown, not modelled or lacks its value, or arguments are missing.
    """
    given, rest = Given(), list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            given.arguments += rest
            break
        if word.startswith("--"):
            _long(command, given, word[2:], rest)
        elif word.startswith("-") and word != "-":
            _short(command, given, word[1:], rest)
        else:
            given.arguments.append(word)
    _count(command, given)
    return given


def help_text(command: Command) -> str:
    """The first lines of `--help`, and the options that this twin takes."""
    names = {name: letter for letter, name in command.short.items()}
    rows = [
        f"  {'-' + names[name] + ', ' if name in names else '    '}--{name}{'' if kind == 'flag' else ' ' + kind}"
        for name, kind in sorted(command.options.items())
    ]
    return "\n".join([f"\nUsage:  docker {command.usage}\n", "Options:", *rows])


def _long(command: Command, given: Given, text: str, rest: list[str]) -> None:
    name, equals, value = text.partition("=")
    if name == "help":
        raise Stop(help_text(command), 0)
    if name in command.known:
        raise Stop(
            f"docker {command.name}: --{name} is not modelled by ekswiz's docker (it needs a container engine)",
            FLAGS_WRONG,
        )
    kind = command.options.get(name)
    if kind is None:
        raise _wrong(command, f"unknown flag: --{name}")
    if kind == "flag":
        _set_flag(command, given, name, value if equals else "true")
    elif equals:
        given.values.setdefault(name, []).append(value)
    elif rest:
        given.values.setdefault(name, []).append(rest.pop(0))
    else:
        raise _wrong(command, f"flag needs an argument: --{name}")


def _set_flag(command: Command, given: Given, name: str, value: str) -> None:
    if value.lower() not in {"1", "t", "true", "0", "f", "false"}:
        text = f'invalid argument "{value}" for "--{name}" flag: strconv.ParseBool: parsing "{value}": invalid syntax'
        raise _wrong(command, text)
    given.values.setdefault(name, []).append("true" if value.lower() in {"1", "t", "true"} else "false")


def _short(command: Command, given: Given, text: str, rest: list[str]) -> None:
    letter, value = text[0], text[1:]
    if letter == "h":
        raise Stop(help_text(command), 0)
    name = command.short.get(letter)
    if name is None:
        raise _wrong(command, f"unknown shorthand flag: '{letter}' in -{text}")
    if command.options[name] == "flag":
        given.values.setdefault(name, []).append("true")
        if value:
            _short(command, given, value, rest)
    elif value or rest:
        given.values.setdefault(name, []).append(value.removeprefix("=") if value else rest.pop(0))
    else:
        raise _wrong(command, f"flag needs an argument: '{letter}' in -{text}")


def _count(command: Command, given: Given) -> None:
    count, least, most = len(given.arguments), command.least, command.most
    if count >= least and (most is None or count <= most):
        return
    if least == most:
        words = f"requires {least} argument{'' if least == 1 else 's'}"
    elif most is None:
        words = f"requires at least {least} argument{'' if least == 1 else 's'}"
    else:
        words = f"accepts at most {most} argument{'' if most == 1 else 's'}"
    raise _wrong(command, f"docker: 'docker {command.name}' {words}", 1)


def _wrong(command: Command, text: str, code: int = FLAGS_WRONG) -> Stop:
    return Stop(
        f"{text}\n\nUsage:  docker {command.usage}\n\nRun 'docker {command.name} --help' for more information", code
    )
