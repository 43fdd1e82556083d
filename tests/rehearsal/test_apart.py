"""A rehearsal in a process of its own, as the wizard has it: the same events, and nothing left whoever dies."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import psutil
import pytest

from ekswiz import errors
from ekswiz.apart import Apart, error_of, given_of, order, words_of
from ekswiz.errors import EkswizError, InputError, RehearsalError
from ekswiz.events import Event
from ekswiz.frontend import Given
from ekswiz.main import Ekswiz
from ekswiz.tiers import Wish, choose
from rehearsal.commands import until_gone

SAMPLE = Given(sample=True)
SECONDS = 60.0
PARENT = """
import sys
from ekswiz.apart import Apart
from ekswiz.flag import StopFlag
from ekswiz.frontend import Given
for event in Apart(Given(sample=True), StopFlag()):
    print(event.type, event.address, flush=True)
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of the other process."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def finished(event: Event, stage: str) -> bool:
    return event.address == stage and event.data.get("phase") == "finished"


def until(events: Iterator[Event], stage: str) -> None:
    next(event for event in events if finished(event, stage))


def children() -> list[psutil.Process]:
    found = []
    for each in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # other tests' children may just have ended
            found += [each] if "ekswiz.apart_process" in each.cmdline() else []
    return found


def test_it_tells_what_it_would_tell_here(room: Path) -> None:
    apart = Apart(SAMPLE, threading.Event())

    events = list(apart)

    assert apart.report["ok"], apart.report["stages"]
    assert [event.address for event in events if finished(event, event.address)][-1] == "down"
    assert [stage["id"] for stage in apart.report["stages"]] == [
        event.address
        for event in events
        if event.type == "stage" and event.data["phase"] == "finished" and not event.data.get("parent")
    ]
    assert sum(event.type == "cell" for event in events) == len(apart.report["matrix"])
    assert not list(room.iterdir())
    assert not children()


def test_the_plan_can_be_seen_as_soon_as_it_is_made(room: Path) -> None:
    apart = Apart(SAMPLE, threading.Event())
    events = iter(apart)

    until(events, "plan")
    next(events)

    assert apart.report["plan"]["changes"]
    apart.close()
    assert not list(room.iterdir())


def test_a_stop_ends_the_stage_in_hand_and_removes_the_world(room: Path) -> None:
    stop = threading.Event()
    apart = Apart(SAMPLE, stop)
    events = iter(apart)
    until(events, "plan")

    stop.set()
    rest = list(events)

    assert finished(rest[-1], "down")
    assert not apart.report["ok"]
    assert "stopped" in {stage["why"] for stage in apart.report["stages"]}
    assert not list(room.iterdir())
    assert not children()


@pytest.mark.parametrize("stage", ["world", "apply"])
def test_who_closes_it_leaves_nothing(room: Path, stage: str) -> None:
    apart = Apart(SAMPLE, threading.Event())
    until(iter(apart), stage)

    apart.close()

    assert not list(room.iterdir())
    assert not children()


def test_nothing_starts_before_it_is_iterated(room: Path) -> None:
    apart = Apart(SAMPLE, threading.Event())

    apart.close()

    assert apart.report == {}
    assert not list(room.iterdir())


def test_a_killed_process_is_said_in_a_sentence(room: Path) -> None:
    apart = Apart(SAMPLE, threading.Event())
    events = iter(apart)
    until(events, "plan")

    children()[0].kill()
    with pytest.raises(RehearsalError, match=r"its process ended \(signal 9\)") as caught:
        list(events)

    assert "Begin again" in caught.value.remedy
    assert not children()
    again = Apart(SAMPLE, threading.Event())
    until(iter(again), "world")
    again.close()
    assert not list(room.iterdir())


def test_a_process_that_cannot_be_started_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")

    with pytest.raises(RehearsalError, match=r"its process could not be started: No such file or directory\."):
        list(Apart(SAMPLE, threading.Event()))


def test_without_room_for_what_is_no_event_nothing_is_started(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(room / "gone"))

    with pytest.raises(RehearsalError, match="could not be started"):
        list(Apart(SAMPLE, threading.Event()))

    assert not children()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_when_the_wizard_dies_the_world_goes_too(room: Path, number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as wizard:
        assert wizard.stdout is not None
        assert "stage plan\n" in wizard.stdout
        family = psutil.Process(wizard.pid).children(recursive=True)

        os.kill(wizard.pid, number)

    assert family
    until_gone(family, SECONDS)
    assert not list(room.iterdir())


def test_sigterm_to_it_is_a_stop(room: Path) -> None:
    apart = Apart(SAMPLE, threading.Event())
    events = iter(apart)
    until(events, "plan")

    children()[0].terminate()
    rest = list(events)

    assert finished(rest[-1], "down")
    assert not list(room.iterdir())


def test_bad_input_is_refused_in_the_same_words(room: Path) -> None:
    given = Given(fields={"account": "12"}, sample=True)

    with pytest.raises(InputError) as here:
        Ekswiz().rehearse(given, threading.Event())
    with pytest.raises(InputError) as there:
        list(Apart(given, threading.Event()))

    assert str(there.value) == str(here.value)
    assert there.value.field == here.value.field
    assert there.value.exit_code == here.value.exit_code
    assert not list(room.iterdir())


def kinds(kind: type[EkswizError] = EkswizError) -> Iterator[type[EkswizError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from kinds(each)


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=lambda kind: kind.__name__))
def test_every_error_comes_over_as_itself(kind: type[EkswizError]) -> None:
    needed = [each for each in signature(kind).parameters.values() if each.default is each.empty]
    error = kind(*("where", "because")[-len(needed) :])
    words = json.loads(json.dumps(words_of(error)))

    made = error_of(words)

    assert isinstance(error, type(made))
    assert type(made) is kind or kind.__module__ != errors.__name__
    assert str(made) == str(error)
    assert made.exit_code == error.exit_code
    assert vars(made).items() >= vars(error).items()


def test_what_was_given_comes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiers = choose(Wish(full=True, base_image="local/python:3"))
    given = Given({"branch": "main", "port": None}, Path("answers.toml"), sample=False, source=Path("x"), tiers=tiers)

    made = given_of(json.loads(json.dumps(order(given))))

    assert made == Given(given.fields, tmp_path / "answers.toml", sample=False, source=tmp_path / "x", tiers=tiers)


def test_its_stop_is_heard_while_a_stage_takes_long(room: Path) -> None:
    stop = threading.Event()
    apart = Apart(SAMPLE, stop)
    events = iter(apart)
    next(event for event in events if event.address == "push" and event.data.get("phase") == "started")

    stop.set()
    rest = list(events)

    assert finished(rest[-1], "down")
    assert {stage["id"]: stage["why"] for stage in apart.report["stages"]}["push"] == "stopped"
