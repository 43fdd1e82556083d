"""Judges one request by every policy that applies to it, as AWS documents it.

An explicit deny anywhere wins. Then some policy must allow: the identity's, within its permissions boundary and its
session policies, or the resource's. Whatever is not understood is a refusal that names it.

Surprising: how closely a resource policy names the caller decides what it may leave out. In the same account a named
session needs nothing else, a named user no identity policy or boundary, a named role no identity policy; a named
account only delegates. Across accounts both sides must allow; a role's trust policy and a KMS key's policy must allow
even within one.

Source: IAM User Guide, "Policy evaluation logic".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ekswiz.iam.decision import Decision, Layer
from ekswiz.iam.explain import allowed, denied, implicitly_denied, malformed
from ekswiz.iam.findings import Finding, Request, examine
from ekswiz.iam.grammar import read_document, validate_document
from ekswiz.iam.policy import Json, Kind, Policy
from ekswiz.iam.principals import Caller, Naming
from ekswiz.iam.variables import Context

__all__ = ["Documents", "Explanation", "evaluate", "explain", "validate_document"]

ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9_-]+", re.ASCII)
RESOURCE_ACCOUNT = re.compile(r"arn:[^:]*:[^:]*:[^:]*:([0-9]{12}):", re.ASCII)
LONGEST_RESOURCE = 8_192
"""Characters; the longest ARN that AWS documents has 2,048."""

RESOURCE_MUST_ALLOW = ("kms:", "sts:assumerole", "sts:tagsession", "sts:setsourceidentity")
IDENTITY = "the identity's policies"


def evaluate(
    action: str,
    resource: str,
    context: Mapping[str, Sequence[str]],
    *,
    identity: Sequence[Json],
    boundary: Json | None = None,
    session: Sequence[Json] = (),
    resource_policy: Json | None = None,
    principal: str | None = None,
    layer: Layer = "permission",
) -> Decision:
    """Whether the caller may do `action` on `resource`.

    Args:
        action: One action, e.g. "ecr:PutImage"; no wildcards.
        resource: One ARN, or "*" for actions that know no resources.
        context: The request's condition keys; a key's name is not case-sensitive.
        identity: Policy documents of the user or role (inline and managed alike).
        boundary: The permissions boundary's document.
        session: Session policies; what any one of them allows is within the session. Empty: no session policy.
        resource_policy: The document attached to the resource, if it has one.
        principal: ARN of the calling user, role, session, root user or identity provider, or a service's name such as
            "eks.amazonaws.com"; None is unknown, which only "everybody" names.
        layer: What the decision is labelled with, unless the boundary decides.

    Returns:
        The decision; `by` is a Sid or "policy[i].Statement[j]" ("session[i]…", "boundary…", "resource-policy…").
    """
    held = Documents(identity, boundary, session, resource_policy)
    judged = _judge(action, resource, context, held, principal, layer=layer)
    return judged if isinstance(judged, Decision) else judged.decision()


@dataclass(frozen=True, slots=True)
class Documents:
    """The policies that apply to a request; see `evaluate`."""

    identity: Sequence[Json] = ()
    boundary: Json | None = None
    session: Sequence[Json] = ()
    resource_policy: Json | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision and every statement that was looked at, by the kind of its document and in its order.

    Empty where request or documents were not understood: then nothing was looked at.
    """

    decision: Decision
    findings: Mapping[Kind, Sequence[Finding]]


def explain(
    action: str,
    resource: str,
    context: Mapping[str, Sequence[str]],
    documents: Documents,
    principal: str | None = None,
) -> Explanation:
    """What `evaluate` decides, with how far each statement got and what each of its conditions said."""
    judged = _judge(action, resource, context, documents, principal, layer="permission")
    if isinstance(judged, Decision):
        return Explanation(judged, {})
    return Explanation(judged.decision(), judged.findings)


def _judge(
    action: str,
    resource: str,
    context: Mapping[str, Sequence[str]],
    documents: Documents,
    principal: str | None,
    *,
    layer: Layer,
) -> _Judgement | Decision:
    """The judgement, or the refusal of what is not understood."""
    read = _Policies()
    problem = _request_problem(action, resource) or read.all(documents)
    if problem:
        return malformed("boundary" if problem[0] == "boundary" else layer, *problem)
    try:
        known = Context(context)
    except (TypeError, ValueError) as unknown:
        return malformed(layer, "context", str(unknown))
    try:
        caller = Caller("anonymous") if principal is None else Caller.of(principal, known)
    except (TypeError, ValueError) as unknown:
        return malformed(layer, "principal", str(unknown))
    request = Request(action, resource, known, caller, bounded=documents.boundary is not None)
    return _Judgement(read, request, layer)


