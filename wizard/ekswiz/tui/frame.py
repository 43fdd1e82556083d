"""The frame of every screen: brand, step rail, mode and account above; keys below; a sentence where it does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Footer, Static

from ekswiz.tui.keys import BACK_TOO
from ekswiz.tui.words import context_line, rail_line, step_at

if TYPE_CHECKING:
    from ekswiz.tui.app import EkswizApp
    from ekswiz.tui.wizard_state import Wizard

T = TypeVar("T")
HORIZONTAL = [(0, "-tiny"), (60, "-narrow"), (80, "-normal"), (110, "-wide")]
VERTICAL = [(0, "-flat"), (16, "-low"), (20, "-short"), (30, "-tall")]
TOO_SMALL = "ekswiz needs 60 columns and 16 rows.\nMake the window larger, or run: ekswiz --plain"


class TopLine(Static):
    """Row 1: brand, rail, mode."""

    def __init__(self, step: str) -> None:
        super().__init__(id="top-line")
        self._step = step

    def on_mount(self) -> None:
        """Draw it once the width is known."""
        self.refresh_line()

    def on_resize(self) -> None:
        """Another width has room for another rail."""
        self.refresh_line()

    def on_click(self, event: events.Click) -> None:
        """Go to the step whose word was clicked."""
        place = event.get_content_offset(self)
        name = step_at(self._step, place.x) if place else None
        if name is not None:
            app_of(self).go_step(name)

    def step(self, step: str) -> None:
        """Another step is the current one."""
        self._step = step
        self.refresh_line()

    def refresh_line(self) -> None:
        """Draw it anew."""
        width = self.size.width or self.app.size.width - 2
        redraw(self, rail_line(self._step, sim=wizard_of(self).sim, width=width))


class ContextLine(Static):
    """Row 2: whose account, where, as whom. On every screen, so that a wrong account cannot be missed."""

    def __init__(self) -> None:
        super().__init__(id="context-line")

    def on_mount(self) -> None:
        """Draw what is known already."""
        self.refresh_line()

    def on_resize(self) -> None:
        """Another width has room for more of it."""
        self.refresh_line()

    def refresh_line(self) -> None:
        """Draw it anew."""
        redraw(self, context_line(wizard_of(self), width=self.size.width or self.app.size.width - 2))


class KeyLine(Footer):
    """The keys of a screen. Behind a box they stay as they are; made anew there, they were once left out."""

    async def recompose(self) -> None:
        """Draw the keys that work now, if any does."""
        if self.is_attached and self.screen.is_active:
            await super().recompose()
            self.call_later(self._remind)

    def _remind(self) -> None:
        """A box may have come over the screen meanwhile, and Textual would not lay it out any more."""
        if self.is_attached:
            self.screen.check_idle()


class FrameScreen(Screen[None]):
    """A screen in the frame: give it a `STEP` of the rail ("" for none) and a `body`.

    Classes by size: `-tiny -narrow -normal -wide` and `-flat -low -short -tall`; in `-tiny` and `-flat` a sentence
    stands for everything. `app` and `wizard` are typed here once.
    """

    STEP: ClassVar[str] = ""
    CONTEXT: ClassVar[bool] = True
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    BINDINGS: ClassVar[list[BindingType]] = [BACK_TOO]
    DEFAULT_CSS = """
    FrameScreen { layout: vertical; background: $background; color: $foreground; }
    FrameScreen #top-line { height: 1; width: 100%; padding: 0 1; background: $panel; }
    FrameScreen #context-line { height: 1; width: 100%; padding: 0 1; color: $text-muted; }
    FrameScreen #frame-body { height: 1fr; width: 100%; }
    FrameScreen #too-small { display: none; width: 100%; height: 100%; content-align: center middle; }
    FrameScreen.-tiny > *, FrameScreen.-flat > * { display: none; }
    FrameScreen.-tiny #too-small, FrameScreen.-flat #too-small { display: block; }
    """

    @property
    def wizard(self) -> Wizard:
        """The state that screens share."""
        return wizard_of(self)

    @property
    def ekswiz(self) -> EkswizApp:
        """The app, with its own methods."""
        return app_of(self)

    def compose(self) -> ComposeResult:
        """Frame around the body."""
        self._fit()
        yield TopLine(self.STEP)
        if self.CONTEXT:
            yield ContextLine()
        with Container(id="frame-body"):
            yield from self.body()
        yield KeyLine()
        yield Static(TOO_SMALL, id="too-small")

    def body(self) -> Iterable[Widget]:
        """What the screen is about."""
        return ()

    def refresh_frame(self) -> None:
        """Draw the frame's lines anew: what they show has changed."""
        for line in self.query(TopLine):
            line.refresh_line()
        for context in self.query(ContextLine):
            context.refresh_line()

    def wizard_changed(self) -> None:
        """Something was found out, or an answer changed; called on the event loop, also while a box is over it."""
        self.refresh_frame()

    def on_screen_resume(self) -> None:
        """Come back: much may have been found out meanwhile, and the window may have another size."""
        self._fit()
        self.refresh_bindings()
        self.wizard_changed()

    def _fit(self) -> None:
        """Set the classes by size. Textual does it for the screen in front only, and only when the size changes."""
        size = self.app.size
        chosen = {_class_at(size.width, HORIZONTAL), _class_at(size.height, VERTICAL)}
        self.update_classes({name: name in chosen for _, name in (*HORIZONTAL, *VERTICAL)}, animate=False)

    def action_back(self) -> None:
        """Leave backwards."""
        self.ekswiz.back()


class FrameModal(ModalScreen[T]):
    """A box over a screen with a key line of its own: the one below is dead meanwhile. Escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "back", key_display="Esc")]
    DEFAULT_CSS = """
    FrameModal { align: center middle; background: $background 60%; }
    FrameModal > #card {
        width: 64; max-width: 96%; height: auto; max-height: 94%; padding: 0 2;
        border: round $primary; background: $surface;
    }
    FrameModal #card-title { text-style: bold; margin: 0 0 1 0; }
    """

    @property
    def wizard(self) -> Wizard:
        """The state that screens share."""
        return wizard_of(self)

    @property
    def ekswiz(self) -> EkswizApp:
        """The app, with its own methods."""
        return app_of(self)

    def compose(self) -> ComposeResult:
        """The card around the box's own body, and the key line."""
        with Container(id="card"):
            yield from self.body()
        yield KeyLine(show_command_palette=False)

    def body(self) -> Iterable[Widget]:
        """What stands in the box."""
        return ()


def _class_at(cells: int, steps: Sequence[tuple[int, str]]) -> str:
    return max(step for step in steps if step[0] <= cells)[1]


def app_of(widget: Widget) -> EkswizApp:
    """The app of a widget, with its own type."""
    return cast("EkswizApp", widget.app)


def wizard_of(widget: Widget) -> Wizard:
    """The wizard's state, from any widget."""
    return app_of(widget).wizard


def redraw(line: Static, text: Content) -> None:
    """Put a text in its place, if it or its colours are others. The place keeps its size: nothing is laid out anew."""
    shown = line.content
    if not isinstance(shown, Content) or (shown.plain, shown.spans) != (text.plain, text.spans):
        line.update(text, layout=False)


def styled(text: str, style: str) -> Content:
    """Text in a style, e.g. `$warning bold`; nothing in it is read as markup."""
    return Content.styled(text, style)
