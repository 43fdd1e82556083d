"""After a run: what was made, what comes next, what was checked, what was kept."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from ekswiz.errors import EkswizError
from ekswiz.events import Event
from ekswiz.tui.area import DataArea
from ekswiz.tui.frame import FrameScreen, TopLine
from ekswiz.tui.keys import BACK
from ekswiz.tui.preview.ink import Ink, Line, line, paint
from ekswiz.tui.preview.names import label
from ekswiz.tui.result.facts import Facts, farewell, reach
from ekswiz.tui.result.proof import Answer, Proof, Proven, prove

INKS: dict[str, Ink] = {"ok": "create", "--": "update", "xx": "delete"}


class ResultScreen(FrameScreen):
    """Shows the run whose events it is given; checks it once more by reading."""

    STEP = "apply"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "finish", "finish", key_display="Enter"),
        Binding("y", "copy", "copy"),
        Binding("w", "watch", "watch"),
        Binding("o", "folder", "folder"),
        Binding("r", "check", "check"),
        Binding("t", "rehearse", "test"),
        BACK,
    ]
    DEFAULT_CSS = """
    ResultScreen {
        & #result-all { height: 1fr; padding: 0 1; }
        & #result-all > Static { height: auto; margin-bottom: 1; }
        & #result-all > #result-proof-title { margin: 0; text-style: bold; }
        & DataArea, & #result-proofs { height: auto; }
        & DataArea { margin-bottom: 1; }
    }
    """

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__()
        self._events = events
        self._proofs: list[Proof] = []
        self.facts: Facts | None = None
        """What is known of the run; None where nothing was."""

    def _look_back(self) -> Facts | None:
        """What is known of the run; None where nothing was run, or the answers are not complete any more."""
        view, wizard = self.wizard.view, self.wizard
        try:
            answers = wizard.answers()
        except EkswizError:
            return None
        if view is None:
            return None
        file = wizard.file if wizard.file.is_file() and not wizard.sim else None
        passing = wizard.sim and wizard.world.ours
        return Facts(view.plan, wizard.verb, self._events, answers, wizard.sim, file, passing)

    def body(self) -> Iterable[Widget]:
        """Headline, what comes next, proof, what was kept."""
        with VerticalScroll(id="result-all"):
            yield Static(id="result-head")
            yield Static(id="result-next")
            yield Static("Proof", id="result-proof-title")
            yield DataArea(Static(id="result-proofs"), id="result-area")
            yield Static(id="result-kept")

    def on_mount(self) -> None:
        """Show it, then look again."""
        self.facts = facts = self._look_back()
        if facts is None:
            self.query_one(DataArea).empty("Nothing was run. Press Esc to go back.")
            return
        if facts.verb == "destroy":
            self.query_one(TopLine).step("remove what ekswiz created")
        self.wizard.farewell = farewell(facts)
        self.query_one("#result-head", Static).update(paint([line(facts.headline, "strong")]))
        self.query_one("#result-next", Static).update(paint(next_lines(facts)))
        self.query_one("#result-kept", Static).update(paint(kept_lines(facts)))
        self.query_one("#result-next").display = facts.verb == "apply"
        self.query_one("#result-all").focus()
        self.refresh_bindings()
        self.action_check()

    def action_check(self) -> None:
        """Read the world again, and call the service."""
        facts = self.facts
        if facts is None:
            return
        self._proofs = []
        self.query_one(DataArea).reading("the world again, to prove it")
        # A daemon: it only reads, so leaving need not wait for it.
        arguments = (self.wizard, facts.verb, facts.url, self._tell)
        threading.Thread(target=prove, args=arguments, name="ekswiz-proof", daemon=True).start()

    def _tell(self, message: Proven | Answer) -> None:
        if self.is_attached:
            self.post_message(message)

    @on(Proven)
    def _proven(self, event: Proven) -> None:
        if event.error is not None:
            self.query_one(DataArea).failed(event.error)
            return
        self._proofs = [*event.proofs, *self._waiting()]
        self._draw_proofs()

    @on(Answer)
    def _answered(self, event: Answer) -> None:
        self._proofs.append(event.proof)
        self._draw_proofs()

    def _waiting(self) -> Iterator[Proof]:
        """What only the first run in the repository can show."""
        if self.wizard.verb == "apply" and not self.wizard.sim:
            yield Proof("--", "first real run: waiting for your push. w opens its page")
        elif self.wizard.verb == "apply":
            yield Proof("--", "who gets in and who does not: a rehearsal tries it. t starts it")

    def _draw_proofs(self) -> None:
        shown: list[Line] = [((f" {each.sign}   ", INKS[each.sign]), (each.sentence, "plain")) for each in self._proofs]
        self.query_one("#result-proofs", Static).update(paint(shown))
        self.query_one(DataArea).ready()

    # ---- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's own
        """Keys that do something now."""
        facts = self.facts
        if action == "copy":
            return facts is not None and bool(facts.commands)
        if action == "watch":
            return facts is not None and facts.verb == "apply" and not facts.sim
        return action != "rehearse" or (facts is not None and facts.verb == "apply")

    def action_copy(self) -> None:
        """Copy all commands."""
        if self.facts is not None:
            self.ekswiz.copy("\n".join(self.facts.commands), "the commands")

    def action_watch(self) -> None:
        """Open the repository's runs in the browser."""
        if self.facts is not None:
            self.app.open_url(f"https://github.com/{self.facts.answers.repository}/actions")

    def action_folder(self) -> None:
        """Open the repository's folder."""
        self.app.open_url(self.wizard.given.source.resolve().as_uri())

    def action_rehearse(self) -> None:
        """Try who gets in, in a world of its own."""
        self.ekswiz.go("rehearsal")

    def action_finish(self) -> None:
        """Leave; the summary stays in the scrollback."""
        self.app.exit(self.wizard.outcome)


def next_lines(facts: Facts) -> Iterator[Line]:
    """What is left to do, and how the service will be reached."""
    if facts.commands:
        yield line("Next, in your repository", "strong")
        yield from (line(f"  {number}  {command}") for number, command in enumerate(facts.commands, 1))
        yield line()
    if facts.sim:
        yield line("Nothing has left this machine. For a real account, leave and run: ekswiz")
        yield line()
    yield line("The service", "strong")
    yield from (line(f"  {text}") for text in reach(facts))


def kept_lines(facts: Facts) -> Iterator[Line]:
    """What stays, and what would remove it."""
    yield line("Kept for you", "strong")
    if facts.verb == "destroy":
        for change in facts.kept:
            yield ((f"  = {label(change)}", "plain"), (f"  {change.why}", "faint"))
        yield line("  the journal of what was done" if facts.kept else "  nothing but the journal of what was done")
        return
    if facts.file:
        yield line(f"  {facts.file.name:<22}answers, safe to commit, no secrets")
    made = len(facts.plan.pending)
    if facts.passing:
        yield line("  nothing               the simulated account goes when you leave")
        return
    yield line("  the journal           what was done, for resume and destroy")
    removing = "ekswiz --sim destroy" if facts.sim else "ekswiz destroy"
    yield line(f"  {removing:<22}removes these {made} things and nothing else")
