"""What a failed stage says of its cause, from records and events made up here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ekswiz.iam.decision import Decision
from ekswiz_sim import cause
from ekswiz_sim.kubernetes.embedded import kinds
from ekswiz_sim.kubernetes.embedded.store import Store
from ekswiz_sim.scene import Verdict
from ekswiz_sim.seams import Record

BEGAN, ENDED = 1000.0, 1010.0


def record(action: str, at: float, *, allowed: bool = False, resource: str = "role/x", **rest: Any) -> Record:
    facts = {"layer": "permission", "by": None, "key": None, "expected": (), "got": (), "why": f"no {action}", **rest}
    return Record(1, at, "aws", "me", action, resource, Decision(allowed, **facts))


def warning(message: str, at: float, reason: str = "Failed", kind: str = "Warning") -> dict[str, Any]:
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    involved = {"name": "pod-1", "kind": "Pod"}
    name = f"e{abs(hash((message, at)))}"
    facts = {"type": kind, "reason": reason, "message": message, "lastTimestamp": stamp, "involvedObject": involved}
    return {"metadata": {"name": name, "namespace": "app"}, **facts}


def said(verdict: Verdict, records: Sequence[Record] = (), events: Sequence[dict[str, Any]] = ()) -> str:
    """The stage's sentence in a world that holds just these."""
    store = Store()
    for event in events:
        store.put(kinds.EVENTS, event)
    world = SimpleNamespace(
        records=lambda since: records[since:],
        objects=lambda cluster, kind, namespace: store.all(kind, namespace) if cluster == "c" else [],
    )
    scene: Any = SimpleNamespace(world=world, answers=SimpleNamespace(cluster="c", namespace="app"))
    return cause.cause(scene, 0, verdict)


def test_a_sentence_that_explains_itself_stands_alone() -> None:
    verdict = Verdict(sentence="as it is", explained=True)

    assert said(verdict, [record("a:B", 1.0)], [warning("broken", 1.0)]) == "as it is"


def test_the_last_denial_decides_and_names_who_what_and_where() -> None:
    records = [record("a:One", 1.0), record("a:Two", 2.0), record("a:Three", 3.0, allowed=True)]

    assert said(Verdict(sentence="it failed"), records) == (
        "it failed. Decided by: me was denied a:Two on role/x (permission): no a:Two."
    )


def test_a_denial_that_the_sentence_names_goes_before_a_later_one() -> None:
    records = [record("a:One", 1.0), record("a:Two", 2.0)]

    assert "was denied a:One" in said(Verdict(sentence="not allowed: a:One on role/x"), records)


def test_only_what_was_denied_while_it_failed_counts() -> None:
    verdict = Verdict(sentence="it failed.", when=(BEGAN, ENDED))
    records = [record("a:Early", BEGAN - 1), record("a:Late", ENDED + 1)]

    assert said(verdict, records) == "it failed."


def test_a_denial_that_did_no_harm_before_does_none_now() -> None:
    verdict = Verdict(sentence="it failed.", when=(BEGAN, ENDED))
    records = [record("a:Look", BEGAN - 1), record("a:Put", BEGAN + 1), record("a:Look", BEGAN + 2)]

    assert "was denied a:Put" in said(verdict, records)


def test_a_key_comes_with_both_values_unless_the_reason_has_them() -> None:
    facts: dict[str, Any] = {"key": "iss:sub", "expected": ("a", "b"), "got": ("c",), "by": "Main"}

    assert "Key iss:sub: expected a or b, got c. Statement Main." in said(
        Verdict(sentence="no"), [record("sts:X", 1.0, **facts)]
    )
    assert "Key iss:sub" not in said(Verdict(sentence="no"), [record("sts:X", 1.0, **facts, why="iss:sub is c, Main")])


def test_kubernetes_warnings_since_it_began_each_once_the_telling_ones_first() -> None:
    verdict = Verdict(sentence="it failed.", when=(BEGAN + 0.5, ENDED))
    events = [
        warning("from an earlier rollout", BEGAN - 60),
        warning("Failed to pull image", BEGAN + 1),
        warning("Failed to pull image", BEGAN + 2),
        warning("Error: ImagePullBackOff", BEGAN + 3),
        warning("Started", BEGAN + 3, kind="Normal"),
    ]

    assert said(verdict, events=events) == "it failed. Kubernetes says: Failed pod-1: Failed to pull image"


@pytest.mark.parametrize("when", [None, (BEGAN, ENDED)])
def test_where_nothing_says_more_the_bare_state_is_shown(when: tuple[float, float] | None) -> None:
    events = [warning("Error: CreateContainerConfigError", BEGAN + 1)]

    assert said(Verdict(sentence="no.", when=when), events=events).endswith("Error: CreateContainerConfigError")
