"""Rollouts that fail, rehearsed one after the other on a service that runs.

Each is told by the event of Kubernetes that explains it, and each ends with what ran before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ekswiz.events import Event
from ekswiz.paths import WORKFLOW_PATH
from ekswiz_sim.push import push
from ekswiz_sim.scene import Scene, Verdict
from ekswiz_sim.stages import Stage, answer
from rehearsal.worlds import Run

Rehearse = Callable[..., Run]
ROAD = ("plan", "apply", "push", "answer")
MANIFEST, APP = "manifests/deployment.yaml", "app/main.py"
SERVES = "app = FastAPI("
HEALTHY = 'return {"status": "ok"}'
NAMED = "reference=$REGISTRY/$ECR_REPOSITORY@$digest"
IMPATIENT = (MANIFEST, "progressDeadlineSeconds: 120", "progressDeadlineSeconds: 4")
LATE = "exceeded its progress deadline"


@dataclass(frozen=True)
class Failure:
    """A change to the repository, and what the run that deploys it has to say."""

    edits: tuple[tuple[str, str, str], ...]
    why: tuple[str, ...]
    log: tuple[str, ...]


FAILURES: Mapping[str, Failure] = {
    "crash-loop": Failure(
        ((APP, SERVES, f"raise SystemExit('broken on purpose')\n{SERVES}"), IMPATIENT),
        (LATE, "BackOff app-", "Back-off restarting failed container app"),
        ("CrashLoopBackOff", "broken on purpose"),
    ),
    "unpullable": Failure(
        ((WORKFLOW_PATH, NAMED, NAMED.replace("$ECR_REPOSITORY", "wrong-name")), IMPATIENT),
        (LATE, 'Failed to pull image "127.0.0.1:', "/wrong-name@sha256:", ": not found"),
        ("ImagePullBackOff",),
    ),
    "unready": Failure(
        (
            (APP, "from fastapi import FastAPI", "from fastapi import FastAPI, HTTPException"),
            (APP, HEALTHY, "raise HTTPException(503)"),
            IMPATIENT,
        ),
        (LATE, "Unhealthy app-", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        ("0/1", "Running"),
    ),
    "deadline": Failure(
        ((APP, SERVES, f"import time\ntime.sleep(60)\n{SERVES}"), IMPATIENT),
        (LATE, "Unhealthy app-", "connect: connection refused"),
        ("ProgressDeadlineExceeded",),
    ),
}


@contextlib.contextmanager
def _edited(scene: Scene, failure: Failure) -> Iterator[None]:
    """The repository with the change in it; afterwards as it was, for the next."""
    before = {path: (scene.checkout / path).read_text() for path, _, _ in failure.edits}
    for path, old, new in failure.edits:
        file = scene.checkout / path
        text = file.read_text()
        assert old in text, f"{path} does not hold {old!r}"
        file.write_text(text.replace(old, new))
    yield
    for path, text in before.items():
        (scene.checkout / path).write_text(text)


def _failing(name: str, first: dict[str, str]) -> Iterator[Stage]:
    def broken(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        first.setdefault("commit", scene.commit)
        with _edited(scene, FAILURES[name]):
            yield from push(scene, verdict)

    def still(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        scene.commit = first["commit"]
        yield from answer(scene, verdict)

    yield Stage(name, "", broken)
    yield Stage(f"after-{name}", "", still)


def test_each_failing_rollout_is_explained_and_rolled_back(rehearse: Rehearse) -> None:
    # given a service that runs, and four deployments that cannot
    first: dict[str, str] = {}
    run = rehearse(stages=ROAD, extra=[stage for name in FAILURES for stage in _failing(name, first)])
    # then exactly these are red
    red = [stage["id"] for stage in run.report["stages"] if not stage["ok"]]
    assert red == list(FAILURES), run.report["stages"]
    for name, failure in FAILURES.items():
        why, text = run.why(name), run.text(name)
        # then the event of Kubernetes that explains it is in the sentence, and what is behind it in the log
        assert 'job deploy, step "Roll out"' in why, (name, why)
        for word in (*failure.why, "Kubernetes says: "):
            assert word in why, (name, word, why)
        for word in failure.log:
            assert word in text, (name, word)
        # then what ran before runs again
        assert "deployment.apps/app rolled back" in text, name
        assert run.stage(f"after-{name}")["ok"], run.why(f"after-{name}")
