"""A product for screens under test: every lookup answers what the test says, when the test says it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ekswiz import resolve
from ekswiz.answers import Answers
from ekswiz.frontend import Check, Choice, ClusterSeen, Draft, Given, Identity, OpenRoad, Profile, RepositorySeen
from ekswiz.plan import Plan

ACCOUNT = "123456789012"
KNOWN: Mapping[str, str] = {"owner": "acme", "repo": "payments-api", "branch": "main"}
FROM: Mapping[str, str] = dict.fromkeys(KNOWN, "from git remote origin")
PROFILES = (
    Profile("dev-admin", "eu-west-1", sso=True, source="from AWS_PROFILE"),
    Profile("prod", "us-east-1", source="from the AWS configuration"),
)
MIRA = Identity(
    ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_AdministratorAccess_1a2b/mira", "acme-dev", 2820.0
)
CLUSTER = ClusterSeen("platform-dev", "1.33", "ACTIVE", "API_AND_CONFIG_MAP", public=True, nodes=3)
REPOSITORY = RepositorySeen(
    "acme", "payments-api", "1001", "2002", "main", private=True, protected=True, immutable_subject=True
)
CHECKS = (
    Check("identity", "AWS identity", "ok", "dev-admin", "Everything is made as this one."),
    Check("docker", "Docker", "warn", "not running", "Only the full rehearsal needs it.", "Start Docker."),
    Check("clock", "Clock", "fail", "off by 400 s", "AWS refuses signatures that are 5 minutes off.", "Set the clock."),
)

Answer = Any
"""A value, an exception to raise, or a function of the arguments."""


@dataclass
class FakeLook:
    """Answers by name of the method. While `held` names it, a lookup waits for `let(name)`."""

    says: dict[str, Answer] = field(default_factory=dict)
    held: dict[str, threading.Event] = field(default_factory=dict)
    asked: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    saved: list[tuple[Draft, Path]] = field(default_factory=list)

    def hold(self, *names: str) -> None:
        for name in names:
            self.held[name] = threading.Event()

    def let(self, *names: str) -> None:
        for name in names:
            self.held[name].set()

    def _say(self, name: str, *about: Any) -> Any:
        self.asked.append((name, about))
        if name in self.held:
            assert self.held[name].wait(10), f"{name} was never let go"
        answer = self.says[name]
        if isinstance(answer, Exception):
            raise answer
        return answer(*about) if callable(answer) else answer

    def draft(self, given: Given, *, sim: bool) -> Draft:
        found: Draft = self._say("draft", given, sim)
        return found

    def profiles(self) -> Sequence[Profile]:
        found: Sequence[Profile] = self._say("profiles")
        return found

    def identity(self, profile: str | None, region: str) -> Identity:
        found: Identity = self._say("identity", profile, region)
        return found

    def clusters(self, profile: str | None, region: str) -> Sequence[ClusterSeen]:
        found: Sequence[ClusterSeen] = self._say("clusters", profile, region)
        return found

    def repository(self, owner: str, repo: str) -> RepositorySeen:
        found: RepositorySeen = self._say("repository", owner, repo)
        return found

    def checks(self, given: Given, choice: Choice) -> Iterator[Check]:
        yield from self._say("checks", given, choice)

    def save(self, draft: Draft, file: Path) -> Path:
        self._say("save", draft, file)
        self.saved.append((draft, file))
        return file

    def hand_off(self, plan: Plan, answers: Answers, folder: Path) -> Sequence[Path]:
        found: Sequence[Path] = self._say("hand_off", plan, answers, folder)
        return found


def everything() -> dict[str, Answer]:
    """A machine that is set up: nothing needs typing."""
    return {
        "draft": Draft(KNOWN, FROM),
        "profiles": PROFILES,
        "identity": MIRA,
        "clusters": (CLUSTER,),
        "repository": REPOSITORY,
        "checks": CHECKS,
        "save": None,
        "hand_off": (),
    }


def nothing() -> dict[str, Answer]:
    """A machine that knows nothing."""
    return {**everything(), "draft": Draft(), "profiles": (), "clusters": (), "checks": ()}


@dataclass
class FakeProduct:
    """An `Application` whose lookups are `look`, and whose roads are what `open_road` gives."""

    look: FakeLook
    open_road: Callable[[Given, Choice], OpenRoad] | None = None
    worlds: list[str] = field(default_factory=list)
    up: Mapping[str, Any] | None = None

    def answers(self, given: Given, *, sim: bool) -> Answers:
        return resolve.resolve(given, sim=sim, sample={})

    @contextmanager
    def road(self, given: Given, choice: Choice) -> Iterator[OpenRoad]:
        if self.open_road is None:
            raise AssertionError("this test opens no road")
        yield self.open_road(given, choice)

    def operator_policy(self, given: Given, choice: Choice, *, self_check: bool = False) -> Mapping[str, Any]:
        return {}

    def rehearse_apart(self, given: Given, stop: Any) -> Any:
        raise AssertionError("this test rehearses nothing")

    def sim_up(self, given: Given, port: int) -> Mapping[str, Any]:
        self.worlds.append("up")
        self.up = {"aws_url": "http://127.0.0.1:1"}
        return self.up

    def sim_status(self) -> Mapping[str, Any] | None:
        return self.up

    def sim_env(self, *, root: bool = False) -> Mapping[str, str]:
        return {}

    def sim_down(self) -> list[str]:
        self.worlds.append("down")
        self.up = None
        return []
