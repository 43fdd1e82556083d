"""The command palette: every action by name, with its key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from ekswiz import steps

if TYPE_CHECKING:
    from ekswiz.tui.app import EkswizApp


def commands(app: EkswizApp, screen: Screen[Any]) -> Iterable[SystemCommand]:
    """What can be done here and everywhere: the screen's own actions first."""
    yield from _of_screen(app, screen)
    if not app.wizard.busy:
        yield from _places(app)
    yield SystemCommand("Save answers", "Write them to the answers file (Ctrl+S)", app.action_save_answers)
    yield SystemCommand("Look again", "Ask AWS and GitHub again what failed", app.look_again)
    yield SystemCommand("Sign in to AWS", "aws sso login, and back to here", app.sign_in)
    yield SystemCommand("Theme", "Dark, light, contrast and others", app.action_change_theme)
    yield SystemCommand("Keys", "Show or hide the keys of this screen", app.action_show_help_panel)
    yield SystemCommand("Quit", "Ctrl+Q; asks if something is in flight", app.action_leave)


def _places(app: EkswizApp) -> Iterator[SystemCommand]:
    yield SystemCommand("Start", "The first screen", partial(app.go, "start"))
    for step in steps.STEPS:
        yield SystemCommand(f"Step: {step.title}", step.question, partial(app.go, "gather", step=step.id))
    yield SystemCommand("Preview", "See every change; nothing is changed", partial(app.go, "preview"))
    yield SystemCommand("Rehearse", "The whole road on this machine", partial(app.go, "rehearsal"))
    yield SystemCommand("Destroy", "See what ekswiz would remove; nothing is changed", partial(app.go, "destroy"))
    yield SystemCommand("Doctor", "Every check, with what to do", partial(app.go, "doctor"))


def _of_screen(app: EkswizApp, screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Bindings of the screen that have a name and are allowed now; Textual's own (next focus...) are not listed."""
    seen = {binding.action for binding in Binding.make_bindings(Screen.BINDINGS)}
    for active in screen.active_bindings.values():
        binding: Binding = active.binding
        if active.node is screen and active.enabled and binding.description and binding.action not in seen:
            seen.add(binding.action)
            run = partial(screen.run_action, binding.action)
            said = f"Key: {app.get_key_display(binding)}"
            yield SystemCommand(binding.description.capitalize(), said, run)
