"""Published actions themselves: their JavaScript under node, from a folder that the user names.

The folder holds clones as OWNER/NAME (or OWNER/NAME/REF, as GitHub's own runner keeps them). The surprising thing: the
code is taken as it lies there, whatever `uses:` says behind the `@`, unless there is a folder for that very ref.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ekswiz.workflow.expressions import interpolate
from ekswiz.workflow.syntax import ExpressionError
from ekswiz_sim.runner.actions.inputs import ActionFailed
from ekswiz_sim.runner.request import Patience
from ekswiz_sim.runner.shell import Limits, run_process
from ekswiz_sim.seams import ActionCall, ActionResult, Twin

FILES = ("action.yml", "action.yaml")
DEEPEST = 3
"""Folders below OWNER/NAME in which an action of its own may lie (`uses: owner/name/path@ref`)."""


@dataclass(frozen=True, slots=True)
class Action:
    """What an action's file says, as far as a rehearsal needs it. Paths are relative to `folder`."""

    name: str
    folder: Path
    using: str
    main: str
    pre: str
    post: str
    defaults: Mapping[str, str]


def published(folder: Path) -> dict[str, Twin]:
    """Every action in the folder by its name, as it is called in `uses:` without ref."""
    return {name: _twin(folder, name) for name in _names(folder)}


def _names(folder: Path) -> Iterator[str]:
    for depth in range(2, 3 + DEEPEST):
        for file in FILES:
            for found in sorted(folder.glob("/".join(["*"] * depth) + f"/{file}")):
                parts = found.parent.relative_to(folder).parts
                if "node_modules" not in parts:
                    yield "/".join(parts)
                    if depth == 3:  # noqa: PLR2004 - OWNER/NAME/REF
                        yield "/".join(parts[:2])


def _twin(root: Path, name: str) -> Twin:
    def run(call: ActionCall) -> ActionResult:
        try:
            action = _read(_folder(root, name, call.uses.partition("@")[2]), name)
            call.log(f"{name}: its own code from {action.folder}")
            for script in (action.pre, action.main):
                if script:
                    _node(action, script, call)
        except ActionFailed as error:
            return ActionResult(ok=False, error=str(error))
        return ActionResult(ok=True, post=(lambda later: _node(action, action.post, later)) if action.post else None)

    return run


def _folder(root: Path, name: str, ref: str) -> Path:
    """The folder of that ref if there is one, else the action's own, else its only one."""
    own = root / name
    candidates = [own / ref, own, *sorted(path for path in own.iterdir() if path.is_dir())]
    found = [path for path in candidates if any((path / file).is_file() for file in FILES)]
    if not found:
        raise ActionFailed(f"{name} is not in {root} any more.")
    return found[0]


def _read(folder: Path, name: str) -> Action:
    """Read an action's file.

    Raises:
        ActionFailed: It is no action in JavaScript.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    file = next(folder / each for each in FILES if (folder / each).is_file())
    try:
        document = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
        runs: Mapping[str, Any] = document["runs"]
        using = str(runs["using"])
    except (YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ActionFailed(f"{file} is no action's file: {type(error).__name__}.") from None
    if not using.startswith("node"):
        raise ActionFailed(f"{name} is a {using} action: a rehearsal runs JavaScript ones only.")
    given = {key: value.get("default") for key, value in (document.get("inputs") or {}).items() if value}
    defaults = {key: _text(value) for key, value in given.items() if value is not None}
    return Action(
        name, folder, using, str(runs.get("main", "")), str(runs.get("pre", "")), str(runs.get("post", "")), defaults
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _node(action: Action, script: str, call: ActionCall) -> None:
    """Run one script of an action to its end.

    Raises:
        ActionFailed: There is no node, or the script failed.
    """
    program = shutil.which("node", path=call.env.get("PATH")) or shutil.which("node")
    if program is None:
        raise ActionFailed(f"{action.name} is JavaScript, and there is no node here. Leave out --actions-dir.")
    path = (action.folder / script).resolve()
    if not path.is_relative_to(action.folder.resolve()) or not path.is_file():
        raise ActionFailed(f"{action.name}: there is no {script} in {action.folder}.")
    limits = Limits(math.inf, "", call.stop, Patience())
    try:
        ended = run_process(
            [program, str(path)], _environment(action, call), call.workspace,
            write=call.log, limits=limits, keep=lambda _process: None,
        )  # fmt: skip
    except OSError as error:
        raise ActionFailed(f"{program} does not start: {error.strerror}.") from None
    if ended.why != "exit" or ended.code != 0:
        raise ActionFailed(f"{action.name}: {script} ended with exit code {ended.code}.")


def _environment(action: Action, call: ActionCall) -> dict[str, str]:
    """The step's environment with the inputs that nobody gave, as GitHub's runner hands them over."""
    github = {
        key.removeprefix("GITHUB_").lower(): value for key, value in call.env.items() if key.startswith("GITHUB_")
    }
    runner = {
        key.removeprefix("RUNNER_").lower(): value for key, value in call.env.items() if key.startswith("RUNNER_")
    }
    context = {"github": {"token": "", **github}, "runner": runner}
    made = dict(call.env)
    for name, default in action.defaults.items():
        made.setdefault(f"INPUT_{name.upper().replace(' ', '_')}", _evaluated(default, context))
    return {**made, "GITHUB_ACTION_PATH": str(action.folder)}


def _evaluated(default: str, context: Mapping[str, Any]) -> str:
    try:
        return interpolate(default, context)
    except ExpressionError:
        return ""  # a context that a rehearsal does not have; GitHub's runner would fill it
