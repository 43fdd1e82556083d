"""A stop at each kind of event of a rehearsal: it takes effect within two seconds, and a destroy leaves no trace.

The stages up to the one in question run in a world that all of these tests share; what a stop leaves in it is
destroyed afterwards, and its snapshot must be the one of before. (A real rehearsal removes its whole world instead.)
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from ekswiz.events import Event
from ekswiz.session import Session
from ekswiz_sim import leftovers, snapshot, tiers
from ekswiz_sim.rehearsal import STOPPED, Rehearsal
from ekswiz_sim.scene import Scene, Verdict
from ekswiz_sim.stages import STAGES, Stage
from rehearsal.commands import busy
from rehearsal.worlds import Place, prepare

pytestmark = pytest.mark.xdist_group("lifecycle-events")
LIMIT = 2.0
"""Seconds from the stop to the end of the iteration, on an idle machine."""
NEEDED = {
    "plan": ("plan",),
    "apply": ("plan", "apply"),
    "settled": ("plan", "apply", "settled"),
    "push": ("plan", "apply", "push"),
    "answer": ("plan", "answer"),
    "access": ("plan", "apply", "access"),
    "destroy": ("plan", "apply", "destroy"),
    "empty": ("plan", "empty"),
}
"""The stages that must run before a stage can be stopped in the middle."""
KINDS = (
    ("plan", "stage", "started"),
    ("plan", "stage", "finished"),
    ("apply", "stage", "started"),
    ("apply", "started", ""),
    ("apply", "applied", ""),
    ("apply", "stage", "finished"),
    ("settled", "stage", "started"),
    ("settled", "stage", "finished"),
    ("push", "stage", "started"),
    ("push", "part", "started"),
    ("push", "part", "finished"),
    ("push", "log", ""),
    ("push", "stage", "finished"),
    ("answer", "stage", "started"),
    ("answer", "stage", "finished"),
    ("access", "stage", "started"),
    ("access", "cell", ""),
    ("access", "stage", "finished"),
    ("destroy", "stage", "started"),
    ("destroy", "started", ""),
    ("destroy", "applied", ""),
    ("destroy", "stage", "finished"),
    ("empty", "stage", "started"),
    ("empty", "stage", "finished"),
)
"""Every kind of event of a rehearsal: the stage it is in, its type (parts of the push told apart), its phase."""
EDGES = (("world", "stage", "finished"), ("down", "stage", "finished"))
"""Before these there is nothing to stop in, and after them neither."""
WAITING = {("apply", "progress", ""), ("destroy", "progress", "")}
"""What is said only where something takes its time."""
Kind = tuple[str, str, str]


class Kinds:
    """Tells the kinds of a run's events."""

    def __init__(self) -> None:
        self._stage = "world"

    def of(self, event: Event) -> Kind:
        if event.type != "stage":
            return self._stage, event.type, ""
        if event.data.get("parent"):
            return self._stage, "part", str(event.data["phase"])
        self._stage = event.address
        return self._stage, "stage", str(event.data["phase"])


def road(stage: str) -> list[Stage]:
    """The stages that are needed up to this one, then all that come after it."""
    names = [one.id for one in STAGES]
    chosen = {*NEEDED[stage], *names[names.index(stage) :]}
    found = [one for one in STAGES if one.id in chosen]
    return [replace(one, needs=tuple(need for need in one.needs if need in chosen)) for one in found]


def scene_in(place: Place, stop: threading.Event) -> Scene:
    """A scene in a world that outlives it."""
    driver = Session(place.answers, delete_images=True, state_dir=place.state)
    scene = Scene(
        place.world, driver, place.answers, place.target, place.checkout, stop, tiers.embedded(), place.answers.workflow
    )
    scene.closed = True
    scene.commit = "0" * 40
    return scene


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(kind).rstrip("-"))
def test_a_stop_at_this_event(here: Place, kind: Kind) -> None:
    before = here.world.snapshot()
    stop, kinds = threading.Event(), Kinds()
    rehearsal = Rehearsal(lambda: scene_in(here, stop), stop, road(kind[0]))
    after: list[Event] = []
    began = 0.0

    for event in rehearsal:
        if stop.is_set():
            after.append(event)
        elif kinds.of(event) == kind:
            stop.set()
            began = time.monotonic()
    took = time.monotonic() - began

    assert stop.is_set(), f"no {kind} in {[kinds.of(event) for event in after]}"
    assert took < busy(LIMIT)
    _assert_stopped(after, kind)
    here.destroy()
    assert snapshot.differences(before, here.world.snapshot()) == []


