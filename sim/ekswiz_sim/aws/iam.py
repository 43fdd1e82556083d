"""IAM: moto behind the guards, and what moto lacks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ekswiz_sim.aws.iam_guards import IamGuards
from ekswiz_sim.aws.iam_simulate import Simulator
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.gate import answers
from ekswiz_sim.gate.actions_iam import SERVICE_LINKED
from ekswiz_sim.gate.policies import Directory
from ekswiz_sim.gate.wire import Reply
from ekswiz_sim.seams import Principal, ServiceError

Params = Mapping[str, Any]
CLIENTS_LIMIT = 100
TAKEN = "Service role name {name} has been taken in this account, please try a different suffix."
# moto's text -> IAM's
_TEXTS = (
    (r"Role (\S+) not found", r"The role with name \1 cannot be found."),
    (r"Policy (arn:\S+) not found", r"Policy \1 was not found."),
    (r"Policy Document (\S+) not attached to role \S+", r"The role policy with name \1 cannot be found."),
    (r"Policy (?!arn:)(\S+) not found", r"The policy with name \1 cannot be found."),
)


class Iam:
    """Answers IAM's calls for one account, after they were judged."""

    def __init__(self, backend: MotoBackend, directory: Directory) -> None:
        self._backend = backend
        self._guards = IamGuards(backend, directory)
        self._directory = directory
        self._own: Mapping[str, Callable[[Params], Mapping[str, Any]]] = {
            "AddClientIDToOpenIDConnectProvider": self._add_client,
            "RemoveClientIDFromOpenIDConnectProvider": self._remove_client,
            "CreateServiceLinkedRole": self._service_linked,
            "SimulatePrincipalPolicy": Simulator(backend, directory).simulate,
        }

    def call(self, operation: str, params: Params, form: Mapping[str, str], principal: Principal) -> Reply:
        """Check AWS's guard-rails, then act.

        Raises:
            ServiceError: A guard-rail refuses.
        """
        self._guards.check(operation, params)
        own = self._own.get(operation)
        if own is not None:
            return answers.success("iam", operation, own(params))
        if operation in {"ListPolicies", "GetAccountAuthorizationDetails"} and params.get("Scope") != "Local":
            self._backend.ensure_all_managed()
        return _reworded(self._backend.call("iam", form, principal.access_key))

    def _provider(self, params: Params) -> Any:
        arn = str(params["OpenIDConnectProviderArn"])
        found = self._backend.iam.open_id_providers.get(arn)
        if found is None:
            raise ServiceError("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", 404)
        return found

    def _add_client(self, params: Params) -> Mapping[str, Any]:
        client = str(params["ClientID"])
        with self._backend.lock:
            provider = self._provider(params)
            if client not in provider.client_id_list and len(provider.client_id_list) >= CLIENTS_LIMIT:
                text = f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENTS_LIMIT}"
                raise ServiceError("LimitExceeded", text, 409)
            provider.client_id_list = [*(each for each in provider.client_id_list if each != client), client]
        return {}

    def _remove_client(self, params: Params) -> Mapping[str, Any]:
        with self._backend.lock:
            provider = self._provider(params)
            provider.client_id_list = [each for each in provider.client_id_list if each != params["ClientID"]]
        return {}

    def _service_linked(self, params: Params) -> Mapping[str, Any]:
        service = str(params["AWSServiceName"])
        if service not in SERVICE_LINKED or "CustomSuffix" in params:
            raise ServiceError("InvalidInput", f"A service-linked role of {service} is not modelled here.")
        role = self.ensure_service_linked(service, taken_is_error=True)
        return {
            "Role": {
                "Path": role.path,
                "RoleName": role.name,
                "RoleId": role.id,
                "Arn": role.arn,
                "CreateDate": role.create_date.timestamp(),
                "AssumeRolePolicyDocument": role.assume_role_policy_document,
            }
        }

    def ensure_service_linked(self, service: str, *, taken_is_error: bool = False) -> Any:
        """The service-linked role of a service, made if it is missing.

        Raises:
            ServiceError: It exists, and that is an error.
        """
        name = SERVICE_LINKED[service]
        with self._backend.lock:
            iam = self._backend.iam
            found = next((role for role in iam.roles.values() if role.name == name), None)
            if found is not None and taken_is_error:
                raise ServiceError("InvalidInput", TAKEN.format(name=name))
            return found or iam.create_role(
                name, service_trust(service), f"/aws-service-role/{service}/", None, "", [], "3600", service
            )


def service_trust(service: str) -> str:
    """The trust policy of a service's own role."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _reworded(reply: Reply) -> Reply:
    if reply.status < 400:  # noqa: PLR2004 - HTTP's own border
        return reply
    text = reply.body.decode()
    for old, new in _TEXTS:
        text = re.sub(f"<Message>{old}</Message>", f"<Message>{new}</Message>", text)
    return Reply(reply.status, text.encode(), reply.content_type, reply.headers)
