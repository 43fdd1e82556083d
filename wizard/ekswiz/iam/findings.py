"""Which statements speak of a request, and which only nearly do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ekswiz.iam.conditions import Outcome, outcomes
from ekswiz.iam.matching import Boundaries, matches, matches_action
from ekswiz.iam.policy import Policy, Statement
from ekswiz.iam.principals import Caller, Naming, exempt, named
from ekswiz.iam.truth import Truth, either, every, opposite
from ekswiz.iam.variables import Context, NoValue, Template, expand

Stage = Literal["action", "principal", "resource", "condition", "applies"]
STAGES: tuple[Stage, ...] = ("action", "principal", "resource", "condition", "applies")
"""How far a statement got; each stage is nearer than the one before."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. `bounded`: the caller has a permissions boundary."""

    action: str
    resource: str
    context: Context
    caller: Caller
    bounded: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement held against one request: how far it got, and what its conditions said."""

    statement: Statement
    stage: Stage
    naming: Naming = Naming.NOT
    outcomes: tuple[Outcome, ...] = ()

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The condition lines that did not hold."""
        return tuple(outcome for outcome in self.outcomes if outcome.truth is not True)


def examine(policies: Iterable[Policy], request: Request) -> Iterator[Finding]:
    """Every statement with the stage that it reached; what is unknown stops an Allow and never a Deny."""
    for policy in policies:
        for statement in policy.statements:
            yield _examined(statement, request)


def nearest(findings: Iterable[Finding]) -> Finding | None:
    """The Allow that came nearest to the request, beyond its action; the first of equals."""
    missed = [each for each in findings if each.statement.allow and each.stage in STAGES[1:-1]]
    return max(missed, key=lambda each: (STAGES.index(each.stage), -len(each.failed)), default=None)


def _examined(statement: Statement, request: Request) -> Finding:
    if any(matches_action(action, request.action) for action in statement.actions) is statement.not_actions:
        return Finding(statement, "action")
    naming = _naming(statement, request)
    if naming is Naming.NOT:
        return Finding(statement, "principal")
    if not _suffices(statement, _covers(statement, request)):
        return Finding(statement, "resource", naming)
    tested = outcomes(statement.tests, request.context)
    applies = _suffices(statement, every(outcome.truth for outcome in tested))
    return Finding(statement, "applies" if applies else "condition", naming, tested)


def _suffices(statement: Statement, truth: Truth) -> bool:
    return truth is True if statement.allow else truth is not False


def _naming(statement: Statement, request: Request) -> Naming:
    """Statements of identity policies speak of whoever they are attached to."""
    if statement.principals is None:
        return Naming.SELF
    if not statement.not_principals:
        return named(statement.principals, request.caller)
    is_exempt = exempt(statement.principals, request.caller) and not request.bounded
    return Naming.NOT if is_exempt else Naming.EVERYBODY


def _covers(statement: Statement, request: Request) -> Truth:
    if statement.resources is None:
        return True
    found = either(_fits(resource, request) for resource in statement.resources)
    return opposite(found) if statement.not_resources else found


def _fits(resource: Template, request: Request) -> Truth:
    runs = expand(resource, request.context)
    if isinstance(runs, NoValue):
        return None if runs.unknown else False
    return matches(runs, request.resource, Boundaries.RESOURCE)
