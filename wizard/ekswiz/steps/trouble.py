"""An error as people meet it: what happened, why, what to do, and the key that does it. No two kinds look alike."""

from __future__ import annotations

from dataclasses import dataclass

from ekswiz.errors import EkswizError, Expired, InputError, Refused, Transient, Unreadable


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is shown.

    `sign` is `xx` where the wizard cannot go on, `--` where it can. `key` does what `act` says; both empty if only the
    user can.
    """

    sign: str
    what: str
    remedy: str
    key: str = ""
    act: str = ""

    @property
    def line(self) -> str:
        """All of it in one line, without the sign."""
        does = f"Press {self.key}: {self.act}" if self.key else ""
        return "  ".join(part for part in (self.what, self.remedy, does) if part)


def trouble(error: EkswizError, profile: str | None = None) -> Trouble:
    """An error of a lookup, in words. Most specific first."""
    why = error.detail.rstrip(".") + "."
    if isinstance(error, Expired):
        return Trouble("xx", "The AWS session has expired.", "", "l", sign_in_command(profile))
    if isinstance(error, Transient):
        return Trouble("--", f"No answer: {why}", "You can go on typing.", "r", "try again")
    if isinstance(error, Unreadable):
        return Trouble("--", f"May not be read: {why}", error.remedy or "Type it instead.", "r", "try again")
    if isinstance(error, Refused):
        return Trouble("--", f"Denied: {why}", error.remedy or "Use another profile.", "r", "try again")
    if isinstance(error, InputError):
        return Trouble("xx", why, error.remedy)
    return Trouble("xx", f"{error.summary}: {why}", error.remedy, "r", "try again")


def sign_in_command(profile: str | None) -> str:
    """The command that renews a session."""
    return "aws sso login" + (f" --profile {profile}" if profile else "")
