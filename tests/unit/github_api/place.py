"""GitHub as the simulator serves it, met through the real client, and a stack's objects there under the real engine."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.clients.github_client import GitHubClient
from ekswiz.clients.github_sign_in import SignIn
from ekswiz.engine.apply import apply
from ekswiz.engine.destroy import destroy_plan
from ekswiz.engine.drift import drift
from ekswiz.engine.journal import FileJournal
from ekswiz.engine.planner import Consent, plan
from ekswiz.events import Event
from ekswiz.plan import Plan
from ekswiz.resource import Resource
from ekswiz.state import Status
from ekswiz.target import Target
from ekswiz_sim.github import hub
from ekswiz_sim.github.api import application
from ekswiz_sim.github.door import Handler
from ekswiz_sim.github.state import RepositoryState
from ekswiz_sim.loop import LoopThread
from unit.engine.fakes import ANSWERS, VirtualClock

BY_API = replace(ANSWERS, github="api")
BY_REQUEST = replace(ANSWERS, github="pull_request")
WORKFLOW = ".github/workflows/deploy.yml"


@dataclass
class Place:
    """One repository at GitHub, and a stack's way to it."""

    state: RepositoryState
    token: str
    loop: LoopThread
    port: int
    checkout: Path
    journal_path: Path
    calls: list[str] = field(default_factory=list)
    lose: set[str] = field(default_factory=set)
    """Calls ("POST /pulls") whose effect happens and whose reply is lost, once."""

    def target(self, token: str | None = None) -> Target:
        client = GitHubClient(
            f"http://127.0.0.1:{self.port}", lambda: SignIn(self.token if token is None else token, "of the test")
        )

        def other(_: str) -> Any:
            raise AssertionError("only GitHub is asked here")

        clock = VirtualClock()
        return Target("sim", "aws", ANSWERS.account, ANSWERS.region, other, other, lambda: client, self.checkout, clock)

    def plan(self, answers: Answers, *, adopt: bool = False) -> Plan:
        journal = FileJournal.read(self.journal_path, answers.stack)
        consent = Consent(adopt, frozenset(journal.adopted()))
        return plan(self.target(), resources(answers), answers.stack, consent=consent)

    def apply(self, answers: Answers, planned: Plan | None = None) -> list[Event]:
        found = self.plan(answers) if planned is None else planned
        with self._journal(answers) as journal:
            return list(apply(found, resources(answers), self.target(), journal, threading.Event()))

    def destroy_plan(self, answers: Answers) -> Plan:
        return destroy_plan(self.target(), resources(answers), FileJournal.read(self.journal_path, answers.stack))

    def destroy(self, answers: Answers) -> list[Event]:
        return self.apply(answers, self.destroy_plan(answers))

    def status(self, answers: Answers) -> Status:
        return drift(self.target(), resources(answers), FileJournal.read(self.journal_path, answers.stack), None)

    @contextmanager
    def _journal(self, answers: Answers) -> Iterator[FileJournal]:
        with closing(FileJournal.open(self.journal_path, answers.stack)) as journal:
            yield journal


def resources(answers: Answers) -> list[Resource[Any]]:
    """What the stack wants at GitHub; what it needs elsewhere counts as there."""
    found = [resource for resource in blueprint(answers) if resource.address.startswith("github_")]
    for resource in found:
        resource.needs = tuple(name for name in resource.needs if name.startswith("github_"))
    return found


def signs(planned: Plan) -> dict[str, str]:
    """Sign by address."""
    return {change.address: change.action.value for change in planned.changes}


def risks(planned: Plan) -> dict[str, set[str]]:
    """Ids of risks by address, of those that have some."""
    return {change.address: {risk.id for risk in change.risks} for change in planned.changes if change.risks}


def failed(events: Iterable[Event]) -> list[str]:
    """What did not work, in words."""
    return [f"{event.address}: {event.message}" for event in events if event.type in ("failed", "skipped", "stopped")]


@contextmanager
def served(answers: Answers, folder: Path, *middlewares: Any) -> Iterator[Place]:
    """A repository that holds one file, and a checkout of it."""
    github = hub.make(answers)
    checkout = folder / "checkout"
    checkout.mkdir()
    (checkout / "README.md").write_text("A service.\n")
    github.state.checkout = lambda: checkout
    loop = LoopThread("test-github")
    app = application(github.issuer, (), github.token, [github.state])
    place = Place(github.state, github.token, loop, 0, checkout, folder / "journal.jsonl")
    app.middlewares.extend([_watching(place), *middlewares])
    place.port = loop.serve(app)
    try:
        yield place
    finally:
        loop.stop()


def _watching(place: Place) -> Any:
    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = f"{request.method} {request.path.split('/', 4)[-1]}"
        place.calls.append(name)
        answer = await handler(request)
        if name in place.lose:
            place.lose.discard(name)
            assert request.transport is not None
            request.transport.abort()
        return answer

    return watch
