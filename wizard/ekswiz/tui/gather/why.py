"""The panel beside the questions: why one is asked, and on the GitHub step what the token will say, while one types."""

from __future__ import annotations

from textual.content import Content

from ekswiz import steps
from ekswiz.frontend import Draft
from ekswiz.steps import Field, Step


def why(step: Step, field: Field | None, draft: Draft) -> Content:
    """What the panel says about a field of a step."""
    parts = [_token(draft)] if step.id == "github" else []
    if step.id == "access":
        parts.append(_roles(draft))
    parts.append(_asked(field, draft) if field else _step(step))
    return Content("\n\n").join(parts)


def _step(step: Step) -> Content:
    return Content.assemble(_head("What this is for"), "\n", step.why)


def _asked(field: Field, draft: Draft) -> Content:
    lines = [_head(f"Why we ask: {field.label}"), Content(field.why)]
    chosen = steps.value(draft, field.name)
    for option in field.options:
        if option.means:
            style = "bold" if option.value == chosen else ""
            lines.append(Content.assemble(Content.styled(f"{option.label}: ", style), option.means))
    return Content("\n").join(lines)


def _token(draft: Draft) -> Content:
    told = steps.subjects(draft)
    lines = [_head("Token GitHub will send"), Content("sub of the build job"), _value(told.push)]
    if told.deploy != told.push:
        lines += [Content("sub of the deploy job"), _value(told.deploy)]
    lines += [Content("aud"), _value(told.audience)]
    if told.also:
        lines += [Content("accepted as well, when GitHub moves the repository to ids"), *map(_value, told.also)]
    lines += [Content(""), _head("Will not be accepted"), Content(", ".join(told.refused))]
    return Content("\n").join(lines)


def _roles(draft: Draft) -> Content:
    stack = steps.value(draft, "stack") or "NAME"
    lines = [_head("Two roles"), _value(f"ekswiz-{stack}-push"), _value(f"ekswiz-{stack}-deploy")]
    return Content("\n").join(lines)


def _head(text: str) -> Content:
    return Content.styled(text, "bold $accent")


def _value(text: str) -> Content:
    """A value; a sub is broken where its context begins, not anywhere."""
    for mark in (":ref:", ":environment:"):
        text = text.replace(mark, f":\n{mark[1:]}")
    return Content.styled(text, "$success")
