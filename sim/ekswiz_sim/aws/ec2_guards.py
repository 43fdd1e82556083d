"""What EC2 refuses and moto would let through: what is still used, what does not exist, what is taken.

Texts are EC2's. Source: EC2 API reference, "Error codes".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.seams import ServiceError

Params = Mapping[str, Any]
GOING = frozenset({"deleting", "deleted", "failed"})


class Ec2Guards:
    """Checks that run before a judged call reaches the backend."""

    def __init__(self, backend: MotoBackend) -> None:
        self._backend = backend
        self._guards: Mapping[str, Callable[[Params], None]] = {
            "AttachInternetGateway": self._attach,
            "DetachInternetGateway": self._detach,
            "DeleteVpc": self._delete_vpc,
            "DeleteSubnet": self._delete_subnet,
            "CreateNatGateway": self._create_nat,
            "DeleteNatGateway": self._delete_nat,
            "ReleaseAddress": self._release,
            "CreateRoute": self._route,
            "ReplaceRoute": self._route,
            "AssociateRouteTable": self._associate,
            "DeleteRouteTable": self._delete_table,
        }

    def check(self, operation: str, params: Params) -> None:
        """Refuse what EC2 refuses.

        Raises:
            ServiceError: In EC2's words.
        """
        guard = self._guards.get(operation)
        if guard is None:
            return
        with self._backend.lock:
            guard(params)

    def has_internet_gateway(self, vpc: str) -> bool:
        """Whether an internet gateway is attached to the network. Hold the backend's lock."""
        return any(each.vpc is not None and each.vpc.id == vpc for each in self._ec2.internet_gateways.values())

    @property
    def _ec2(self) -> Any:
        return self._backend.ec2

    def _attach(self, params: Params) -> None:
        vpc, asked = str(params.get("VpcId", "")), str(params.get("InternetGatewayId", ""))
        gateway = self._ec2.internet_gateways.get(asked)
        if gateway is not None and gateway.vpc is not None:
            text = f"resource {asked} is already attached to network {gateway.vpc.id}"
            raise ServiceError("Resource.AlreadyAssociated", text)
        if self.has_internet_gateway(vpc):
            text = f"Network {vpc} already has an internet gateway attached"
            raise ServiceError("InvalidParameterValue", text)

    def _detach(self, params: Params) -> None:
        vpc = str(params.get("VpcId", ""))
        if any(each.public_ip for each in self._interfaces(vpc)):
            text = f"Network {vpc} has some mapped public address(es)."
            text += " Please unmap those public address(es) before detaching the gateway."
            raise ServiceError("DependencyViolation", text)

    def _delete_vpc(self, params: Params) -> None:
        vpc = str(params.get("VpcId", ""))
        groups = self._ec2.groups.get(vpc, {}).values()
        own = [group for group in groups if group.name != "default"]
        if own or self.has_internet_gateway(vpc) or any(self._interfaces(vpc)):
            text = f"The vpc '{vpc}' has dependencies and cannot be deleted."
            raise ServiceError("DependencyViolation", text)

    def _delete_subnet(self, params: Params) -> None:
        subnet = str(params.get("SubnetId", ""))
        if any(each.subnet.id == subnet for each in self._ec2.enis.values()):
            text = f"The subnet '{subnet}' has dependencies and cannot be deleted."
            raise ServiceError("DependencyViolation", text)

    def _create_nat(self, params: Params) -> None:
        allocation = str(params.get("AllocationId", ""))
        for address in self._ec2.addresses:
            if address.allocation_id == allocation and address.association_id:
                text = f"Elastic IP address [{allocation}] is already associated"
                raise ServiceError("Resource.AlreadyAssociated", text)

    def _delete_nat(self, params: Params) -> None:
        identifier = str(params.get("NatGatewayId", ""))
        if identifier not in self._ec2.nat_gateways:
            raise ServiceError("NatGatewayNotFound", f"The Nat Gateway {identifier} was not found")

    def _release(self, params: Params) -> None:
        for address in self._ec2.addresses:
            if address.allocation_id == params.get("AllocationId") and address.association_id:
                text = "You do not have permission to access the specified resource."
                raise ServiceError("AuthFailure", text)

    def _route(self, params: Params) -> None:
        """A route leads to a gateway of the table's own network."""
        table = self._ec2.route_tables.get(str(params.get("RouteTableId", "")))
        nat = params.get("NatGatewayId")
        gateway = self._ec2.nat_gateways.get(str(nat))
        if nat is not None and (gateway is None or gateway.state in GOING):
            raise ServiceError("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist")
        internet = self._ec2.internet_gateways.get(str(params.get("GatewayId", "")))
        if table is None or internet is None:
            return
        if internet.vpc is None or internet.vpc.id != table.vpc_id:
            text = f"route table {table.id} and network gateway {internet.id} belong to different networks"
            raise ServiceError("InvalidParameterValue", text)

    def _associate(self, params: Params) -> None:
        """A subnet is under one table at most; asking for the same again is no mistake."""
        subnet, wanted = str(params.get("SubnetId", "")), str(params.get("RouteTableId", ""))
        for table in self._ec2.route_tables.values():
            if table.id != wanted and subnet in table._associations.values():  # noqa: SLF001 - moto shows it nowhere else
                text = f"the specified association for route table {wanted} conflicts with an existing association"
                raise ServiceError("Resource.AlreadyAssociated", text)

    def _delete_table(self, params: Params) -> None:
        table = self._ec2.route_tables.get(str(params.get("RouteTableId", "")))
        if table is not None and table.main_association_id:
            text = f"The routeTable '{table.id}' has dependencies and cannot be deleted."
            raise ServiceError("DependencyViolation", text)

    def _interfaces(self, vpc: str) -> Iterator[Any]:
        return (each for each in self._ec2.enis.values() if each.subnet.vpc_id == vpc)
