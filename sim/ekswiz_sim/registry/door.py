"""Who asks, and whether they may: every request of the registry is the ECR action that it stands for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from ekswiz.iam.decision import Decision
from ekswiz_sim.aws.ecr import Ecr
from ekswiz_sim.registry.errors import OciError, of_ecr
from ekswiz_sim.registry.storage import Storage
from ekswiz_sim.seams import Gatekeeper, Principal, RefusedByGate, ServiceError

FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Door:
    """What the handlers share."""

    storage: Storage
    gatekeeper: Gatekeeper
    ecr: Ecr

    def identify(self, request: web.Request) -> Principal:
        """The principal behind a request's Basic credentials.

        Raises:
            OciError: 401 with the challenge, or 403 for a login that expired.
        """
        challenge = {"WWW-Authenticate": f'Basic realm="http://{request.host}/",service="ecr.amazonaws.com"'}
        username, password = _basic(request.headers)
        if username is None:
            raise OciError("UNAUTHORIZED", "Not Authorized", challenge)
        try:
            return self.gatekeeper.registry_identity(username, password)
        except RefusedByGate as refused:
            if refused.status == FORBIDDEN:
                raise OciError("DENIED", refused.message) from refused
            raise OciError("UNAUTHORIZED", "Not Authorized", challenge) from refused

    def admit(self, principal: Principal, name: str, *actions: str) -> None:
        """Let a principal do ECR actions on a repository that exists.

        Raises:
            OciError: DENIED in AWS's words; NAME_UNKNOWN if ECR has no such repository.
        """
        resource = self.ecr.arn(name)
        for action in actions:
            decision = self.gatekeeper.authorize("registry", principal, action, resource)
            if not decision.allowed:
                raise OciError("DENIED", refusal(principal, action, resource, decision))
        try:
            self.ecr.require(name)
        except ServiceError as error:
            raise of_ecr(error) from error


def refusal(principal: Principal, action: str, resource: str, decision: Decision) -> str:
    """The text of AWS's AccessDenied.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    text = f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource}"
    if decision.by is None:
        return f"{text} because no identity-based policy allows the {action} action"
    kind = {"boundary": "permissions boundary"}.get(decision.layer, "identity-based policy")
    return f"{text} with an explicit deny in {'a' if kind[0] == 'p' else 'an'} {kind}"


def _basic(headers: Mapping[str, str]) -> tuple[str | None, str]:
    scheme, _, encoded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None, ""
    try:
        username, found, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, ""
    return (username, password) if found else (None, "")
