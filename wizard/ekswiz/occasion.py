"""What a rehearsal pushes: by default a commit to the branch that may deploy, and by flags anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

Happening = Literal["push", "pull_request", "pull_request_target", "workflow_dispatch"]
HAPPENINGS: tuple[str, ...] = get_args(Happening)
"""Events that a rehearsal can make happen."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """One event at GitHub, and the workflow that hears of it.

    `branch` is the pushed branch, or a pull request's head; empty for the usual one. `fork` says that a pull request
    comes from somebody else's copy. `workflow` is a file to run in place of the generated one, `secrets` and
    `variables` what it finds at GitHub. `actions` is a folder of published actions (OWNER/NAME) whose own JavaScript
    then runs. `outside` agrees to run a workflow file that does not belong to the repository.
    """

    event: Happening = "push"
    branch: str = ""
    fork: bool = False
    workflow: Path | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    actions: Path | None = None
    outside: bool = False

    def intended(self, branch: str) -> bool:
        """Whether this event is one that may deploy, where `branch` is the branch that may."""
        return self.event in ("push", "workflow_dispatch") and self.branch in ("", branch)

    def words(self, branch: str) -> str:
        """The event in words, e.g. "a push to main"."""
        where = self.branch or branch
        if self.event == "push":
            return f"a push to {where}"
        if self.event == "workflow_dispatch":
            return f"a manual start on {where}"
        return f"a {self.event} from {'a fork' if self.fork else 'a branch of this repository'}"


USUAL = Occasion()
