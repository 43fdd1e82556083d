"""What is known of a rehearsal so far, from its events alone. No screen in here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ekswiz.events import Event
from ekswiz.tui import clock

State = Literal["wait", "now", "done", "skip", "stop", "FAIL"]
ROAD = (
    ("world", "start world"),
    ("plan", "plan"),
    ("apply", "apply"),
    ("settled", "plan again"),
    ("push", "push, deploy"),
    ("answer", "ask service"),
    ("access", "who may what"),
    ("destroy", "destroy"),
    ("empty", "compare"),
    ("down", "remove world"),
)
"""The stages in their order, by the short names that a pane has room for."""
OUTCOMES: Mapping[str, str] = {"applied": "done", "started": "now", "failed": "FAIL", "skipped": "skip"}
BROKEN = ("FAIL", "stop")
"""States of what did not come to a good end."""
STOPPED = "stopped"
"""What a stage says that was ended by a stop."""
LOG_KEPT = 2000
"""Lines of the log that are kept; the report has all."""


@dataclass(slots=True)
class Step:
    """A stage, or a job or step of the workflow inside one (`depth` 1 and 2)."""

    key: str
    title: str
    depth: int = 0
    state: State = "wait"
    seconds: float = 0.0
    began: float | None = None
    why: str = ""
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cell:
    """One try: what was meant, what happened, who decided and why."""

    row: str
    column: str
    expected: str
    got: str
    ok: bool
    tried: bool
    layer: str | None = None
    by: str | None = None
    why: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Cell:
        """The cell that an event carries."""
        return cls(**{name: data.get(name) for name in cls.__slots__})  # type: ignore[arg-type]  # its schema is the report's

    @property
    def word(self) -> str:
        """What a table shows: `yes`, `no`, `-` (nothing to try with), `n/a`; `!` before a surprise."""
        if not self.ok:
            return f"!{self.got}"
        return self.got if self.tried else "-"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of what is going on: when (epoch seconds), where, what."""

    at: float
    where: str
    text: str


class Progress:
    """Feed it events with `see`; read the rest.

    Args:
        now: Seconds of a steady clock, for what is still running.
    """

    def __init__(self, now: float) -> None:
        self.steps: dict[str, Step] = {name: Step(name, title) for name, title in ROAD}
        self.steps["world"].state, self.steps["world"].began = "now", now
        self.cells: dict[tuple[str, str], Cell] = {}
        self.log: list[LogLine] = []
        self.tiers: Sequence[Mapping[str, Any]] = ()
        self.began = now
        self.ended: float | None = None
        self.fresh: list[LogLine] = []

    def see(self, event: Event, now: float) -> None:
        """Take one event in; `now` is the steady clock's."""
        if event.type == "stage":
            self._stage(event, now)
        elif event.type == "cell":
            cell = Cell.of(event.data)
            self.cells[cell.row, cell.column] = cell
        elif event.type == "log":
            self._note(event.address, event.message)
        else:
            seconds = f"  {event.seconds:.1f} s" if event.seconds else ""
            self._note(OUTCOMES.get(event.type, event.type), f"{event.address}{seconds}  {event.message}".rstrip())

    def take_log(self) -> list[LogLine]:
        """The lines since it was last asked."""
        fresh, self.fresh = self.fresh, []
        return fresh

    @property
    def running(self) -> Step | None:
        """The innermost step at work; None between two."""
        return next((step for step in reversed(list(self.steps.values())) if step.state == "now"), None)

    @property
    def surprises(self) -> list[Cell]:
        """Cells that are not as the answers intend."""
        return [cell for cell in self.cells.values() if not cell.ok]

    @property
    def failed(self) -> list[Step]:
        """Stages that failed, in order."""
        return [step for step in self.steps.values() if step.state == "FAIL" and not step.depth]

    def shown(self) -> list[Step]:
        """The steps that the pane lists: every stage; the parts of one while it runs or where it failed."""
        return [step for step in self.steps.values() if not step.depth or self._open(step)]

    def _open(self, step: Step) -> bool:
        """A job is shown while its stage runs, a step while its job does; what failed stays in sight."""
        stage, job = self.steps[step.key.split("/", 1)[0]], self._job(step)
        above = stage if step.depth == 1 or job is None else job
        return above.state == "now" or (stage.state in BROKEN and step.state in BROKEN)

    def _job(self, step: Step) -> Step | None:
        """The job that a step of the workflow belongs to. A step's name may hold slashes, a job's does not."""
        return self.steps.get("/".join(step.key.split("/")[:2]))

    def _stage(self, event: Event, now: float) -> None:
        step = self._step(event)
        if event.data.get("phase") == "started":
            step.state, step.began = "now", now
            return
        skipped, ok = event.data.get("skipped"), event.data.get("ok")
        step.state = "skip" if skipped else "done" if ok else "stop" if event.message == STOPPED else "FAIL"
        self._end_parts(step)
        step.seconds, step.why = event.seconds, event.message or str(event.data.get("error") or "")
        step.lines = [str(line) for line in event.data.get("lines") or event.data.get("log") or ()]
        self.tiers = event.data.get("tiers") or self.tiers
        for data in event.data.get("matrix") or ():
            self.cells[data["row"], data["column"]] = Cell.of(data)

    def _end_parts(self, stage: Step) -> None:
        """A part that never said its end had the stage's."""
        for part in self.steps.values():
            if part.state == "now" and part.key.startswith(f"{stage.key}/"):
                part.state = stage.state

    def _step(self, event: Event) -> Step:
        parent = event.data.get("parent")
        key = f"{parent}/{event.address}" if parent else event.address
        if key not in self.steps:
            name = event.data.get("step")
            title = str(name or event.message or event.address)
            self._insert(Step(key, title, depth=(2 if name else 1) if parent else 0), parent)
        return self.steps[key]

    def _insert(self, step: Step, parent: Any) -> None:
        """Behind the last part of its stage; a stage that nobody knows goes to the end."""
        self.steps[step.key] = step
        if parent in self.steps:
            moved = list(self._behind(str(parent)))
            for name in moved:
                self.steps[name] = self.steps.pop(name)

    def _behind(self, parent: str) -> Iterator[str]:
        names = list(self.steps)
        last = max(place for place, name in enumerate(names[:-1]) if name == parent or name.startswith(f"{parent}/"))
        yield from names[last + 1 : -1]

    def _note(self, where: str, message: str) -> None:
        lines = [LogLine(clock.wall(), where, text) for text in message.split("\n")]
        self.fresh += lines
        self.log += lines
        del self.log[:-LOG_KEPT]
