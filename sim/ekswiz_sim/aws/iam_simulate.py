"""IAM's policy simulator: what would be allowed, by the same judge that decides for real.

As at AWS it knows the policies of a user (with groups) or role and its boundary, and no resource-based policies but the
one that is handed in, which is not modelled here. What a policy's conditions ask for and the caller did not say comes
back as missing.
Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ekswiz.iam import evaluate as evaluate_module
from ekswiz.iam.decision import Decision
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.gate.policies import Directory, Policies
from ekswiz_sim.seams import Principal, ServiceError

Params = Mapping[str, Any]
PAGE = 100
"""Results of one answer, where the caller does not say."""
_KNOWN = frozenset({
    "PolicySourceArn", "PolicyInputList", "ActionNames", "ResourceArns", "ContextEntries", "MaxItems", "Marker",
})  # fmt: skip


class Simulator:
    """Answers SimulatePrincipalPolicy for one account."""

    def __init__(self, backend: MotoBackend, directory: Directory) -> None:
        self._backend = backend
        self._directory = directory

    def simulate(self, params: Params) -> Mapping[str, Any]:
        """The decisions for every action on every resource, a page of them.

        Raises:
            ServiceError: NoSuchEntity, InvalidInput; AccessDenied for parameters that are not modelled.
        """
        unknown = sorted(set(params) - _KNOWN)
        if unknown:
            text = f"{', '.join(unknown)} of SimulatePrincipalPolicy is not modelled in this rehearsal."
            raise ServiceError("AccessDenied", text, 403)
        who = self._principal(str(params["PolicySourceArn"]))
        held = self._directory.policies_of(who)
        extra = tuple(json.loads(text) for text in params.get("PolicyInputList", ()))
        held = Policies((*held.identity, *extra), held.names, held.boundary)
        results = list(_results(who, held, params))
        first, most = int(params.get("Marker", 0)), int(params.get("MaxItems", PAGE))
        rest = {"Marker": str(first + most)} if first + most < len(results) else {}
        return {"EvaluationResults": results[first : first + most], "IsTruncated": bool(rest), **rest}

    def _principal(self, arn: str) -> Principal:
        """The user or role, as a principal without credentials."""
        kind, _, name = arn.partition(f":{self._backend.account}:")[2].partition("/")
        unique = self._directory.unique_id(arn)
        if kind not in {"user", "role"}:
            raise ServiceError(
                "InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
            )
        if unique is None:
            raise ServiceError("NoSuchEntity", f"No entity found with the ARN: {arn}", 404)
        name = name.rpartition("/")[2]
        return Principal(arn, self._backend.account, "user" if kind == "user" else "assumed-role", name, unique)


def _results(who: Principal, held: Policies, params: Params) -> Iterator[Mapping[str, Any]]:
    context = {entry["ContextKeyName"]: entry.get("ContextKeyValues", []) for entry in params.get("ContextEntries", ())}
    context |= {"aws:PrincipalArn": [who.arn], "aws:PrincipalAccount": [who.account]}
    missing = sorted(_asked(held) - {key.lower() for key in context})
    for action in params["ActionNames"]:
        for resource in params.get("ResourceArns") or ["*"]:
            yield _result(action, resource, _decide(who, held, context, action, resource), held, missing)


def _decide(
    who: Principal, held: Policies, context: Mapping[str, Sequence[str]], action: str, resource: str
) -> Decision:
    return evaluate_module.evaluate(
        action, resource, context, identity=held.identity, boundary=held.boundary, principal=who.arn
    )


def _result(
    action: str, resource: str, decision: Decision, held: Policies, missing: Sequence[str]
) -> Mapping[str, Any]:
    word = "allowed" if decision.allowed else "explicitDeny" if decision.by else "implicitDeny"
    matched = [{"SourcePolicyId": decision.by, "SourcePolicyType": "IAM Policy"}] if decision.by else []
    bounded = {}
    if held.boundary is not None:
        allowed = decision.allowed or decision.layer != "boundary"
        bounded = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": allowed}}
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": word,
        "MatchedStatements": matched,
        "MissingContextValues": list(missing),
        **bounded,
    }


def _asked(held: Policies) -> set[str]:
    """The condition keys of all policies, in lower case as IAM compares them."""
    found: set[str] = set()
    for document in (*held.identity, *([held.boundary] if held.boundary else [])):
        statements = document.get("Statement", [])
        for statement in statements if isinstance(statements, list) else [statements]:
            for keys in statement.get("Condition", {}).values():
                found |= {key.lower() for key in keys}
    return found
