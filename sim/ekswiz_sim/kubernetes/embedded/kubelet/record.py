"""What the kubelet knows of one container: its state now, the one before, and how both are written in a status."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from ekswiz_sim.kubernetes.embedded.controllers.objects import now
from ekswiz_sim.kubernetes.embedded.kubelet.logs import Log
from ekswiz_sim.kubernetes.embedded.store import Obj

_TAIL_LINES = 80
_TAIL_BYTES = 2048


@dataclass(slots=True)
class Record:
    """One container of one pod. `log` and `last_log` belong to the present and the last terminated run."""

    spec: Obj
    is_init: bool = False
    state: Obj = field(default_factory=dict)
    last: Obj = field(default_factory=dict)
    restarts: int = 0
    ready: bool = False
    started: bool = False
    image_id: str = ""
    container_id: str = ""
    log: Log | None = None
    last_log: Log | None = None

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec["name"])

    @property
    def running(self) -> bool:
        """True while its process lives."""
        return "running" in self.state

    @property
    def exit_code(self) -> int | None:
        """The exit code if it is terminated now."""
        ended = self.state.get("terminated")
        return None if ended is None else int(ended["exitCode"])

    def wait(self, reason: str, message: str = "") -> None:
        """It waits to be (re)started. A terminated run becomes the last one."""
        self._remember()
        self.state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}

    def run(self, log: Log) -> None:
        """A process of it started."""
        self._remember()
        self.container_id = _new_id()
        self.log = log
        self.state = {"running": {"startedAt": now()}}

    def end(self, code: int, reason: str = "") -> None:
        """Its process ended."""
        assert self.log is not None
        began = self.state["running"]["startedAt"]
        reason = reason or ("Completed" if code == 0 else "Error")
        self.terminate(code, reason, began, self._last_words(code))

    def terminate(self, code: int, reason: str, began: str | None = None, message: str = "") -> None:
        """It is over, or never began (`began` None: a program that could not be started)."""
        self._remember()
        if began is None:
            self.container_id = _new_id()
        ended: Obj = {"exitCode": code, "reason": reason, "startedAt": began or "1970-01-01T00:00:00Z"}
        ended |= {"finishedAt": now(), **({"message": message} if message else {})}
        ended["containerID"] = self.container_id
        self.state = {"terminated": ended}
        self.ready = self.is_init and code == 0
        self.started = False

    def status(self) -> Obj:
        """Its containerStatus."""
        made: Obj = {
            "name": self.name,
            "state": self.state,
            "lastState": self.last,
            "ready": self.ready,
            "restartCount": self.restarts,
            "image": self.spec["image"],
            "imageID": self.image_id,
            "started": self.started,
        }
        return made | ({"containerID": self.container_id} if self.container_id else {})

    def _remember(self) -> None:
        if "terminated" in self.state:
            self.last, self.last_log = self.state, self.log

    def _last_words(self, code: int) -> str:
        policy = self.spec.get("terminationMessagePolicy")
        if code == 0 or policy != "FallbackToLogsOnError" or self.log is None:
            return ""
        return self.log.tail(_TAIL_LINES, _TAIL_BYTES)


def _new_id() -> str:
    return f"containerd://{secrets.token_hex(32)}"
