"""The real `ekswiz` command on ground of its own: home, folder and temporary folder; and what it leaves there."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from e2e.tiers import BASE_IMAGE, NODE_IMAGE
from ekswiz_sim import holdings

EKSWIZ = Path(sys.executable).with_name("ekswiz")
PATIENCE = 900.0
GONE = 20.0
TICK = 0.05
_PASSED = (
    BASE_IMAGE,
    NODE_IMAGE,
    "DOCKER_HOST",
    "LOCALSTACK_AUTH_TOKEN",
    "LOCALSTACK_HOST",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended. `report` is None where it wrote none."""

    code: int
    out: str
    err: str
    seconds: float
    report: Mapping[str, Any] | None

    def stage(self, name: str) -> Mapping[str, Any]:
        """What became of one stage; empty if the command did not come so far."""
        stages: Sequence[Mapping[str, Any]] = (self.report or {}).get("stages", ())
        return next((stage for stage in stages if stage["id"] == name), {})

    @property
    def first_red(self) -> str:
        """The first stage that is not ok."""
        return next((str(stage["id"]) for stage in (self.report or {}).get("stages", ()) if not stage["ok"]), "none")

    @property
    def tail(self) -> str:
        """Its last lines, for a failure's explanation."""
        return "\n".join([*self.out.splitlines()[-15:], *self.err.splitlines()[-15:]])


class Ground:
    """Folders of one command, and the names that it was seen to give to things elsewhere."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tmp = root / "tmp"
        self._names: set[str] = set()
        for folder in (root / "home", root / "cwd", self.tmp):
            folder.mkdir(parents=True)

    @property
    def environment(self) -> dict[str, str]:
        """PATH is the user's, since real tiers need their tools; nothing of AWS or Kubernetes comes along."""
        passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
        return {
            **passed,
            "PATH": f"{EKSWIZ.parent}:{os.environ.get('PATH', os.defpath)}",
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.tmp),
            "EKSWIZ_STATE_DIR": str(self.root / "state"),
        }

    def start(self, arguments: Sequence[str], program: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start the command, or a program of these tests, which finds their modules."""
        paths = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)} if program else {}
        process = subprocess.Popen(
            [*(program or (str(EKSWIZ),)), *arguments],
            cwd=self.root / "cwd",
            env={**self.environment, **paths},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
        )
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()
        return process

    def run(self, *arguments: str, program: Sequence[str] = ()) -> Said:
        """Run the command, or a program that takes its `--json`, to its end."""
        file = self.root / f"report-{time.monotonic_ns()}.json"
        began = time.monotonic()
        process = self.start([*arguments, "--json", str(file)], program)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate()
            err += f"\nit took longer than {PATIENCE:.0f} s"
        report = json.loads(file.read_text()) if file.exists() else None
        return Said(process.returncode, out, err, time.monotonic() - began, report)

    def left(self) -> list[str]:
        """What is left of every command that ran here: processes and files."""
        end = time.monotonic() + GONE
        while (mine := list(self._processes())) and time.monotonic() < end:
            time.sleep(0.1)
        held = [f"process {process.pid}: {' '.join(_words(process))[:120]}" for process in mine]
        files = [f"file {path.name}" for path in self.tmp.iterdir() if not path.name.endswith(".lock")]
        return [*held, *files, *(_outside(self._names) if self._names else [])]

    def _watch(self, process: subprocess.Popen[str]) -> None:
        """Learn the names under which its worlds may leave something elsewhere."""
        while process.poll() is None:
            for home in self.tmp.glob("ekswiz-sim-*"):
                self._names.add(home.name)
                self._names |= {str(note.facts["name"]) for note in holdings.notes(home) if note.kind == "kind"}
            time.sleep(TICK)

    def _processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            if any(str(self.tmp) in word for word in _words(process)):
                yield process


def _words(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        if process.status() != psutil.STATUS_ZOMBIE:
            return [process.cwd(), *process.cmdline()]
    return []


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Ground that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="ekswiz-e2e-", ignore_cleanup_errors=True) as root:
        yield Ground(Path(root).resolve())


def _outside(names: set[str]) -> list[str]:
    """What a container engine holds that bears one of these names, by name or by label."""
    found: list[str] = []
    for what, shown in (
        (("ps", "-a"), "{{.Names}} {{.Labels}}"),
        (("network", "ls"), "{{.Name}} {{.Labels}}"),
        (("volume", "ls"), "{{.Name}} {{.Labels}}"),
        (("images",), "{{.Repository}}:{{.Tag}}"),
    ):
        with contextlib.suppress(FileNotFoundError):
            said = subprocess.run(["docker", *what, "--format", shown], capture_output=True, text=True, check=False)
            lines = [line for line in said.stdout.splitlines() if any(name in line for name in names)]
            found += [f"{what[0]}: {line}" for line in lines]
    return found
