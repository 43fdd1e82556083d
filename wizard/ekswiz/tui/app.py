"""The app: themes, keys, navigation, and the state that screens share."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.binding import BindingType
from textual.driver import Driver
from textual.screen import Screen

from ekswiz import steps
from ekswiz.errors import Exit
from ekswiz.frontend import Application, Given
from ekswiz.signals import Stop
from ekswiz.steps.detection import Detection
from ekswiz.tui.frame import HORIZONTAL, VERTICAL, FrameScreen
from ekswiz.tui.keys import GLOBAL, InTurn
from ekswiz.tui.leave import QuitBox
from ekswiz.tui.lookups import Answered, Lookups, Piece
from ekswiz.tui.palette import commands
from ekswiz.tui.screens import PLACES
from ekswiz.tui.sign_in import sign_in
from ekswiz.tui.themes import DARK, OURS
from ekswiz.tui.wizard_state import Wizard

PACE = 1.0
"""Seconds between two looks at what is still being looked up."""
BOTTOM = 2
"""Screens that are always there: Textual's own blank one, and the first of ours."""


class EkswizApp(InTurn[Exit]):
    """The wizard. `go` and `back` are the only ways from screen to screen."""

    TITLE = "ekswiz"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = HORIZONTAL
    VERTICAL_BREAKPOINTS = VERTICAL
    BINDINGS: ClassVar[list[BindingType]] = GLOBAL
    CSS = """
    CommandPalette SearchIcon { display: none; }
    Button.-textual-compact { background: $panel; color: $foreground; text-style: bold; }
    Button.-textual-compact:focus { background: $primary; color: $background; background-tint: $primary 0%; }
    """

    def __init__(
        self, application: Application, given: Given, *, sim: bool, driver_class: type[Driver] | None = None
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.wizard = Wizard(application, given, sim)
        self.lookups = Lookups(self)
        self.detection = Detection(self.wizard, self.lookups)
        self.leaving = False
        """Whether to quit as soon as nothing is in flight."""
        self._telling = False
        self._titled = ""
        for theme in OURS:
            self.register_theme(theme)
        self.theme = DARK.name

    def on_mount(self) -> None:
        """Show the start; look around once that is on the screen."""
        self.go("start")
        self.call_after_refresh(self.detection.start)
        self.set_interval(PACE, self._look_about)

    # ---- from screen to screen

    def go(self, name: str, **given: Any) -> None:
        """Show a screen of `screens.PLACES`; `given` are its arguments (a kept screen gets them by `arrive`)."""
        place = PLACES[name]
        if place.kept:
            self._go_kept(name, given)
        elif place.over or len(self.screen_stack) < BOTTOM:
            self.push_screen(place.make(**given))
        else:
            self._unstack()
            self.switch_screen(place.make(**given))

    def back(self) -> None:
        """Show the screen below, where there is one of ours; else the start."""
        if len(self.screen_stack) > BOTTOM:
            self.pop_screen()
        elif self.screen is not self._kept("start"):
            self.go("start")

    def go_step(self, name: str) -> None:
        """Go where a word of the rail leads. The preview needs every answer; apply is begun there and nowhere else."""
        if self.wizard.busy or name == "apply":
            return
        gaps = [step.id for step in steps.STEPS if steps.problems(step, self.wizard.draft)]
        if name == "preview" and not gaps:
            self.go("preview")
        else:
            self.go("gather", step=gaps[0] if name == "preview" else name)

    def _go_kept(self, name: str, given: dict[str, Any]) -> None:
        made = self._kept(name)
        if made is None:
            made = PLACES[name].make(**given)
            self.install_screen(made, name)
        else:
            arrive = getattr(made, "arrive", None)
            if arrive is not None:
                arrive(**given)
        self._unstack()
        if len(self.screen_stack) < BOTTOM:
            self.push_screen(made)
        elif self.screen is not made:
            self.switch_screen(made)

    def _unstack(self) -> None:
        """Take away what lies over the first screen."""
        while len(self.screen_stack) > BOTTOM:
            self.pop_screen()

    def _kept(self, name: str) -> Screen[Any] | None:
        return self.get_screen(name) if self.is_screen_installed(name) else None

    # ---- work in flight

    def begin(self, what: str) -> Stop:
        """Work has begun that must not be cut off (`apply`, `destroy`, `rehearsal`); its stop flag."""
        self.wizard.busy, self.wizard.stop = what, Stop()
        gc.freeze()  # else a look for garbage among all that was loaded so far holds a key up for 100 ms
        return self.wizard.stop

    def end(self, outcome: Exit) -> None:
        """The work has ended, and how."""
        self.wizard.busy, self.wizard.outcome = "", outcome
        gc.unfreeze()
        if self.leaving:
            self.exit(outcome)

    def action_leave(self) -> None:
        """Quit; while something is in flight, stop that first."""
        if self.wizard.busy:
            self.action_interrupt()
        else:
            self.exit(self.wizard.outcome)

    def action_interrupt(self) -> None:
        """Stop what is in flight after the present change; else copy what is selected; else ask whether to quit."""
        if self.wizard.busy:
            self._stop_first()
            return
        selected = self.screen.get_selected_text()
        if selected:
            self.copy(selected, "the selection")
        elif isinstance(self.screen, QuitBox):
            self.exit(self.wizard.outcome)
        else:
            self.push_screen(QuitBox(), self._quit_or_not)

    def _quit_or_not(self, leave: bool | None) -> None:
        if leave:
            self.exit(self.wizard.outcome)

    def _stop_first(self) -> None:
        again = self.wizard.stop.is_set()
        self.wizard.stop.set()
        what = "stage at work" if self.wizard.busy == "rehearsal" else "change in flight"
        said = f"Still stopping: the {what} is finishing." if again else f"Stopping after the {what}."
        self.notify(said, title=self.wizard.busy)

    def signalled(self, code: Exit, *, hung_up: bool = False) -> None:
        """SIGTERM or SIGHUP came: stop what is in flight and quit when it has ended; quit at once if nothing is."""
        self.leaving = True
        if hung_up:
            self._tell_driver("hung_up")
        if self.wizard.busy:
            self.wizard.stop.exit_code = code
            self.wizard.stop.set()
        else:
            self.exit(code)

    # ---- what is found out meanwhile

    def on_answered(self, event: Answered) -> None:
        """A lookup came to its end."""
        if event.name == "save":
            self._saved(event)
        else:
            self.detection.take(event)
        self.tell_screens()

    def on_piece(self, event: Piece) -> None:
        """A check came in."""
        self.detection.piece(event.name, event.about, event.found)
        self.tell_screens()

    def tell_screens(self) -> None:
        """Let the screens in sight draw what they show anew: once, however much comes in at the same time.

        One that comes back into sight does so by itself.
        """
        if not self._telling:
            self._telling = True
            self.call_later(self._tell_screens)

    def _tell_screens(self) -> None:
        self._telling = False
        for screen in self._in_sight():
            if isinstance(screen, FrameScreen) and screen.is_mounted:
                screen.wizard_changed()

    def _in_sight(self) -> Iterator[Screen[Any]]:
        """The screen in front; below a box also what it stands over."""
        for screen in reversed(self.screen_stack):
            yield screen
            if not screen.is_modal:
                return

    def follow(self) -> None:
        """An answer was given: ask what it makes possible."""
        self.detection.follow()

    def look_again(self) -> None:
        """Ask again what failed."""
        self.detection.again()
        self.tell_screens()

    def _look_about(self) -> None:
        """Notes that count seconds need drawing; and the terminal may be gone without a word."""
        if not self.leaving and self._tell_driver("lost"):
            self.signalled(Exit.TERMINATED, hung_up=True)
        if any(lookup.state == "loading" for lookup in self.lookups.known.values()):
            self.tell_screens()

    # ---- the answers' file

    def keep_answers(self) -> None:
        """Save the answers in the background. A simulation's are not: its account is invented."""
        if self.wizard.saves:
            self.lookups.ask("save", (self.wizard.draft,), self.wizard.save)

    def action_save_answers(self) -> None:
        """Save the answers now, and say where."""
        self.lookups.ask("save", (self.wizard.draft, "say so"), self.wizard.save)

    def _saved(self, event: Answered) -> None:
        if not self.lookups.take(event):
            return
        if event.lookup.error is not None:
            self.notify(str(event.lookup.error), title="Not saved", severity="error")
        elif len(event.lookup.about) > 1:
            self.notify(f"Saved in {event.lookup.found}")

    # ---- everywhere

    def sign_in(self) -> None:
        """Leave the screens for `aws sso login`, and come back with the answers as they were."""
        sign_in(self, steps.value(self.wizard.draft, "profile"))

    def action_why(self) -> None:
        """Explain the focused thing, if the screen can; else show the keys."""
        explain = getattr(self.screen, "action_why", None)
        if explain is not None:
            explain()
        else:
            self.action_show_help_panel()

    def copy(self, text: str, what: str) -> None:
        """Copy text by the terminal (OSC 52), and say so."""
        self.copy_to_clipboard(text)
        self.notify(f"Copied: {what}")

    def title_now(self, text: str = "") -> None:
        """Set the terminal window's title: `ekswiz 4/7`; empty for the brand alone."""
        title = f"ekswiz {text}".strip()
        if title != self._titled:
            self._titled = title
            self.set_reactive(InTurn.title, title)  # no screen of ours shows it: nothing to draw
            self._tell_driver("title", title)

    def _tell_driver(self, what: str, *about: str) -> Any:
        """Something that only our own driver knows; tests have another one."""
        tell = getattr(self._driver, what, None)
        return tell(*about) if tell is not None else None

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action, for the palette."""
        yield from commands(self, screen)
