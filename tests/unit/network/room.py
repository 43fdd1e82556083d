"""What the network's tests stand on: a served gate, an operator with exactly the printed policy, plans and applies."""

from __future__ import annotations

import copy
import dataclasses
import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ekswiz.answers import Answers
from ekswiz.engine.apply import apply
from ekswiz.engine.destroy import destroy_plan
from ekswiz.engine.journal import FileJournal
from ekswiz.engine.planner import plan
from ekswiz.events import Event
from ekswiz.operator_policy import operator_policy
from ekswiz.plan import Plan
from ekswiz.resource import Resource
from ekswiz.resources.network import network
from ekswiz.target import Flag, Target
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.clock import SimClock
from ekswiz_sim.gate.gate import Gate
from unit.engine.fakes import ANSWERS
from unit.gate.harness import ISSUERS, Clock, Loop, Recorder, World, an_account, serve

STACK = ANSWERS.stack


@dataclass
class Room:
    """One account with one operator."""

    world: World
    answers: Answers
    clock: SimClock
    folder: Path
    called: list[str] = field(default_factory=list)
    clients: dict[str, Any] = field(default_factory=dict)

    def open(self) -> Room:
        """Make the operator, and its client once for all threads."""
        key = self.world.user("operator")
        iam, document = self.world.client("iam"), json.dumps(network_policy(self.answers))
        arn = iam.create_policy(PolicyName="operator", PolicyDocument=document)["Policy"]["Arn"]
        iam.attach_user_policy(UserName="operator", PolicyArn=arn)
        self.clients["ec2"] = self.world.client("ec2", key, max_pool_connections=32)
        self.clients["ec2"].meta.events.register("before-call", self._note)
        return self

    @property
    def resources(self) -> list[Resource[Any]]:
        return network(self.answers)

    @property
    def root(self) -> Any:
        """EC2 as the account's owner, who may meddle with everything."""
        return self.world.client("ec2")

    def target(self) -> Target:
        world = self.world
        return Target(
            "sim",
            "aws",
            world.account,
            world.region,
            self.clients.__getitem__,
            lambda _: None,
            lambda: None,
            self.folder,
            self.clock,
        )

    def _note(self, model: Any, **_: Any) -> None:
        self.called.append(model.name)

    def plan(self, resources: Sequence[Resource[Any]] | None = None) -> Plan:
        return plan(self.target(), resources or self.resources, STACK)

    def apply(
        self, made: Plan | None = None, resources: Sequence[Resource[Any]] | None = None, stop: Flag | None = None
    ) -> list[Event]:
        desired = resources or self.resources
        journal = self.journal()
        try:
            return list(apply(made or self.plan(desired), desired, self.target(), journal, stop or threading.Event()))
        finally:
            journal.close()

    def applied(self, made: Plan | None = None, resources: Sequence[Resource[Any]] | None = None) -> list[Event]:
        events = self.apply(made, resources)
        bad = [(e.address, e.type, e.message) for e in events if e.type not in ("started", "applied", "progress")]
        assert bad == []
        return events

    def destroyed(self, resources: Sequence[Resource[Any]] | None = None) -> list[Event]:
        return self.applied(self.destroy_plan(resources), resources)

    def destroy_plan(self, resources: Sequence[Resource[Any]] | None = None) -> Plan:
        journal = self.journal()
        try:
            return destroy_plan(self.target(), resources or self.resources, journal)
        finally:
            journal.close()

    def journal(self) -> FileJournal:
        return FileJournal.open(self.folder / "journal.jsonl", STACK, self.clock.now)

    def id(self, address: str) -> str:
        """The id of a planned object that exists."""
        return self.live(address).unique_id

    def live(self, address: str) -> Any:
        found = next(each for each in self.resources if each.address == address).read(self.target())
        assert found is not None
        return found

    def skip_waits(self) -> None:
        """Let every wait pass at once, also where nothing of the world is on its way."""

        def wait(seconds: float, stop: Flag) -> bool:
            self.clock.advance(seconds)
            return stop.is_set()

        self.clock.wait = wait  # type: ignore[method-assign]  # a test's own time

    def snapshot(self) -> dict[str, Any]:
        held = self.world.gate.iam_snapshot()
        return {kind: things for kind, things in held.items() if kind.startswith("ec2_")}

    def allow(self, policy: dict[str, Any]) -> None:
        """Give the operator another policy."""
        arn = self.world.arn("policy/operator")
        iam, document = self.world.client("iam"), json.dumps(policy)
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


def network_policy(answers: Answers) -> dict[str, Any]:
    """The operator's policy, as far as it is about EC2: what else a stack needs is judged elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ekswiz.operator_policy.blueprint", lambda given, **_: network(given))
        return operator_policy(answers)


def without(policy: dict[str, Any], *actions: str) -> dict[str, Any]:
    """The policy without these actions."""
    less = copy.deepcopy(policy)
    for statement in less["Statement"]:
        statement["Action"] = [name for name in statement["Action"] if name not in actions]
    less["Statement"] = [statement for statement in less["Statement"] if statement["Action"]]
    return less


def signs(made: Plan) -> dict[str, str]:
    """What a plan would change, without what stays."""
    return {change.address: change.action.value for change in made.changes if change.action.value != "="}


def opened(loop: Loop, region: str = "eu-west-1", **answered: Any) -> Iterator[Room]:
    account = an_account()
    backend = MotoBackend(account, region)
    services = {name: Recorder(f"arn:aws:{name}:{region}:{account}:") for name in ("eks", "ecr")}
    gate = Gate(account, region, backend, services, lambda _: None, Clock())
    clock = SimClock()
    gate.know_time(clock)
    runner, port = loop.run(serve(gate))
    gate.public_url = f"http://127.0.0.1:{port}"
    world = World(gate, backend, gate.public_url, account, *ISSUERS, services["eks"], services["ecr"], Clock(), region)
    answers = dataclasses.replace(ANSWERS, account=account, region=region, create_cluster=True, **answered)
    with tempfile.TemporaryDirectory() as folder:
        yield Room(world, answers, clock, Path(folder)).open()
    loop.run(runner.cleanup())
    gate.close()
