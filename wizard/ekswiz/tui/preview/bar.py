"""The plan in one line: how many of each, how long, how much, and whether the caller may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ekswiz import cost
from ekswiz.permitted import Permissions
from ekswiz.plan import Action, Plan
from ekswiz.render import SHOWN_ORDER
from ekswiz.state import Verb
from ekswiz.tui.preview.ink import INK_OF, Line, Piece
from ekswiz.view import View

NOTHING = {"apply": "Everything already matches. Nothing to do.", "destroy": "There is nothing to remove."}


def bar(view: View, verb: Verb, skipped: int = 0) -> Line:
    """Counts, time and cost."""
    if not view.plan.pending and not skipped:
        return ((NOTHING[verb], "strong"),)
    pieces: list[Piece] = [*counts(view.plan)]
    if skipped:
        pieces.append((f"  {skipped} skipped", "strong"))
    pieces += [(f"   {short_time(view)}", "plain"), (f"  {short_cost(view)}", "plain")]
    return tuple(pieces)


def counts(plan: Plan) -> Iterator[Piece]:
    """`+5 create  ~1 update  ! 2 to review`."""
    count = Counter(change.action for change in plan.changes)
    gap = ""
    for action in SHOWN_ORDER:
        if count[action]:
            yield f"{gap}{action.value}{count[action]} {action.word}", INK_OF[action]
            gap = "  "
    risky = sum(bool(change.risks) for change in plan.changes)
    if risky:
        yield "  ", "plain"
        yield f"! {risky} to review", "risk"


def short_time(view: View) -> str:
    """`~40 s`, or that nobody knows."""
    if view.estimate.seconds is None:
        return "time unknown"
    more = "+" if view.estimate.unknown else ""
    return view.estimate.sentence().removeprefix("time: about ").partition(",")[0].join(("~", more))


def short_cost(view: View) -> str:
    """`$0.10/mo`, with a `>` where that is not all, or that nobody knows."""
    known, unknown = cost.total(view.costs)
    if unknown and not known:
        return "cost unknown"
    return f"{'>' if unknown else ''}${known.quantize(cost.CENT)}/mo"


def rights(view: View | None, failed: str = "") -> str:
    """What is known of the caller's permissions, in one short line."""
    if failed:
        return f"Permissions could not be tested: {failed}"
    if view is None or not view.plan.pending:
        return ""
    known = view.permissions
    if known is None:
        return "Testing your permissions..."
    return _answers(known)


def _answers(known: Permissions) -> str:
    total, denied = len(known.verdicts), known.missing
    allowed = sum(verdict.answer == "allowed" for verdict in known.verdicts)
    if not total:
        return "No AWS permission is needed."
    if denied:
        more = f" and {len(denied) - 1} more" if len(denied) > 1 else ""
        said = f"{allowed} of {total} permissions ({known.source}). Denied: {denied[0].need.action}{more}."
        return f"{said} h writes a hand-off file."
    if allowed == total:
        return f"You have {allowed} of {total} permissions ({known.source})."
    if not allowed:
        return f"{total} permissions needed; nobody could test yours (tab Why says why)."
    return f"{allowed} of {total} permissions; {total - allowed} could not be tested (tab Why says why)."


def unread(plan: Plan) -> str:
    """What could not be read, in one line; empty where everything could."""
    unknown = [change.address for change in plan.changes if change.action is Action.UNKNOWN]
    return f"? {len(unknown)} could not be read: {', '.join(unknown)}" if unknown else ""
