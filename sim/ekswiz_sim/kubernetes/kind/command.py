"""The `kind` command: with files, a home and a name of our own, so that it meets nobody else's clusters.

`kind` runs the `docker` command by itself; it gets the engine's address and nothing else of the user's environment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ekswiz.errors import RehearsalError
from ekswiz_sim.processes import POLL, Process, spawn

NAME = re.compile(r"ekswiz-[a-z0-9_-]{1,40}")
"""What our clusters are called; nothing else is ever deleted."""
CREATE_SECONDS = 420.0
DELETE_SECONDS = 90.0
WAIT = "180s"
"""How long kind waits for its node to be ready."""
INSTALL = "Install it (https://kind.sigs.k8s.io/docs/user/quick-start/#installation), or leave --kubernetes kind out."
_PASSED = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_LINES = 12
_LOOK = "The container engine's log may say more: docker ps -a; docker logs NODE"
_NO_IMAGE = "Name a node image that the engine has, or can download: --node-image IMAGE."


def find(name: str) -> str | None:
    """Where a command is on the user's PATH."""
    return shutil.which(name)


@dataclass(frozen=True, slots=True)
class Kind:
    """`kind` for one engine. `folder` is private: home of the command, and where its files are."""

    path: str
    engine: str
    folder: Path

    def create(self, name: str, image: str, stop: Callable[[], bool]) -> str:
        """Make a cluster from `cluster.yaml` in the folder; its kubeconfig's text. Blocks.

        Args:
            name: Of the cluster.
            image: The node image; "" for kind's own choice.
            stop: Looked at while it runs.

        Raises:
            RehearsalError: kind could not; its last lines are the reason.
        """
        kubeconfig = self.folder / f"{name}.kubeconfig"
        words = ["create", "cluster", "--name", name, "--config", str(self.folder / "cluster.yaml"), "--wait", WAIT]
        words += ["--kubeconfig", str(kubeconfig), *(["--image", image] if image else [])]
        self._run(words, CREATE_SECONDS, stop)
        return kubeconfig.read_text()

    def delete(self, name: str) -> None:
        """Remove a cluster of ours, whole or half made; nothing happens if there is none. Blocks.

        Raises:
            RehearsalError: kind could not.
        """
        if not NAME.fullmatch(name):
            raise RehearsalError(f"{name!a} is no cluster of ekswiz: it stays.")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kubeconfig = self.folder / f"{name}.kubeconfig"
        self._run(["delete", "cluster", "--name", name, "--kubeconfig", str(kubeconfig)], DELETE_SECONDS, lambda: False)

    def clusters(self) -> list[str]:
        """Names of the clusters that the engine has.

        Raises:
            RehearsalError: kind could not say.
        """
        return [line for line in self._run(["get", "clusters"], DELETE_SECONDS, lambda: False) if NAME.fullmatch(line)]

    def kubeconfig(self, name: str) -> str:
        """The kubeconfig of a cluster that is there.

        Raises:
            RehearsalError: kind could not say.
        """
        return "\n".join(self._run(["get", "kubeconfig", "--name", name], DELETE_SECONDS, lambda: False))

    def _run(self, words: list[str], seconds: float, stop: Callable[[], bool]) -> list[str]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        said, told = self.folder / "kind.out", self.folder / "kind.log"
        with said.open("wb") as out, told.open("wb") as log:
            process = spawn([self.path, *words], env=self._environment(), cwd=self.folder, stdout=out, stderr=log)
        code = _wait(process, seconds, stop)
        if code != 0:
            text = told.read_text(errors="replace")
            why = "it was stopped" if stop() else "it took too long" if code is None else f"exit code {code}"
            detail = f"kind {' '.join(words[:2])} did not work ({why}): {_essence(text)}"
            raise RehearsalError(detail, _NO_IMAGE if "failed to pull image" in text else _LOOK)
        return said.read_text(errors="replace").splitlines()

    def _environment(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
        return passed | {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "DOCKER_HOST": self.engine,
            "KUBECONFIG": str(self.folder / "unused.kubeconfig"),
            "KIND_EXPERIMENTAL_PROVIDER": "docker",
        }


def _essence(log: str) -> str:
    """What kind calls an error, on one line; its last lines if nothing is called so."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if line.startswith("ERROR: ")), -_LINES)
    return " | ".join(lines[first:][-_LINES:])


def version(path: str) -> tuple[int, ...]:
    """Of a `kind` command; empty if it does not say."""
    try:
        said = subprocess.run(  # a version is all that is asked for
            [path, "version"], capture_output=True, text=True, timeout=10, check=False, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"v(\d+)\.(\d+)\.(\d+)", said)
    return tuple(int(part) for part in found.groups()) if found else ()


def _wait(process: Process, seconds: float, stop: Callable[[], bool]) -> int | None:
    """The exit code; None if it had to be ended."""
    left = seconds
    while (code := process.wait(POLL * 10)) is None:
        left -= POLL * 10
        if left <= 0 or stop():
            process.kill_group(grace=2.0)
            return None
    process.forget()
    return code
