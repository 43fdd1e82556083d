"""A push: the staged repository is committed, and the very workflow file that was planned runs on it.

By flag it is another event, or another workflow file: see `occasions`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from ekswiz.events import Event
from ekswiz_sim import alternatives, occasions, review, staging, stood_in
from ekswiz_sim.runner.actions import actions
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
    merged = scene.world.parts.github.state.merge_open()
    yield from (_said(f"pull request #{number} is merged, as a person would do") for number in merged)
    scene.commit = staging.commit(scene.checkout, "Deploy with ekswiz")
    since = len(scene.world.records())
    grants: list[Grant] = []
    spans: dict[str, tuple[float, float]] = {}

    def oidc(job: JobIdentity) -> Grant:
        grants.append(scene.world.parts.github.grant(job))
        return grants[-1]

    run = Run(_request(scene, oidc))
    if scene.occasion.workflow is None:
        scene.findings = review.of_workflow(scene)
        yield from (_said(review.line(row)) for row in scene.findings)
    try:
        with closing(iter(run)) as events_of_run:
            for event in events_of_run:
                _clock(event, spans)
                yield _part_of_push(event, scene)
                if scene.stop.is_set():  # whoever stops listening ends the run, its `always()` steps too
                    return
    finally:
        for grant in grants:
            scene.world.parts.github.issuer.revoke(grant)
    if scene.occasion.intended(scene.answers.branch):
        _conclude(scene, verdict, run.result, spans)
    else:
        occasions.conclude(scene, verdict, run.result, len(grants), scene.world.records(since))


def _conclude(scene: Scene, verdict: Verdict, result: RunResult, spans: Mapping[str, tuple[float, float]]) -> None:
    """The verdict on a run that is meant to deploy."""
    if not result.ok:
        failed = result.failed_step
        verdict.failed(_why(result), lines=list(failed.log) if failed else [])
        verdict.when = spans.get(f"{failed.job}/{failed.step}") if failed else None
        return
    image = _image(result, stood_in.seen(scene))
    scene.image = image if image["digest"] else {}
    nameless = review.nameless(scene) if scene.occasion.workflow else ""
    if nameless:
        verdict.explained = True
        verdict.failed(f"{scene.workflow} ran green, and deployed nothing: {nameless}")
        return
    notes = [f"note: {sentence}" for sentence in image["skipped"]]
    what = f"image {image['digest'][:19]}" if image["digest"] else f"{scene.workflow} ran green"
    verdict.passed(f"commit {scene.commit[:12]}, {what}", lines=notes)


def _said(text: str) -> Event:
    return Event("log", time.time(), "push", message=text)


def _clock(event: Event, spans: dict[str, tuple[float, float]]) -> None:
    """Note when each step began and ended."""
    if event.type == "stage":
        began, _ = spans.get(event.address, (event.at, event.at))
        spans[event.address] = (began, event.at)


def _part_of_push(event: Event, scene: Scene) -> Event:
    """The runner's jobs and steps are parts of this stage. No run is no failure where there should be none."""
    if event.type != "stage":
        return event
    data = event.data
    nothing = data["job"] is None and not scene.occasion.intended(scene.answers.branch)
    more = {"parent": "push", "phase": data["state"], "skipped": nothing or data.get("result") == "skipped"}
    return replace(event, data={**data, **more})


def _request(scene: Scene, oidc: Callable[[JobIdentity], Grant]) -> RunRequest:
    world, answers = scene.world, scene.answers
    github = world.parts.github
    temp = world.home / "runs" / scene.commit[:12]
    temp.mkdir(parents=True)
    return RunRequest(
        workflow=scene.workflow,
        checkout=scene.checkout,
        event=occasions.run_event(scene.occasion, answers, scene.commit, github.repository),
        repository=github.repository,
        temp=temp,
        actions=actions(scene.checkout, scene.occasion.actions),
        oidc=oidc,
        stop=scene.stop,
        variables={**github.variables(), **scene.variables},
        environments=github.environments(),
        secrets=scene.secrets,
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
        **alternatives.step_environment(scene.world.parts.tiers, scene.world.home),
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
