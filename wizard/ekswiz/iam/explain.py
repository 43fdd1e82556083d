"""Turns findings into decisions: which statement, which key, and one sentence."""

from __future__ import annotations

from collections.abc import Iterable

from ekswiz.iam.decision import Decision, Layer
from ekswiz.iam.findings import Finding, Request, nearest
from ekswiz.iam.variables import written


def malformed(layer: Layer, label: str, problem: str) -> Decision:
    """A refusal because a document or the request itself cannot be understood."""
    return Decision(False, layer, label, None, (), (), f"{label} is not understood, so nothing is allowed: {problem}")


def denied(layer: Layer, finding: Finding, request: Request) -> Decision:
    """An explicit deny; where it has a condition, the first one is shown."""
    by = finding.statement.by
    why = f"{by} explicitly denies {request.action} on {request.resource}"
    if not finding.outcomes:
        return Decision(False, layer, by, None, (), (), why)
    cause = finding.outcomes[0]
    got = ", ".join(cause.got) or "absent"
    why = f"{why}, since {cause.key} is {got} ({cause.operator})"
    return Decision(False, layer, by, cause.key, cause.expected, cause.got, why)


def allowed(layer: Layer, finding: Finding, request: Request) -> Decision:
    """Allowed by this statement."""
    by = finding.statement.by
    return Decision(True, layer, by, None, (), (), f"{by} allows {request.action} on {request.resource}")


def implicitly_denied(layer: Layer, where: str, findings: Iterable[Finding], request: Request) -> Decision:
    """No statement allows it; names the nearest one and what it lacks."""
    asked = f"{request.action} on {request.resource}"
    miss = nearest(findings)
    if miss is None:
        return Decision(False, layer, None, None, (), (), f"no statement of {where} allows {asked}")
    by = miss.statement.by
    if miss.stage == "condition":
        cause = miss.failed[0]
        why = f"{by} would allow {asked}, but {' and '.join(each.sentence() for each in miss.failed)}"
        return Decision(False, layer, None, cause.key, cause.expected, cause.got, why)
    if miss.stage == "resource":
        patterns = tuple(written(each) for each in miss.statement.resources or ())
        scope = "everything but" if miss.statement.not_resources else "only"
        why = f"no statement of {where} allows {asked}: {by} covers {scope} {', '.join(patterns)}"
        return Decision(False, layer, None, None, patterns, (request.resource,), why)
    names = tuple(each.value for each in miss.statement.principals or ())
    caller = request.caller.value or "an anonymous caller"
    why = f"no statement of {where} allows {asked} for {caller}: {by} names {', '.join(names)}"
    return Decision(False, layer, None, None, names, (caller,), why)
