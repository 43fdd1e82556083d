"""S1 to S4: the questions. One screen for four steps, so that Back finds every box as it was left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, ContentSwitcher, Static

from ekswiz import steps
from ekswiz.steps import Step
from ekswiz.tui.frame import FrameScreen, TopLine
from ekswiz.tui.gather.form import Form
from ekswiz.tui.gather.known import known
from ekswiz.tui.gather.notes import note
from ekswiz.tui.gather.pick import Pick
from ekswiz.tui.gather.row import Row
from ekswiz.tui.gather.why import why
from ekswiz.tui.keys import BACK, NEXT
from ekswiz.tui.signs import signed

ORDER = {step.id: at for at, step in enumerate(steps.STEPS)}


class Way(Button):
    """A way on. Textual's button lights up for 0.2 s and takes no Enter meanwhile; this one takes each."""

    def on_mount(self) -> None:
        """No light."""
        self.active_effect_duration = 0.0


class GatherScreen(FrameScreen):
    """Everything shown here is drawn from the wizard's draft by `refresh_form`; boxes only report what is typed."""

    AUTO_FOCUS = ""
    """The focus is put where the user is needed."""
    BINDINGS: ClassVar[list[BindingType]] = [
        NEXT,
        BACK,
        Binding("ctrl+d", "defaults", "defaults", tooltip="Take the defaults for the rest", priority=True),
        Binding("f1", "why", "why", key_display="F1"),
        Binding("l,ctrl+l", "sign_in", "sign in", show=False),
        Binding("r,ctrl+r", "again", "look again", show=False),
        Binding("m", "more", "more questions", show=False),
        Binding("y", "copy", "copy sub", show=False),
        Binding("up", "leave_up", show=False),
        Binding("down", "leave_down", show=False),
    ]
    DEFAULT_CSS = """
    GatherScreen #question { height: 1; padding: 0 2; margin: 1 0; text-style: bold; }
    GatherScreen #halves { height: 1fr; }
    GatherScreen #forms { width: 1fr; height: 1fr; }
    GatherScreen #why-side { width: 37; height: 1fr; padding: 0 1; border-left: solid $panel; }
    GatherScreen #why-side { scrollbar-size-vertical: 1; }
    GatherScreen.-wide #why-side { width: 45%; padding: 0 2; }
    GatherScreen.-narrow #why-side { display: none; }
    GatherScreen.-narrow.-full-why #why-side { display: block; width: 100%; border-left: none; }
    GatherScreen.-narrow.-full-why #forms { display: none; }
    GatherScreen.-low #question { margin: 0; }
    GatherScreen #actions { height: 1; padding: 0 2; margin: 0 0 1 0; }
    GatherScreen.-low #actions { margin: 0; }
    GatherScreen #actions Button { margin: 0 2 0 0; min-width: 8; }
    GatherScreen #actions #to-next { min-width: 17; }
    GatherScreen.-tall TextBox, GatherScreen.-tall Pick { height: 3; border: round $panel; background: $background; }
    GatherScreen.-tall TextBox:focus, GatherScreen.-tall Pick:focus { border: round $accent; }
    GatherScreen #told { width: 1fr; color: $text-muted; content-align-horizontal: right; }
    """

    def __init__(self, step: str = "account") -> None:
        super().__init__()
        self._step: Step = steps.STEPS[ORDER[step]]
        self._placed: Widget | None = None
        """What the focus was put on, as long as the user has not done anything."""

    def body(self) -> Iterable[Widget]:
        """Headline, form and panel, the ways on."""
        yield Static(id="question")
        side = VerticalScroll(Static(id="why"), id="why-side", can_focus=False)
        yield Horizontal(ContentSwitcher(id="forms"), side, id="halves")
        yield Horizontal(
            Way("Back", id="to-back", compact=True),
            Way("Next", id="to-next", variant="primary", compact=True),
            Static(id="told"),
            id="actions",
        )

    async def on_mount(self) -> None:
        """Show the first step."""
        await self._show(self._step.id)

    def arrive(self, step: str = "account") -> None:
        """Show a step; from another screen or by the palette."""
        self.call_later(self._show, step)

    # ---- drawing

    async def _show(self, step: str) -> None:
        """Make the step's form if it is shown for the first time, and put the focus where the user is needed."""
        switcher = self.query_one("#forms", ContentSwitcher)
        if not switcher.query(f"#form-{step}"):
            await switcher.add_content(Form(steps.STEPS[ORDER[step]]))
        self._step = steps.STEPS[ORDER[step]]
        switcher.current = f"form-{step}"
        self.remove_class("-full-why")
        self.query_one(TopLine).step(step)
        self.query_one("#question", Static).update(Content(self._step.question))
        self.query_one("#to-next", Button).label = Content(f"Next: {_after(self._step)}")
        self.refresh_form()
        self._place()
        self.ekswiz.title_now(self._step.title)

    @property
    def form(self) -> Form:
        """The form in sight."""
        return self.query_one(f"#form-{self._step.id}", Form)

    def refresh_form(self) -> None:
        """Draw boxes, notes and panel by what is known now."""
        found = self.query(f"#form-{self._step.id}")
        if not found:
            return
        wizard, lookups = self.wizard, self.ekswiz.lookups
        self.form.show(wizard.draft)
        for row in self.form.asked:
            row.note(note(wizard, lookups, row.field, row.text))
            if isinstance(row.box, Pick):
                row.box.known = known(wizard, lookups, row.field.name)
        self._refresh_why()
        self._refresh_told()

    def _refresh_why(self) -> None:
        focused = self.form.focused
        field = focused.field if focused else None
        self.query_one("#why", Static).update(why(self._step, field, self.wizard.draft))

    def _refresh_told(self) -> None:
        """How much is missing; or that the answers are kept."""
        open_ = len(steps.problems(self._step, self.wizard.draft))
        saved = self.wizard.saved
        if open_:
            told = signed(("--", f"{open_} to fill in"))
        else:
            told = signed(("ok", f"saved in {saved.name}")) if saved else Content("")
        self.query_one("#told", Static).update(told)

    def wizard_changed(self) -> None:
        """Something was found out."""
        self.refresh_frame()
        self.refresh_form()
        if self._placed is not None and self.focused is self._placed and self.is_current:
            self._place()

    def _place(self) -> None:
        """The focus: on the first question that needs an answer, else on Next. Enter alone then goes the whole road."""
        refused = steps.problems(self._step, self.wizard.draft)
        rows = [row for row in self.form.asked if row.field.name in refused]
        target = rows[0].box if rows else self.query_one("#to-next", Button)
        target.focus()
        self._placed = target

    # ---- what the user does

    @on(Row.Edited)
    def _edited(self, event: Row.Edited) -> None:
        self._placed = None
        self.wizard.draft = steps.with_field(self.wizard.draft, event.row.field, event.text)
        event.row.means(steps.shown_text(self.wizard.draft, event.row.field))
        if event.row.field.kind != "text":
            self.ekswiz.follow()
        self.refresh_frame()
        self.refresh_form()
        self.call_after_refresh(event.row.scroll_visible, animate=False)

    @on(Row.Accepted)
    def _accepted(self, event: Row.Accepted) -> None:
        """Enter: on to the next question, if this one is answered."""
        if steps.problem(event.row.field, event.row.text) is not None:
            return
        self.ekswiz.follow()
        self._move(1)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The panel speaks of the question that has the focus."""
        if event.widget is not self._placed:
            self._placed = None
        if self.query(f"#form-{self._step.id}"):
            self._refresh_why()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """A question was left: what its answer makes possible can be asked."""
        if isinstance(event.widget.parent, Row):
            self.ekswiz.follow()

    @on(Button.Pressed, "#to-next")
    def action_next(self) -> None:
        """The next step, if this one is complete; its answers are saved on the way."""
        refused = steps.problems(self._step, self.wizard.draft)
        if refused:
            self._complain(next(iter(refused)))
            return
        self.ekswiz.keep_answers()
        at = ORDER[self._step.id] + 1
        if at < len(steps.STEPS):
            self.call_later(self._show, steps.STEPS[at].id)
        else:
            self.ekswiz.go("preview")

    @on(Button.Pressed, ".more")
    def action_more(self) -> None:
        """Show the questions that nearly everybody leaves as they are, or hide them again."""
        self.form.more = not self.form.more
        self.refresh_form()

    @on(Button.Pressed, "#to-back")
    def action_back(self) -> None:
        """The step before, whatever stands in the boxes; before the first one is the start."""
        if self.has_class("-full-why"):
            self.remove_class("-full-why")
            return
        at = ORDER[self._step.id]
        if at:
            self.call_later(self._show, steps.STEPS[at - 1].id)
        else:
            self.ekswiz.go("start")

    def action_defaults(self) -> None:
        """Straight to the preview if nothing is missing; else to the first step where something is."""
        self.ekswiz.keep_answers()
        for step in steps.STEPS:
            refused = steps.problems(step, self.wizard.draft)
            if refused:
                self.call_later(self._show, step.id)
                self.call_later(self._complain, next(iter(refused)))
                return
        self.ekswiz.go("preview")

    def _complain(self, name: str) -> None:
        """The box that stops us, in sight and with the focus."""
        row = self.form.rows[name]
        row.box.focus()
        row.scroll_visible()
        error = steps.problems(self._step, self.wizard.draft)[name]
        row.note(("xx", f"{error.detail.removeprefix(f'{row.field.label}: ')} {error.remedy}".strip()))

    def action_leave_up(self) -> None:
        """The question above."""
        self._move(-1)

    def action_leave_down(self) -> None:
        """The question below."""
        self._move(1)

    def _move(self, by: int) -> None:
        row = self.form.focused
        rows = self.form.asked
        at = (rows.index(row) if row in rows else len(rows)) + by
        if at >= 0:
            (rows[at].box if at < len(rows) else self.query_one("#to-next", Button)).focus()

    def action_why(self) -> None:
        """The panel over the form where there is no room for both; else nothing hides it."""
        self.toggle_class("-full-why")

    def action_copy(self) -> None:
        """Copy what GitHub's token will say as `sub`."""
        told = steps.subjects(self.wizard.draft)
        self.ekswiz.copy("\n".join(dict.fromkeys((told.push, told.deploy))), "sub of both jobs")

    def action_sign_in(self) -> None:
        """Renew the AWS session."""
        self.ekswiz.sign_in()

    def action_again(self) -> None:
        """Look up again what failed."""
        self.ekswiz.look_again()


def _after(step: Step) -> str:
    at = ORDER[step.id] + 1
    return steps.STEPS[at].title if at < len(steps.STEPS) else "Preview"
