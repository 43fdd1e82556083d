"""A repository on disk, a few twins, and a way to run a workflow file in it."""

from __future__ import annotations

import os
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ekswiz.events import Event
from ekswiz_sim.runner.event import Repository, RunEvent, push
from ekswiz_sim.runner.request import JobIdentity, Patience, RunRequest, RunResult
from ekswiz_sim.runner.run import Run
from ekswiz_sim.seams import ActionCall, ActionResult, Grant, Twin

SHA = "a" * 40
REPOSITORY = Repository("octo", "app", "456789", "123456")
PATH = ".github/workflows/deploy.yml"
QUICK = Patience(interrupt=0.3, terminate=0.3, wind_up=2.0, step=20.0)


def echo(call: ActionCall) -> ActionResult:
    """Gives its inputs back as outputs."""
    call.log(f"echo {sorted(call.inputs.items())}")
    return ActionResult(ok=True, outputs=dict(call.inputs))


@dataclass
class Lab:
    """Runs workflow files; keeps what happened."""

    root: Path
    actions: dict[str, Twin] = field(default_factory=lambda: {"test/echo": echo})
    stop: threading.Event = field(default_factory=threading.Event)
    identities: list[JobIdentity] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        return self.root / "checkout"

    def write(self, text: str, path: str = PATH) -> None:
        file = self.checkout / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))

    def oidc(self, identity: JobIdentity) -> Grant:
        self.identities.append(identity)
        return Grant("http://127.0.0.1:9/token?job=1", f"request-token-{identity.job}")

    def request(self, event: RunEvent | None = None, **changes: Any) -> RunRequest:
        given = {"patience": QUICK, "environment": {"PATH": str(self.root / "bin")}, **self.settings, **changes}
        return RunRequest(
            workflow=PATH,
            checkout=self.checkout,
            event=event or push("main", SHA, REPOSITORY),
            repository=REPOSITORY,
            temp=self.root / "temp",
            actions=self.actions,
            oidc=self.oidc,
            stop=self.stop,
            **given,
        )

    def run(
        self,
        text: str | None = None,
        event: RunEvent | None = None,
        *,
        on_event: Callable[[Event], None] = lambda event: None,
        **changes: Any,
    ) -> RunResult:
        if text is not None:
            self.write(text)
        run = Run(self.request(event, **changes))
        for one in run:
            self.events.append(one)
            on_event(one)
        return run.result

    def script(self, script: str, *, step: str = "", **changes: Any) -> RunResult:
        """Run one `run:` step."""
        return self.run(
            job(f"- id: s\n  run: |\n{textwrap.indent(textwrap.dedent(script), '    ')}\n{step}"), **changes
        )

    def log(self) -> list[str]:
        return [event.message for event in self.events if event.type == "log"]

    def steps(self) -> list[tuple[str, str]]:
        return [
            (event.data["step"], event.data["result"])
            for event in self.events
            if event.type == "stage" and event.data["step"] and event.data["state"] == "finished"
        ]


def job(steps: str, *, head: str = "", on: str = "push", top: str = "") -> str:
    """A file with one job `a`."""
    lines = [f"on: {on}", *textwrap.dedent(top).strip().splitlines(), "jobs:", "  a:", "    runs-on: ubuntu-latest"]
    lines += [f"    {line}" for line in textwrap.dedent(head).strip().splitlines()]
    lines += ["    steps:", *(f"      {line}" for line in textwrap.dedent(steps).strip().splitlines())]
    return "\n".join(lines) + "\n"


def gone(pid: int, seconds: float = 5.0) -> bool:
    """Whether a process ends within this time (a zombie has ended)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state in "ZX":
            return True
        threading.Event().wait(0.02)
    return False
