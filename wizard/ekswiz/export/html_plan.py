"""The plan on the page: a table under each heading, each change with what it is for, what it risks, what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz import cost
from ekswiz.export.document import Subject
from ekswiz.export.markup import Markup, join, table, tag
from ekswiz.export.wanted import values
from ekswiz.plan import Action, Change
from ekswiz.render import difference
from ekswiz.steps.names import REVIEW, label, sections

WIDEST = 60.0
"""Per cent of the column that the longest stage's bar takes."""


def changes(subject: Subject) -> Iterator[Markup]:
    """Every change, under the headings that the wizard has, too."""
    costs = {line.address: line.figure for line in subject.view.costs}
    for title, found in sections(subject.view.plan):
        rows = [_row(change, costs.get(change.address, "")) for change in found]
        yield tag("h3", "To review first" if title == REVIEW else title)
        yield table(f"Changes: {title}", ["Object", "Change", "What for", "A month"], rows, "plan")
    yield tag("h3", "In full")
    yield from (_full(change) for change in subject.view.plan.changes)


def _row(change: Change, figure: str) -> list[str]:
    risks = [tag("p", tag("strong", f"To review ({risk.id}): "), risk.sentence, class_="risk") for risk in change.risks]
    adopted = ", existed before" if change.adopted else ""
    sign = tag("span", change.action.value, class_="sign", aria_hidden="true")
    return [
        join([label(change), tag("br"), tag("code", change.address)]),
        tag("td", sign, f" {change.action.word}{adopted}", class_=change.action.word),
        join([tag("p", change.why), *risks]),
        figure if figure[:1].isalpha() or not figure else f"${figure}",
    ]


def _full(change: Change) -> Markup:
    """What will be, what differs, what does the same by hand, which rights it takes."""
    parts: list[Markup] = []
    if change.action in (Action.UPDATE, Action.REPLACE):
        lines = difference(change.before or {}, change.after or {})
        parts += _code("What differs", "\n".join(line.strip() for line in lines), change)
    if change.after is not None:
        parts += _code("What will be", _text(values(change)), change)
    if change.cli:
        parts += _code("The same by hand", change.cli, change)
    if change.permissions:
        parts += [tag("p", f"IAM actions: {', '.join(change.permissions)}.")]
    return tag("details", tag("summary", f"{change.action.value} {label(change)}"), *parts)


def _text(after: Mapping[str, Any]) -> str:
    if "text" in after:
        return str(after["text"])
    return json.dumps(after, indent=2, ensure_ascii=False)


def _code(title: str, text: str, change: Change) -> Iterator[Markup]:
    """A text under its title; it scrolls by itself, so it can be reached by key."""
    yield tag("h4", title)
    yield tag("pre", tag("code", text), tabindex=0, role="region", aria_label=f"{title}: {change.address}")


def time_and_cost(subject: Subject) -> Iterator[Markup]:
    """Stages of a rehearsal with their seconds, the estimate for this plan, and what it costs."""
    yield tag("p", _sentence(subject.view.estimate.sentence()))
    yield tag("p", _sentence(cost.sentence(subject.view.costs, subject.view.quotes)))
    stages = [stage for stage in subject.report.get("stages", ()) if not stage.get("skipped")]
    if stages:
        longest = max(float(stage["seconds"]) for stage in stages) or 1.0
        rows = [_stage(stage, longest) for stage in stages]
        yield table("Stages of the rehearsal", ["Stage", "Result", "Seconds", "What was seen"], rows, "stages")
    parts = subject.report.get("tiers", ())
    if parts:
        head = ["Part", "Stood for by", "Real in it", "Why this one"]
        shown = [[str(part.get(key, "")) for key in ("part", "chosen", "real", "why")] for part in parts]
        yield table("What the rehearsal ran on", head, shown, "tiers")


def _stage(stage: Mapping[str, Any], longest: float) -> list[str]:
    seconds = float(stage["seconds"])
    width = f"{WIDEST * seconds / longest:.1f}"
    bar = Markup(f'<span class="bar" style="width:{width}%" aria-hidden="true"></span>')
    result = tag("td", "passed" if stage["ok"] else "FAILED", class_="yes" if stage["ok"] else "wrong")
    return [str(stage["id"]), result, tag("td", f"{seconds:.2f} ", bar, class_="time"), str(stage["why"])]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
