"""The one question that changes something: ticks for what may break, the account's last digits, two buttons."""

from __future__ import annotations

import string
from collections.abc import Iterable
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from ekswiz.state import Verb
from ekswiz.tui.frame import FrameModal
from ekswiz.tui.preview.bar import counts, short_cost, short_time
from ekswiz.tui.preview.consent import Tick, informed, ticks
from ekswiz.tui.preview.ink import paint
from ekswiz.tui.preview.tick_box import TickBox
from ekswiz.tui.words import grouped
from ekswiz.view import View

DIGITS = 4
CALM = "You can stop at any time. The change in flight finishes, then nothing more starts."


class ConfirmModal(FrameModal[frozenset[str] | None]):
    """Asks; gives the ids that were ticked, or None for "back". The focus starts on Back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "back", key_display="Esc"),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    DEFAULT_CSS = """
    ConfirmModal {
        & > #card { overflow-y: auto; }
        & #confirm-ticks { height: auto; max-height: 9; }
        & #confirm-digits { width: 8; background: $panel; }
        & .gap { margin-top: 1; }
        & #confirm-said { color: $text-error; height: auto; display: none; }
        & #confirm-said.-told { display: block; }
        & #confirm-calm { margin-top: 1; }
        & #confirm-buttons { height: auto; align-horizontal: right; margin-top: 1; }
        & #confirm-buttons Button { margin-left: 2; }
        &.-short #card-title { margin: 0; }
        &.-low .gap, &.-low #confirm-buttons, &.-low #card-title { margin: 0; }
        &.-low #confirm-calm, &.-low #confirm-facts { display: none; }
        &.-low > #card { max-height: 100%; }
        &.-low #confirm-ticks { max-height: 5; }
    }
    """

    def __init__(self, view: View, verb: Verb, *, alias: str = "", sim: bool = False) -> None:
        super().__init__()
        self._plan, self._view, self._verb = view.plan, view, verb
        self._alias, self._sim = alias, sim
        self._ticks: tuple[Tick, ...] = ticks(view.plan, verb)

    @property
    def digits(self) -> str:
        """What has to be typed."""
        return self._plan.account[-DIGITS:]

    def body(self) -> Iterable[Widget]:
        """Question, counts, ticks, digits, buttons."""
        yield Static(self._title(), id="card-title")
        yield Static(self._facts(), id="confirm-facts")
        with VerticalScroll(id="confirm-ticks", classes="gap", can_focus=False):
            for sentence in informed(self._plan, self._verb):
                yield Static(Content.assemble(("! ", "bold $text-error"), sentence))
            for number, tick in enumerate(self._ticks):
                yield TickBox(tick.sentence, id=f"tick-{number}")
        yield Static(f"Type {self.digits}, the last {DIGITS} digits of the account", classes="gap")
        yield Input(
            placeholder="_" * DIGITS, id="confirm-digits", max_length=DIGITS, restrict=r"[0-9]*", compact=True,
            select_on_focus=False,
        )  # fmt: skip
        yield Static(id="confirm-said")
        yield Static(CALM, id="confirm-calm")
        with Horizontal(id="confirm-buttons"):
            yield Button("Back", id="confirm-back", compact=True)
            yield Button(
                self.deed, id="confirm-go", variant="error" if self._verb == "destroy" else "primary", compact=True
            )

    def on_mount(self) -> None:
        """Nothing happens by pressing Enter once."""
        self.query_one("#confirm-back", Button).focus()

    def on_key(self, event: events.Key) -> None:
        """Digits typed elsewhere in the box belong to the one field that takes them."""
        field = self.query_one("#confirm-digits", Input)
        if event.character and event.character in string.digits and self.focused is not field:
            event.stop()
            field.focus()
            field.insert_text_at_cursor(event.character)

    @property
    def deed(self) -> str:
        """The button's words: verb and object."""
        number = len(self._plan.pending)
        noun = "change" if self._verb == "apply" else "object"
        return f"{'Apply' if self._verb == 'apply' else 'Remove'} {number} {noun}{'' if number == 1 else 's'}"

    def _title(self) -> str:
        where = "the simulated account" if self._sim else self._alias or "account"
        return f"{self.deed} {'from' if self._verb == 'destroy' else 'to'} {where} ({grouped(self._plan.account)})?"

    def _facts(self) -> Content:
        money = "" if self._verb == "destroy" else f", {short_cost(self._view)}"
        return paint([tuple(counts(self._plan)), ((f"{self._plan.region}, {short_time(self._view)}{money}", "plain"),)])

    @on(Button.Pressed, "#confirm-back")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#confirm-go")
    @on(Input.Submitted, "#confirm-digits")
    def _go(self) -> None:
        missing = self._missing()
        if missing is None:
            self.dismiss(frozenset(tick.id for tick in self._ticks))
            return
        widget, sentence = missing
        said = self.query_one("#confirm-said", Static)
        said.update(sentence)
        said.add_class("-told")
        self.query_one("#confirm-calm").display = False  # the room is needed for what is missing
        widget.focus()

    def _missing(self) -> tuple[Widget, str] | None:
        """What is not agreed to yet, and in words."""
        for number, _ in enumerate(self._ticks):
            box = self.query_one(f"#tick-{number}", TickBox)
            if not box.value:
                return box, "Space ticks it. Nothing starts before every box is ticked."
        digits = self.query_one("#confirm-digits", Input)
        if digits.value != self.digits:
            said = "These are not the last digits of this account." if digits.value else "The digits are missing."
            return digits, f"{said} Nothing was changed."
        return None
