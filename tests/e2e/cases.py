"""The cases: the whole road, those who must not get in, rollouts that fail, and death at any moment.

Each drives the real command as a user does. A case says what it found as verdicts: names and words that are the same in
every tier, or the tiers do not agree.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from e2e.ground import Ground, Said
from e2e.tiers import Tier
from ekswiz_sim import sample

Verdicts = dict[str, str]
RED, OK = 6, 0
WHOLE = ("--sim", "--headless", "--sample")


@dataclass(slots=True)
class Found:
    """What a case found. It passed if nothing is wrong."""

    wrong: list[str] = field(default_factory=list)
    verdicts: Verdicts = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def expect(self, holds: object, otherwise: str) -> None:
        """Something must hold."""
        if not holds:
            self.wrong.append(otherwise)


Run = Callable[[Tier, Ground, Found], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    name: str
    run: Run


def road(*more: str) -> Run:
    """The whole road is green, and each cell of the access matrix is a verdict."""

    def run(tier: Tier, ground: Ground, found: Found) -> None:
        said = ground.run(*WHOLE, *tier.flags, *more)
        found.expect(said.code == OK, f"exit code {said.code}, first red stage {said.first_red}: {_why(said)}")
        _verdicts(said, found)
        found.notes.append(f"{said.seconds:.0f} s")

    return run


def surprised(cell: str, *more: str) -> Run:
    """The road finds that somebody can do what the answers do not intend: exactly this cell of the matrix is red."""

    def run(tier: Tier, ground: Ground, found: Found) -> None:
        said = ground.run(*WHOLE, *tier.flags, *more)
        found.expect((said.code, said.first_red) == (RED, "access"), f"exit code {said.code}: {_why(said)}")
        _verdicts(said, found)
        cells = (said.report or {}).get("matrix", ())
        wrong = [f"{one['row']} / {one['column']}" for one in cells if not one["ok"]]
        found.expect(wrong == [cell], f"red cells: {wrong}")

    return run


def event(*flags: str) -> Run:
    """Another event than the one that may deploy: it is tried, and nothing is deployed."""

    def run(tier: Tier, ground: Ground, found: Found) -> None:
        said = ground.run("rehearse", "--sample", *tier.flags, *flags)
        found.expect(said.code == OK, f"exit code {said.code}: {_why(said)}")
        push = said.stage("push")
        found.expect(push.get("ok"), f"push: {push.get('why')}")
        found.verdicts["push"] = str(push.get("why"))
        found.verdicts["image"] = "none" if not (said.report or {}).get("image") else "pushed"
        found.expect(found.verdicts["image"] == "none", "an image was pushed")

    return run


DEPLOYMENT = "manifests/deployment.yaml"
DEADLINE = 40
"""Seconds without progress after which a rollout has failed, in place of the sample's two minutes."""


@dataclass(frozen=True, slots=True)
class Break:
    """One change of the sample after which its rollout cannot succeed, and the event that must explain it."""

    file: str
    old: str
    new: str
    explained_by: tuple[str, ...]


BREAKS: Mapping[str, Break] = {
    "crash loop": Break("app/main.py", "app = FastAPI(", "raise SystemExit(3)\napp = FastAPI(", ("BackOff",)),
    "unpullable image": Break(
        DEPLOYMENT,
        "      containers:\n",
        "      initContainers:\n"
        "        - {name: absent, image: 127.0.0.1:1/absent:1, resources: {limits: {memory: 64Mi}}, securityContext: "
        "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, runAsUser: 10001}}\n"
        "      containers:\n",
        ("Failed to pull image", "ErrImagePull", "ImagePullBackOff"),
    ),
    "failing readiness": Break(
        DEPLOYMENT,
        "          readinessProbe:\n            httpGet:\n              path: /healthz\n",
        "          readinessProbe:\n            httpGet:\n              path: /nowhere\n",
        ("Readiness probe failed",),
    ),
    "deadline": Break(
        DEPLOYMENT,
        "              cpu: 100m\n",
        "              cpu: 9000\n",
        ("FailedScheduling", "Insufficient cpu"),
    ),
}


