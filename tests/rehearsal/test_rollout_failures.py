"""Rollouts that fail, rehearsed one after the other on a service that runs.

Each is told by the event of Kubernetes that explains it, and each ends with what ran before.
"""

from __future__ import annotations

from rehearsal.failures import FAILURES, failing, wrong


def test_each_failing_rollout_is_explained_and_rolled_back() -> None:
    # given a service that runs, and deployments that cannot
    run = failing(patience=4)
    # then exactly these are red
    red = [stage["id"] for stage in run.report["stages"] if not stage["ok"]]
    assert red == list(FAILURES), run.report["stages"]
    # then the event that explains each is in its sentence, and what ran before runs again
    assert {name: wrong(run, name) for name in FAILURES} == {name: [] for name in FAILURES}
    assert "connect: connection refused" in run.why("deadline")
