"""HTML made of parts: text is always escaped, only what was made here is markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

VOID = frozenset({"meta", "link", "br", "rect", "path", "line", "circle"})
"""Elements without content: of HTML, and those of SVG that are used here."""


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(element: str, /, *content: str, **attributes: str | float) -> Markup:
    """An element. Attributes: `class_` is `class`, `aria_label` is `aria-label`; an empty one is left out."""
    said = "".join(f' {_name(key)}="{escape(str(value))}"' for key, value in attributes.items() if value != "")
    if element in VOID:
        return Markup(f"<{element}{said}>" if element in ("meta", "link", "br") else f"<{element}{said}/>")
    return Markup(f"<{element}{said}>{join(content)}</{element}>")


def join(parts: Iterable[str]) -> Markup:
    """Parts in a row: markup as it is, text escaped."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part, quote=False) for part in parts))


def table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]], name: str = "") -> Markup:
    """A table whose first cell of each row is its heading; it scrolls by itself where the page is narrow."""
    titles = tag("tr", *(tag("th", each, scope="col") for each in head))
    body = [tag("tr", *_cells(row)) for row in rows]
    made = tag("table", tag("caption", caption), tag("thead", titles), tag("tbody", *body), class_=name)
    return tag("div", made, class_="wide", tabindex=0, role="region", aria_label=caption)


def _cells(row: Iterable[str]) -> Iterable[Markup]:
    first, *rest = row
    yield tag("th", first, scope="row")
    yield from (each if isinstance(each, Markup) and each.startswith("<td") else tag("td", each) for each in rest)


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
