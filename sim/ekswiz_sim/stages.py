"""The stages of a rehearsal, in order. Each is a generator of events that ends with a verdict."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ekswiz.events import Event
from ekswiz.occasion import Occasion
from ekswiz.plan import Action, Change, Plan
from ekswiz_sim import exposed, service, snapshot
from ekswiz_sim.access.matrix import try_all
from ekswiz_sim.push import push
from ekswiz_sim.review import review
from ekswiz_sim.scene import Scene, Verdict

SHOWN = 3
"""Surprises of the matrix that the stage's sentence names; the table has all."""
Run = Callable[[Scene, Verdict], Iterator[Event]]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the road, skipped when one of `needs` failed or the stop came.

    `run` ends within two seconds of the stop; whatever verdict it gives then that is not "passed" counts as stopped.
    """

    id: str
    title: str
    run: Run
    needs: tuple[str, ...] = ()


def plan(scene: Scene, verdict: Verdict) -> Iterator[Event]:
    """Plan against the untouched world; the snapshot of before is taken here."""
    scene.before = scene.world.snapshot()
    scene.plan = scene.road.plan(scene.target)
    lines = [f"{change.action.value} {change.address:<34} {change.action.word:<7} {_first(change.why)}"
             for change in scene.plan.changes]  # fmt: skip
    unknown = [change.address for change in scene.plan.changes if change.action is Action.UNKNOWN]
    yield from ()
    if unknown:
        verdict.failed(f"not readable: {', '.join(unknown)}", lines=lines)
    else:
        verdict.passed(_summary(scene.plan), lines=lines)


def apply(scene: Scene, verdict: Verdict) -> Iterator[Event]:
    """Carry the plan out as the operator."""
    assert scene.plan is not None  # needs "plan"
    yield from _changes(scene.road.apply(scene.plan, scene.target, scene.stop), verdict, "changes made")


def settled(scene: Scene, verdict: Verdict) -> Iterator[Event]:
    """Plan again: nothing may be left to do."""
    again = scene.road.plan(scene.target)
    yield from ()
    left = [f"{change.action.value} {change.address}" for change in again.pending]
    if left:
        verdict.failed(f"a second plan still wants: {', '.join(left)}", lines=[_difference(c) for c in again.pending])
        verdict.explained = True
    else:
        verdict.passed("a second plan finds nothing to do")


def answer(scene: Scene, verdict: Verdict) -> Iterator[Event]:
    """Ask the service for its version, the way the answers expose it; it must be the commit that was pushed."""
    ok, sentence = service.ask(scene) if scene.answers.expose == "inside" else exposed.ask(scene)
    yield from ()
    if ok:
        verdict.passed(sentence, lines=[f"note: {one}" for one in service.stood_in(scene)])
    else:
        verdict.failed(sentence)


def access(scene: Scene, verdict: Verdict) -> Iterator[Event]:
    """Every principal tries every action; the answers are compared with intent."""
    for cell in try_all(scene.world, scene.answers, scene.commit):
        scene.matrix.append(cell)
        yield Event("cell", time.time(), f"{cell['row']}/{cell['column']}", data=cell)
        if scene.stop.is_set():
            return
    wrong = [cell for cell in scene.matrix if not cell["ok"]]
    tried = sum(cell["tried"] for cell in scene.matrix)
    if wrong:
        sentence = f"{len(wrong)} of {tried} tries differ from what the answers intend: {_surprises(wrong)}"
        verdict.failed(sentence, matrix=list(scene.matrix))
        verdict.explained = True
    else:
        rows = len({cell["row"] for cell in scene.matrix})
        verdict.passed(f"{tried} tries by {rows} principals, all as intended", matrix=list(scene.matrix))


def destroy(scene: Scene, verdict: Verdict) -> Iterator[Event]:
    """Remove what was created."""
    yield from _changes(scene.road.destroy(scene.target, scene.stop), verdict, "objects removed")
    reverted = scene.world.parts.github.state.git.revert()
    if reverted:
        yield Event("log", time.time(), "destroy", message=f"the merge is reverted by a person: {', '.join(reverted)}")


def empty(scene: Scene, verdict: Verdict) -> Iterator[Event]:
    """The world must be what it was before the first change."""
    differences = snapshot.differences(scene.before, scene.world.snapshot())
    yield from ()
    if differences:
        verdict.failed(f"{len(differences)} objects differ from before", lines=differences[:20])
        verdict.explained = True
    else:
        verdict.passed("the world is what it was before")


STAGES = (
    Stage("plan", "Plan the pipeline", plan),
    Stage("apply", "Make the changes", apply, needs=("plan",)),
    Stage("settled", "Plan again", settled, needs=("apply",)),
    Stage("push", "Push a commit and run the workflow", push, needs=("apply",)),
    Stage("answer", "Ask the service", answer, needs=("push",)),
    Stage("access", "Try who can do what", access, needs=("push",)),
    Stage("destroy", "Remove everything", destroy, needs=("plan",)),
    Stage("empty", "Compare with before", empty, needs=("destroy",)),
)

REVIEW = Stage("review", "Read the workflow and its roles", review, needs=("apply",))


def stages(occasion: Occasion, branch: str) -> tuple[Stage, ...]:
    """The road of an occasion; the whole one where the generated workflow may deploy, as `branch` may.

    An event that may not is only tried. What a foreign workflow leaves behind is its own: nothing of it is asked for,
    removed or compared.
    """
    if occasion.workflow is None and occasion.intended(branch):
        return STAGES
    wanted = {"plan", "apply", "push", "destroy"} | (set() if occasion.workflow else {"empty"})
    road = [stage for stage in STAGES if stage.id in wanted]
    if occasion.workflow is not None:
        road.insert(2, REVIEW)
    return tuple(road)


def _changes(events: Iterator[Event], verdict: Verdict, done: str) -> Iterator[Event]:
    """Pass on the events of an apply or destroy; its verdict is good if every change was made."""
    failed, applied = [], 0
    for event in events:
        failed += [f"{event.address}: {event.message}".rstrip()] if event.type in ("failed", "stopped") else []
        applied += event.type == "applied"
        yield event
    if failed:
        verdict.failed(failed[0])
    else:
        verdict.passed(f"{applied} {done}")


def _first(text: str) -> str:
    return text.split(". ", maxsplit=1)[0].rstrip(".")


def _summary(made: Plan) -> str:
    counts = {action: sum(change.action is action for change in made.changes) for action in Action}
    return "  ".join(f"{action.value}{count} {action.word}" for action, count in counts.items() if count)


def _difference(change: Change) -> str:
    data = change.to_json()
    return f"{change.address}: before {json.dumps(data['before'])} after {json.dumps(data['after'])}"


def _surprises(wrong: Sequence[Mapping[str, Any]]) -> str:
    """The first cells that are not as meant, each with what decided."""
    said = [f"{c['row']}/{c['column']} expected {c['expected']}, got {c['got']}: {c['why']}" for c in wrong[:SHOWN]]
    more = f" | and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return f"{' | '.join(said)}{more}"
