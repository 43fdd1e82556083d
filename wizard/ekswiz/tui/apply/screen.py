"""The run: rows, an estimate of its own, a log; the stop; and the ways on when it did not come to its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from ekswiz.errors import EkswizError, Exit
from ekswiz.events import Event
from ekswiz.frontend import exit_code
from ekswiz.plan import Plan
from ekswiz.signals import Stop
from ekswiz.state import Estimate, Verb
from ekswiz.tui import clock
from ekswiz.tui.apply import words
from ekswiz.tui.apply.changes import ChangeList
from ekswiz.tui.apply.details import RowModal
from ekswiz.tui.apply.panes import Head, RunLog
from ekswiz.tui.apply.rows import OVER, Run
from ekswiz.tui.apply.work import Arrived, Ended, Expected, Work
from ekswiz.tui.frame import FrameScreen, TopLine
from ekswiz.tui.preview.ink import paint
from ekswiz.tui.preview.messages import Written
from ekswiz.tui.preview.reading import hand_off

TICK = 0.25
"""Seconds between two looks at the clock."""
BLINK = 0.05
"""Seconds between an event and its being drawn, with all that came meanwhile."""
LONG = 20.0
"""Seconds after which the end rings the bell once."""
WORKING = "The run goes on. s stops it after the change in flight."


class ApplyScreen(FrameScreen):
    """Carries out the plan that it is given; begins as soon as it is shown."""

    STEP = "apply"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "stop", "stop after this change"),
        Binding("l", "log", "log"),
        Binding("r", "again", "go on"),
        Binding("u", "undo", "undo"),
        Binding("h", "hand_off", "hand-off"),
        Binding("x", "leave_run", "exit"),
        Binding("escape", "back", "back", show=False),
        Binding("y", "copy", "copy", show=False),
    ]
    DEFAULT_CSS = """
    ApplyScreen {
        & #run-trouble { height: auto; max-height: 60%; padding: 0 1; border-top: solid $error; display: none; }
        &.-trouble #run-trouble { display: block; }
        & #run-log-title { height: 1; padding: 0 1; color: $text-muted; }
        &.-low #run-log { height: 4; }
    }
    """

    def __init__(self, plan: Plan, verb: Verb = "apply") -> None:
        super().__init__()
        self.plan = plan
        self._verb: Verb = verb
        self.run_state = Run(plan)
        self._usual: dict[str, float] = {}
        self._left: Estimate | None = None
        self._left_at = 0.0
        self._followed: int | None = None
        self._began = 0.0
        self._ended_at: float | None = None
        self._error: EkswizError | None = None
        self._stop: Stop | None = None
        self._work: Work | None = None
        self._ticking: Timer | None = None

    def body(self) -> Iterable[Widget]:
        """Head, rows, trouble, log."""
        yield Head(id="run-head")
        yield ChangeList(len(self.run_state.rows), id="run-rows")
        yield VerticalScroll(Static(id="run-trouble-text"), id="run-trouble")
        yield Static("-- log, l hides it", id="run-log-title")
        yield RunLog(id="run-log")

    def on_mount(self) -> None:
        """Begin at once."""
        if self._verb == "destroy":
            self.query_one(TopLine).step("remove what ekswiz created")
        self.query_one(ChangeList).focus()
        self._began = clock.steady()
        self.wizard.events = []
        self._stop = self.ekswiz.begin(self._verb)
        self._ticking = self.set_interval(TICK, self._draw)
        self._draw_all()
        self._work = Work(self.wizard, self.plan, self._verb, self._stop, self.post_message)
        self._carry_out(self._work)

    def on_unmount(self) -> None:
        """Whoever takes the screen away stops what runs on it."""
        if self._stop is not None:
            self._stop.set()

    @work(thread=True, exclusive=True, exit_on_error=False, group="run")
    def _carry_out(self, run: Work) -> None:
        run.carry_out()

    # ---- what the run tells

    @on(Expected)
    def _expected(self, event: Expected) -> None:
        self._left, self._left_at = event.left, clock.steady()
        self._usual.update(event.usual)

    @on(Arrived)
    def _arrived(self) -> None:
        """A busy run tells much: what comes within a blink is drawn at once."""
        self.set_timer(BLINK, self._take)

    def _take(self) -> None:
        events = self._work.take() if self._work is not None else []
        if not events:
            return
        now, touched = clock.steady(), dict.fromkeys(event.address for event in events)
        for event in events:
            self.run_state.see(event, now)
        self.wizard.events += events
        self.query_one(RunLog).add(map(words.log_line, events))
        for address in touched:
            self._draw_row(address)
        self._follow(events)
        self._draw_head()

    def _follow(self, events: Iterable[Event]) -> None:
        """Keep what has just begun in sight, until the user looks elsewhere."""
        rows, began = self.query_one(ChangeList), [event.address for event in events if event.type == "started"]
        if began and began[-1] in self.run_state.rows and rows.cursor in (None, self._followed):
            rows.cursor = self._followed = list(self.run_state.rows).index(began[-1])

    @on(Ended)
    def _ended(self, event: Ended) -> None:
        self._take()
        self._ended_at, self._error = clock.steady(), event.error
        if self._ticking is not None:
            self._ticking.stop()
        if self._elapsed > LONG:
            self.app.bell()
        self.app.clear_notifications()
        code = self._outcome()
        self.wizard.farewell = [*self._summary()]
        self._draw_all()
        if code is Exit.OK:
            self.ekswiz.end(code)
            self._show_result()
            return
        text = paint(words.trouble_lines(self.run_state, self._verb, self._error))
        self.query_one("#run-trouble-text", Static).update(text)
        self.add_class("-trouble")
        self._show_log(shown=False)
        self.refresh_bindings()
        self.ekswiz.end(code)

    def _show_result(self) -> None:
        """Go there; a box that is open is left to the user first, for what is typed into it is not meant for that."""
        if self.app.screen is self:
            self.ekswiz.go("result", events=list(self.wizard.events))

    def on_screen_resume(self) -> None:
        """A box was closed, and meanwhile the run may have come to its end."""
        if self.over and self._outcome() is Exit.OK:
            self.call_later(self._show_result)

    def _outcome(self) -> Exit:
        if self._error is not None:
            done = self.run_state.count("done")
            return Exit.PARTIAL if done else self._error.exit_code
        return exit_code(self.wizard.events, self._stop.exit_code if self._stop else None)

    def _summary(self) -> Iterable[str]:
        """What stays in the scrollback."""
        yield f"ekswiz: {words.state_of(self.run_state, self._verb)}"
        if self._outcome() is not Exit.OK:
            yield "Go on with: ekswiz resume"

    # ---- drawing

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self._ended_at is not None

    @property
    def _elapsed(self) -> float:
        return (self._ended_at or clock.steady()) - self._began

    def _draw(self) -> None:
        """What changes with the clock: the head, and the rows in flight."""
        self._draw_head()
        for row in self.run_state.running:
            self._draw_row(row.change.address)

    def _draw_all(self) -> None:
        self._draw_head()
        for address in self.run_state.rows:
            self._draw_row(address)

    def _draw_head(self) -> None:
        run, width = self.run_state, self.size.width or self.app.size.width
        if self.over:
            text = words.closing(run, self._verb, self._elapsed)
        else:
            stopping = self._stop is not None and self._stop.is_set()
            left = words.left_in_words(self._left, clock.steady() - self._left_at)
            text = words.head(run, self._verb, elapsed=self._elapsed, left=left, stopping=stopping, width=width)
        self.query_one(Head).say(text)
        self.ekswiz.title_now(f"{run.count(*OVER)}/{run.total}")

    def _draw_row(self, address: str) -> None:
        row, width = self.run_state.rows.get(address), self.size.width or self.app.size.width
        if row is not None:
            text = words.row_line(row, now=clock.steady(), usual=self._usual.get(address), width=width)
            self.query_one(ChangeList).put(list(self.run_state.rows).index(address), text)

    def on_resize(self) -> None:
        """Another width has room for more of each row."""
        if self.is_mounted and self.query("#run-rows"):
            self._draw_all()

    # ---- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's own
        """Keys that do something now."""
        if action == "stop":
            return not self.over
        if action in {"again", "leave_run"}:
            return self.over
        if action == "undo":
            return self.over and self._verb == "apply" and bool(words.made(self.run_state))
        return action != "hand_off" or (self.over and self._verb == "apply")

    def action_stop(self) -> None:
        """Let the change in flight finish; start nothing more. The head says so; asked again, a note explains."""
        if self._stop is not None and not self._stop.is_set():
            self._stop.set()
        else:
            self.ekswiz.action_interrupt()
        self._draw()

    def action_log(self) -> None:
        """Hide or show the log."""
        self._show_log(shown=not self.query_one(RunLog).display)

    def _show_log(self, *, shown: bool) -> None:
        """By the widgets' own styles: a class of the screen would have those of all its widgets computed anew."""
        for name in ("#run-log-title", "#run-log"):
            self.query_one(name).display = shown

    def action_again(self) -> None:
        """Plan what is left; it is shown and agreed to before anything goes on."""
        self.ekswiz.go("destroy" if self._verb == "destroy" else "preview")

    def action_undo(self) -> None:
        """Show the removal of what this run has made."""
        self.ekswiz.go("destroy", only=frozenset(words.made(self.run_state)))

    @work(thread=True, exclusive=True, exit_on_error=False, group="write")
    def action_hand_off(self) -> None:
        """Write what is left to do for an administrator."""
        hand_off(self.wizard, self.run_state.remaining, self.wizard.answers(), self.post_message)

    @on(Written)
    def _written(self, event: Written) -> None:
        if event.failed:
            self.notify(event.failed, title="Not written", severity="error")
        else:
            self.notify("\n".join(event.paths), title="Written")

    def action_leave_run(self) -> None:
        """Leave; what was begun is recorded."""
        self.app.exit(self.wizard.outcome)

    def action_back(self) -> None:
        """While it runs nothing is behind us; afterwards, what is left."""
        if self.over:
            self.action_again()
        else:
            self.notify(WORKING)

    def action_copy(self) -> None:
        """Copy the log."""
        self.ekswiz.copy("\n".join(map(words.log_line, self.wizard.events)), "the log")

    @on(ChangeList.Chosen)
    def _chosen(self, event: ChangeList.Chosen) -> None:
        rows = list(self.run_state.rows.values())
        self.app.push_screen(RowModal(rows[event.number], self._usual))
