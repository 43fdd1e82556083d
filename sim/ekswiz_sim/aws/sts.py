"""STS: who am I, and may I become somebody else? Written here, since no emulator judges trust.

Every way into a role ends in `_session`: a key pair, a token and the role's id, valid until they expire or the role
goes. A role that does not exist answers exactly like a role that does not trust the caller.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from ekswiz.iam import trust as trust_module
from ekswiz.iam.decision import Decision
from ekswiz.iam.grammar import validate_document
from ekswiz.iam.text import parse_document
from ekswiz_sim.aws.claims import condition_keys
from ekswiz_sim.aws.webtoken import IssuerKeys, Token, verify
from ekswiz_sim.gate.context import of_time, user_id
from ekswiz_sim.gate.keys import Credentials, Keyring, Session, identifier, secret_key, session_token
from ekswiz_sim.gate.policies import Directory, Role
from ekswiz_sim.gate.records import Ledger
from ekswiz_sim.seams import Principal, RefusedByGate, ServiceError

Params = Mapping[str, Any]
Context = Mapping[str, Sequence[str]]
Kind = Literal["Federated", "AWS", "Service"]
WEB = "sts:AssumeRoleWithWebIdentity"
ASSUME = "sts:AssumeRole"
_HOUR = 3600
_PACKED = 2048


def session_policies(params: Params, directory: Directory) -> tuple[Mapping[str, Any], ...]:
    """The session policies of a request: `Policy` and `PolicyArns`.

    Raises:
        ServiceError: Not JSON, too large, or no such policy.
    """
    found: list[Mapping[str, Any]] = []
    text = str(params.get("Policy", ""))
    if text:
        found.append(_document(text))
    for each in params.get("PolicyArns", ()):
        arn = each.get("arn", "") if isinstance(each, Mapping) else ""
        document = directory.managed(str(arn))
        if document is None:
            raise ServiceError("InvalidParameterValue", f"Policy {arn} does not exist or is not attachable.")
        found.append(document)
    packed = len(re.sub(r"\s", "", text))
    if packed > _PACKED:
        share = packed * 100 // _PACKED
        raise ServiceError(
            "PackedPolicyTooLarge", f"Packed policy consumes {share}% of allotted space, please shorten."
        )
    return tuple(found)


def _document(text: str) -> Mapping[str, Any]:
    problems = validate_document(text, "session")
    if problems:
        raise ServiceError("MalformedPolicyDocument", problems[0])
    return dict(parse_document(text))


class Sts:
    """Answers STS's calls for one account."""

    def __init__(
        self,
        directory: Directory,
        keys: Keyring,
        ledger: Ledger,
        issuer_keys: IssuerKeys,
        *,
        clock: Callable[[], float],
        partition: str,
    ) -> None:
        self._directory = directory
        self._keys = keys
        self._ledger = ledger
        self._issuer_keys = issuer_keys
        self._clock = clock
        self._partition = partition
        self._account = keys.root_principal().account

    def caller(self, principal: Principal) -> Mapping[str, Any]:
        """GetCallerIdentity. No policy can forbid it."""
        return {"UserId": user_id(principal), "Account": principal.account, "Arn": principal.arn}

    def web_identity(self, params: Params, base: Context) -> Mapping[str, Any]:
        """AssumeRoleWithWebIdentity.

        Raises:
            ServiceError: The token, the trust policy or a parameter refuses.
        """
        arn = str(params["RoleArn"])
        policies = session_policies(params, self._directory)
        token = self._verified(str(params["WebIdentityToken"]), arn)
        role = self._directory.role(arn)
        provider = f"arn:{self._partition}:iam::{self._account}:oidc-provider/{token.provider}"
        context = {
            **base,
            **of_time(self._clock()),
            **condition_keys(token, self._partition),
            "aws:FederatedProvider": [provider],
            "sts:RoleSessionName": [str(params["RoleSessionName"])],
        }
        who = f"{provider}#{token.subject}"
        decision = self._trust(role, "Federated", provider, WEB, context)
        self._ledger.keep("sts", who, WEB, arn, decision, context)
        if role is None or not decision.allowed:
            raise RefusedByGate(decision, "AccessDenied", 403, f"Not authorized to perform {WEB}")
        claims = {**condition_keys(token, self._partition), "aws:FederatedProvider": [provider]}
        session = self._session(role, params, policies, claims, chained=False)
        return {
            **_answer(session, policies),
            "SubjectFromWebIdentityToken": token.subject,
            "Audience": token.audience,
            "Provider": provider,
        }

    def _verified(self, text: str, role_arn: str) -> Token:
        try:
            return verify(text, self._directory.providers(), self._issuer_keys, self._clock())
        except ServiceError as refused:
            decision = Decision(False, "token", None, None, (), (), refused.message)
            self._ledger.keep("sts", "web identity", WEB, role_arn, decision)
            raise

    def assume(self, params: Params, principal: Principal, base: Context) -> tuple[Role, Decision]:
        """AssumeRole's first half: does the role trust the caller?

        The caller's own permission is judged by the gate, like that of any other action. Both must allow.
        """
        role = self._directory.role(str(params["RoleArn"]))
        context = {**base, "sts:RoleSessionName": [str(params["RoleSessionName"])]}
        if "ExternalId" in params:
            context["sts:ExternalId"] = [str(params["ExternalId"])]
        decision = self._trust(role, "AWS", principal.arn, ASSUME, context)
        self._ledger.keep("sts", principal.arn, ASSUME, str(params["RoleArn"]), decision, context)
        if role is None or not decision.allowed:
            text = f"User: {principal.arn} is not authorized to perform: {ASSUME} on resource: {params['RoleArn']}"
            raise RefusedByGate(decision, "AccessDenied", 403, text)
        return role, decision

    def assumed(self, params: Params, role: Role, principal: Principal) -> Mapping[str, Any]:
        """AssumeRole's second half: the session.

        Raises:
            ServiceError: Duration, session policies or tags that do not fit.
        """
        if params.get("Tags") or params.get("TransitiveTagKeys"):
            raise ServiceError("AccessDenied", "Session tags are not modelled: sts:TagSession is refused.", 403)
        policies = session_policies(params, self._directory)
        chained = principal.kind == "assumed-role"
        return _answer(self._session(role, params, policies, {}, chained=chained), policies)

    def service_session(self, role_name: str, service: str) -> Credentials:
        """Credentials that an AWS service gets for a role it was handed, e.g. a node's.

        Raises:
            RefusedByGate: There is no such role, or it does not trust the service.
        """
        role, decision = self._judged(role_name, service, ASSUME)
        if role is None or not decision.allowed:
            text = f"{service} is not authorized to perform: {ASSUME} on resource: {role.arn if role else role_name}"
            raise RefusedByGate(decision, "AccessDenied", 403, text)
        name = f"i-{identifier('', 17).lower()}"
        return self._session(role, {"RoleSessionName": name}, (), {}, chained=False).credentials

    def trusts(self, role_name: str, service: str, action: str = ASSUME) -> bool:
        """Whether a role's trust policy lets an AWS service do this; recorded."""
        return self._judged(role_name, service, action)[1].allowed

    def _judged(self, role_name: str, service: str, action: str) -> tuple[Role | None, Decision]:
        role = self._directory.role(role_name)
        context = {**of_time(self._clock()), "aws:PrincipalIsAWSService": ["true"]}
        decision = self._trust(role, "Service", service, action, context)
        self._ledger.keep("sts", service, action, role.arn if role else role_name, decision, context)
        return role, decision

    def _trust(self, role: Role | None, kind: Kind, who: str, action: str, context: Context) -> Decision:
        if role is None:
            return Decision(False, "trust", None, None, (), (), "There is no such role.")
        policy = json.loads(role.trust)
        return trust_module.evaluate_trust(policy, principal_type=kind, principal=who, action=action, context=context)

    def _session(
        self, role: Role, params: Params, policies: tuple[Mapping[str, Any], ...], context: Context, *, chained: bool
    ) -> Session:
        duration = int(params.get("DurationSeconds", _HOUR))
        if chained and duration > _HOUR:
            text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
            raise ServiceError("ValidationError", text)
        if duration > role.max_duration:
            text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            raise ServiceError("ValidationError", text)
        now = self._clock()
        name = str(params["RoleSessionName"])
        arn = f"arn:{self._partition}:sts::{self._account}:assumed-role/{role.name}/{name}"
        key = identifier("ASIA")
        principal = Principal(
            arn, self._account, "assumed-role", role.name, role.unique_id, role.arn, name, key, role.tags
        )
        credentials = Credentials(key, secret_key(), session_token(), now + duration, principal)
        session = Session(credentials, policies, now, context)
        self._keys.add(session)
        return session


def _answer(session: Session, policies: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    given = session.credentials
    found: dict[str, Any] = {
        "Credentials": {
            "AccessKeyId": given.access_key,
            "SecretAccessKey": given.secret,
            "SessionToken": given.token,
            "Expiration": given.expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": user_id(given.principal), "Arn": given.principal.arn},
    }
    if policies:
        size = sum(len(json.dumps(policy, separators=(",", ":"))) for policy in policies)
        found["PackedPolicySize"] = min(100, size * 100 // _PACKED)
    return found
