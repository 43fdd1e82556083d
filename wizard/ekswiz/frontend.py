"""What a front end may ask of the product. No front end sees anything below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from ekswiz.answers import Answers
from ekswiz.errors import Exit
from ekswiz.events import Event
from ekswiz.given import Choice, Given
from ekswiz.occasion import USUAL, Occasion
from ekswiz.permitted import Permissions
from ekswiz.plan import Plan
from ekswiz.quotes import Quotes
from ekswiz.state import Estimate, Status, Unfinished
from ekswiz.target import Flag

__all__ = ["Choice", "Given"]


class OpenRoad(Protocol):
    """A stack in a world: plan it, apply it, remove it."""

    @property
    def answers(self) -> Answers:
        """The stack's answers."""
        ...

    def plan(self) -> Plan:
        """Read the world and compare."""
        ...

    def apply(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        """Carry a plan out."""
        ...

    def status(self) -> Status:
        """What moved since the last apply."""
        ...

    def unfinished(self) -> Unfinished | None:
        """The run that did not come to its end; None if there is nothing to resume."""
        ...

    def eta(self, plan: Plan) -> Estimate:
        """How long a plan may take, by earlier runs."""
        ...

    def permissions(self, plan: Plan) -> Permissions:
        """What a plan needs of IAM, tested against the caller without changing anything."""
        ...

    def quotes(self, plan: Plan) -> Quotes:
        """What AWS's price list says of the prices that a plan's costs are made of."""
        ...

    def destroy_plan(self) -> Plan:
        """What a destroy would remove, and what it keeps with the reason."""
        ...

    def destroy(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        """Remove what the destroy plan lists."""
        ...


class RunningRehearsal(Protocol):
    """A rehearsal: iterate it to the end (or close it), then ask for its report."""

    def __iter__(self) -> Iterator[Event]:
        """Run it, event by event."""
        ...

    def close(self) -> None:
        """Stop at once and remove everything."""
        ...

    @property
    def report(self) -> Mapping[str, Any]:
        """The report, version 1."""
        ...


@dataclass(frozen=True, slots=True)
class Draft:
    """Answers that are not complete yet: values as text by field name, and in words where each came from."""

    values: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """An AWS profile of this machine. `source` says why it is offered, e.g. `from AWS_PROFILE`."""

    name: str
    region: str = ""
    sso: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a profile is. `seconds_left` is None where the credentials do not say when they end."""

    account: str
    arn: str
    alias: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class ClusterSeen:
    """An EKS cluster of an account: status and authentication mode in EKS's own words; `nodes` None where unknown."""

    name: str
    version: str
    status: str
    mode: str
    public: bool
    nodes: int | None = None


@dataclass(frozen=True, slots=True)
class RepositorySeen:
    """A repository as GitHub knows it, in its exact case. None is "GitHub did not say"."""

    owner: str
    repo: str
    owner_id: str
    repo_id: str
    default_branch: str
    private: bool
    protected: bool | None = None
    immutable_subject: bool | None = None


CheckResult = Literal["ok", "warn", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor: what was looked at, what was found, why it matters, what to do."""

    id: str
    title: str
    result: CheckResult
    found: str
    why: str
    fix: str = ""


class Look(Protocol):
    """What a front end may look up before there are answers. Every method blocks: call it from a thread.

    All raise EkswizError with a sentence and a remedy: no credentials, expired SSO, denied, no network.
    """

    def draft(self, given: Given, *, sim: bool) -> Draft:
        """Defaults with their sources: flag, variable, file, repository, AWS configuration, workflows.

        `sim` holds for the lookups after it: those of a simulated account, its GitHub included, answer from then on.
        """
        ...

    def profiles(self) -> Sequence[Profile]:
        """AWS profiles of this machine, the likeliest first; empty if there is none."""
        ...

    def identity(self, profile: str | None, region: str) -> Identity:
        """Who the profile is (sts:GetCallerIdentity, iam:ListAccountAliases)."""
        ...

    def clusters(self, profile: str | None, region: str) -> Sequence[ClusterSeen]:
        """The region's EKS clusters."""
        ...

    def repository(self, owner: str, repo: str) -> RepositorySeen:
        """The repository by GitHub's API, with the token of `gh` or GITHUB_TOKEN where there is one."""
        ...

    def checks(self, given: Given, choice: Choice) -> Iterator[Check]:
        """The doctor's checks, each as soon as it is known, concurrently made."""
        ...

    def save(self, draft: Draft, file: Path) -> Path:
        """Write the answers so far, complete or not, as an answers file (atomic, no secrets)."""
        ...

    def hand_off(self, plan: Plan, answers: Answers, folder: Path) -> Sequence[Path]:
        """Write what an administrator has to do as one Markdown and one bash file."""
        ...


class Application(Protocol):
    """The use-cases, composed in `main.py`."""

    @property
    def look(self) -> Look:
        """What can be looked up before there are answers."""
        ...

    def answers(self, given: Given, *, sim: bool) -> Answers:
        """Answers from flags, variables, file, sample and repository, validated."""
        ...

    def road(self, given: Given, choice: Choice) -> AbstractContextManager[OpenRoad]:
        """Open the stack in AWS, or in the world that is up."""
        ...

    def operator_policy(self, given: Given, choice: Choice, *, self_check: bool = False) -> Mapping[str, Any]:
        """The IAM policy that whoever plans, applies and destroys needs; with `self_check` also to test itself."""
        ...

    def rehearse(self, given: Given, stop: Flag, *, port: int = 0, occasion: Occasion = USUAL) -> RunningRehearsal:
        """Prepare a rehearsal in a world of its own. `occasion` is what is pushed and which workflow hears of it."""
        ...

    def rehearse_apart(self, given: Given, stop: Flag) -> RunningRehearsal:
        """The usual push in a process of its own: for a front end whose keys may not wait."""
        ...

    def sim_up(self, given: Given, port: int) -> Mapping[str, Any]:
        """Start a world that outlives the command; its facts."""
        ...

    def sim_status(self) -> Mapping[str, Any] | None:
        """Facts of the world that is up; None if there is none."""
        ...

    def sim_env(self, *, root: bool = False) -> Mapping[str, str]:
        """Variables with which other tools reach the world that is up, as the operator or the root user."""
        ...

    def sim_down(self) -> list[str]:
        """Remove the world; what could not be removed."""
        ...


def exit_code(events: Sequence[Event], signalled: Exit | None) -> Exit:
    """The exit code of an apply or destroy, from its events and the signal that stopped it, if one did."""
    kinds = {event.type for event in events}
    if signalled is not None:
        return signalled
    if "stopped" in kinds:
        return Exit.STOPPED
    if kinds & {"failed", "skipped"}:
        return Exit.PARTIAL if "applied" in kinds else Exit.FAILED
    return Exit.OK