def _assert_stopped(after: Sequence[Event], kind: Kind) -> None:
    """No change, step or cell begins any more; the stage in hand ends; the others are skipped."""
    assert [event for event in after if event.type == "cell"] == []
    assert [event for event in after if event.type == "started" and event.address] == []
    ends = [e for e in after if e.type == "stage" and not e.data.get("parent") and e.address != "down"]
    assert all(event.data["phase"] == "finished" for event in ends)
    later = ends if kind[1:] == ("stage", "finished") else ends[1:]
    assert all(event.data["skipped"] and event.message == STOPPED for event in later)
    assert len({event.address for event in ends}) == len(ends)


def test_the_kinds_are_all_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    kinds = Kinds()
    rehearsal = prepare()

    found = [(kinds.of(event), event.address) for event in rehearsal]

    counts = Counter(kind for kind, _ in found)
    with capsys.disabled():
        lines = [f"  {' '.join(kind):<24}{count:>5}" for kind, count in counts.items()]
        sys.stdout.write(f"\n{len(found)} events, stopped at each kind:\n" + "\n".join(lines) + "\n")
    assert {kind for kind, _ in found} - WAITING == {*KINDS, *EDGES}
    assert rehearsal.report["ok"], rehearsal.report["stages"]
    assert rehearsal.report["leftovers"] == []


def _one(run: Callable[[Scene, Verdict], Iterator[Event]]) -> Stage:
    return Stage("one", "", run)


def test_closing_in_the_middle_of_a_push_removes_the_world() -> None:
    held = leftovers.held()
    rehearsal = prepare(stages=("plan", "apply", "push"))
    for event in rehearsal:
        if event.address.startswith("build/Look for"):
            break

    rehearsal.close()
    rehearsal.close()

    assert rehearsal.report["leftovers"] == []
    assert not rehearsal.report["ok"]
    scene = rehearsal._scene
    assert scene is not None
    assert scene.world.close() == []
    assert leftovers.since(held) == []


def test_a_mistake_of_ours_turns_its_stage_red_and_the_rest_goes_on() -> None:
    def broken(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        yield from ()
        raise ZeroDivisionError("on purpose")

    rehearsal = prepare(stages=("plan",), extra=[_one(broken)])
    events = list(rehearsal)

    end = next(event for event in events if event.address == "one" and event.data["phase"] == "finished")
    assert "A mistake in ekswiz: ZeroDivisionError: on purpose" in end.message
    assert "Traceback" not in str(end.data)
    assert "Traceback" in "\n".join(next(s for s in rehearsal.report["stages"] if s["id"] == "one")["log"])
    assert rehearsal.report["leftovers"] == []


def test_what_a_stage_leaves_running_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    import subprocess

    left: list[subprocess.Popen[bytes]] = []

    def careless(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        left.append(subprocess.Popen(["/bin/sleep", "60"]))
        verdict.passed("started something")
        yield from ()

    rehearsal = prepare(stages=(), extra=[_one(careless)])
    try:
        list(rehearsal)
        assert rehearsal.report["leftovers"] == [f"process {left[0].pid}"]
        assert not rehearsal.report["ok"]
    finally:
        left[0].kill()
        left[0].wait()


def test_a_stop_while_the_world_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    from ekswiz_sim import seed

    held, stop = leftovers.held(), threading.Event()
    monkeypatch.setattr(seed, "_roles", lambda _: stop.set())
    rehearsal = prepare(stages=("plan",), stop=stop)

    events = list(rehearsal)

    assert [(event.address, event.message) for event in events][:2] == [("world", STOPPED), ("plan", STOPPED)]
    assert rehearsal.report["leftovers"] == []
    assert leftovers.since(held) == []


def test_a_world_that_cannot_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from ekswiz_sim import seed

    def broken(_: object) -> None:
        raise ZeroDivisionError("on purpose")

    held = leftovers.held()
    monkeypatch.setattr(seed, "_cluster", broken)
    rehearsal = prepare(stages=("plan",))

    with pytest.raises(ZeroDivisionError):
        list(rehearsal)

    rehearsal.close()
    assert leftovers.since(held) == []
