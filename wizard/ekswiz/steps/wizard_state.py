"""What the wizard knows while it runs. Screens change it on the event loop only; `road` and `save` belong in a thread.

The surprising thing: nothing here is saved but the draft. A plan lives as long as its screen; the truth is in AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ekswiz import steps
from ekswiz.answers import Answers
from ekswiz.errors import Exit
from ekswiz.events import Event
from ekswiz.frontend import Application, Choice, ClusterSeen, Draft, Given, Identity, OpenRoad, RepositorySeen
from ekswiz.plan import Plan
from ekswiz.signals import Stop
from ekswiz.state import Verb
from ekswiz.steps.world import OwnWorld
from ekswiz.view import View

FILE = "ekswiz.toml"


@dataclass
class Wizard:
    """The state that screens share.

    `view` is the plan on screen with its cost, time and permissions; apply gets that very object. `events` are those of
    the last apply or destroy. `busy` says what is in flight (empty for nothing): quitting asks while it is. `stop` is
    the flag of the run in flight; signals set it. `consents` are flags of `Choice` beside profile and risks.
    """

    application: Application
    given: Given
    sim: bool
    draft: Draft = field(default_factory=Draft)
    identity: Identity | None = None
    clusters: Sequence[ClusterSeen] = ()
    repository: RepositorySeen | None = None
    allow_risks: frozenset[str] = frozenset()
    consents: Mapping[str, Any] = field(default_factory=dict)
    view: View | None = None
    verb: Verb = "apply"
    events: list[Event] = field(default_factory=list)
    busy: str = ""
    stop: Stop = field(default_factory=Stop)
    saved: Path | None = None
    farewell: list[str] = field(default_factory=list)
    """Lines that go to the scrollback after the screens are gone; twelve at most."""
    report: Mapping[str, Any] | None = None
    """The last rehearsal's."""
    outcome: Exit = Exit.OK
    """The exit code of `ekswiz`: that of the last apply, destroy or rehearsal."""

    def __post_init__(self) -> None:
        self.world = OwnWorld(self.application)
        self.draft = self.draft if self.draft.values else steps.empty(sim=self.sim)

    @property
    def plan(self) -> Plan | None:
        """The plan on screen."""
        return self.view.plan if self.view else None

    @property
    def profile(self) -> str | None:
        """The AWS profile; None for the SDK's default chain."""
        return steps.value(self.draft, "profile") or None

    @property
    def file(self) -> Path:
        """Where the answers are saved."""
        return self.given.file or self.given.source / FILE

    def choice(self) -> Choice:
        """The world and the consents, for `Application.road`."""
        return replace(
            Choice(sim=self.sim, profile=None if self.sim else self.profile, allow_risks=self.allow_risks),
            **self.consents,
        )

    def current(self) -> Given:
        """What the user said, with every answer so far."""
        return replace(self.given, fields={**self.given.fields, "repository": None, **steps.answered(self.draft)})

    def answers(self) -> Answers:
        """The answers, validated.

        Raises:
            InputError: One is missing or cannot be used.
        """
        return self.application.answers(self.current(), sim=self.sim)

    @contextmanager
    def road(self) -> Iterator[OpenRoad]:
        """Open the stack, in AWS or in a world on this machine, which is started if none is up. Blocks: use a thread.

        Raises:
            EkswizError: An answer is missing, or the world could not be reached or started.
        """
        given = self.current()
        if self.sim:
            self.world.ensure(given)
            given = replace(given, fields={})
        with self.application.road(given, self.choice()) as opened:
            yield opened

    @property
    def saves(self) -> bool:
        """Whether answers are saved after each step. Those of a simulation are not: its account is invented."""
        return not self.sim

    def save(self) -> Path:
        """Write the answers so far, complete or not; the file. Blocks shortly. What a simulation invented is left out.

        Raises:
            EkswizError: The place cannot be written.
        """
        held, sources = steps.answered(self.draft), self.draft.sources
        if self.sim:
            held = {name: text for name, text in held.items() if _meant(sources.get(name, ""))}
        self.saved = self.application.look.save(Draft(held, sources), self.file)
        return self.saved

    def close(self) -> list[str]:
        """End the world that the wizard started, if it did; what could not be removed. Blocks: up to some seconds."""
        return self.world.close()


def _meant(source: str) -> bool:
    """Whether a simulation's value is the user's: typed, a flag, a file's, or the checkout's."""
    return source == steps.TYPED or (source.startswith("from ") and source != "from GitHub")
