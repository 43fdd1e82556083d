"""Deployments that cannot succeed: what each changes in the repository, and what its run has to say in every tier.

Each is pushed onto a service that runs, so that there is something to go back to; afterwards the service is asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ekswiz.events import Event
from ekswiz.paths import WORKFLOW_PATH
from ekswiz_sim.push import push
from ekswiz_sim.scene import Scene, Verdict
from ekswiz_sim.stages import Stage, answer
from rehearsal.worlds import Run, rehearsed

ROAD = ("plan", "apply", "push", "answer")
MANIFEST, APP = "manifests/deployment.yaml", "app/main.py"
SERVES = "app = FastAPI("
HEALTHY = 'return {"status": "ok"}'
NAMED = "reference=$REGISTRY/$ECR_REPOSITORY@$digest"
PATIENT = "progressDeadlineSeconds: 120"
LATE = "exceeded its progress deadline"
ALWAYS = (LATE, 'job deploy, step "Roll out"', "Kubernetes says: ")


@dataclass(frozen=True, slots=True)
class Failure:
    """Changes of files, and the words that have to be in the verdict's sentence and in the run's log."""

    edits: tuple[tuple[str, str, str], ...]
    why: tuple[str, ...]
    log: tuple[str, ...]


FAILURES: Mapping[str, Failure] = {
    "unschedulable": Failure(
        ((MANIFEST, "cpu: 100m", "cpu: 9000"),),
        ("FailedScheduling app-", "Insufficient cpu"),
        ("0/1", "Pending"),
    ),
    "crash-loop": Failure(
        ((APP, SERVES, f"raise SystemExit('broken on purpose')\n{SERVES}"),),
        ("BackOff app-", "Back-off restarting failed container app"),
        ("CrashLoopBackOff", "broken on purpose"),
    ),
    "unpullable": Failure(
        ((WORKFLOW_PATH, NAMED, NAMED.replace("$ECR_REPOSITORY", "wrong-name")),),
        ('Failed to pull image "', "/wrong-name@sha256:", "not found"),
        ("ImagePullBackOff",),
    ),
    "unready": Failure(
        (
            (APP, "from fastapi import FastAPI", "from fastapi import FastAPI, HTTPException"),
            (APP, HEALTHY, "raise HTTPException(503)"),
        ),
        ("Unhealthy app-", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        ("0/1", "Running"),
    ),
    "deadline": Failure(
        ((APP, SERVES, f"import time\ntime.sleep(600)\n{SERVES}"),),
        ("Unhealthy app-", 'Readiness probe failed: Get "http://'),
        ("ProgressDeadlineExceeded",),
    ),
}


def failing(patience: int, **how: object) -> Run:
    """A good deployment, then all of these, each with `patience` seconds until no progress is a failure.

    After each the service is asked: it has to be the first commit again. `how` is as for `rehearsed`.
    """
    first: list[str] = []
    extra = [stage for name in FAILURES for stage in _failing(name, first, patience)]
    return rehearsed(stages=ROAD, extra=extra, **how)


def wrong(run: Run, name: str) -> list[str]:
    """What does not hold of one of them, in words."""
    failure, why, text = FAILURES[name], run.why(name), run.text(name)
    after = run.stage(f"after-{name}")
    found = [] if not run.stage(name)["ok"] else [f"{name} is green"]
    found += [f"{word!r} is not in {why!r}" for word in (*ALWAYS, *failure.why) if word not in why]
    found += [f"{word!r} is not in the log: {text[-2000:]}" for word in failure.log if word not in text]
    found += [] if "deployment.apps/app rolled back" in text else [f"it was not rolled back: {text[-2000:]}"]
    return found + ([] if after["ok"] else [f"afterwards: {after['why']}"])


def _failing(name: str, first: list[str], patience: int) -> Iterator[Stage]:
    failure = FAILURES[name]
    edits = (*failure.edits, (MANIFEST, PATIENT, PATIENT.replace("120", str(patience))))

    def broken(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        if not first:
            first.append(scene.commit)
        with _edited(scene, edits):
            yield from push(scene, verdict)

    def still(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        scene.commit = first[0]
        yield from answer(scene, verdict)

    yield Stage(name, "", broken, needs=ROAD)
    yield Stage(f"after-{name}", "", still, needs=ROAD)


@contextlib.contextmanager
def _edited(scene: Scene, edits: tuple[tuple[str, str, str], ...]) -> Iterator[None]:
    """The repository with the changes in it; afterwards as it was, for the next."""
    before = {path: (scene.checkout / path).read_text() for path, _, _ in edits}
    for path, old, new in edits:
        file = scene.checkout / path
        text = file.read_text()
        assert old in text, f"{path} does not hold {old!r}"
        file.write_text(text.replace(old, new))
    yield
    for path, text in before.items():
        (scene.checkout / path).write_text(text)
