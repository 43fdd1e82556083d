"""Clusters: create, describe, list, delete.

Surprising: the Kubernetes behind a cluster is started before CreateCluster answers, but the cluster says CREATING,
without endpoint, until it was described often enough; so waiters and resumed runs have something to wait for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from ekswiz_sim.aws.eks_entries import Entries
from ekswiz_sim.aws.eks_neighbours import Neighbours
from ekswiz_sim.aws.eks_progress import running, settle
from ekswiz_sim.aws.eks_state import (
    Cluster,
    Params,
    State,
    in_use,
    invalid_parameter,
    invalid_request,
    new_id,
    not_found,
    page,
)
from ekswiz_sim.aws.eks_versions import DEFAULT, PLATFORM, VERSIONS, is_offered
from ekswiz_sim.seams import ClusterEndpoint, KubernetesProvider, Principal

Run = Callable[[Coroutine[Any, Any, Any]], Any]

NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", re.ASCII)
MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
FEWEST_ZONES = 2
AUTO_POLICIES = frozenset(
    {
        "AmazonEKSComputePolicy",
        "AmazonEKSBlockStoragePolicy",
        "AmazonEKSLoadBalancingPolicy",
        "AmazonEKSNetworkingPolicy",
    }
)
"""What the cluster's role needs besides, when EKS makes nodes, volumes and load balancers itself."""
AUTO_PATHS = (
    ("computeConfig", "enabled"),
    ("storageConfig", "blockStorage", "enabled"),
    ("kubernetesNetworkConfig", "elasticLoadBalancing", "enabled"),
)
VPC_DEFAULTS: Mapping[str, Any] = {
    "subnetIds": [],
    "securityGroupIds": [],
    "endpointPublicAccess": True,
    "endpointPrivateAccess": False,
    "publicAccessCidrs": ["0.0.0.0/0"],
}
KEPT = ("encryptionConfig", "computeConfig", "storageConfig", "zonalShiftConfig", "remoteNetworkConfig")
"""Members that come back as they were given."""


