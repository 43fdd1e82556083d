"""Judges a role's trust policy: who may assume the role, with which claims.

A refusal names the key of the statement that came nearest, what it asks for and what the request had, which STS itself
never tells.

Source: IAM User Guide, "Create a role for OpenID Connect federation"; AWS STS API, AssumeRoleWithWebIdentity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ekswiz.iam.decision import Decision
from ekswiz.iam.evaluate import ACTION, Explanation
from ekswiz.iam.explain import allowed, denied, implicitly_denied, malformed
from ekswiz.iam.findings import Finding, Request, examine
from ekswiz.iam.grammar import read_document
from ekswiz.iam.policy import Json
from ekswiz.iam.principals import Caller, CallerType
from ekswiz.iam.variables import Context

LABEL = "trust-policy"
PrincipalType = Literal["Federated", "AWS", "Service"]


def evaluate_trust(
    policy: Json,
    *,
    principal_type: PrincipalType,
    principal: str,
    action: str,
    context: Mapping[str, Sequence[str]],
) -> Decision:
    """Whether the trust policy lets this principal assume the role.

    It judges the trust policy alone: an AWS principal that is only named by its account, or that belongs to another
    account, needs its own permission too (`evaluate` with the trust policy as `resource_policy` judges both).

    Args:
        policy: The trust policy's document.
        principal_type: "Federated" for an identity provider, "AWS" for users, roles and sessions, "Service".
        principal: The provider's ARN, the caller's ARN, or the service's name such as "eks.amazonaws.com".
        action: e.g. "sts:AssumeRoleWithWebIdentity".
        context: The condition keys, e.g. "token.actions.githubusercontent.com:sub" with the token's claim.
    """
    return _judged(policy, principal_type, principal, action, context).decision


def explain_trust(policy: Json, principal: str, action: str, context: Mapping[str, Sequence[str]]) -> Explanation:
    """The same with every statement; what kind of principal it is, its name tells."""
    try:
        caller = Caller.of(principal, Context({}))
    except (TypeError, ValueError) as unknown:
        return Explanation(malformed("trust", "principal", str(unknown)), {})
    return _judged(policy, caller.type, principal, action, context)


def _judged(
    policy: Json, kind: CallerType, principal: str, action: str, context: Mapping[str, Sequence[str]]
) -> Explanation:
    read, problems = read_document(policy, "trust", LABEL)
    if read is None:
        return Explanation(malformed("trust", LABEL, problems[0]), {})
    if not isinstance(action, str) or not ACTION.fullmatch(action):
        problem = f"{str(action)[:100]!r} is no single action such as sts:AssumeRole"
        return Explanation(malformed("trust", "action", problem), {})
    try:
        known = Context(context)
    except (TypeError, ValueError) as unknown:
        return Explanation(malformed("trust", "context", str(unknown)), {})
    try:
        caller = Caller.of_arn(principal, known) if kind == "AWS" else Caller(kind, principal)
    except (TypeError, ValueError) as unknown:
        return Explanation(malformed("trust", "principal", str(unknown)), {})
    request = Request(action, "the role", known, caller)
    findings = list(examine([read], request))
    return Explanation(_decision(findings, request), {"trust": findings})


def _decision(findings: Sequence[Finding], request: Request) -> Decision:
    applying = [finding for finding in findings if finding.stage == "applies"]
    refusal = next((finding for finding in applying if not finding.statement.allow), None)
    if refusal:
        return denied("trust", refusal, request)
    if applying:
        return allowed("trust", applying[0], request)
    return implicitly_denied("trust", "the trust policy", findings, request)
