"""What decided: the claim, statement or Kubernetes event behind a failed stage, in one sentence."""

from __future__ import annotations

from ekswiz_sim.kubernetes.embedded import kinds
from ekswiz_sim.kubernetes.embedded.store import Obj, Store
from ekswiz_sim.scene import Scene
from ekswiz_sim.seams import Record

EVENTS_SHOWN = 2


def cause(scene: Scene, since: int, sentence: str) -> str:
    """`sentence` with the last denial since record number `since`, and the latest Kubernetes warnings, if any."""
    denied = [record for record in scene.world.records(since) if not record.decision.allowed]
    parts = [sentence.rstrip()]
    if denied:
        parts.append(f"Decided by: {describe(denied[-1])}")
    warnings = _warnings(scene)
    if warnings:
        parts.append(f"Kubernetes says: {' | '.join(warnings)}")
    return " ".join(parts)


def describe(record: Record) -> str:
    """One denial as a sentence: who, what, on what, at which layer, and the key or statement."""
    decision = record.decision
    text = f"{record.principal} was denied {record.action} on {record.resource} ({decision.layer}): {decision.why}"
    if decision.key and decision.key not in decision.why:
        text += f" Key {decision.key}: expected {' or '.join(decision.expected)}, got {' or '.join(decision.got)}."
    if decision.by and decision.by not in decision.why:
        text += f" Statement {decision.by}."
    return text


async def _events(store: Store, namespace: str) -> list[Obj]:
    """On the world's loop, where nobody changes the store meanwhile."""
    return list(store.all(kinds.EVENTS, namespace))


def _warnings(scene: Scene) -> list[str]:
    store = scene.world.store(scene.answers.cluster)
    if store is None:
        return []
    events = scene.world.loop.run(_events(store, scene.answers.namespace))
    found = [event for event in events if event.get("type") == "Warning"]
    found.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    return [f"{e['reason']} {e['involvedObject']['name']}: {e['message']}" for e in found[-EVENTS_SHOWN:]]
