"""Rounds of a stack's life with one permission missing: for tests that the operator's policy is exact.

One world serves them all. Before each round the stack is brought to where the round begins, with the whole policy.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

from chaos.lab import Lab
from contract.mutators import BOUNDARY, ways
from ekswiz import risks
from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.errors import EkswizError
from ekswiz.iam.parts import parts
from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Action, Plan
from ekswiz.resource import Live, Resource
from ekswiz.session import Session
from ekswiz.target import Target
from ekswiz_sim.sim_target import make_target
from ekswiz_sim.world import World

Phase = Literal["read", "create", "update", "delete"]
READS = ("Get", "List", "Describe", "BatchGet")
ANSWERED: Mapping[str, Mapping[str, Any]] = {
    "iam:PutRolePermissionsBoundary": {"boundary": BOUNDARY},
}
"""Actions that only other answers ask for."""
LATER: Mapping[str, Phase] = {"ec2:DetachInternetGateway": "delete", "ec2:DisassociateRouteTable": "delete"}
"""Actions whose earlier verb needs an object that somebody else put there."""
UPGRADES = ("eks:UpdateClusterVersion", "eks:UpdateNodegroupVersion", "eks:UpdateAddon")
OLDER, NEWER = "1.34", "1.35"
ELSEWHERE = "777788889999"
UNSEEN = "unreadable: "
"""How a risk says that nobody may look."""


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
    if action in LATER:
        return LATER[action]
    phases = needed(answers)[action]
    order: tuple[Phase, ...] = ("read", "create", "update", "delete")
    return next(phase for phase in order if phase in phases)


def reads(action: str) -> bool:
    """Whether an action only looks."""
    return action.partition(":")[2].startswith(READS)


@dataclass
class Rounds:
    """A stack whose operator may lack an action: the world as the operator (by `see`) and as the root user see it."""

    session: Session
    see: Callable[[], Target]
    root: Target

    @classmethod
    def in_world(cls, world: World, answers: Answers, folder: Path) -> Self:
        """Rounds through a whole world's sockets."""
        checkout = folder / "checkout"
        checkout.mkdir()
        root = make_target(world.doorway, world._root_keys(), checkout)
        session = Session(answers, state_dir=folder / "state", delete_images=True, allow_risks=_every_risk())
        target = world.target(checkout)
        return cls(session, lambda: target, root)

    @classmethod
    def in_lab(cls, lab: Lab) -> Self:
        """Rounds in a world without sockets, whose status time passes at once."""
        return cls(lab.session(allow_risks=_every_risk()), lab.target, lab.as_root())

    @property
    def target(self) -> Target:
        """The world as the operator sees it. In a lab a new one: a cluster may have been made anew."""
        return self.see()

    @property
    def answers(self) -> Answers:
        return self.session.answers

    def without(self, action: str) -> list[str]:
        """What goes wrong, and in which words, in the phase of a life that needs this action."""
        phase = phase_of(action, self.answers)
        self.bring(applied=phase != "create")
        with self.lacking(action):
            if phase == "read":
                return self.seen()
            if phase == "update":
                return self.meddled(action)
            return self.tried(destroy=phase == "delete")

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
        unreadable += [risk.sentence for change in made.changes for risk in change.risks if UNSEEN in risk.sentence]
        return unreadable + [event.message for event in events if event.type == "failed"]

    def meddled(self, action: str) -> list[str]:
        """What went wrong when everything that this action updates was changed by somebody else."""
        answers = replace(self.answers, **ANSWERED.get(action, {}))
        session = replace(self.session, answers=answers)
        if action in BY_HAND:
            BY_HAND[action](self.root)
            return self.tried(session=session)
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
        """Every part of the operator's policy anew; a version that is not the default one goes."""
        iam = self.root.aws("iam")
        attached = iam.list_attached_user_policies(UserName="operator")["AttachedPolicies"]
        for held, part in zip(sorted(attached, key=lambda each: each["PolicyName"]), parts(dict(policy)), strict=True):
            arn = held["PolicyArn"]
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(part), SetAsDefault=True)
            for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
                if not version["IsDefaultVersion"]:
                    iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


def _scanning(root: Target) -> None:
    root.aws("ecr").put_registry_scanning_configuration(scanType="ENHANCED", rules=[])


def _tables(root: Target) -> Mapping[str, Mapping[str, Any]]:
    """The route tables of the stack, by their ekswiz:address tag."""
    found = root.aws("ec2").describe_route_tables()["RouteTables"]
    return {tag["Value"]: table for table in found for tag in table["Tags"] if tag["Key"] == "ekswiz:address"}


def _other_way_out(root: Target) -> None:
    tables = _tables(root)
    public, private = tables["route_table.public"], tables["route_table.private"]
    gateway = next(route["GatewayId"] for route in public["Routes"] if route["DestinationCidrBlock"] == "0.0.0.0/0")
    root.aws("ec2").replace_route(
        RouteTableId=private["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
    )


def _other_table(root: Target) -> None:
    tables = _tables(root)
    moved = tables["route_table.private"]["Associations"][0]["RouteTableAssociationId"]
    ec2 = root.aws("ec2")
    other = ec2.create_route_table(VpcId=tables["route_table.private"]["VpcId"])["RouteTable"]["RouteTableId"]
    ec2.replace_route_table_association(AssociationId=moved, RouteTableId=other)


BY_HAND: Mapping[str, Callable[[Target], None]] = {
    "ecr:PutRegistryScanningConfiguration": _scanning,
    "ec2:ReplaceRoute": _other_way_out,
    "ec2:ReplaceRouteTableAssociation": _other_table,
}
"""What to do to a stack so that this very action is what repairs it."""


def apart(action: str, answers: Answers) -> list[str]:
    """The same for actions that can be missed once in a world's life: in a world, and an account, of its own."""
    upgrade = action in UPGRADES
    first = replace(answers, account=ELSEWHERE, kubernetes_version=OLDER if upgrade else answers.kubernetes_version)
    with Lab(first, policy=operator_policy(first)) as lab:
        rounds = Rounds.in_lab(lab)
        if action in BY_HAND or upgrade:
            rounds.bring(applied=True)
        with rounds.lacking(action):
            if action in BY_HAND:
                return rounds.meddled(action)
            newer = replace(first, kubernetes_version=NEWER) if upgrade else first
            return rounds.tried(session=replace(rounds.session, answers=newer))


APART = (*UPGRADES, "iam:CreateServiceLinkedRole", "ec2:ReplaceRouteTableAssociation")


def _every_risk() -> frozenset[str]:
    return frozenset(kind.id for kind in risks.KINDS)


def named(action: str, said: Sequence[str]) -> None:
    """The sentences of a run name the action that it lacked; what only looks is named as not readable."""
    naming = [sentence for sentence in said if action in sentence]
    assert naming, said
    if reads(action):
        assert all(sentence.startswith("Not readable: ") or UNSEEN in sentence for sentence in naming), said
