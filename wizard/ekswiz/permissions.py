"""Does the caller have what a plan needs? Asked before anything is changed, and without trying anything.

Three ways, best first: IAM's simulator ("AWS says"); the caller's own policies, judged by ekswiz's evaluator
("computed, not tried"); "unknown". An organisation's guard-rails may still refuse what the last two do not see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ekswiz.caller import Caller, Unseen, caller, policies
from ekswiz.clients.aws_errors import tell
from ekswiz.errors import EkswizError
from ekswiz.iam.evaluate import evaluate
from ekswiz.operator_policy import CONDITIONS
from ekswiz.permitted import Need, Permissions, Verdict
from ekswiz.plan import Plan
from ekswiz.resource import Resource
from ekswiz.resources.tags import STACK
from ekswiz.target import Target

WORKERS = 8
PAGE = 1000
Context = Mapping[str, tuple[str, ...]]


def needed(plan: Plan, desired: Sequence[Resource[Any]]) -> tuple[Need, ...]:
    """Every IAM action that this plan asks for, on the ARN that it is asked on, once; dependent ones included."""
    scopes = {resource.address: resource.scopes for resource in desired}
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for change in plan.changes:
        for action in change.permissions:
            found[action, scopes[change.address][action]].append(change.address)
    return tuple(
        Need(action, arn, tuple(addresses), _context(action, plan)) for (action, arn), addresses in found.items()
    )


def check(needs: Sequence[Need], target: Target) -> Permissions:
    """Each need with a verdict. Changes nothing, and never fails: what cannot be found out is "unknown"."""
    try:
        who = caller(target)
    except (EkswizError, Unseen) as error:
        return _unknown("", needs, f"AWS does not say who you are ({error})")
    if who.kind == "root":
        why = "The account's root user may do everything."
        return Permissions(who.arn, "computed, not tried", tuple(Verdict(need, "allowed", why) for need in needs))
    try:
        return Permissions(who.arn, "AWS says", _simulated(who, needs, target))
    except EkswizError as refused:
        first = _short(refused)
    try:
        return Permissions(who.arn, "computed, not tried", _computed(who, needs, target))
    except (EkswizError, Unseen) as hidden:
        return _unknown(who.arn, needs, f"IAM's simulator: {first}; your own policies: {_short(hidden)}.")


def _short(error: Exception) -> str:
    """The call and the code, without AWS's sentence: `iam:SimulatePrincipalPolicy: AccessDenied`."""
    text = error.detail if isinstance(error, EkswizError) else str(error)
    return ": ".join(text.split(": ")[:2])


def _unknown(arn: str, needs: Sequence[Need], why: str) -> Permissions:
    return Permissions(arn, "unknown", tuple(Verdict(need, "unknown", why) for need in needs))


def _context(action: str, plan: Plan) -> Context:
    """The condition keys that calls will have, as far as they are known beforehand.

    Keys of a few actions are given for all: the simulator calls every key missing that any policy asks for.
    """
    known = {key: values for keys in CONDITIONS.values() for key, values in keys.items()}
    makes = action.partition(":")[2].startswith(("Create", "Tag", "Allocate"))
    tag = f"aws:{'Request' if makes else 'Resource'}Tag/{STACK}"
    return {"aws:RequestedRegion": (plan.region,), **known, tag: (plan.stack,)}


# ---- AWS says


def _simulated(who: Caller, needs: Sequence[Need], target: Target) -> tuple[Verdict, ...]:
    """Ask for all actions of one ARN and context at once."""
    groups: dict[tuple[Any, ...], list[Need]] = defaultdict(list)
    for need in needs:
        groups[need.resource, tuple(sorted(need.context.items()))].append(need)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="ekswiz-simulate") as pool:
        answers = pool.map(lambda group: dict(_ask(who, group, target)), groups.values())
        found = {place: verdict for each in answers for place, verdict in each.items()}
    return tuple(found[need.action, need.resource] for need in needs)


def _ask(who: Caller, group: Sequence[Need], target: Target) -> Iterator[tuple[tuple[str, str], Verdict]]:
    by_action = {need.action: need for need in group}
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": "string"}
        for key, values in group[0].context.items()
    ]
    answer = tell(
        target, "iam", "simulate_principal_policy",
        PolicySourceArn=who.policy_source, ActionNames=list(by_action), ResourceArns=[group[0].resource],
        ContextEntries=entries, MaxItems=PAGE,
    )  # fmt: skip
    for result in answer["EvaluationResults"]:
        need = by_action[result["EvalActionName"]]
        yield (need.action, need.resource), _verdict(need, result)


def _verdict(need: Need, result: Mapping[str, Any]) -> Verdict:
    decision = result["EvalDecision"]
    if decision == "allowed":
        return Verdict(need, "allowed", "AWS says: allowed.")
    absent = result.get("MissingContextValues", [])
    if absent and decision == "implicitDeny":
        return Verdict(need, "unknown", f"AWS says: it depends on {', '.join(absent)}.")
    limited = result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary", True)
    where = "" if limited else " The permissions boundary does not allow it."
    return Verdict(need, "denied", f"AWS says: {decision}.{where}")


# ---- computed, not tried


def _computed(who: Caller, needs: Sequence[Need], target: Target) -> tuple[Verdict, ...]:
    held = policies(who, target)
    known = {key: list(values) for key, values in who.context.items()}
    return tuple(_judged(need, evaluate(
        need.action, need.resource, {**known, **need.context},
        identity=held.identity, boundary=held.boundary, principal=who.arn,
    )) for need in needs)  # fmt: skip


def _judged(need: Need, decision: Any) -> Verdict:
    if decision.allowed:
        return Verdict(need, "allowed", decision.why)
    if decision.key and not decision.got:
        return Verdict(need, "unknown", f"It depends on {decision.key}, which is not known beforehand.")
    return Verdict(need, "denied", decision.why)