def rollout(broken: Break) -> Run:
    """A rollout that cannot succeed turns the push red, says which event explains it, and is rolled back."""

    def run(tier: Tier, ground: Ground, found: Found) -> None:
        source = _broken(ground.root / "repository", broken)
        said = ground.run("--sim", "--headless", "--source", str(source), *_answers(), *tier.flags)
        push = said.stage("push")
        text = "\n".join([str(push.get("why")), *push.get("log", ())])
        found.expect(said.code == RED, f"exit code {said.code}, not {RED}: {_why(said)}")
        found.expect(said.first_red == "push", f"the first red stage is {said.first_red}: {_why(said)}")
        found.expect(
            any(one in text for one in broken.explained_by), f"no event explains it: {str(push.get('why'))[:600]}"
        )
        found.verdicts |= {"first red": said.first_red, "down": str(said.stage("down").get("ok"))}

    return run


def killed(times: int, seed: int) -> Run:
    """SIGKILL at random moments of the whole road: the next start finds and removes everything that was left."""

    def run(tier: Tier, ground: Ground, found: Found) -> None:
        chance = random.Random(f"{seed} {tier.name}")
        whole = ground.run(*WHOLE, *tier.flags).seconds
        for number in range(times):
            moment = chance.uniform(0.2, whole)
            _kill(ground, tier, moment)
            _next_start(ground)
            left = ground.left()
            found.expect(not left, f"killed after {moment:.1f} s (number {number}): {'; '.join(left)}")
        last = ground.run(*WHOLE, *tier.flags)
        found.expect(last.code == OK, f"the rehearsal after them: exit code {last.code}: {_why(last)}")
        found.notes.append(f"{times} times within {whole:.0f} s, seed {seed}")

    return run


def cases(kills: int, seed: int) -> list[Case]:
    """Every row, in order."""
    made = [
        Case("whole road", road()),
        Case("AWS's edit policy reads secrets", surprised("deploy-job / read-secrets", "--rights", "edit")),
        Case("push to another branch", event("--event", "push", "--branch", "feature/x")),
        Case("workflow_dispatch on another branch", event("--event", "workflow_dispatch", "--branch", "feature/x")),
        Case("pull request", event("--event", "pull_request")),
        Case("pull request of a fork", event("--event", "pull_request", "--fork")),
    ]
    made += [Case(f"rollout: {name}", rollout(broken)) for name, broken in BREAKS.items()]
    return [*made, Case(f"SIGKILL x {kills}", killed(kills, seed))] if kills else made


def _verdicts(said: Said, found: Found) -> None:
    """Each stage, and each cell of the access matrix."""
    report = said.report or {}
    found.verdicts |= {f"stage {one['id']}": "ok" if one["ok"] else "red" for one in report.get("stages", ())}
    cells = report.get("matrix", ())
    found.verdicts |= {f"{one['row']} / {one['column']}": str(one["got"]) for one in cells}
    found.expect(len(cells) > 100, "the access matrix is not there")


def _answers() -> list[str]:
    """The sample's answers as flags."""
    fields = dict(sample.SAMPLE)
    repository = f"{fields.pop('owner')}/{fields.pop('repo')}"
    flags = [("--repo", repository), *(("--" + name.replace("_", "-"), str(fields[name])) for name in fields)]
    return [word for pair in flags for word in pair]


def _why(said: Said) -> str:
    why = str(said.stage(said.first_red).get("why", ""))
    return why[:800] or said.tail


def _broken(source: Path, broken: Break) -> Path:
    for part in sample.PARTS:
        shutil.copytree(sample.source() / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    _change(source / broken.file, broken.old, broken.new)
    _change(source / DEPLOYMENT, "progressDeadlineSeconds: 120", f"progressDeadlineSeconds: {DEADLINE}")
    return source


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{file.name} changed: adapt this case"
    file.write_text(text.replace(old, new))


def _kill(ground: Ground, tier: Tier, moment: float) -> None:
    process = ground.start([*WHOLE, *tier.flags])
    time.sleep(moment)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    # Its children hold its pipes until they are gone, too.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=60)


_REAP = """
import os
from ekswiz_sim import home
for one in os.scandir(os.environ["TMPDIR"]):
    os.utime(one, (0, 0))
home.reap()
"""


def _next_start(ground: Ground) -> None:
    """What every start of a world does first. A folder whose owner nobody knows yet is spared for a minute."""
    subprocess.run([sys.executable, "-c", _REAP], env=ground.environment, cwd=ground.root, check=True, timeout=300)
