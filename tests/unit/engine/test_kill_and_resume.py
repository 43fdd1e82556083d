"""A run that dies before or after any call: the next run reaches the same world, with no duplicate and no orphan."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.engine.journal import FileJournal
from ekswiz.engine.lock import _read
from ekswiz.session import Session
from unit.engine.fakes import ANSWERS, World, world
from unit.engine.test_stack import applied, everything, signs

READS = ("get_", "list_", "describe_")


class Killed(BaseException):
    """Like a SIGKILL: nothing in this run goes on after it, and nothing more is written."""


class Killer:
    """Lets `count` changing calls through, then kills the run before or after the next one."""

    def __init__(self, here: World, count: int, *, after: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.after, self.dead, self.guard = count, after, False, threading.Lock()
        self.here, self.monkeypatch = here, monkeypatch

    def __enter__(self) -> None:
        real_begin, real_end = FileJournal.begin, FileJournal.end
        real_aws, real_kubernetes = self.here.aws, self.here.kubernetes.request

        def begin(journal: FileJournal, *given: Any) -> int:
            self.check()
            return real_begin(journal, *given)

        def end(journal: FileJournal, *given: Any) -> None:
            self.check()
            real_end(journal, *given)

        def request(method: str, *given: Any, **named: Any) -> Any:
            return self.call(method != "GET", lambda: real_kubernetes(method, *given, **named))

        self.monkeypatch.setattr(FileJournal, "begin", begin)
        self.monkeypatch.setattr(FileJournal, "end", end)
        self.monkeypatch.setattr(self.here.kubernetes, "request", request)
        self.monkeypatch.setattr(self.here, "aws", lambda service: _Deadly(self, real_aws(service)))

    def __exit__(self, *_: object) -> None:
        self.monkeypatch.undo()

    def check(self) -> None:
        if self.dead:
            raise Killed

    def call(self, changes: bool, make: Any) -> Any:
        with self.guard:
            self.check()
            last = changes and self.left == 0
            self.left -= changes
            if last and not self.after:
                self.dead = True
                raise Killed
            answer = make()
            if last:
                self.dead = True
                raise Killed
            return answer


class _Deadly:
    def __init__(self, killer: Killer, client: Any) -> None:
        self._killer, self._client = killer, client

    def __getattr__(self, operation: str) -> Any:
        found = getattr(self._client, operation)
        if operation == "get_paginator":
            return found
        changes = not operation.startswith(READS)
        return lambda **given: self._killer.call(changes, lambda: found(**given))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "checkout").mkdir()
    with world(tmp_path / "checkout") as made:
        yield made


def die(session: Session, here: World, count: int, *, after: bool, monkeypatch: pytest.MonkeyPatch, how: str) -> bool:
    """Run apply or destroy until it is killed; False if it ended before that."""
    killer = Killer(here, count, after=after, monkeypatch=monkeypatch)
    target = here.target()
    plan = session.plan(target) if how == "apply" else session.destroy_plan(target)
    with killer:
        list(session.apply(plan, here.target(), threading.Event()))
    return killer.dead


CALLS = 10
"""The calls of one apply or destroy with AWS and Kubernetes (files need none)."""
SAMPLE = range(CALLS) if os.environ.get("EKSWIZ_CHAOS") else (0, 5, 9)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("count", SAMPLE)
def test_a_killed_apply_is_finished_by_the_next_one(
    tmp_path: Path, here: World, monkeypatch: pytest.MonkeyPatch, count: int, after: bool
) -> None:
    session = Session(ANSWERS, state_dir=tmp_path / "state")
    empty = everything(here)
    assert die(session, here, count, after=after, monkeypatch=monkeypatch, how="apply")
    applied(session, here)
    assert signs(session.plan(here.target())) == {}
    whole = everything(here)
    assert len(whole["roles"]) == 2
    assert len(whole["repositories"]) == len(whole["entries"]) == len(whole["providers"]) == 1
    list(session.destroy(here.target(), threading.Event()))
    assert everything(here) == empty


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("count", SAMPLE)
def test_a_killed_destroy_is_finished_by_the_next_one(
    tmp_path: Path, here: World, monkeypatch: pytest.MonkeyPatch, count: int, after: bool
) -> None:
    session = Session(ANSWERS, state_dir=tmp_path / "state")
    empty = everything(here)
    applied(session, here)
    assert die(session, here, count, after=after, monkeypatch=monkeypatch, how="destroy")
    list(session.destroy(here.target(), threading.Event()))
    assert everything(here) == empty


@pytest.mark.parametrize("count", SAMPLE[1::2])
def test_a_killed_apply_can_be_destroyed_at_once(
    tmp_path: Path, here: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    session = Session(ANSWERS, state_dir=tmp_path / "state")
    empty = everything(here)
    assert die(session, here, count, after=True, monkeypatch=monkeypatch, how="apply")
    list(session.destroy(here.target(), threading.Event()))
    assert everything(here) == empty


def test_the_lock_of_a_finished_run_is_gone(tmp_path: Path, here: World) -> None:
    session = Session(ANSWERS, state_dir=tmp_path / "state")
    applied(session, here)
    assert _read(session.journal_path.with_suffix(".lock")) == {}
