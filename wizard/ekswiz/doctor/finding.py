"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ekswiz.frontend import CheckResult

if TYPE_CHECKING:
    from ekswiz.doctor.facts import Facts


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and what to do about it (empty where there is nothing to do)."""

    result: CheckResult
    found: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """One check: `title` names what is looked at, `why` says what goes wrong without it."""

    id: str
    title: str
    why: str
    look: Callable[[Facts], Finding]


class Unasked(Exception):
    """A check cannot be made before something else is there; the message says what."""


def ok(found: str) -> Finding:
    """It is as it should be."""
    return Finding("ok", found)


def warn(found: str, fix: str) -> Finding:
    """It works and may hurt, or will stop working."""
    return Finding("warn", found, fix)


def fail(found: str, fix: str) -> Finding:
    """The pipeline does not work, or lets in who should stay out."""
    return Finding("fail", found, fix)


def skip(found: str, fix: str = "") -> Finding:
    """It does not apply, or could not be looked at."""
    return Finding("skip", found, fix)
