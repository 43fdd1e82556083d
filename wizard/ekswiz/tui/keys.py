"""Keys that do the same everywhere. A screen adds its own; it never gives one of these another meaning."""

from __future__ import annotations

from textual.binding import Binding, BindingType

GLOBAL: list[BindingType] = [
    Binding("ctrl+q", "leave", "quit", show=True, priority=True, tooltip="Quit; asks if a change is in flight"),
    Binding("ctrl+c", "interrupt", "stop or quit", show=False, priority=True),
    Binding("ctrl+s", "save_answers", "save", show=False, priority=True),
    Binding("f1", "why", "why", show=False),
    Binding("question_mark", "why", "why", show=False),
]
"""`why` is answered by the screen if it has an `action_why`, else by the app with the keys of the screen."""
BACK = Binding("escape", "back", "back", key_display="Esc")
"""For screens that can be left backwards. Ctrl+B is the same."""
BACK_TOO = Binding("ctrl+b", "back", "back", show=False, priority=True)
NEXT = Binding("ctrl+n", "next", "next", priority=True)
