"""A cluster's attributes, from EKS's description and to its requests: to make one, and to change one step by step.

Source: EKS API, Cluster, CreateCluster, UpdateClusterConfig.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz.plan import Ref, encode
from ekswiz.resource import Live
from ekswiz.resources.eks_waiting import broken, status
from ekswiz.resources.tags import STACK

LOGS = ("api", "audit", "authenticator")
"""Who asked the API server for what, and who could not get in."""
NODE_POOLS = ["general-purpose", "system"]
"""The pools that EKS Auto Mode brings."""


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """What of a cluster the answers decide.

    `cidrs` may reach the public endpoint. `support` is what happens at the end of standard support: STANDARD upgrades,
    EXTENDED pays. `auto_node_role` is the role of Auto Mode's nodes, empty without Auto Mode. `status` settles by
    waiting; `broken` names a status that leads nowhere.
    """

    name: str
    version: str
    role: str | Ref
    subnets: frozenset[str | Ref]
    cidrs: tuple[str, ...] = ("0.0.0.0/0",)
    public_endpoint: bool = True
    private_endpoint: bool = True
    logs: tuple[str, ...] = LOGS
    support: str = "STANDARD"
    mode: str = "API_AND_CONFIG_MAP"
    deletion_protection: bool = True
    auto_node_role: str | Ref = ""
    status: str = "ACTIVE"
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One update: the member that it changes, and the call."""

    member: str
    operation: str
    request: Mapping[str, Any]


def described(found: Mapping[str, Any]) -> Live[ClusterSpec]:
    """EKS's Cluster as a live object."""
    network, compute = found.get("resourcesVpcConfig", {}), found.get("computeConfig", {})
    enabled = [one for one in found.get("logging", {}).get("clusterLogging", ()) if one.get("enabled")]
    spec = ClusterSpec(
        name=found["name"],
        version=found.get("version", ""),
        role=found.get("roleArn", ""),
        subnets=frozenset(network.get("subnetIds", ())),
        cidrs=tuple(sorted(network.get("publicAccessCidrs", ()))),
        public_endpoint=bool(network.get("endpointPublicAccess", True)),
        private_endpoint=bool(network.get("endpointPrivateAccess", False)),
        logs=tuple(sorted(kind for one in enabled for kind in one.get("types", ()))),
        support=found.get("upgradePolicy", {}).get("supportType", "EXTENDED"),
        mode=found.get("accessConfig", {}).get("authenticationMode", "CONFIG_MAP"),
        deletion_protection=bool(found.get("deletionProtection", False)),
        auto_node_role=compute.get("nodeRoleArn", "") if compute.get("enabled") else "",
        status=status(found),
        broken=broken(found),
    )
    outputs = {"arn": found["arn"], "name": spec.name, "endpoint": found.get("endpoint", ""), "version": spec.version}
    return Live(spec, outputs, f"{found['arn']}@{found.get('createdAt')}", found.get("tags", {}).get(STACK))


def new_cluster(spec: ClusterSpec) -> dict[str, Any]:
    """The members of CreateCluster, but for tags and token."""
    return {
        "name": spec.name,
        "version": spec.version,
        "roleArn": encode(spec.role),
        "resourcesVpcConfig": {"subnetIds": _subnets(spec), **_endpoints(spec)},
        "logging": _logging(spec.logs),
        "accessConfig": {"authenticationMode": spec.mode, "bootstrapClusterCreatorAdminPermissions": True},
        "upgradePolicy": {"supportType": spec.support},
        "deletionProtection": spec.deletion_protection,
        # The add-ons are resources of their own, so that their versions are kept, too.
        "bootstrapSelfManagedAddons": False,
        **(_auto_mode(spec) if spec.auto_node_role else {}),
    }


def steps(now: ClusterSpec, wanted: ClusterSpec) -> Iterator[Step]:
    """The updates that are left, in the order to make them: one type of change each, as EKS demands."""
    config = "update_cluster_config"
    if now.deletion_protection != wanted.deletion_protection:
        yield Step("deletion_protection", config, {"deletionProtection": wanted.deletion_protection})
    if now.support != wanted.support:
        yield Step("support", config, {"upgradePolicy": {"supportType": wanted.support}})
    if now.mode != wanted.mode:
        yield Step("mode", config, {"accessConfig": {"authenticationMode": wanted.mode}})
    if now.logs != wanted.logs:
        yield Step("logs", config, {"logging": _logging(wanted.logs, off=now.logs)})
    if _endpoints(now) != _endpoints(wanted):
        yield Step("endpoint", config, {"resourcesVpcConfig": _endpoints(wanted)})
    if now.subnets != wanted.subnets:
        yield Step("subnets", config, {"resourcesVpcConfig": {"subnetIds": _subnets(wanted)}})
    if now.auto_node_role != wanted.auto_node_role:
        yield Step("auto_node_role", config, _auto_mode(wanted))
    if now.version != wanted.version:
        yield Step("version", "update_cluster_version", {"version": wanted.version})


def _subnets(spec: ClusterSpec) -> list[Any]:
    return [encode(subnet) for subnet in sorted(spec.subnets, key=str)]


def _endpoints(spec: ClusterSpec) -> dict[str, Any]:
    return {
        "endpointPublicAccess": spec.public_endpoint,
        "endpointPrivateAccess": spec.private_endpoint,
        "publicAccessCidrs": list(spec.cidrs),
    }


def _logging(on: tuple[str, ...], off: tuple[str, ...] = ()) -> dict[str, Any]:
    """What is not named stays as it is, so what is to be off is named."""
    kinds = {True: sorted(on), False: sorted(set(off) - set(on))}
    return {"clusterLogging": [{"types": types, "enabled": enabled} for enabled, types in kinds.items() if types]}


def _auto_mode(spec: ClusterSpec) -> dict[str, Any]:
    """The three parts of Auto Mode, which go together."""
    on = bool(spec.auto_node_role)
    nodes = {"nodePools": NODE_POOLS, "nodeRoleArn": encode(spec.auto_node_role)} if on else {}
    return {
        "computeConfig": {"enabled": on, **nodes},
        "storageConfig": {"blockStorage": {"enabled": on}},
        "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": on}},
    }
