"""The errors of ekswiz: each says what happened, why, and what to do.

EkswizError
├── InputError          a field, flag or file is not usable (names it)
├── TargetError         AWS, Kubernetes or GitHub could not be used
│   ├── Unreadable      an object could not be read: shown as "?", never guessed
│   ├── NotYet          the object's parent does not exist yet
│   ├── Refused         a call was denied
│   ├── Transient       the same call is expected to work a little later
│   │   └── Expired     it will, after signing in again
│   └── Conflict        an object of that name exists and is not ours
├── StalePlan           the world moved since the plan was made
├── Consentless         a change may break somebody, and nobody has agreed to that
├── Preflight           a check failed before anything was changed
├── Locked              another run holds this stack
├── JournalError        the journal cannot be read or written
├── Disorder            the desired resources do not fit together
├── Stopped             the stop came between two calls
└── RehearsalError      a rehearsal could not be carried out (a red result is no error)
"""

from __future__ import annotations

import errno
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    """Done, or nothing to do."""
    FAILED = 1
    """Something went wrong; the message says what."""
    PENDING = 2
    """Changes are pending (`plan --exit-code`, `status`)."""
    STOPPED = 3
    """Stopped by the stop key; what is done is recorded."""
    PARTIAL = 4
    """Some changes were applied, some failed or were skipped."""
    PREFLIGHT = 5
    """A check failed before anything was changed."""
    RED = 6
    """A rehearsal found something that does not work or somebody who should not get in."""
    STALE = 7
    """A saved plan no longer fits the world."""
    USAGE = 64
    """Bad input: the message names the field or flag."""
    INTERRUPTED = 130
    """Ctrl-C."""
    TERMINATED = 143
    """SIGTERM."""


class EkswizError(Exception):
    """What happened (`summary`), why (`detail`), what to do (`remedy`).

    Args:
        detail: Why it happened, in one sentence.
        remedy: What the user can do, with the command or flag that does it.
    """

    summary = "ekswiz could not go on"
    exit_code = Exit.FAILED

    def __init__(self, detail: str, remedy: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.summary}: {self.detail}" + (f" {self.remedy}" if self.remedy else "")


class InputError(EkswizError):
    """A field, flag or file is not usable. `field` names it as users know it."""

    summary = "Not usable"
    exit_code = Exit.USAGE

    def __init__(self, field: str, detail: str, remedy: str = "") -> None:
        super().__init__(f"{field}: {detail}", remedy)
        self.field = field


class TargetError(EkswizError):
    """AWS, Kubernetes or GitHub could not be used."""

    summary = "The target could not be used"


class Unreadable(TargetError):
    """An object could not be read. The plan shows it as "?"."""

    summary = "Not readable"


class NotYet(TargetError):
    """The parent of an object does not exist yet."""

    summary = "Not there yet"


class Refused(TargetError):
    """A call was denied by the target."""

    summary = "Denied"


class Transient(TargetError):
    """The same call is expected to work a little later: eventual consistency, throttling, a lost connection.

    Args:
        detail: Why it is expected to pass, in one sentence.
        within: Seconds after which it is not expected to pass any more.
    """

    summary = "Not settled in time"

    def __init__(self, detail: str, remedy: str = "", within: float = 120.0) -> None:
        super().__init__(detail, remedy)
        self.within = within


class Expired(Transient):
    """The AWS session has expired. Nothing is lost: what was begun is recorded, and goes on with another session.

    Transient, because the same call works after signing in; but this run does not wait for that.
    """

    summary = "The AWS session has expired"

    def __init__(self, detail: str) -> None:
        super().__init__(f"{detail}.", "What was begun is recorded. Sign in again, then: ekswiz resume", within=0.0)


class Conflict(TargetError):
    """An object of that name exists and does not belong to this stack."""

    summary = "Already exists"


class StalePlan(EkswizError):
    """The world moved since the plan was made."""

    summary = "The plan is stale"
    exit_code = Exit.STALE


class Consentless(EkswizError):
    """Changes may break somebody, and nobody has agreed to that. Nothing was changed."""

    summary = "Not agreed to"
    exit_code = Exit.PREFLIGHT


class Preflight(EkswizError):
    """A check failed before anything was changed."""

    summary = "Not started"
    exit_code = Exit.PREFLIGHT


class Locked(EkswizError):
    """Another run holds this stack."""

    summary = "Another run is at work"


class JournalError(EkswizError):
    """The journal cannot be read or written."""

    summary = "The journal is not usable"


class Disorder(EkswizError):
    """The desired resources contradict each other."""

    summary = "The desired resources do not fit together"


class Stopped(EkswizError):
    """The stop came while we waited between two calls; nothing is in flight."""

    summary = "Stopped"
    exit_code = Exit.STOPPED


class RehearsalError(EkswizError):
    """A rehearsal could not be carried out."""

    summary = "The rehearsal could not be carried out"
    exit_code = Exit.PREFLIGHT


def remedy_of(error: OSError, usual: str) -> str:
    """What to do about a file that could not be written: on a full disk, something else than usually."""
    return "Make room on that disk." if error.errno in (errno.ENOSPC, errno.EDQUOT) else usual


def mistake(error: Exception, remedy: str = "Please report it.") -> EkswizError:
    """An error that is ours, at the boundary of a thread or process, as one that every front end can show."""
    return EkswizError(f"a mistake in ekswiz: {type(error).__name__}: {error}.", remedy)
