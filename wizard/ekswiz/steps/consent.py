"""What has to be agreed to before a plan is applied: one tick each. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ekswiz import risks
from ekswiz.plan import Action, Change, Plan, Risk
from ekswiz.state import Verb
from ekswiz.steps.names import label
from ekswiz.view import View

Kind = Literal["risk", "deletion", "unknown"]
"""A risk's consent; the removal of objects; a plan that could not read everything."""
SOME = 3


@dataclass(frozen=True, slots=True)
class Tick:
    """One consent. `id` is the risk's where `kind` is "risk" and `apply` asks for it."""

    kind: Kind
    id: str
    sentence: str


def ticks(plan: Plan, verb: Verb) -> tuple[Tick, ...]:
    """Every consent that the plan needs, the gravest first."""
    return (*_risks(plan, verb), *_deletions(plan, verb), *_unknown(plan))


def allowed(given: frozenset[str], plan: Plan, verb: Verb) -> frozenset[str]:
    """Ids of the risks that were agreed to, out of all ticked ids."""
    return given & {tick.id for tick in ticks(plan, verb) if tick.kind == "risk"}


def informed(plan: Plan, verb: Verb) -> Iterator[str]:
    """Risks that are said and need no consent."""
    asked = {tick.id for tick in ticks(plan, verb)}
    said = {risk.sentence for change in plan.pending for risk in change.risks if risk.id not in asked}
    yield from sorted(said)


def barred(view: View, verb: Verb) -> str:
    """Why the plan cannot be applied by this caller, as a sentence; empty where it can.

    What AWS itself says will be denied is not begun: half a stack helps nobody.
    """
    if not view.plan.pending:
        return "Nothing to remove." if verb == "destroy" else "Everything already matches. Nothing to do."
    known = view.permissions
    if known is None or not known.missing or known.source != "AWS says":
        return ""
    lacking = [f"{verdict.need.action} on {verdict.need.resource}" for verdict in known.missing]
    return f"AWS denies you {_some(lacking)}. Press h for a hand-off file that an administrator can run."


def _risks(plan: Plan, verb: Verb) -> Iterator[Tick]:
    asked: dict[str, dict[str, None]] = defaultdict(dict)
    found = _of_deletions(plan) if verb == "destroy" else risks.unagreed(plan, frozenset())
    for _, risk in found:
        asked[risk.id][risk.sentence] = None
    for name, sentences in asked.items():
        yield Tick("risk", name, f"I understand: {' '.join(sentences)}")


def _of_deletions(plan: Plan) -> Iterator[tuple[str, Risk]]:
    """In a destroy every risk is a loss; each kind is agreed to once."""
    for change in plan.pending:
        yield from ((change.address, risk) for risk in change.risks)


def _deletions(plan: Plan, verb: Verb) -> Iterator[Tick]:
    gone = [change for change in plan.pending if change.action in (Action.DELETE, Action.REPLACE)]
    if verb == "apply" and gone:
        yield Tick("deletion", "deletion", f"I understand: {_labels(gone)} will be removed.")


def _unknown(plan: Plan) -> Iterator[Tick]:
    unread = [change for change in plan.changes if change.action is Action.UNKNOWN]
    if unread:
        verb = "is" if len(unread) == 1 else "are"
        sentence = (
            f"I go on without knowing {_labels(unread)}. What rests on {'it' if verb == 'is' else 'them'} is skipped."
        )
        yield Tick("unknown", "unknown", sentence)


def _labels(changes: list[Change]) -> str:
    return _some([label(change) for change in changes])


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SOME} more" if len(names) > SOME else ""
    return ", ".join(names[:SOME]) + more