@dataclass(slots=True)
class _Policies:
    """The documents of a request, read."""

    sets: dict[Kind, list[Policy]] = field(default_factory=dict)

    def all(self, held: Documents) -> tuple[str, str] | None:
        """Read every document; the label and the first problem of one that is malformed."""
        boundary = [] if held.boundary is None else [held.boundary]
        resource = [] if held.resource_policy is None else [held.resource_policy]
        return (
            self._add("policy", "identity", held.identity)
            or self._add("boundary", "boundary", boundary)
            or self._add("session", "session", held.session)
            or self._add("resource-policy", "resource", resource)
        )

    def _add(self, label: str, kind: Kind, documents: Sequence[Json]) -> tuple[str, str] | None:
        if not isinstance(documents, list | tuple):
            return label, "policies must be a list of documents"
        numbered = kind in ("identity", "session")
        for index, document in enumerate(documents):
            name = f"{label}[{index}]" if numbered else label
            policy, problems = read_document(document, kind, name)
            if policy is None:
                return name, problems[0]
            self.sets.setdefault(kind, []).append(policy)
        return None


class _Judgement:
    """All findings about one request, and what follows from them."""

    def __init__(self, policies: _Policies, request: Request, layer: Layer) -> None:
        self.request = request
        self.layer = layer
        self.findings: dict[Kind, list[Finding]] = {
            kind: list(examine(policies.sets[kind], request)) for kind in policies.sets
        }

    def decision(self) -> Decision:
        refusal = self._explicit_deny()
        if refusal:
            return refusal
        granted = self._allow("resource")
        crosses = self._crosses_accounts()
        if granted is None and (crosses or self._resource_must_allow()):
            return self._refuse(self.layer, "the resource's policy", "resource")
        if granted is None or crosses or granted.naming is Naming.ACCOUNT:
            return self._limited(None)
        if granted.naming is Naming.SELF and self.request.caller.is_session:
            return allowed(self.layer, granted, self.request)
        return self._limited(granted)

    def _limited(self, granted: Finding | None) -> Decision:
        """What is left needs an allow of identity or resource, within boundary and session policies."""
        grant = granted or self._allow("identity")
        if grant is None:
            return self._refuse(self.layer, IDENTITY, "identity")
        # A resource policy that names the user itself is not held by the user's boundary.
        free = grant is granted and grant.naming is Naming.SELF
        if "boundary" in self.findings and not free and self._allow("boundary") is None:
            return self._refuse("boundary", "the permissions boundary", "boundary")
        if "session" in self.findings and self._allow("session") is None:
            return self._refuse(self.layer, "the session policies", "session")
        return allowed(self.layer, grant, self.request)

    def _explicit_deny(self) -> Decision | None:
        for kind, findings in self.findings.items():
            for finding in findings:
                if finding.stage == "applies" and not finding.statement.allow:
                    return denied("boundary" if kind == "boundary" else self.layer, finding, self.request)
        return None

    def _allow(self, kind: Kind) -> Finding | None:
        """The statement that allows; of a resource policy the one that names the caller most closely."""
        found = [each for each in self.findings.get(kind, ()) if each.stage == "applies" and each.statement.allow]
        return max(found, key=lambda each: each.naming, default=None)

    def _crosses_accounts(self) -> bool:
        """By the account in the resource's ARN; ARNs without one (S3) leave it to aws:ResourceAccount."""
        found = RESOURCE_ACCOUNT.match(self.request.resource)
        owners = (found[1],) if found else self.request.context.get("aws:ResourceAccount")
        account = self.request.caller.account
        return bool(account) and any(owner != account for owner in owners)

    def _resource_must_allow(self) -> bool:
        """Trust policies and key policies must allow even within the account."""
        return "resource" in self.findings and self.request.action.lower().startswith(RESOURCE_MUST_ALLOW)

    def _refuse(self, layer: Layer, where: str, kind: Kind) -> Decision:
        return implicitly_denied(layer, where, self.findings.get(kind, ()), self.request)


def _request_problem(action: object, resource: object) -> tuple[str, str] | None:
    if not isinstance(action, str) or not ACTION.fullmatch(action):
        return "action", f"{str(action)[:100]!r} is no single action such as ecr:PutImage"
    if not isinstance(resource, str) or not 0 < len(resource) <= LONGEST_RESOURCE:
        return "resource", 'a request is about one ARN or "*"'
    return None
