"""The reference page of the rules is the rules."""

from __future__ import annotations

from pathlib import Path

from ekswiz.lint.judge import table

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "lint.md"


def test_the_page_holds_the_table_as_it_is() -> None:
    assert table() in PAGE.read_text()
