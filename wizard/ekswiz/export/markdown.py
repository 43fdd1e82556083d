"""A plan as Markdown, for a pull request. What comes from AWS or from answers is kept from being read as markup."""

from __future__ import annotations

from collections.abc import Iterator

from ekswiz import cost
from ekswiz.export.document import Document, Subject
from ekswiz.plan import Change
from ekswiz.render import change_lines, summary
from ekswiz.steps.names import label, sections
from ekswiz.view import View

FENCE = "```"


def document(subject: Subject) -> tuple[Document, ...]:
    """The plan as one file."""
    return (Document(f"ekswiz-{subject.view.plan.stack}.md", markdown(subject.view)),)


def markdown(view: View) -> str:
    """The plan: its summary, a table, the risks, and every difference folded."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: View) -> Iterator[str]:
    plan = view.plan
    yield f"## Plan for {_text(plan.stack)} in account {plan.account}, {plan.region}"
    yield ""
    yield f"{summary(plan)}  "
    yield f"{cost.sentence(view.costs, view.quotes)}  "
    yield view.estimate.sentence()
    yield ""
    yield "| | what | address |"
    yield "| --- | --- | --- |"
    for _, changes in sections(plan):
        yield from (row for row in map(_row, changes) if changes)
    yield ""
    yield from _risks(plan.changes)
    yield from _details(plan.changes)
    yield f"Plan {plan.fingerprint[:12]}, made {plan.made_at}. Nothing has been changed."


def _row(change: Change) -> str:
    mark = " !" if change.risks else ""
    return f"| `{change.action.value}`{mark} | {_text(label(change))} | {_text(change.address)} |"


def _risks(changes: tuple[Change, ...]) -> Iterator[str]:
    risky = [change for change in changes if change.risks]
    if risky:
        yield "### To review"
        yield ""
    for change in risky:
        yield from (f"- **{_text(label(change))}**: {_text(risk.sentence)} (`{risk.id}`)" for risk in change.risks)
    if risky:
        yield ""


def _details(changes: tuple[Change, ...]) -> Iterator[str]:
    yield "<details><summary>Every change</summary>"
    yield ""
    yield f"{FENCE}text"
    for change in changes:
        yield from (text.replace(FENCE, "'''") for text in change_lines(change))
    yield FENCE
    yield ""
    yield "</details>"
    yield ""


def _text(value: str) -> str:
    """Words as themselves: no markup, no table cells, no mentions."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>()#+!|~@" else sign for sign in value)
