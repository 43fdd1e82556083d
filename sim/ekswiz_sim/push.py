"""A push: the staged repository is committed, and the very workflow file that was planned runs on it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from ekswiz.events import Event
from ekswiz.paths import WORKFLOW_PATH
from ekswiz_sim import staging, stood_in
from ekswiz_sim.github import events
from ekswiz_sim.runner.actions import twins
from ekswiz_sim.runner.actions.credentials import NOT_PERMITTED
from ekswiz_sim.runner.request import FailedStep, JobIdentity, Patience, RunRequest, RunResult
from ekswiz_sim.runner.run import Run
from ekswiz_sim.runner.tools.install import install
from ekswiz_sim.scene import Scene, Verdict
from ekswiz_sim.seams import Grant

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
PATIENCE = Patience(interrupt=0.7, terminate=0.4)
"""A stop takes effect within two seconds, so a step in flight has little more than one to end by itself."""


def push(scene: Scene, verdict: Verdict) -> Iterator[Event]:
    """Commit, push, and run the workflow to its end."""
    scene.commit = staging.commit(scene.checkout, "Deploy with ekswiz")
    grants: list[Grant] = []
    spans: dict[str, tuple[float, float]] = {}

    def oidc(job: JobIdentity) -> Grant:
        grants.append(scene.world.parts.github.grant(job))
        return grants[-1]

    run = Run(_request(scene, oidc))
    try:
        with closing(iter(run)) as events_of_run:
            for event in events_of_run:
                _clock(event, spans)
                yield _part_of_push(event)
                if scene.stop.is_set():  # whoever stops listening ends the run, its `always()` steps too
                    return
    finally:
        for grant in grants:
            scene.world.parts.github.issuer.revoke(grant)
    result = run.result
    if result.ok:
        scene.image = _image(result, stood_in.seen(scene))
        notes = [f"note: {sentence}" for sentence in scene.image["skipped"]]
        verdict.passed(f"commit {scene.commit[:12]}, image {scene.image['digest'][:19]}", lines=notes)
    else:
        failed = result.failed_step
        verdict.failed(_why(result), lines=list(failed.log) if failed else [])
        verdict.when = spans.get(f"{failed.job}/{failed.step}") if failed else None


def _clock(event: Event, spans: dict[str, tuple[float, float]]) -> None:
    """Note when each step began and ended."""
    if event.type == "stage":
        began, _ = spans.get(event.address, (event.at, event.at))
        spans[event.address] = (began, event.at)


def _part_of_push(event: Event) -> Event:
    """The runner's jobs and steps are parts of this stage."""
    if event.type != "stage":
        return event
    data = event.data
    more = {"parent": "push", "phase": data["state"], "skipped": data.get("result") == "skipped"}
    return replace(event, data={**data, **more})


def _request(scene: Scene, oidc: Callable[[JobIdentity], Grant]) -> RunRequest:
    world, answers = scene.world, scene.answers
    github = world.parts.github
    temp = world.home / "runs" / scene.commit[:12]
    temp.mkdir(parents=True)
    return RunRequest(
        workflow=WORKFLOW_PATH,
        checkout=scene.checkout,
        event=events.push(answers.branch, scene.commit, github.repository),
        repository=github.repository,
        temp=temp,
        actions=twins(scene.checkout),
        oidc=oidc,
        stop=scene.stop,
        environment=_environment(scene),
        api_url=world.doors.github_url,
        patience=PATIENCE,
    )


def _environment(scene: Scene) -> Mapping[str, str]:
    """What every step starts with: the tools' folder first on PATH, and where this world's AWS is."""
    tools = scene.world.home / "bin"
    if not tools.exists():
        install(tools, sys.executable)
    return {
        "PATH": f"{tools}:{Path(sys.executable).parent}:{SYSTEM_PATH}",
        "AWS_ENDPOINT_URL": scene.world.doors.aws_url,
        "EKSWIZ_DOCKER_STORE": str(scene.world.home / "docker"),
    }


def _image(result: RunResult, more: Sequence[str]) -> Mapping[str, Any]:
    reference = result.jobs["build"].outputs.get("image", "") if "build" in result.jobs else ""
    skipped = [line.partition("ekswiz: ")[2] for line in _log(result) if "ekswiz: " in line]
    digest = reference.partition("@")[2]
    return {"reference": reference, "digest": digest, "skipped": list(dict.fromkeys([*more, *skipped]))}


def _log(result: RunResult) -> Iterator[str]:
    for job in result.jobs.values():
        for step in job.steps:
            yield from step.log


def _why(result: RunResult) -> str:
    if not result.triggered:
        return f"the push starts nothing: {result.why}"
    failed: FailedStep | None = result.failed_step
    if failed is None:
        return result.why or "the workflow failed"
    words = [f'job {failed.job}, step "{failed.step}": {failed.error}', _last_words(failed)]
    if NOT_PERMITTED in failed.log:
        words.append(f"Job {failed.job} lacks the permission `id-token: write`, so GitHub hands it no token.")
    return " ".join(word if word.endswith(".") else f"{word}." for word in words if word)


def _last_words(failed: FailedStep) -> str:
    """What the step's last command said, where the error is no more than its exit code."""
    if not failed.error.startswith("Process completed"):
        return ""
    said = [line for line in failed.log if line.strip() and not line.startswith("##[")]
    return said[-1].strip() if said else ""
