"""IAM and EC2 in front of an endpoint: the same guards, and what emulators lack, done with calls they have."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from ekswiz_sim.aws.ec2 import Ec2
from ekswiz_sim.aws.endpoint.backend import EndpointBackend
from ekswiz_sim.aws.endpoint.iam_seen import Provider
from ekswiz_sim.aws.endpoint.removal import nat_gateway_lets_go
from ekswiz_sim.aws.iam import CLIENTS_LIMIT, TAKEN, Iam, service_trust
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.gate.actions_iam import SERVICE_LINKED
from ekswiz_sim.gate.policies import Directory
from ekswiz_sim.gate.wire import Reply
from ekswiz_sim.seams import ServiceError

Params = Mapping[str, Any]
REFUSED = 400


def services(backend: MotoBackend, directory: Directory) -> tuple[Iam, Ec2]:
    """IAM and EC2 for a backend."""
    if not isinstance(backend, EndpointBackend):
        return Iam(backend, directory), Ec2(backend)
    iam = EndpointIam(backend, directory) if "iam" in backend.served else Iam(backend, directory)
    return iam, EndpointEc2(backend) if "ec2" in backend.served else Ec2(backend)


class EndpointIam(Iam):
    """IAM kept by an endpoint."""

    def __init__(self, backend: EndpointBackend, directory: Directory) -> None:
        super().__init__(backend, directory)
        self._endpoint = backend

    def ensure_service_linked(self, service: str, *, taken_is_error: bool = False) -> Any:
        """The service-linked role of a service, made there if it is missing.

        It is made as any role is, with the name that AWS gives it: emulators name such roles in ways of their own.

        Raises:
            ServiceError: It exists, and that is an error; or the endpoint refuses.
        """
        name = SERVICE_LINKED[service]
        if self._linked(name) is None:
            path, trust = f"/aws-service-role/{service}/", service_trust(service)
            self._sent({"Action": "CreateRole", "RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust})
        elif taken_is_error:
            raise ServiceError("InvalidInput", TAKEN.format(name=name))
        return self._linked(name)

    def _linked(self, name: str) -> Any:
        with self._endpoint.lock:
            return next((role for role in self._endpoint.iam.roles.values() if role.name == name), None)

    def _add_client(self, params: Params) -> Mapping[str, Any]:
        provider, client = self._provider(params), str(params["ClientID"])
        if client in provider.client_id_list:
            return {}
        if len(provider.client_id_list) >= CLIENTS_LIMIT:
            text = f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENTS_LIMIT}"
            raise ServiceError("LimitExceeded", text, 409)
        self._changed("AddClientIDToOpenIDConnectProvider", provider, client, [*provider.client_id_list, client])
        return {}

    def _remove_client(self, params: Params) -> Mapping[str, Any]:
        provider, client = self._provider(params), str(params["ClientID"])
        if client in provider.client_id_list:
            rest = [each for each in provider.client_id_list if each != client]
            self._changed("RemoveClientIDFromOpenIDConnectProvider", provider, client, rest)
        return {}

    def _changed(self, operation: str, provider: Provider, client: str, clients: list[str]) -> None:
        """Change a provider's clients; where the endpoint lacks the call, by making the provider anew."""
        try:
            self._sent({"Action": operation, "OpenIDConnectProviderArn": provider.arn, "ClientID": client})
        except ServiceError as error:
            if error.code == "ServiceUnavailable":
                raise
            arn = {"OpenIDConnectProviderArn": provider.arn}
            self._endpoint.replace({"Action": "DeleteOpenIDConnectProvider", **arn}, _made_anew(provider, clients))

    def _sent(self, form: Mapping[str, str]) -> None:
        reply = self._endpoint.call("iam", form)
        if reply.status >= REFUSED:
            raise refusal(reply)


class EndpointEc2(Ec2):
    """EC2 kept by an endpoint: its statuses are the endpoint's, and what it forgets to let go is let go."""

    def __init__(self, backend: EndpointBackend) -> None:
        super().__init__(backend)
        self._endpoint = backend

    def _coming_up(self, reply: Reply) -> Reply:
        return reply

    def _going_down(self, identifier: str) -> None:
        with contextlib.suppress(ServiceError):  # an endpoint that has let go by itself has nothing to let go
            nat_gateway_lets_go(self._endpoint.wire, identifier)
        self._endpoint.look_again()

    def _unroute(self, subnet: str) -> None:
        with self._endpoint.lock:
            held = [
                key
                for table in self._endpoint.ec2.route_tables.values()
                for key, one in table._associations.items()  # noqa: SLF001 - the guards' own name for it
                if one == subnet
            ]
        for association in held:
            self._endpoint.call("ec2", {"Action": "DisassociateRouteTable", "AssociationId": association})


def refusal(reply: Reply) -> ServiceError:
    """An endpoint's refusal of a query-protocol call."""
    found: dict[str, str] = {}
    with contextlib.suppress(ET.ParseError):
        # An emulator on this machine, or one that the user named, wrote it.
        for element in ET.fromstring(reply.body).iter():  # noqa: S314 - see above
            found.setdefault(element.tag.rpartition("}")[2], element.text or "")
    return ServiceError(found.get("Code", "InternalFailure"), found.get("Message", "It gave no reason."), reply.status)


def _made_anew(provider: Provider, clients: list[str]) -> dict[str, str]:
    form = {"Action": "CreateOpenIDConnectProvider", "Url": f"https://{provider.url}"}
    lists = (("ClientIDList", clients), ("ThumbprintList", provider.thumbprint_list))
    for name, values in lists:
        form |= {f"{name}.member.{at}": value for at, value in enumerate(values, 1)}
    for at, tag in enumerate(provider.tags.values(), 1):
        form |= {f"Tags.member.{at}.Key": tag["Key"], f"Tags.member.{at}.Value": tag["Value"]}
    return form
