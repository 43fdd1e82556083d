"""Plans with every sign in them, and a road that makes their events when the test says so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.events import Event, EventType
from ekswiz.permitted import Need, Permissions, Verdict
from ekswiz.plan import PLAN_VERSION, Action, Change, Plan, Ref, Risk
from ekswiz.state import Estimate, Status, Unfinished
from ekswiz.target import Flag
from unit.tui.doubles import ACCOUNT

NOON = 1_767_268_800.0
ANSWERS = Answers(
    stack="payments-api",
    account=ACCOUNT,
    region="eu-west-1",
    owner="acme",
    repo="payments-api",
    owner_id="1001",
    repo_id="2002",
    branch="main",
    cluster="platform-dev",
    namespace="payments",
    ecr_repository="payments-api",
    workload="payments-api",
)
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
SUB = "repo:acme@1001/payments-api@2002:ref:refs/heads/main"


def trust() -> dict[str, Any]:
    host = "token.actions.githubusercontent.com"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": PROVIDER},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": SUB}},
            }
        ],
    }


def policy(action: str, resource: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


def change(
    address: str,
    action: Action,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    needs: tuple[str, ...] = (),
    risks: tuple[Risk, ...] = (),
    why: str = "Because the service needs it.",
    cli: str = "aws sts get-caller-identity",
    adopted: bool = False,
    permissions: tuple[str, ...] = (),
) -> Change:
    return Change(address, action, before, after, needs, adopted, why, cli, permissions, risks)


CREATE, UPDATE, DELETE, KEEP = Action.CREATE, Action.UPDATE, Action.DELETE, Action.KEEP
BRANCH = Risk("branch-deploys", "Whoever can push to main of acme/payments-api can deploy.")
LIFECYCLE = Risk("replaces-lifecycle", "The policy that keeps 10 images goes; one that keeps 30 comes.")
ROLE = {
    "name": "ekswiz-payments-api-deploy",
    "trust": trust(),
    "policies": {"ekswiz": policy("eks:DescribeCluster", f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/platform-dev")},
    "attached": [],
}
OLD_RULES = {"rules": [{"rulePriority": 1, "selection": {"countNumber": 10}}]}
NEW_RULES = {"rules": [{"rulePriority": 1, "selection": {"countNumber": 30}}]}


def full_plan() -> Plan:
    """Something of everything: five to make, one to change, one to remove, one to keep."""
    registry = {"name": "payments-api", "mutability": "IMMUTABLE", "lifecycle": OLD_RULES}
    return plan(
        change(
            "oidc_provider.github",
            CREATE,
            after={"url": "https://token.actions.githubusercontent.com", "audience": "sts.amazonaws.com"},
            cli="aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com",
            permissions=("iam:CreateOpenIDConnectProvider",),
        ),
        change(
            "ecr_repository.app",
            UPDATE,
            before=registry,
            after={**registry, "lifecycle": NEW_RULES},
            risks=(LIFECYCLE,),
            why="Holds the service's images.",
            adopted=True,
        ),
        change("eks_cluster.main", KEEP, before={"name": "platform-dev"}, after={"name": "platform-dev"}, adopted=True),
        change(
            "iam_role.deploy",
            CREATE,
            after=ROLE,
            needs=("oidc_provider.github",),
            risks=(BRANCH,),
            why="The deploy job finds cluster platform-dev with it.",
            permissions=("iam:CreateRole", "iam:TagRole"),
        ),
        change("namespace.app", CREATE, after={"name": "payments"}, needs=("eks_cluster.main",)),
        change(
            "access_entry.deploy",
            CREATE,
            after={"cluster": "platform-dev", "role_id": Ref("iam_role.deploy", "unique_id"), "groups": ["deployers"]},
            needs=("iam_role.deploy", "namespace.app", "eks_cluster.main"),
        ),
        change(
            "repository_file..github/workflows/deploy.yml",
            CREATE,
            after={"path": ".github/workflows/deploy.yml", "text": "name: Deploy\non:\n  push:\n"},
            needs=("iam_role.deploy", "access_entry.deploy"),
        ),
        change("access_entry.old", DELETE, before={"cluster": "platform-dev", "groups": ["old-ci"]}),
    )


def destroy_plan() -> Plan:
    """Two to remove, one kept for its images, one that was there before."""
    return plan(
        change("access_entry.deploy", DELETE, before={"groups": ["deployers"]}, needs=("iam_role.deploy",)),
        change(
            "iam_role.deploy",
            DELETE,
            before=ROLE,
            risks=(Risk("workflow-stops", "Workflow runs that assume ekswiz-payments-api-deploy fail from then on."),),
        ),
        change(
            "ecr_repository.app",
            KEEP,
            before={"name": "payments-api"},
            after={"name": "payments-api"},
            why="Kept: it holds 3 images. Delete them with it by --delete-images.",
        ),
        change("eks_cluster.main", KEEP, before={}, after={}, adopted=True, why="Kept: it existed before ekswiz."),
    )


def plan(*changes: Change) -> Plan:
    return Plan(PLAN_VERSION, "payments-api", ACCOUNT, "eu-west-1", "2026-01-01T12:00:00+00:00", changes)


def kept_plan() -> Plan:
    return plan(change("eks_cluster.main", KEEP, before={"name": "a"}, after={"name": "a"}))


def allowed(made: Plan, *, denied: str = "", source: Any = "AWS says") -> Permissions:
    """Every permission of the plan; one denied."""
    verdicts = [
        Verdict(Need(action, "*", (each.address,)), "denied" if action == denied else "allowed")
        for each in made.changes
        for action in each.permissions
    ]
    return Permissions(f"arn:aws:iam::{ACCOUNT}:user/mira", source, tuple(verdicts))


def event(type_: EventType, address: str, seconds: float = 0.0, message: str = "", **data: Any) -> Event:
    return Event(type_, NOON, address, seconds, message, data)


def smooth(made: Plan, stop: Flag) -> Iterator[Event]:
    """Everything works, one after another; a stop leaves the rest."""
    for each in made.pending:
        if stop.is_set():
            yield event("stopped", each.address, message="Not started.")
            continue
        yield event("started", each.address, action=each.action.value)
        yield event("applied", each.address, 1.5, outputs={"arn": f"arn:of:{each.address}"})


@dataclass
class FakeRoad:
    """An `OpenRoad`. `run` makes the events of an apply; a step of it may wait for `gates`."""

    made: Callable[[], Plan] = full_plan
    gone: Callable[[], Plan] = destroy_plan
    run: Callable[[Plan, Flag], Iterator[Event]] = smooth
    permitted: Callable[[Plan], Permissions] = allowed
    usual: float | None = 2.0
    applied: list[Plan] = field(default_factory=list)
    destroyed: list[Plan] = field(default_factory=list)
    hold: threading.Event | None = None
    answers: Answers = ANSWERS

    def plan(self) -> Plan:
        self._wait()
        return self.made()

    def destroy_plan(self) -> Plan:
        self._wait()
        return self.gone()

    def apply(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        self.applied.append(plan)
        return self.run(plan, stop)

    def destroy(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        self.destroyed.append(plan)
        return self.run(plan, stop)

    def eta(self, plan: Plan) -> Estimate:
        if self.usual is None:
            return Estimate(None, ("iam_role create",))
        return Estimate(self.usual * len(plan.pending))

    def permissions(self, plan: Plan) -> Permissions:
        return self.permitted(plan)

    def status(self) -> Status:
        raise AssertionError("no screen of these asks for it")

    def unfinished(self) -> Unfinished | None:
        return None

    def _wait(self) -> None:
        if self.hold is not None:
            assert self.hold.wait(10), "never let go"


@dataclass
class Gated:
    """A run that waits before each change ends, for `step()`; so a test is where it wants to be."""

    fails: frozenset[str] = frozenset()
    _steps: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def step(self, times: int = 1) -> None:
        self._steps.release(times)

    def __call__(self, made: Plan, stop: Flag) -> Iterator[Event]:
        lost: set[str] = set()
        for each in made.pending:
            if stop.is_set():
                yield event("stopped", each.address, message="Not started.", action=each.action.value)
            elif lost & set(each.needs):
                why = f"It needs {min(lost & set(each.needs))}."
                lost.add(each.address)
                yield event("skipped", each.address, message=why, action=each.action.value)
            else:
                yield from self._one(each, lost)

    def _one(self, each: Change, lost: set[str]) -> Iterator[Event]:
        yield event("started", each.address, action=each.action.value)
        assert self._steps.acquire(timeout=60), "never stepped on"
        if each.address in self.fails:
            lost.add(each.address)
            yield event("failed", each.address, 0.4, "Denied: iam:CreateRole. Your SSO role lacks it.")
        else:
            yield event("applied", each.address, 1.5, outputs={"arn": f"arn:of:{each.address}"})
