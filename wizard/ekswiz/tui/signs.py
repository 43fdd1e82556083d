"""The signs in front of what was looked at. A sign is a word first; its colour says the same once more."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content

STYLES: Mapping[str, str] = {"ok": "$success", "--": "$warning", "xx": "$error", "..": "$text-muted", "": ""}
"""ok: fine. --: worth knowing. xx: cannot be used. ..: being looked up."""
Said = tuple[str, str]
"""A sign and a sentence."""


def signed(said: Said) -> Content:
    """A sign and its sentence in one line."""
    sign, sentence = said
    return Content.assemble(Content.styled(sign, f"bold {STYLES[sign]}"), f"  {sentence}")
