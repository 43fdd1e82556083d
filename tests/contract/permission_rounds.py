"""Rounds of a stack's life with one permission missing: for tests that the operator's policy is exact.

One world serves them all. Before each round the stack is brought to where the round begins, with the whole policy.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from contract.mutators import BOUNDARY, ways
from ekswiz import risks
from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.errors import EkswizError
from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Action, Plan
from ekswiz.resource import Live, Resource
from ekswiz.session import Session
from ekswiz_sim.sim_target import make_target
from ekswiz_sim.world import World

Phase = Literal["read", "create", "update", "delete"]
READS = ("Get", "List", "Describe", "BatchGet")
ANSWERED: Mapping[str, Mapping[str, Any]] = {
    "iam:PutRolePermissionsBoundary": {"boundary": BOUNDARY},
}
"""Actions that only other answers ask for."""


def needed(answers: Answers) -> Mapping[str, frozenset[Phase]]:
    """Every action of the printed policy, with the verbs that ask for it."""
    found: dict[str, set[Phase]] = {}
    for resource in blueprint(answers):
        for verb, actions in resource.permissions.items():
            for action in actions:
                found.setdefault(action, set()).add(verb)
    return {action: frozenset(phases) for action, phases in sorted(found.items())}


def phase_of(action: str, answers: Answers) -> Phase:
    """The first verb of a life that asks for this action."""
    phases = needed(answers)[action]
    order: tuple[Phase, ...] = ("read", "create", "update", "delete")
    return next(phase for phase in order if phase in phases)


def reads(action: str) -> bool:
    """Whether an action only looks."""
    return action.partition(":")[2].startswith(READS)


@dataclass
class Rounds:
    """A world and a stack whose operator may lack an action. `said` is what went wrong, in ekswiz's words."""

    world: World
    answers: Answers
    folder: Path

    def __post_init__(self) -> None:
        checkout = self.folder / "checkout"
        checkout.mkdir()
        self.target = self.world.target(checkout)
        self.root = make_target(self.world.doorway, self.world._root_keys(), checkout)
        self.session = Session(
            self.answers, state_dir=self.folder / "state", delete_images=True, allow_risks=_every_risk()
        )

    @contextmanager
    def lacking(self, action: str) -> Iterator[None]:
        """The printed policy without this action, everywhere."""
        policy = copy.deepcopy(operator_policy(self.answers))
        for statement in policy["Statement"]:
            statement["Action"] = [name for name in statement["Action"] if name != action]
        policy["Statement"] = [statement for statement in policy["Statement"] if statement["Action"]]
        self._put(policy)
        try:
            yield
        finally:
            self._put(operator_policy(self.answers))

    def bring(self, *, applied: bool) -> None:
        """Everything there and as it should be, or nothing."""
        stop = threading.Event()
        if applied:
            self._go(self.session.plan(self.target), stop)
            assert self.session.plan(self.target).pending == ()
        else:
            self._go(self.session.destroy_plan(self.target), stop)
            assert self.session.destroy_plan(self.target).pending == ()

    def seen(self) -> list[str]:
        """What a plan says of what it could not read."""
        changes = self.session.plan(self.target).changes
        return [change.why for change in changes if change.action is Action.UNKNOWN]

    def tried(self, *, destroy: bool = False, session: Session | None = None) -> list[str]:
        """What went wrong in an apply or a destroy, while planning or while acting."""
        stop, acting = threading.Event(), session or self.session
        try:
            made = acting.destroy_plan(self.target) if destroy else acting.plan(self.target)
            events = list(acting.apply(made, self.target, stop))
        except EkswizError as error:
            return [str(error)]
        unreadable = [change.why for change in made.changes if change.action is Action.UNKNOWN]
        return unreadable + [event.message for event in events if event.type == "failed"]

    def meddled(self, action: str) -> list[str]:
        """What went wrong when everything that this action updates was changed by somebody else."""
        answers = replace(self.answers, **ANSWERED.get(action, {}))
        session = replace(self.session, answers=answers)
        if action == "ecr:PutRegistryScanningConfiguration":
            self.root.aws("ecr").put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
        for resource in blueprint(answers):
            if action not in ANSWERED and action in resource.permissions.get("update", ()):
                self._meddle(resource)
        return self.tried(session=session)

    def _meddle(self, resource: Resource[Any]) -> None:
        """Change what can be changed back in place."""
        for attribute, mutate in ways(resource).items():
            found = resource.read(self.root)
            if attribute not in resource.replaces and isinstance(found, Live):
                with suppress(Exception):
                    mutate(self.root, resource, found)

    def _go(self, made: Plan, stop: threading.Event) -> None:
        bad = [event for event in self.session.apply(made, self.target, stop) if event.type in ("failed", "skipped")]
        assert bad == []

    def _put(self, policy: Mapping[str, Any]) -> None:
        iam = self.world.root("iam")
        (attached,) = iam.list_attached_user_policies(UserName="operator")["AttachedPolicies"]
        arn = attached["PolicyArn"]
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(policy), SetAsDefault=True)
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


def _every_risk() -> frozenset[str]:
    return frozenset(kind.id for kind in risks.KINDS)
