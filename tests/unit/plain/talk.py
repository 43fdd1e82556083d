"""A conversation for tests: what is typed is given, what is said is kept. The product is a fake with a plan."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ekswiz.answers import Answers
from ekswiz.errors import EkswizError, Exit
from ekswiz.events import Event
from ekswiz.frontend import Check, Choice, ClusterSeen, Draft, Given, Identity, Profile, RepositorySeen
from ekswiz.permitted import Permissions
from ekswiz.plain.console import Console
from ekswiz.plain.menu import Menu
from ekswiz.plan import Action, Change, Plan, Risk
from ekswiz.state import Estimate, Unfinished
from ekswiz.target import Flag

ACCOUNT = "123456789012"
ANSWERS = Answers(
    stack="payments-api", account=ACCOUNT, region="eu-west-1", owner="acme", repo="payments-api", owner_id="1001",
    repo_id="2002", branch="main", cluster="platform", namespace="payments-api", ecr_repository="payments-api",
    workload="payments-api",
)  # fmt: skip
KNOWN = {"owner": "acme", "repo": "payments-api", "branch": "main"}
IDS = {"owner_id": "1001", "repo_id": "2002"}
ROLE = Change(
    address="iam_role.push", action=Action.CREATE, before=None, after={"name": "ekswiz-payments-api-push"}, needs=(),
    adopted=False, why="The build job pushes images with it.", cli="aws iam create-role", permissions=(),
    risks=(Risk("branch-publishes", "Whoever can push to main can publish images."),),
)  # fmt: skip
NARROW = replace(
    ROLE, address="iam_role.deploy", action=Action.UPDATE, before={"session_seconds": 7200},
    after={"session_seconds": 3600}, why="The deploy job deploys with it.",
    risks=(Risk("shortens-session", "Jobs that ask for more than an hour are refused."),),
)  # fmt: skip
FILE = replace(ROLE, address="repository_file.deploy", after={"path": "deploy.yml"}, why="The workflow.", risks=())
PLAN = Plan(1, "payments-api", ACCOUNT, "eu-west-1", "2026-01-01T00:00:00+00:00", (ROLE, FILE))
RISKY = replace(PLAN, changes=(ROLE, NARROW))
SETTLED = replace(PLAN, changes=(replace(ROLE, action=Action.KEEP, before=ROLE.after, risks=()),))
GONE = replace(PLAN, changes=tuple(replace(c, action=Action.DELETE, before=c.after, after=None) for c in PLAN.changes))


def done(plan: Plan) -> list[Event]:
    return [Event(kind, 0.0, change.address, 0.2) for change in plan.pending for kind in ("started", "applied")]  # type: ignore[arg-type]  # literals


@dataclass
class Looks:
    """What this machine says."""

    product: Product
    values: Mapping[str, str] = field(default_factory=lambda: dict(KNOWN))
    errors: dict[str, EkswizError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    saved: list[Draft] = field(default_factory=list)
    handed: list[Plan] = field(default_factory=list)

    def _say(self, name: str) -> None:
        self.asked.append(name)
        if name in self.errors:
            raise self.errors[name]

    def draft(self, given: Given, *, sim: bool) -> Draft:
        self._say("draft")
        return Draft(dict(self.values), dict.fromkeys(self.values, "from git remote origin"))

    def profiles(self) -> Sequence[Profile]:
        self._say("profiles")
        return (Profile("dev-admin", "eu-west-1", source="from AWS_PROFILE"), Profile("prod", "us-east-1"))

    def identity(self, profile: str | None, region: str) -> Identity:
        self._say("identity")
        return Identity(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/mira", "acme-dev")

    def clusters(self, profile: str | None, region: str) -> Sequence[ClusterSeen]:
        self._say("clusters")
        names = ("platform", "staging")
        return [ClusterSeen(name, "1.35", "ACTIVE", "API_AND_CONFIG_MAP", public=True) for name in names]

    def repository(self, owner: str, repo: str) -> RepositorySeen:
        self._say("repository")
        return RepositorySeen(owner, repo, "1001", "2002", "main", private=True, immutable_subject=True)

    def checks(self, given: Given, choice: Choice) -> Iterator[Check]:
        yield Check("identity", "AWS identity", "ok", "mira", "Everything is made as this one.")
        yield Check("clock", "Clock", "fail", "off by 400 s", "AWS refuses such signatures.", "Set the clock.")

    def save(self, draft: Draft, file: Path) -> Path:
        self._say("save")
        self.saved.append(draft)
        return file

    def hand_off(self, plan: Plan, answers: Answers, folder: Path) -> Sequence[Path]:
        self.handed.append(plan)
        return [folder / "README.md", folder / "apply.sh"]


@dataclass
class Product:
    """An application, and the stack that it opens."""

    made: Plan = PLAN
    gone: Plan = GONE
    events: Sequence[Event] | None = None
    errors: list[EkswizError] = field(default_factory=list)
    left: Unfinished | None = None
    green: bool = True
    carried_out: list[tuple[str, Plan]] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    rehearsed: int = 0
    up: int = 0
    down: int = 0

    def __post_init__(self) -> None:
        self.look = Looks(self)

    def answers(self, given: Given, *, sim: bool) -> Answers:
        return ANSWERS

    @contextmanager
    def road(self, given: Given, choice: Choice) -> Iterator[Product]:
        self.choices.append(choice)
        if self.errors:
            raise self.errors.pop(0)
        yield self

    def plan(self) -> Plan:
        return self.made

    def destroy_plan(self) -> Plan:
        return self.gone

    def eta(self, plan: Plan) -> Estimate:
        return Estimate(12.0)

    def permissions(self, plan: Plan) -> Permissions:
        return Permissions("", "unknown", ())

    def unfinished(self) -> Unfinished | None:
        return self.left

    def apply(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        self.carried_out.append(("apply", plan))
        yield from done(plan) if self.events is None else self.events

    def destroy(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        self.carried_out.append(("destroy", plan))
        yield from done(plan)

    def rehearse(self, given: Given, stop: Flag, *, port: int = 0) -> Rehearsal:
        self.rehearsed += 1
        return Rehearsal(self.green)

    def sim_status(self) -> Mapping[str, Any] | None:
        return {"account": ACCOUNT} if self.up > self.down else None

    def sim_up(self, given: Given, port: int) -> Mapping[str, Any]:
        self.up += 1
        return {"account": ACCOUNT}

    def sim_down(self) -> list[str]:
        self.down += 1
        return []


@dataclass
class Rehearsal:
    ok: bool
    closed: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[Event]:
        yield Event("stage", 0.0, "plan", 0.1, "+1 create", {"phase": "finished", "ok": self.ok})

    def close(self) -> None:
        self.closed.set()

    @property
    def report(self) -> Mapping[str, Any]:
        return {"ok": self.ok}


def talk(product: Product, *lines: str, sim: bool = False) -> tuple[str, Exit]:
    """Type these lines; what was said, and the exit code."""
    out = io.StringIO()
    menu = Menu(product, Given(), sim=sim, console=Console(out, io.StringIO("".join(f"{one}\n" for one in lines))))  # type: ignore[arg-type]  # a fake
    code = menu.run()
    return out.getvalue(), code
