"""What the preview's threads report to it."""

from __future__ import annotations

from textual.message import Message

from ekswiz.answers import Answers
from ekswiz.errors import EkswizError
from ekswiz.permitted import Permissions
from ekswiz.view import View


class PlanRead(Message):
    """The world was read and compared."""

    def __init__(self, view: View, answers: Answers) -> None:
        super().__init__()
        self.view = view
        self.answers = answers


class PermissionsRead(Message):
    """The caller's permissions were tested, or why not."""

    def __init__(self, found: Permissions | None, failed: str = "") -> None:
        super().__init__()
        self.found = found
        self.failed = failed


class ReadFailed(Message):
    """There is no plan, and why."""

    def __init__(self, error: EkswizError) -> None:
        super().__init__()
        self.error = error


class Written(Message):
    """Files were written, or why not."""

    def __init__(self, paths: list[str], failed: str = "") -> None:
        super().__init__()
        self.paths = paths
        self.failed = failed
