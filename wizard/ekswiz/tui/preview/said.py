"""The line above a plan that says what was written."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class SaidLine(Static):
    """Where files went, or why they were not written. It stays until the plan is read again."""

    DEFAULT_CSS = """
    SaidLine {
        display: none; height: auto; max-height: 3; padding: 0 1; color: $text-success;
        &.-failed { color: $text-error; }
    }
    """

    def say(self, sentence: str, *, failed: bool = False) -> None:
        """Show the sentence; an empty one takes the line away."""
        self.update(Content(sentence))
        self.set_class(failed, "-failed")
        self.display = bool(sentence)
