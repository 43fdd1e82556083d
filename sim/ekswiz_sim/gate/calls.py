"""One call from its first byte to its answer: whose is it, what does it ask, may it, and what does the service say?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz.iam.decision import Decision
from ekswiz_sim.gate import answers
from ekswiz_sim.gate.checks import Check
from ekswiz_sim.gate.constraints import check as check_constraints
from ekswiz_sim.gate.constraints import require
from ekswiz_sim.gate.context import of_principal, of_request, of_time
from ekswiz_sim.gate.faults import Faults, Kind
from ekswiz_sim.gate.models import MODELLED, REST_JSON, parse
from ekswiz_sim.gate.parts import Parts
from ekswiz_sim.gate.sigv4 import BadSignature, check_signature, check_time, claim
from ekswiz_sim.gate.staleness import Staleness
from ekswiz_sim.gate.wire import Reply, Request
from ekswiz_sim.seams import Principal, RefusedByGate, ServiceError

Params = Mapping[str, Any]
WEB_IDENTITY = "AssumeRoleWithWebIdentity"
STS_OPERATIONS = frozenset({"GetCallerIdentity", "AssumeRole", WEB_IDENTITY})
_SILENT: frozenset[Kind] = frozenset({"timeout-before", "reset"})
_FAULT_TEXTS: Mapping[str, tuple[str, str]] = {
    "throttle": ("throttle", "Rate exceeded"),
    "500": ("500", "An internal error occurred."),
    "503": ("503", "Service is unable to handle request."),
    "ExpiredToken": ("expired", "The security token included in the request is expired"),
    "skew": ("stale", "Signature expired: 20200101T000000Z is now earlier than this request's date (15 min.)"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed request."""

    service: str
    operation: str
    params: Params
    request: Request

    @property
    def action(self) -> str:
        """The IAM action of the same name."""
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What goes back. Without a reply the connection is held (`timeout-before`) or dropped."""

    reply: Reply | None
    fault: Kind | None = None


class Calls:
    """Answers every AWS request of a world. Runs in one worker thread."""

    def __init__(self, parts: Parts, clock: Callable[[], float], region: str, faults: Faults, stale: Staleness) -> None:
        self._parts = parts
        self._clock = clock
        self._region = region
        self._faults = faults
        self._stale = stale

    def answer(self, request: Request) -> Outcome:
        """The whole way of a request."""
        service = service_of(request)
        if service not in MODELLED:
            text = f"The service {service!r} is not modelled in this rehearsal."
            return Outcome(answers.error("iam", ServiceError("AccessDenied", text, 403)))
        try:
            operation, params = parse(service, request)
            call = Call(service, operation, params, request)
        except ServiceError as failed:
            return Outcome(answers.error(service, failed))
        fault = self._faults.take(service, operation)
        if fault in _SILENT:
            return Outcome(None, fault)
        reply = self._faulty(call, fault) or self._guarded(call)
        return Outcome(None if fault == "lost-reply-after-effect" else reply, fault)

    def _faulty(self, call: Call, fault: Kind | None) -> Reply | None:
        if fault == "AccessDenied":
            text = f"User: unknown is not authorized to perform: {call.action}"
            return answers.error(call.service, answers.refusal(call.service, "denied", text))
        if fault is not None and fault in _FAULT_TEXTS:
            kind, text = _FAULT_TEXTS[fault]
            return answers.error(call.service, answers.refusal(call.service, kind, text))
        return None

    def _guarded(self, call: Call) -> Reply:
        try:
            return self._answer(call)
        except BadSignature as bad:
            return answers.error(call.service, self._unauthenticated(call, bad))
        except RefusedByGate as refused:
            return answers.error(call.service, self._denied(call, refused))
        except ServiceError as failed:
            return answers.error(call.service, failed)

    def _unauthenticated(self, call: Call, bad: BadSignature) -> ServiceError:
        decision = Decision(False, "signature", None, None, (), (), bad.message)
        self._parts.ledger.keep("aws", "anonymous", call.action, "*", decision)
        text = bad.message
        if call.service == "ec2" and bad.kind in {"invalid", "missing", "incomplete", "signature"}:
            text = "AWS was not able to validate the provided access credentials"
        return answers.refusal(call.service, bad.kind, text)

    def _denied(self, call: Call, refused: RefusedByGate) -> ServiceError:
        text = refused.message
        if call.service == "ec2":
            text = f"You are not authorized to perform this operation. {text}"
        return answers.refusal(call.service, "denied", text)

    def _answer(self, call: Call) -> Reply:
        if call.service == "sts" and call.operation == WEB_IDENTITY:
            check_constraints("sts", WEB_IDENTITY, call.params)
            members = self._parts.sts.web_identity(call.params, of_request(call.request, self._region))
            return answers.success("sts", WEB_IDENTITY, members)
        principal = self.authenticate(call)
        if call.service == "sts":
            return self._sts(call, principal)
        if not self._parts.questions.modelled(call.service, call.operation):
            raise self._not_modelled(call, principal)
        if call.service == "iam":
            check_constraints("iam", call.operation, call.params)
        elif call.service in self._parts.services:
            require(call.service, call.operation, call.params)
        checks = self._parts.questions.of(call.service, call.operation, call.params, principal)
        self._parts.judge.demand(principal, checks, of_request(call.request, self._region))
        for check in checks:
            if check.action == "iam:CreateServiceLinkedRole" and call.service != "iam":
                self._parts.iam.ensure_service_linked(check.context["iam:AWSServiceName"][0])
        arns = [check.resource for check in checks]
        return self._stale.around(
            call.service, call.operation, call.params, arns, lambda: self._effect(call, principal)
        )

    def authenticate(self, call: Call) -> Principal:
        """The principal whose key signed the request.

        Raises:
            BadSignature: Nobody's.
        """
        made = claim(call.request)
        now = self._clock()
        regions = {self._region, "us-east-1"} if call.service == "iam" else {self._region}
        if made.region not in regions:
            text = f"Credential should be scoped to a valid region, not '{made.region}'. "
            raise BadSignature("signature", text)
        key = self._parts.keys.find(made.access_key, made.token, now)
        check_time(made, now)
        check_signature(call.request, made, key.secret)
        return key.principal

    def _not_modelled(self, call: Call, principal: Principal) -> RefusedByGate:
        text = f"{call.action} is not modelled in this rehearsal, so it is refused."
        decision = Decision(False, "guard-rail", None, None, (), (), text)
        self._parts.ledger.keep("aws", principal.arn, call.action, "*", decision)
        start = f"User: {principal.arn} is not authorized to perform: {call.action}"
        return RefusedByGate(decision, message=f"{start} ({text})")

    def _sts(self, call: Call, principal: Principal) -> Reply:
        if call.operation not in STS_OPERATIONS:
            raise self._not_modelled(call, principal)
        check_constraints("sts", call.operation, call.params)
        if call.operation == "GetCallerIdentity":
            decision = Decision(True, "permission", None, None, (), (), "GetCallerIdentity needs no permission.")
            self._parts.ledger.keep("sts", principal.arn, call.action, "*", decision)
            return answers.success("sts", call.operation, self._parts.sts.caller(principal))
        return self._assume(call, principal)

    def _assume(self, call: Call, principal: Principal) -> Reply:
        base = of_request(call.request, self._region)
        owner = {"aws:ResourceAccount": [principal.account]}
        context = {**base, **owner, **of_principal(principal, self._parts.keys), **of_time(self._clock())}
        role, _ = self._parts.sts.assume(call.params, principal, context)
        tags = {f"aws:ResourceTag/{key}": [value] for key, value in role.tags.items()}
        own = {"sts:RoleSessionName": [str(call.params["RoleSessionName"])], **tags}
        if "ExternalId" in call.params:
            own["sts:ExternalId"] = [str(call.params["ExternalId"])]
        trust = json.loads(role.trust)
        self._parts.judge.demand(principal, [Check(call.action, role.arn, own, trust)], base)
        return answers.success("sts", call.operation, self._parts.sts.assumed(call.params, role, principal))

    def _effect(self, call: Call, principal: Principal) -> Reply:
        if call.service == "iam":
            return self._parts.iam.call(call.operation, call.params, dict(call.request.form()), principal)
        if call.service == "ec2":
            return self._parts.ec2.call(call.operation, call.params, dict(call.request.form()), principal)
        members = self._parts.services[call.service].call(call.operation, call.params, principal)
        return answers.success(call.service, call.operation, members)


def service_of(request: Request) -> str:
    """The service that a request is for: by its credential scope, else by the protocol's own marks."""
    try:
        return claim(request).service
    except BadSignature:
        pass
    if request.header("x-amz-target"):
        return "ecr" if "EC2ContainerRegistry" in request.header("x-amz-target") else "unknown"
    if request.path != "/":
        return next(iter(REST_JSON))
    form = dict(request.form())
    versions = {"2011-06-15": "sts", "2016-11-15": "ec2"}
    return "sts" if form.get("Action") == WEB_IDENTITY else versions.get(form.get("Version", ""), "iam")
