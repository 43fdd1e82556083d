"""The judge: a principal, an action, a resource; every policy that has a say; a recorded decision.

The evaluation itself is the product's (`ekswiz.iam.evaluate`), called through its module so that a test can put
another judge in its place and watch the rehearsal turn red.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from ekswiz.iam import evaluate as evaluate_module
from ekswiz.iam.decision import Decision
from ekswiz_sim.gate.checks import Check
from ekswiz_sim.gate.context import of_principal, of_resource, of_time
from ekswiz_sim.gate.keys import Keyring
from ekswiz_sim.gate.policies import Directory
from ekswiz_sim.gate.records import Ledger
from ekswiz_sim.seams import Door, Principal, RefusedByGate, Service

Context = Mapping[str, Sequence[str]]


@runtime_checkable
class HasResourcePolicy(Protocol):
    """A service whose resources carry policies of their own."""

    def resource_policy(self, arn: str) -> Mapping[str, Any] | None:
        """The resource's policy, or None."""
        ...


class Judge:
    """Decides and records."""

    def __init__(
        self,
        directory: Directory,
        keys: Keyring,
        ledger: Ledger,
        services: Mapping[str, Service],
        *,
        clock: Callable[[], float],
        region: str,
    ) -> None:
        self._directory = directory
        self._keys = keys
        self._ledger = ledger
        self._services = services
        self._clock = clock
        self._region = region

    def decide(self, door: Door, principal: Principal, check: Check, base: Context) -> Decision:
        """Judge one action on one resource, and record it."""
        context = {
            "aws:RequestedRegion": [self._region],
            "aws:ResourceAccount": [principal.account],
            **base,
            **of_principal(principal, self._keys),
            **of_time(self._clock()),
            **check.context,
        }
        if principal.kind == "root":
            decision = Decision(True, "permission", "root", None, (), (), "The account's root user may do everything.")
        else:
            decision = self._evaluated(principal, check, context)
        return self._ledger.keep(door, principal.arn, check.action, check.resource, decision, context)

    def _evaluated(self, principal: Principal, check: Check, context: Context) -> Decision:
        held = self._directory.policies_of(principal)
        service: object = self._services.get(check.action.partition(":")[0])
        policy = check.policy
        if policy is None and isinstance(service, HasResourcePolicy):
            policy = service.resource_policy(check.resource)
        decision = evaluate_module.evaluate(
            check.action,
            check.resource,
            context,
            identity=held.identity,
            boundary=held.boundary,
            session=held.session,
            resource_policy=policy,
            principal=principal.arn,
        )
        return _named(decision, held.names)

    def tagged(self, check: Check) -> Check:
        """The check with the resource's tags, for doors that know the resource by its ARN alone."""
        name = check.action.partition(":")[0]
        service = self._services.get(name)
        if service is None or check.resource == "*":
            return check
        tags = of_resource(service.tags(check.resource), name)
        return Check(check.action, check.resource, {**tags, **check.context})

    def demand(self, principal: Principal, checks: Sequence[Check], base: Context) -> None:
        """Judge every check; all must be allowed.

        Raises:
            RefusedByGate: The first that is not, with AWS's sentence.
        """
        for check in checks:
            decision = self.decide("aws", principal, check, base)
            if not decision.allowed:
                raise RefusedByGate(decision, message=sentence(principal, check, decision))


def _named(decision: Decision, names: Sequence[str]) -> Decision:
    """The decision with the policies' own names instead of their numbers."""

    def name(found: re.Match[str]) -> str:
        at = int(found[1])
        return names[at] if at < len(names) else found[0]

    by = re.sub(r"\bpolicy\[(\d+)\]", name, decision.by) if decision.by else decision.by
    return replace(decision, by=by, why=re.sub(r"\bpolicy\[(\d+)\]", name, decision.why))


def sentence(principal: Principal, check: Check, decision: Decision) -> str:
    """AWS's text of a denial, which names the kind of policy that decided.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    start = f"User: {principal.arn} is not authorized to perform: {check.action} on resource: {check.resource}"
    if decision.layer not in {"permission", "boundary"}:
        return start
    kind, article = _deciding(decision)
    if decision.by is not None:
        return f"{start} with an explicit deny in {article} {kind}"
    return f"{start} because no {kind} allows the {check.action} action"


def _deciding(decision: Decision) -> tuple[str, str]:
    if decision.layer == "boundary":
        return "permissions boundary", "a"
    if "session polic" in decision.why or (decision.by or "").startswith("session["):
        return "session policy", "a"
    if (decision.by or "").startswith("resource-policy"):
        return "resource-based policy", "a"
    return "identity-based policy", "an"