class Clusters:
    """The operations on clusters themselves."""

    def __init__(
        self, state: State, entries: Entries, kubernetes: KubernetesProvider, run: Run, neighbours: Neighbours
    ) -> None:
        self.state = state
        self.neighbours = neighbours
        self.entries = entries
        self.kubernetes = kubernetes
        self.run = run

    def create(self, params: Params, principal: Principal) -> dict[str, Any]:
        """CreateCluster."""
        refusal = self._role(params) or self._subnets(params)  # IAM and EC2 are asked before the lock is taken
        with self.state.lock:
            again = self.state.replayed("CreateCluster", params)
            if isinstance(again, Cluster):
                return {"cluster": self.described(again)}
            cluster = self._checked(params, principal, refusal)
            self.state.clusters[cluster.name] = cluster
            self.state.keep("CreateCluster", params, cluster)
        try:
            endpoint: ClusterEndpoint = self.run(self.kubernetes.create(cluster.name))
        except BaseException:
            self._drop(cluster)
            raise
        with self.state.lock:
            cluster.endpoint = endpoint
            return {"cluster": self.described(cluster)}

    def describe(self, params: Params, _: Principal) -> dict[str, Any]:
        """DescribeCluster; counts as a look at whatever the cluster is waiting for."""
        with self.state.lock:
            cluster = self.state.cluster(params["name"])
            self._look(cluster)
            return {"cluster": self.described(self.state.cluster(cluster.name))}

    def list(self, params: Params, _: Principal) -> dict[str, Any]:
        """ListClusters."""
        with self.state.lock:
            names, more = page(sorted(self.state.clusters), params)
        return {"clusters": names, **more}

    def delete(self, params: Params, _: Principal) -> dict[str, Any]:
        """DeleteCluster."""
        with self.state.lock:
            cluster = self.state.cluster(params["name"])
            self._must_be_deletable(cluster)
            cluster.status = "DELETING"
            cluster.delay = self.state.delay("cluster deletion")
            answer = {"cluster": self.described(cluster)}
            if self.state.instant:
                self._drop(cluster)
        self.run(self.kubernetes.delete(cluster.name))
        return answer

    def seed(self, cluster: Cluster) -> None:
        """Put in a cluster that was there before the world began."""
        with self.state.lock:
            self.state.clusters[cluster.name] = cluster

    def described(self, cluster: Cluster) -> dict[str, Any]:
        """The members of EKS's Cluster."""
        answer = {
            "name": cluster.name,
            "arn": cluster.arn,
            "createdAt": cluster.created,
            **cluster.shape,
            "resourcesVpcConfig": cluster.vpc,
            "logging": cluster.logging,
            "upgradePolicy": cluster.upgrade_policy,
            "deletionProtection": cluster.deletion_protection,
            "accessConfig": {"authenticationMode": cluster.mode},
            "status": cluster.status,
            "tags": cluster.tags,
            "health": {"issues": []},
        }
        if cluster.bootstrap and cluster.creator:
            answer["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] = True
        if cluster.endpoint and cluster.status != "CREATING":
            ca = base64.b64encode(cluster.endpoint.ca_pem).decode()
            answer |= {"endpoint": cluster.endpoint.url, "certificateAuthority": {"data": ca}}
        return answer

    def _look(self, cluster: Cluster) -> None:
        if running(cluster):
            settle(cluster)
        elif cluster.status == "CREATING" and cluster.endpoint and cluster.delay.look():
            cluster.status = "ACTIVE"
        elif cluster.status == "DELETING" and cluster.delay.look():
            self._drop(cluster)

    def _drop(self, cluster: Cluster) -> None:
        with self.state.lock:
            self.state.forget(cluster)
            if self.state.clusters.get(cluster.name) is cluster:
                del self.state.clusters[cluster.name]

    def _must_be_deletable(self, cluster: Cluster) -> None:
        name = cluster.name
        if cluster.nodegroups:
            raise in_use("Cluster has nodegroups attached", clusterName=name)
        if cluster.deletion_protection:
            raise invalid_request(
                f"Cluster {name} has deletion protection enabled. Disable it with UpdateClusterConfig first.",
                clusterName=name,
            )
        update = running(cluster)
        if update:
            raise in_use(f"Cannot delete because cluster {name} currently has update {update.id} in progress")
        if cluster.status == "DELETING":
            raise not_found(f"No cluster found for name: {name}.", clusterName=name)
        if cluster.status == "CREATING":
            raise in_use(f"Cannot delete because cluster {name} currently has creation in progress", clusterName=name)

    def _role(self, params: Params) -> str:
        """Why EKS cannot act as the cluster's role; empty if it can."""
        role, auto = params["roleArn"], bool(params.get("computeConfig", {}).get("enabled"))
        trusted = self.neighbours.assumable(role, "eks.amazonaws.com", session_tags=auto)
        if self.entries.unique_id(role) is None or not trusted:
            return (
                f"Role with arn: {role}, could not be assumed because it does not exist or the trusted"
                " entity is not correct"
            )
        missing = sorted(AUTO_POLICIES - self.neighbours.attached(role)) if auto else []
        if "AmazonEKSClusterPolicy" not in self.neighbours.attached(role):
            missing.insert(0, "AmazonEKSClusterPolicy")
        if not self.neighbours.known or not missing:
            return ""
        arns = ", ".join(f"arn:{self.state.partition}:iam::aws:policy/{name}" for name in missing)
        return (
            "The provided role doesn't have the Amazon EKS Managed Policies associated with it. Please ensure the"
            f" following policies [{arns}] are attached"
        )

    def _subnets(self, params: Params) -> str:
        """What is wrong with the subnets; empty if nothing is."""
        asked = sorted(set(params["resourcesVpcConfig"].get("subnetIds", ())))
        zones = self.neighbours.zones(asked)
        absent = [each for each in asked if each not in zones]
        if absent:
            return f"The subnet ID '{absent[0]}' does not exist"
        if len(set(zones.values())) < FEWEST_ZONES:
            return "Subnets specified must be in at least two different AZs"
        return ""

    def _checked(self, params: Params, principal: Principal, refusal: str) -> Cluster:
        name = params["name"]
        if not NAME.fullmatch(name):
            raise invalid_parameter(
                "The cluster name should start with an alphanumeric character and contain only alphanumeric"
                " characters, hyphens and underscores, at most 100."
            )
        if name in self.state.clusters:
            raise in_use(f"Cluster already exists with name: {name}", clusterName=name)
        if refusal:
            raise invalid_parameter(refusal, clusterName=name)
        check_auto_mode(params)
        version = params.get("version", DEFAULT)
        if not is_offered(version, self.state.now()):
            offered = ", ".join(each.name for each in VERSIONS if is_offered(each.name, self.state.now()))
            raise invalid_parameter(f"unsupported Kubernetes version {version} (offered: {offered})", clusterName=name)
        return self._made(params, principal, version)

    def _made(self, params: Params, principal: Principal, version: str) -> Cluster:
        access = params.get("accessConfig", {})
        mode = access.get("authenticationMode", "CONFIG_MAP")
        bootstrap = access.get("bootstrapClusterCreatorAdminPermissions", True)
        if mode not in MODES:
            raise invalid_parameter(f"authenticationMode {mode} is none of {', '.join(MODES)}")
        if mode == "CONFIG_MAP" and not bootstrap:
            raise invalid_parameter(
                "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to"
                " CONFIG_MAP"
            )
        creator = principal.role_arn or principal.arn
        cluster = new_cluster(self.state, params["name"], version, mode, params["roleArn"])
        cluster.creator = (creator, principal.unique_id)
        cluster.bootstrap = bootstrap
        cluster.vpc = {**cluster.vpc, **params["resourcesVpcConfig"]}
        cluster.logging = params.get("logging", cluster.logging)
        cluster.upgrade_policy = params.get("upgradePolicy", cluster.upgrade_policy)
        cluster.deletion_protection = params.get("deletionProtection", False)
        cluster.tags = dict(params.get("tags", {}))
        cluster.shape |= {member: params[member] for member in KEPT if member in params}
        cluster.shape["kubernetesNetworkConfig"] |= params.get("kubernetesNetworkConfig", {})
        self.entries.add_creator(cluster)
        return cluster


def new_cluster(state: State, name: str, version: str, mode: str, role_arn: str) -> Cluster:
    """A cluster with EKS's defaults, not yet known to the state."""
    issuer = f"https://oidc.eks.{state.region}.amazonaws.com/id/{new_id().replace('-', '').upper()}"
    return Cluster(
        name=name,
        arn=state.arn(f"cluster/{name}"),
        created=state.now(),
        creator=None,
        mode=mode,
        bootstrap=False,
        shape={
            "version": version,
            "roleArn": role_arn,
            "platformVersion": PLATFORM,
            "kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.100.0.0/16", "ipFamily": "ipv4"},
            "identity": {"oidc": {"issuer": issuer}},
        },
        vpc={**VPC_DEFAULTS, "clusterSecurityGroupId": f"sg-{new_id().replace('-', '')[:17]}"},
        logging={"clusterLogging": [{"types": [], "enabled": False}]},
        upgrade_policy={"supportType": "EXTENDED"},
        deletion_protection=False,
        delay=state.delay("cluster"),
    )


def check_auto_mode(params: Params) -> bool:
    """Whether Auto Mode is asked for: its three parts go together.

    Raises:
        ServiceError: They differ.
    """
    said: set[bool] = set()
    for path in AUTO_PATHS:
        value: Any = params
        for part in path:
            value = value.get(part, {}) if isinstance(value, Mapping) else {}
        said.add(value is True)
    if len(said) > 1:
        raise invalid_parameter(
            "For EKS Auto Mode, please ensure that all required configs, including computeConfig,"
            " kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled."
        )
    return said == {True}
