"""What decided: the claim, statement or Kubernetes event behind a failed stage, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ekswiz.iam.decision import Decision
from ekswiz_sim.kubernetes.embedded import kinds
from ekswiz_sim.kubernetes.embedded.store import Obj
from ekswiz_sim.scene import Scene, Verdict
from ekswiz_sim.seams import Record

EVENTS_SHOWN = 2
SECONDS = "%Y-%m-%dT%H:%M:%S"


def cause(scene: Scene, since: int, verdict: Verdict) -> str:
    """The verdict's sentence with the denial that decided, since record number `since`, and Kubernetes' warnings."""
    if verdict.explained:
        return verdict.sentence
    parts = [_ended(verdict.sentence.rstrip())]
    denied = _deciding(scene.world.records(since), verdict)
    if denied is not None:
        parts.append(_ended(f"Decided by: {describe(denied)}"))
    warnings = _warnings(scene, verdict.when)
    if warnings:
        parts.append(f"Kubernetes says: {' | '.join(warnings)}")
    return " ".join(parts)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _deciding(records: Sequence[Record], verdict: Verdict) -> Record | None:
    """The last denial while it failed: best one that the sentence names, never one that did no harm before."""
    denied = [record for record in records if not record.decision.allowed]
    if verdict.when is not None:
        began, ended = verdict.when
        harmless = {_asked(record) for record in denied if record.at < began}
        denied = [record for record in denied if began <= record.at <= ended and _asked(record) not in harmless]
    named = [record for record in denied if record.action in verdict.sentence and record.resource in verdict.sentence]
    fitting = named or denied
    return fitting[-1] if fitting else None


def _asked(record: Record) -> tuple[str, str, str]:
    return record.principal, record.action, record.resource


def describe(record: Record) -> str:
    """One denial as a sentence: who, what, on what, at which layer, and the key or statement."""
    decision = record.decision
    text = f"{record.principal} was denied {record.action} on {record.resource} ({decision.layer}): {decision.why}"
    if decision.key and decision.key not in decision.why:
        text += f" Key {decision.key}: expected {' or '.join(decision.expected)}, got {' or '.join(decision.got)}."
    if decision.by and decision.by not in decision.why:
        text += f" Statement {decision.by}."
    return f"{_ended(text)} {advice(decision)}".rstrip()


def advice(decision: Decision) -> str:
    """What to change, where the refusal itself shows it: a trust policy in the form of `sub` from before 2026-07-15."""
    if not (decision.key or "").endswith(":sub") or len(decision.got) != 1:
        return ""
    got = decision.got[0]
    if not _has_ids(got) or any(_has_ids(value) for value in decision.expected):
        return ""
    return (
        "This repository's sub carries the ids of owner and repository (GitHub's immutable form), and the trust policy "
        f"names it without: nobody gets in. Ask for {got} instead, with StringEquals."
    )


def _has_ids(subject: str) -> bool:
    return subject.startswith("repo:") and "@" in subject.partition("/")[0]


def _warnings(scene: Scene, when: tuple[float, float] | None) -> list[str]:
    """The latest warnings, each once; "Error: ErrImagePull" and its like only where nothing says more."""
    events = scene.world.objects(scene.answers.cluster, kinds.EVENTS, scene.answers.namespace)
    since = datetime.fromtimestamp(when[0], UTC).strftime(SECONDS) if when else ""
    found = [event for event in events if event.get("type") == "Warning" and _at(event) >= since]
    found.sort(key=_at)
    last = {event["message"]: event for event in found}
    telling = [event for event in last.values() if not event["message"].startswith("Error: ")] or list(last.values())
    return [f"{e['reason']} {e['involvedObject']['name']}: {e['message']}" for e in telling[-EVENTS_SHOWN:]]


def _at(event: Obj) -> str:
    """When it was seen last, to the second."""
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")[: len("2026-01-01T00:00:00")]
