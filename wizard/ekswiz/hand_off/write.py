"""Writes both files."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from ekswiz import answers_file
from ekswiz.answers import Answers
from ekswiz.errors import InputError
from ekswiz.hand_off.markdown import markdown
from ekswiz.hand_off.script import script
from ekswiz.hand_off.steps import handed_over
from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Action, Plan

READABLE, RUNNABLE = 0o644, 0o755


def hand_off(plan: Plan, answers: Answers, folder: Path) -> Sequence[Path]:
    """Write the Markdown file and the bash file; their paths.

    Raises:
        InputError: There is nothing to hand over, the plan removes something, or the folder cannot be written.
    """
    if any(change.action is Action.DELETE for change in plan.pending):
        raise InputError("plan", "removes something, and that is not handed over.", "Let them run: ekswiz destroy")
    if not handed_over(plan):
        raise InputError("plan", "holds nothing that somebody else would have to do.", "Go on yourself: ekswiz apply")
    name = f"ekswiz-{plan.stack}-hand-off"
    text = answers_file.text(answers)
    files = {
        folder / f"{name}.md": (markdown(plan, answers, operator_policy(answers), f"{name}.sh"), READABLE),
        folder / f"{name}.sh": (script(plan, answers, text), RUNNABLE),
    }
    for path, (content, mode) in files.items():
        write(path, content, mode)
    return tuple(files)


def write(path: Path, content: str, mode: int) -> None:
    """Write a file in one step, with its folder.

    Raises:
        InputError: It cannot be written.
    """
    scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(content)
        scratch.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        raise InputError(str(path), f"cannot be written: {error.strerror}.", "Choose another folder.") from error
