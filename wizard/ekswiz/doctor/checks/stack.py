"""The stack as a whole: answers, earlier runs, and what a plan says."""

from __future__ import annotations

from collections.abc import Iterable

from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, skip, warn
from ekswiz.engine.lock import held
from ekswiz.errors import EkswizError, JournalError
from ekswiz.plan import Action, Change, Plan
from ekswiz.resolve import Incomplete

SHOWN = 4
"""Names that a sentence lists."""
OLDER = frozenset({"legacy-access", "legacy-role", "shared-role"})


def answers(facts: Facts) -> Finding:
    """Every answer is there and usable."""
    try:
        found = facts.once("answers", facts.source.answers)
    except Incomplete as error:
        return skip(error.detail, error.remedy)
    except EkswizError as error:
        return fail(error.detail, error.remedy or "Correct it in ekswiz.toml.")
    return ok(f"stack {found.stack}: {found.repository}, branch {found.branch}, to cluster {found.cluster}")


def interrupted(facts: Facts) -> Finding:
    """No run stopped half way."""
    try:
        left = facts.session().unfinished()
    except JournalError as error:
        return fail(error.detail, error.remedy or "Move the journal away; then: ekswiz plan --adopt")
    if left is None:
        return ok("every run came to its end")
    what = named([*left.in_flight, *left.left])
    return warn(f"the {left.verb} that began {left.began or 'earlier'} was left at {what}", "Go on: ekswiz resume")


def locked(facts: Facts) -> Finding:
    """No other run holds the stack, and none that died."""
    holder = held(facts.session().journal_path.with_suffix(".lock"))
    return ok("nobody else is at work") if holder is None else warn(holder.detail, holder.remedy)


def plan(facts: Facts) -> Finding:
    """A plan can be made, and everything in it can be read."""
    facts.target()
    try:
        made = facts.plan()
    except EkswizError as error:
        return fail(error.detail, error.remedy or "Correct that; then: ekswiz plan")
    unknown = [change.address for change in made.changes if change.action is Action.UNKNOWN]
    if unknown:
        return warn(f"{named(unknown)} cannot be read", "Ask for the permissions: ekswiz operator-policy")
    if not made.pending:
        return ok("everything is as the answers ask for")
    return ok(f"{len(made.pending)} changes to make: ekswiz plan shows them")


def foreign(facts: Facts) -> Finding:
    """Nobody else's object bears a name of ours."""
    found = [change.address for change, risk in _risks(_planned(facts)) if risk == "foreign-object"]
    if found:
        return fail(
            f"{named(found)} exists and is somebody else's", "Take it over with --adopt, or choose another name."
        )
    return ok("no name is taken")


def older_access(facts: Facts) -> Finding:
    """No older role lets the repository in with more rights than it needs."""
    made = _planned(facts)
    said = [risk.sentence for change in made.changes for risk in change.risks if risk.id in OLDER]
    if said:
        return warn(" ".join(said), "Narrow it: ekswiz apply --adopt, or delete the role when nothing uses it.")
    return ok("no other role trusts this repository")


def drift(facts: Facts) -> Finding:
    """Everything is as the last apply left it."""
    target = facts.target()
    found = facts.session().status(target)
    if not found.since:
        raise Unasked("no apply is recorded on this machine")
    if found.moved:
        what = named([f"{each.address} ({each.how})" for each in found.moved])
        return warn(f"{what} since {found.since}", "Look: ekswiz status. Put it right: ekswiz apply")
    return ok(f"nothing moved since {found.since}")


def named(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def _planned(facts: Facts) -> Plan:
    facts.target()
    try:
        return facts.plan()
    except EkswizError as error:
        raise Unasked("no plan can be made") from error


def _risks(made: Plan) -> Iterable[tuple[Change, str]]:
    return ((change, risk.id) for change in made.changes for risk in change.risks)


CHECKS = (
    Examination("answers", "Answers", "Every other check, and every plan, starts from them.", answers),
    Examination(
        "interrupted-run", "Earlier runs", "A run that stopped half way left a pipeline that is half made.", interrupted
    ),
    Examination("lock", "Lock", "One run at a time may change a stack; a dead one's lock stops all others.", locked),
    Examination("plan", "Plan", "What cannot be read cannot be planned, and is never guessed.", plan),
    Examination("foreign-objects", "Names", "ekswiz changes nothing that others made unless you say so.", foreign),
    Examination(
        "older-access",
        "Older roles",
        "An older, wider role makes the narrow one pointless: both let the same jobs in.",
        older_access,
    ),
    Examination(
        "drift",
        "Drift",
        "What was changed by hand is undone by the next apply, or breaks deployments before it.",
        drift,
    ),
)
