"""How somebody else would change a new cluster and its network: the second half of the table in `mutators.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ekswiz.resource import Live, Resource
from ekswiz.target import Target

Mutator = Callable[[Target, Resource[Any], Live[Any]], None]
NAMED = "its name is its identity: another name is another object"
MADE = "set when it is made; the API has no call that changes it"
WAITED = "a status: what settles by waiting, or leads nowhere, is not somebody's change"
POLLS = 60


class _Never:
    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return False


def _tag(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    key = min(live.attributes.tags)
    target.aws("ec2").create_tags(Resources=[live.outputs["id"]], Tags=[{"Key": key, "Value": "meddled"}])


def _vpc(name: str) -> Mutator:
    def mutate(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
        target.aws("ec2").modify_vpc_attribute(VpcId=live.outputs["id"], **{name: {"Value": False}})

    return mutate


def _public_addresses(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    other = {"Value": not live.attributes.public_addresses}
    target.aws("ec2").modify_subnet_attribute(SubnetId=live.outputs["id"], MapPublicIpOnLaunch=other)


def _no_route(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    target.aws("ec2").delete_route(RouteTableId=live.outputs["id"], DestinationCidrBlock="0.0.0.0/0")


def _no_subnets(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    ec2 = target.aws("ec2")
    (table,) = ec2.describe_route_tables(RouteTableIds=[live.outputs["id"]])["RouteTables"]
    association = next(each for each in table["Associations"] if each.get("SubnetId"))
    ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])


def _role(operation: str, **parameters: str) -> Mutator:
    def mutate(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
        getattr(target.aws("iam"), operation)(RoleName=live.attributes.name, **parameters)

    return mutate


def _trust(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    trust = json.loads(json.dumps(live.attributes.trust))
    trust["Statement"][0]["Sid"] = "Meddled"
    document = json.dumps(trust)
    target.aws("iam").update_assume_role_policy(RoleName=live.attributes.name, PolicyDocument=document)


def _cluster(**parameters: Any) -> Mutator:
    def mutate(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
        eks, name = target.aws("eks"), live.attributes.name
        update = eks.update_cluster_config(name=name, **parameters)["update"]["id"]
        for _ in range(POLLS):
            if eks.describe_update(name=name, updateId=update)["update"]["status"] == "Successful":
                return
            target.clock.wait(30, _Never())
        raise AssertionError(f"the update of {parameters} did not end")

    return mutate


def _scaling(**sizes: int) -> Mutator:
    def mutate(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
        eks, where = target.aws("eks"), {"clusterName": live.attributes.cluster, "nodegroupName": live.attributes.name}
        update = eks.update_nodegroup_config(**where, scalingConfig=sizes)["update"]["id"]
        part = {"name": live.attributes.cluster, "nodegroupName": live.attributes.name}
        for _ in range(POLLS):
            if eks.describe_update(**part, updateId=update)["update"]["status"] == "Successful":
                return
            target.clock.wait(30, _Never())
        raise AssertionError(f"the update to {sizes} did not end")

    return mutate


EXTRA = "arn:aws:iam::aws:policy/AWSSupportAccess"
INLINE = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
})  # fmt: skip
LOGGING: Mapping[str, Any] = {"clusterLogging": [{"types": ["audit"], "enabled": False}]}

MUTATORS: Mapping[str, Mapping[str, Mutator]] = {
    "vpc": {"dns_support": _vpc("EnableDnsSupport"), "dns_hostnames": _vpc("EnableDnsHostnames"), "tags": _tag},
    "internet_gateway": {"tags": _tag},
    "subnet": {"public_addresses": _public_addresses, "tags": _tag},
    "elastic_ip": {"tags": _tag},
    "nat_gateway": {"tags": _tag},
    "route_table": {"default": _no_route, "subnets": _no_subnets, "tags": _tag},
    "service_role": {
        "trust": _trust,
        "attached": _role("attach_role_policy", PolicyArn=EXTRA),
        "inline": _role("put_role_policy", PolicyName="meddled", PolicyDocument=INLINE),
    },
    "eks_cluster": {
        "cidrs": _cluster(resourcesVpcConfig={"publicAccessCidrs": ["203.0.113.0/24"]}),
        "public_endpoint": _cluster(resourcesVpcConfig={"endpointPublicAccess": False, "endpointPrivateAccess": True}),
        "logs": _cluster(logging=LOGGING),
        "deletion_protection": _cluster(deletionProtection=False),
        "support": _cluster(upgradePolicy={"supportType": "EXTENDED"}),
    },
    "nodegroup": {
        "least": _scaling(minSize=1, maxSize=6, desiredSize=2),
        "most": _scaling(minSize=2, maxSize=9, desiredSize=2),
    },
    "addon": {},
}

FIXED: Mapping[str, Mapping[str, str]] = {
    "vpc": {"cidr": MADE},
    "internet_gateway": {"vpc": "EC2 detaches no gateway while the NAT gateway's address is mapped"},
    "subnet": {"vpc": MADE, "cidr": MADE, "zone": MADE},
    "elastic_ip": {},
    "nat_gateway": {"subnet": MADE, "allocation": MADE, "usable": WAITED},
    "route_table": {"vpc": MADE},
    "service_role": {"name": NAMED},
    "eks_cluster": {
        "name": NAMED,
        "role": MADE,
        "version": "goes up only, and for half an hour; what the answers ask for follows it",
        "subnets": "changed by the same call as `cidrs`, which takes part here",
        "private_endpoint": "changed by the same call as `public_endpoint`, which takes part here",
        "mode": "one way only: a cluster that went further than asked for is left there",
        "auto_node_role": "Auto Mode is switched on and off as a whole",
        "status": WAITED,
        "broken": WAITED,
    },
    "nodegroup": {
        **dict.fromkeys(("cluster", "name"), NAMED),
        **dict.fromkeys(("role", "subnets", "instance_type", "image", "capacity", "disk"), MADE),
        "version": "follows the cluster's",
        **dict.fromkeys(("status", "broken"), WAITED),
    },
    "addon": {
        **dict.fromkeys(("cluster", "name"), NAMED),
        "version": "the newest that fits the cluster; there is none to go back to",
        **dict.fromkeys(("status", "broken"), WAITED),
    },
}
