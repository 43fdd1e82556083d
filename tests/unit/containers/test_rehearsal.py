"""A whole rehearsal with the engine: green, red, and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ekswiz_sim import home, sample
from ekswiz_sim.containers import labels

pytest.importorskip("docker", reason="the docker SDK (pip install 'ekswiz[full]') is not installed")

DOCKERFILE = """\
ARG BASE_IMAGE=base-that-nobody-has:1
FROM ${BASE_IMAGE}
COPY www /www
RUN echo hello from run && PAUSE
USER 10001
EXPOSE 8000
STOPSIGNAL SIGKILL
CMD COMMAND
"""
ELSEWHERE = """\
from ekswiz_sim.containers import tier
tier.reached = lambda *_: False
from ekswiz.main import main
main()
"""
"""ekswiz on a machine whose engine does not reach the registry."""
SERVE = ["httpd", "-f", "-p", "8000", "-h", "/www"]
OPTIONS = {
    "account": "111122223333",
    "region": "eu-west-1",
    "repo": "acme/hello-eks",
    "owner-id": "1001",
    "repo-id": "2002",
    "branch": "main",
    "cluster": "platform",
    "namespace": "hello-eks",
    "context": "app",
    "ecr-repository": "hello-eks",
    "workload": "app",
    "dockerfile": "app/Dockerfile",
    "manifests": "manifests",
}


@dataclass
class Repository:
    """A service of busybox, which is no Python."""

    folder: Path
    base: str
    client: Any

    def write(
        self, *, command: list[str] = SERVE, pause: str = "true", manifest: Mapping[str, str] | None = None
    ) -> None:
        app = self.folder / "source" / "app"
        (app / "www").mkdir(parents=True)
        for name in ("healthz", "index.html"):
            (app / "www" / name).write_text("ok")
        text = DOCKERFILE.replace("COMMAND", json.dumps(command)).replace("PAUSE", pause)
        (app / "Dockerfile").write_text(text)
        manifests = self.folder / "source" / "manifests"
        manifests.mkdir()
        for file in (sample.source() / "manifests").iterdir():
            written = file.read_text()
            for old, new in (manifest or {}).items():
                written = written.replace(old, new)
            (manifests / file.name).write_text(written)

    @property
    def words(self) -> list[str]:
        said = [part for name, value in OPTIONS.items() for part in (f"--{name}", value)]
        ways = ["--images", "docker", "--base-image", self.base, "--json", str(self.folder / "report.json")]
        source = ["--source", str(self.folder / "source")]
        return [str(Path(sys.executable).parent / "ekswiz"), "rehearse", *source, *said, *ways]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_HOST") if name in os.environ}
        return {**kept, "TMPDIR": str(self.worlds)}

    @property
    def worlds(self) -> Path:
        made = self.folder / "worlds"
        made.mkdir(exist_ok=True)
        return made

    def rehearse(self, *program: str) -> dict[str, Any]:
        words = [*program, *self.words[1:]] if program else self.words
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=240, check=False)
        assert (self.folder / "report.json").exists(), done.stderr
        report: dict[str, Any] = json.loads((self.folder / "report.json").read_text())
        return report

    def held(self, world: str) -> list[str]:
        """What the engine has of a world."""
        mine = labels.only(world)
        found = [one["Id"] for one in self.client.containers(all=True, filters=mine)]
        found += [one["Id"] for one in [*self.client.networks(filters=mine), *self.client.images(filters=mine)]]
        return found + [one["Name"] for one in self.client.volumes(filters=mine)["Volumes"] or ()]


@pytest.fixture
def repository(workshop: Any, tmp_path: Path) -> Repository:
    return Repository(tmp_path, workshop.image("base"), workshop.client)


def stage(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    [found] = [one for one in report["stages"] if one["id"] == name]
    return dict(found)


def world_of(report: Mapping[str, Any]) -> str:
    [line] = [one for one in stage(report, "push")["log"] if f"LABEL {labels.WORLD}=" in one]
    return str(line.rpartition("=")[2])


def test_a_service_that_is_no_python_is_built_run_and_reached(repository: Repository) -> None:
    repository.write()

    report = repository.rehearse()

    assert report["ok"], [one for one in report["stages"] if not one["ok"]]
    assert "hello from run" in stage(report, "push")["log"]
    assert stage(report, "answer")["why"].startswith("GET / -> 200; every pod runs sha256:")
    chosen = {one["part"]: one["chosen"] for one in report["tiers"]}
    assert (chosen["images"], chosen["pods"], chosen["Kubernetes"]) == ("Docker", "containers", "embedded")
    assert report["leftovers"] == []
    assert repository.held(world_of(report)) == []
    assert list(repository.worlds.iterdir()) == []


def test_an_engine_with_a_loopback_of_its_own_is_served_all_the_same(repository: Repository) -> None:
    repository.write()

    report = repository.rehearse(sys.executable, "-c", ELSEWHERE)

    assert report["ok"], [one for one in report["stages"] if not one["ok"]]
    assert stage(report, "answer")["why"].startswith("GET / -> 200; every pod runs sha256:")
    assert repository.held(world_of(report)) == []


@pytest.mark.parametrize(
    ("command", "manifest", "words"),
    [
        (["sh", "-c", "echo no luck; exit 1"], {}, "BackOff"),
        (SERVE, {"path: /healthz": "path: /absent"}, "Unhealthy"),
        (["no-such-program"], {}, "executable file not found in $PATH"),
    ],
    ids=["crash", "readiness", "command"],
)
def test_a_rollout_that_fails_names_the_event_and_goes_back(
    repository: Repository, command: list[str], manifest: dict[str, str], words: str
) -> None:
    repository.write(
        command=command, manifest={**manifest, "progressDeadlineSeconds: 120": "progressDeadlineSeconds: 6"}
    )

    report = repository.rehearse()

    push = stage(report, "push")
    assert not report["ok"]
    assert "exceeded its progress deadline" in push["why"]
    assert words in push["why"] or any(words in line for line in push["log"])
    assert stage(report, "empty")["ok"]
    assert repository.held(world_of(report)) == []


@pytest.mark.parametrize("moment", ["building", "running"])
def test_what_a_killed_rehearsal_left_at_the_engine_is_reaped(repository: Repository, moment: str) -> None:
    repository.write(pause="sleep 5" if moment == "building" else "true")
    with subprocess.Popen(
        repository.words, env=repository.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        try:
            world = _until(lambda: next((one.name for one in repository.worlds.glob(f"{home.PREFIX}*")), ""))
            if moment == "building":
                _until(lambda: [one for one in repository.client.containers() if "sleep 5" in one["Command"]])
            else:
                pods = {"label": [f"{labels.WORLD}={world}", "dev.ekswiz.container=app"]}
                _until(lambda: repository.client.containers(filters=pods))
        finally:
            running.send_signal(signal.SIGKILL)
            running.wait(10)

    reaped = home.reap(repository.worlds)

    assert [one.name for one in reaped] == [world]
    assert repository.held(world) == []
    assert list(repository.worlds.iterdir()) == []
    _until(lambda: not [one for one in repository.client.containers(all=True) if "sleep 5" in one["Command"]])


def _until(ask: Callable[[], Any], seconds: float = 120.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found
