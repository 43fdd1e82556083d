"""The preview: what would change, and the way to change it. For a destroy, too.

The surprising thing: the plan that counts is kept in the wizard's `view` and nowhere else, so that what is applied
cannot be another one than what is shown.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from ekswiz import steps
from ekswiz.answers import Answers
from ekswiz.errors import EkswizError
from ekswiz.export import Subject
from ekswiz.plan import Plan
from ekswiz.state import Verb
from ekswiz.tui.area import DataArea
from ekswiz.tui.frame import FrameScreen, TopLine
from ekswiz.tui.keys import BACK
from ekswiz.tui.preview import reading
from ekswiz.tui.preview.bar import bar, rights, unread
from ekswiz.tui.preview.board import PlanBoard
from ekswiz.tui.preview.confirm import ConfirmModal
from ekswiz.tui.preview.consent import allowed, barred
from ekswiz.tui.preview.detail import NAMES
from ekswiz.tui.preview.export import ExportModal, ReplaceModal
from ekswiz.tui.preview.exporting import HAND_OVER, Wanted, prepare, shown
from ekswiz.tui.preview.ink import paint
from ekswiz.tui.preview.messages import PermissionsRead, PlanRead, ReadFailed
from ekswiz.tui.preview.said import SaidLine
from ekswiz.tui.sign_in import sign_in

DESTROYING = "remove what ekswiz created"
NOTHING_LEFT = (
    "Nothing of this stack exists here, so there is nothing to remove. Press r to look again, Esc to go back."
)
READY_ONLY = frozenset({"export", "copy", "filter", "hand_off", "offer"})
"""Actions that need a plan."""


class PreviewScreen(FrameScreen):
    """Shows what would change. `only` narrows a destroy to these addresses: what a failed run has made."""

    STEP = "preview"
    AUTO_FOCUS = ""  # the first that could have it is the filter, which would take every key
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "apply", "apply"),
        Binding("a", "remove", "remove"),
        Binding("r", "rehearse", "rehearse"),
        Binding("r", "read", "reread"),
        Binding("e", "export", "export"),
        Binding("y", "copy", "copy", tooltip="Copy what the tab shows"),
        Binding("slash", "filter", "filter", key_display="/"),
        BACK,
        Binding("h", "hand_off", "hand-off", show=False),
        Binding("o", "offer", "agree", show=False),
        Binding("l", "sign_in", "sign in", show=False),
        Binding("t", "rehearse", "test access", show=False),
        Binding("ctrl+r", "read", "read again", show=False),
    ]
    DEFAULT_CSS = """
    PreviewScreen {
        & #plan-bar { height: 1; padding: 0 1; background: $surface; }
        & #plan-notes { height: auto; max-height: 2; padding: 0 1; color: $text-muted; }
        &.-wide #plan-left { width: 45%; }
        &.-narrow #plan-bar { height: auto; max-height: 2; }
        &.-narrow #plan-left { width: 100%; border-right: none; }
        &.-narrow #plan-detail { display: none; }
        &.-narrow PlanBoard.-reading #plan-left { display: none; }
        &.-narrow PlanBoard.-reading #plan-detail { display: block; width: 100%; }
    }
    """

    def __init__(self, verb: Verb = "apply", only: frozenset[str] | None = None) -> None:
        super().__init__()
        self._verb: Verb = verb
        self._only = only
        self._answers: Answers | None = None
        self._failed: EkswizError | None = None
        self._untested = ""
        self._skipped = 0
        self._asked = 0
        self._wanted: Wanted | None = None

    def body(self) -> Iterable[Widget]:
        """The plan in a line, what is not known, then the plan."""
        yield Static(id="plan-bar")
        yield Static(id="plan-notes")
        yield SaidLine()
        yield DataArea(PlanBoard(id="plan-board"), id="plan-area")

    def on_mount(self) -> None:
        """Read at once."""
        self.wizard.verb = self._verb
        if self._verb == "destroy":
            self.query_one(TopLine).step(DESTROYING)
        self.action_read()

    @property
    def _area(self) -> DataArea:
        return self.query_one(DataArea)

    @property
    def _board(self) -> PlanBoard:
        return self.query_one(PlanBoard)

    # ---- reading

    def action_read(self) -> None:
        """Read the world and plan, anew."""
        self._failed, self._untested, self._skipped = None, "", 0
        self.query_one(SaidLine).say("")
        self.wizard.view = None
        self.set_focus(None)
        self._area.reading(self._what())
        self._write()
        self._asked += 1
        # A daemon, not a worker of Textual's: it only reads, so quitting need not wait for a network that is not there.
        threading.Thread(target=self._read, args=(self._asked,), name="ekswiz-plan", daemon=True).start()

    def _what(self) -> str:
        what = "what ekswiz created" if self._verb == "destroy" else "what exists"
        return f"{what} in {'the simulated AWS, GitHub and Kubernetes' if self.wizard.sim else 'AWS and Kubernetes'}"

    def _read(self, asked: int) -> None:
        """In a thread. An answer to an earlier question is dropped."""

        def tell(message: Message) -> None:
            if asked == self._asked and self.is_attached:
                self.post_message(message)

        reading.read(self.wizard, self._verb, self._only, tell)

    @on(PlanRead)
    def _plan_read(self, event: PlanRead) -> None:
        self._answers = event.answers
        self.wizard.view = event.view
        if event.view.plan.changes:
            self._area.ready()
            self._board.consents = {flag for flag, given in self.wizard.consents.items() if given}
            self._board.show(event.view, event.answers)
        else:
            self._area.empty(NOTHING_LEFT)
        self._write()
        self.refresh_frame()

    @on(PermissionsRead)
    def _permissions_read(self, event: PermissionsRead) -> None:
        self._untested = event.failed
        if self.wizard.view is not None:
            self.wizard.view = replace(self.wizard.view, permissions=event.found)
            self._board.permitted(event.found)
        self._write()

    @on(ReadFailed)
    def _read_failed(self, event: ReadFailed) -> None:
        self._failed = event.error
        self._area.failed(event.error)
        self._write()

    @on(PlanBoard.Changed)
    def _changed(self, event: PlanBoard.Changed) -> None:
        """Another selection: this is the plan from now on."""
        self.wizard.view, self._skipped = event.view, event.skipped
        self._write()

    @on(PlanBoard.Offered)
    def _offered(self, event: PlanBoard.Offered) -> None:
        self.wizard.consents = {**self.wizard.consents, event.offer.flag: True}
        self.notify(event.offer.sentence)
        self.action_read()

    def _write(self) -> None:
        """The lines above the plan, and the keys below it."""
        view = self.wizard.view
        self.query_one("#plan-bar", Static).update(paint([bar(view, self._verb, self._skipped)]) if view else "")
        notes = [unread(view.plan), rights(view, self._untested)] if view else []
        self.query_one("#plan-notes", Static).update("\n".join(note for note in notes if note))
        self.refresh_bindings()

    # ---- keys

    def action_sign_in(self) -> None:
        """Renew the session in this terminal, then read again."""
        sign_in(self.ekswiz, self.wizard.profile or "")
        self.action_read()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's own
        """Keys that do something now."""
        ready = self.wizard.view is not None and bool(self.wizard.view.plan.changes)
        applying = self._verb == "apply"
        possible = {
            "apply": ready and applying,
            "remove": ready and not applying,
            "rehearse": self._failed is None and applying,
            "read": self._failed is not None or not applying,
            "sign_in": self._failed is not None,
            **dict.fromkeys(READY_ONLY, ready),
        }
        return possible.get(action, True)

    def action_back(self) -> None:
        """Out of the filter first, then back to the last step, or to the start."""
        if self._board.unfilter():
            return
        if self._verb == "apply":
            self.ekswiz.go("gather", step=steps.STEPS[-1].id)
        else:
            self.ekswiz.go("start")

    def action_why(self) -> None:
        """Explain the change under the cursor."""
        self._board.action_tab(NAMES.index("Why") + 1)
        self._board.read()

    def action_filter(self) -> None:
        """Open the filter."""
        self._board.filter()

    def action_offer(self) -> None:
        """Agree to what the row under the cursor asks for."""
        change = self._board.change
        if change is None or not self._board.ask(change):
            self.notify("Nothing in this row waits for a consent of its own.")

    def action_rehearse(self) -> None:
        """Try all of it in a world of its own."""
        self.ekswiz.go("rehearsal")

    def action_apply(self) -> None:
        """Ask, then carry out the plan that is on screen."""
        view = self.wizard.view
        if view is None:
            return
        reason = barred(view, self._verb)
        if reason:
            self.notify(reason, title="Not started", severity="warning")
            return
        who = self.wizard.identity
        alias = who.alias if who and who.account == view.plan.account else ""
        # At once, not by a worker: what is typed behind this key must find the box, not the plan below it.
        box = ConfirmModal(view, self._verb, alias=alias, sim=self.wizard.sim)
        self.app.push_screen(box, partial(self._agreed, view.plan))

    def _agreed(self, plan: Plan, ticked: frozenset[str] | None) -> None:
        """Carry out what was asked about."""
        if ticked is not None:
            self.wizard.allow_risks = allowed(ticked, plan, self._verb)
            self.ekswiz.go("apply", plan=plan, verb=self._verb)

    def action_remove(self) -> None:
        """Ask, then carry out the destroy plan that is on screen."""
        self.action_apply()

    def action_copy(self) -> None:
        """Copy what the present tab is about."""
        detail = self._board.detail
        if detail.copied:
            self.ekswiz.copy(detail.copied, detail.tab)

    def action_export(self) -> None:
        """Ask for form and folder, then write the files."""
        self.app.push_screen(ExportModal(self.wizard.file.parent, self._wanted), self._chosen)

    def _chosen(self, wanted: Wanted | None) -> None:
        if wanted is not None:
            self._wanted = wanted
            self._export(wanted)

    def action_hand_off(self) -> None:
        """Write what an administrator has to do."""
        self._export(HAND_OVER)

    @work(exclusive=True, group="ask")
    async def _export(self, wanted: Wanted) -> None:
        """Write it; what would be lost is asked for first."""
        view, base = self.wizard.view, self.wizard.file.parent
        if view is None or self._answers is None:
            return
        subject = Subject(view, self._answers, self.wizard.report or {})
        try:
            made = await asyncio.to_thread(prepare, wanted, subject, self.wizard.application.look, base)
            if made.there and not await self.app.push_screen_wait(ReplaceModal(made.there, base)):
                return
            paths = await asyncio.to_thread(made.write)
        except (EkswizError, OSError) as error:
            self.query_one(SaidLine).say(f"Not written: {error}", failed=True)
        else:
            self.query_one(SaidLine).say(f"Written: {', '.join(shown(path, base) for path in paths)}")
