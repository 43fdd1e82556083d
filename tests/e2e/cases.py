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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from e2e.ground import Ground, Said
from e2e.tiers import Tier
from ekswiz_sim import sample
from rehearsal import failures
from rehearsal.failures import FAILURES

Verdicts = dict[str, str]
RED, OK = 6, 0
WHOLE = ("--sim", "--headless", "--sample")
FAILING = (sys.executable, "-m", "e2e.failing")
COLD = 4
"""Where an engine builds, every fourth rehearsal that is killed builds without its cache: it may die in a RUN."""


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


class Rollouts:
    """Deployments that cannot succeed, onto a service that runs. One rehearsal per tier serves all their rows."""

    def __init__(self) -> None:
        self._said: dict[str, Said] = {}

    def row(self, name: str) -> Run:
        """One of them turns its push red, says which event explains it, and the service is the first commit again."""

        def run(tier: Tier, ground: Ground, found: Found) -> None:
            if tier.name not in self._said:
                self._said[tier.name] = ground.run(tier.name, program=FAILING)
                found.notes.append(f"with the other rollouts {self._said[tier.name].seconds:.0f} s")
            said = self._said[tier.name]
            if said.first_red != next(iter(FAILURES)):
                found.wrong.append(f"exit code {said.code}, first red stage {said.first_red}: {_why(said)}")
                return
            found.wrong += failures.wrong(failures.Run(said.report or {}, ()), name)
            shown = {"rollout": name, "service": f"after-{name}", "down": "down"}
            found.verdicts |= {what: _colour(said.stage(stage)) for what, stage in shown.items()}

        return run


def killed(times: int, seed: int) -> Run:
    """SIGKILL at random moments of the whole road: the next start finds and removes everything that was left."""

    def run(tier: Tier, ground: Ground, found: Found) -> None:
        chance = random.Random(f"{seed} {tier.name}")
        whole = ground.run(*WHOLE, *tier.flags).seconds
        for number in range(times):
            cold = tier.builds and number % COLD == 0
            moment = chance.uniform(0.2, whole * (1 + cold))
            _kill(ground, [*(_uncached(ground, number) if cold else WHOLE), *tier.flags], moment)
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
    rollouts = Rollouts()
    made += [Case(f"rollout: {name}", rollouts.row(name)) for name in FAILURES]
    return [*made, Case(f"SIGKILL x {kills}", killed(kills, seed))] if kills else made


def _verdicts(said: Said, found: Found) -> None:
    """Each stage, and each cell of the access matrix."""
    report = said.report or {}
    found.verdicts |= {f"stage {one['id']}": _colour(one) for one in report.get("stages", ())}
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


def _colour(stage: Mapping[str, object]) -> str:
    return "ok" if stage.get("ok") else "red"


def _uncached(ground: Ground, number: int) -> list[str]:
    """The road of a repository whose dependencies no engine has in its cache, so that all of its build is run."""
    source = ground.root / f"repository-{number}"
    for part in sample.PARTS:
        shutil.copytree(sample.source() / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    with (source / "app" / "requirements.txt").open("a", encoding="utf-8") as file:
        file.write(f"# {ground.root.name} {number}\n")
    return ["--sim", "--headless", "--source", str(source), *_answers()]


def _kill(ground: Ground, arguments: Sequence[str], moment: float) -> None:
    process = ground.start(arguments)
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
