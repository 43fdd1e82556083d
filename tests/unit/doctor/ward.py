"""A stack in a small world, applied, and checks that look at it through the real clients."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaos.lab import Lab
from ekswiz.answers import Answers
from ekswiz.doctor.checks import CHECKS
from ekswiz.doctor.facts import Door, Facts, Source
from ekswiz.doctor.run import examine
from ekswiz.errors import EkswizError
from ekswiz.frontend import Check
from ekswiz.probes.aws import who
from ekswiz.probes.github_api import GitHubApi
from ekswiz.target import Target
from unit.engine.fakes import ANSWERS

BY_ID = {check.id: check for check in CHECKS}
DOCKERFILE = "FROM python:3.13-slim\nUSER 10001\n"


@dataclass
class Ward:
    """One world. `alter` changes what AWS answers; the rest are what checks look at besides."""

    lab: Lab
    tmp: Path
    answers: Answers = ANSWERS
    path: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    github: GitHubApi | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    more: dict[str, Any] = field(default_factory=dict)
    door: Callable[[], Door] | None = None
    alterations: list[tuple[str, str, Callable[[dict[str, Any]], None]]] = field(default_factory=list)
    failing: EkswizError | None = None

    def alter(self, service: str, operation: str, change: Callable[[dict[str, Any]], None]) -> None:
        """From now on AWS's answers to this operation are changed in place."""
        self.alterations.append((service, operation, change))

    def target(self) -> Target:
        target = self.lab.target(own_clients=True)
        for service, operation, change in self.alterations:
            target.aws(service).meta.events.register(
                f"after-call.{service}.{operation}", lambda parsed, change=change, **_: change(parsed)
            )
        return target

    def source(self) -> Source:
        def door() -> Door:
            target = self.target()
            return Door(target, who(target.aws))

        def github() -> GitHubApi:
            assert self.github is not None, "this check was not expected to ask GitHub"
            return self.github

        def answers() -> Answers:
            if self.failing:
                raise self.failing
            return self.answers

        return Source(
            answers=answers,
            door=self.door or door,
            github=github,
            checkout=self.lab.checkout,
            environment={"PATH": self.path, **self.environment},
            state_dir=self.more.pop("state_dir", self.lab.home / "state"),
            now=self.now,
            **self.more,
        )

    def check(self, id: str) -> Check:
        """What this check finds; whatever is wrong must come with a fix and a reason."""
        found = examine(BY_ID[id], Facts(self.source()))
        assert found.why
        if found.result in ("warn", "fail"):
            assert found.fix, found
            assert "mistake in ekswiz" not in found.found, found
        return found

    def apply(self, **answers: Any) -> None:
        """Carry the stack out."""
        self.answers = replace(self.answers, **answers)
        session = replace(self.lab.session(), answers=self.answers)
        target = self.lab.target()
        events = list(session.apply(session.plan(target), target, threading.Event()))
        assert {event.type for event in events} <= {"started", "applied", "progress", "log"}, events

    def file(self, path: str, text: str) -> None:
        """A file of the checkout."""
        place = self.lab.checkout / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def tool(self, name: str, says: str, code: int = 0) -> None:
        """A tool that says this, and nothing else on the PATH."""
        folder = self.tmp / "bin"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {code}\n")
        (folder / name).chmod(0o755)
        self.path = f"{folder}:/bin:/usr/bin"

    def kubernetes(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask the cluster's API as the administrator."""
        from ekswiz.clients.kube_api import send

        return send(self.lab.as_root(), self.answers.cluster, method, path, body)


@contextmanager
def open_ward(tmp: Path, account: str = ANSWERS.account) -> Iterator[Ward]:
    """A world in which nothing was applied; two at a time need two accounts."""
    with Lab(replace(ANSWERS, account=account)) as lab:
        ward = Ward(lab, tmp, lab.answers)
        ward.file("Dockerfile", DOCKERFILE)
        yield ward


def set_to(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of a parsed answer: the member at this path becomes this."""

    def change(parsed: dict[str, Any]) -> None:
        place = parsed
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value

    return change


def document(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found
