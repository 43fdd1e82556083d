"""S8: the same plan against AWS and Kubernetes on this machine, and who can do what, tried for real."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import RichLog, Static

from ekswiz import intent, report_file
from ekswiz.answers import Answers
from ekswiz.errors import EkswizError, Exit
from ekswiz.tiers import Wish, choose, expected
from ekswiz.tui import clock
from ekswiz.tui.frame import TOO_SMALL, FrameScreen, KeyLine, TopLine, redraw
from ekswiz.tui.keys import BACK
from ekswiz.tui.rehearsal import details, sentences, wording
from ekswiz.tui.rehearsal.matrix import Matrix
from ekswiz.tui.rehearsal.paper import Paper
from ekswiz.tui.rehearsal.pipeline import Pipeline
from ekswiz.tui.rehearsal.progress import Progress
from ekswiz.tui.rehearsal.work import Arrived, Ended, Known, Work
from ekswiz.tui.words import rail_line

HEADLINE = "rehearsal: the same plan, AWS and Kubernetes on this machine"
LONG = 78
"""Columns from which the whole headline leaves room for the chip."""
TICK = 0.5
"""Seconds between two looks at the clock while something runs."""
BLINK = 0.05
"""Seconds between an event and its being drawn."""
REPORT = "ekswiz-rehearsal.json"


class SimulatedTopLine(TopLine):
    """A rehearsal never reaches AWS, whatever the wizard is set to."""

    def refresh_line(self) -> None:
        """Draw it anew."""
        width = self.size.width or self.app.size.width
        redraw(self, rail_line(HEADLINE if width >= LONG else "rehearsal", sim=True, width=width))


class RehearsalScreen(FrameScreen):
    """Runs a rehearsal as soon as it is shown: in the tiers of the command line, or in all real ones (`full`)."""

    CSS_PATH = "rehearsal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "stop", "stop"),
        Binding("m", "whole_matrix", "matrix"),
        Binding("l", "log", "log"),
        Binding("r", "again", "again"),
        Binding("e", "save_report", "report"),
        BACK,
    ]

    def __init__(self, *, full: bool = False) -> None:
        super().__init__()
        self._full = full
        self.progress = Progress(clock.steady())
        self.answers: Answers | None = None
        self.titles: dict[str, str] = {}
        self.ended: Ended | None = None
        self._work: Work | None = None
        self._ticking: Timer | None = None

    # ---- what is shown

    def compose(self) -> ComposeResult:
        """The frame, with a chip that says SIM in every case."""
        yield SimulatedTopLine(HEADLINE)
        yield Static(id="facts")
        yield Static(id="state")
        with Container(id="frame-body"):
            yield from self.body()
        yield KeyLine()
        yield Static(TOO_SMALL, id="too-small")

    def body(self) -> Iterable[Widget]:
        """Road, matrix, log; or why there is no rehearsal."""
        yield Horizontal(
            Pipeline(id="pipeline"),
            Matrix(id="matrix"),
            id="panes",
        )
        yield Static(id="cell")
        yield Static(id="count")
        yield RichLog(id="log", max_lines=500, wrap=False, auto_scroll=True)
        yield Static(id="trouble")

    def on_mount(self) -> None:
        """Begin at once."""
        self.query_one("#log").can_focus = False
        self._ticking = self.set_interval(TICK, self._draw)
        matrix = self.query_one(Matrix)
        matrix.focus()
        # A watcher, not a message: cursor and sentence are drawn in one frame, which a key does not wait for twice.
        self.watch(matrix, "cursor", self._show_cell, init=False)
        self._begin()

    def on_unmount(self) -> None:
        """Whoever takes the screen away ends what runs on it."""
        if self._work is not None:
            self._work.stop.set()

    def action_why(self) -> None:
        """What is real in this world, and what is not."""
        lines = [*sentences.WHY, "", *details.tier_lines(self.progress)]
        self.app.push_screen(Paper("What a rehearsal proves", lines))

    # ---- running it

    def _begin(self) -> None:
        self.progress, self.ended = Progress(clock.steady()), None
        matrix = self.query_one(Matrix)
        matrix.empty()
        self.query_one(RichLog).clear()
        stop = self.ekswiz.begin("rehearsal")
        given = self.wizard.current()
        if self._full:
            given = replace(given, tiers=choose(Wish(full=True)))
        for sentence in expected(given.tiers):
            self.query_one(RichLog).write(sentence)
        self._work = Work(self.wizard.application, given, stop, self.post_message)
        self.remove_class("-trouble", "-ended")
        self._draw()
        self._run(self._work)

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _run(self, rehearsal: Work) -> None:
        app = self.ekswiz
        rehearsal.run()
        if not self.is_attached:  # nobody here hears of the end any more, and it counts all the same
            app.call_later(app.end, Exit.STOPPED)

    @on(Known)
    def _known(self, message: Known) -> None:
        self.answers, self.titles = message.answers, wording.titles(message.answers)
        rows, columns = intent.rows(message.answers), intent.columns()
        self.query_one(Matrix).lay_out([row.id for row in rows], [column.id for column in columns])
        self._draw()

    @on(Arrived)
    def _arrived(self) -> None:
        """Events come in bursts: what comes within a blink is drawn at once."""
        self.set_timer(BLINK, self._take)

    def _take(self) -> None:
        if self._work is None:
            return
        now, matrix, before = clock.steady(), self.query_one(Matrix), len(self.progress.cells)
        for event in self._work.take():
            self.progress.see(event, now)
        if len(self.progress.cells) != before:
            matrix.fill(self.progress.cells)
        for line in self.progress.take_log():
            self.query_one(RichLog).write(sentences.log_line(line))
        self._draw()

    @on(Ended)
    def _over(self, message: Ended) -> None:
        self._take()
        self.app.clear_notifications()  # "stopping" is over
        self.ended, self.progress.ended = message, clock.steady()
        self.wizard.report = message.report
        self.set_class(message.error is not None, "-trouble")
        self.add_class("-ended")
        if message.error is not None:
            self.query_one("#trouble", Static).update(sentences.trouble(message.error))
        self._draw()
        self.query_one(Matrix).show_surprise()
        self.refresh_bindings()
        stopped = self.wizard.stop.is_set()
        self.wizard.farewell[:] = [sentences.verdict(self.progress, message, stopped=stopped)]
        self.ekswiz.end(self._outcome(message, stopped=stopped))

    def _outcome(self, message: Ended, *, stopped: bool) -> Exit:
        if message.error is not None:
            return message.error.exit_code
        if stopped:
            return Exit.STOPPED
        return Exit.OK if message.report and message.report["ok"] else Exit.RED

    def _draw(self) -> None:
        """Everything but the cells, which draw themselves."""
        stopping = self.wizard.stop.is_set()
        self._say("#facts", sentences.facts(self.answers, self.progress, self.size.width))
        self._say("#state", sentences.state(self.progress, self.ended, stopping=stopping))
        self._say("#count", sentences.count(self.progress, self.query_one(Matrix)))
        self.query_one(Pipeline).show_steps(self.progress.shown())
        self._show_cell()

    def _show_cell(self) -> None:
        place = self.query_one(Matrix).place
        cell = self.progress.cells.get(place) if place else None
        text = wording.sentence(cell, place, self.titles, self.size.width) if place else ""
        self._say("#cell", Content(text))

    def _say(self, name: str, text: Content) -> None:
        redraw(self.query_one(name, Static), text)

    # ---- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only keys that do something now are shown."""
        del parameters
        running = self.ended is None
        if action in ("again", "save_report"):
            return not running
        return running if action == "stop" else True

    def action_stop(self) -> None:
        """The stage in hand ends, the others are not begun, and the world is removed."""
        self.wizard.stop.set()
        self._draw()

    def action_back(self) -> None:
        """Leave; while it runs, only after a stop."""
        if self.has_class("-whole"):
            self.action_whole_matrix()
        elif self.ended is None:
            self.notify("The rehearsal is running. s stops it and removes everything; then Esc goes back.")
        else:
            self.ekswiz.back()

    def action_again(self) -> None:
        """Once more, in a new world."""
        self._begin()
        self.refresh_bindings()

    def action_whole_matrix(self) -> None:
        """The matrix alone, with more room; again for both."""
        self.toggle_class("-whole")
        self.query_one(Matrix).focus()

    def action_log(self) -> None:
        """Show or hide the log."""
        self.toggle_class("-quiet")

    def action_save_report(self) -> None:
        """Write the report beside the answers."""
        path = self.wizard.given.source / REPORT
        try:
            report_file.write(str(path), json.dumps(self.wizard.report, indent=2, ensure_ascii=False))
            self.notify(f"Written: {path}")
        except EkswizError as error:
            self.notify(str(error), severity="error")

    @on(Matrix.Chosen)
    def _cell_details(self, message: Matrix.Chosen) -> None:
        if self.answers is None or self._work is None:
            return
        cell = self.progress.cells.get(message.place)
        lines = details.cell_lines(message.place, cell, self.answers, self._work.plan())
        self.app.push_screen(Paper(" / ".join((wording.row(message.place[0]), message.place[1])), list(lines)))

    @on(Pipeline.Chosen)
    def _stage_details(self, message: Pipeline.Chosen) -> None:
        step = self.progress.steps[message.key]
        self.app.push_screen(Paper(step.title, list(details.stage_lines(step, self.progress))))
