"""What UpdateClusterConfig can change: each member of its request, checked, with its effect.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz_sim.aws.eks_clusters import MODES, check_auto_mode
from ekswiz_sim.aws.eks_state import Cluster, Params, invalid_parameter
from ekswiz_sim.seams import ServiceError

ENDPOINT = {
    "endpointPublicAccess": "EndpointPublicAccess",
    "endpointPrivateAccess": "EndpointPrivateAccess",
    "publicAccessCidrs": "PublicAccessCidrs",
}
PLACES = {"subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}


@dataclass(frozen=True, slots=True)
class Change:
    """A checked change: its kind and parameters as DescribeUpdate lists them, and what happens when it is done."""

    kind: str
    params: Mapping[str, Any]
    apply: Callable[[], None]


def already(cluster: Cluster, named: Params) -> ServiceError:
    """The refusal of a change that changes nothing."""
    wording = ", ".join(f"{name}: {_text(value)}" for name, value in named.items())
    return invalid_parameter(
        f"Cluster is already at the desired configuration with {wording}", clusterName=cluster.name
    )


def authentication(cluster: Cluster, given: Params, then: Callable[[], None]) -> Change:
    """The authentication mode, one step forward; `then` happens after it."""
    mode = given.get("authenticationMode")
    if mode not in MODES:
        raise invalid_parameter("authenticationMode is required", clusterName=cluster.name)
    if mode == cluster.mode:
        raise already(cluster, {"authenticationMode": mode})
    if MODES.index(mode) != MODES.index(cluster.mode) + 1:
        raise invalid_parameter(
            f"Unsupported authentication mode update from {cluster.mode} to {mode}", clusterName=cluster.name
        )

    def apply() -> None:
        cluster.mode = mode
        then()

    return Change("AccessConfigUpdate", {"AuthenticationMode": mode}, apply)


def _vpc(cluster: Cluster, given: Params) -> Change:
    unknown = [member for member in given if member not in ENDPOINT and member not in PLACES]
    if unknown:
        raise invalid_parameter(f"Updates of {', '.join(unknown)} are not modelled", clusterName=cluster.name)
    if set(given) & set(PLACES) and set(given) & set(ENDPOINT):
        raise invalid_parameter("Only one type of update can be allowed.", clusterName=cluster.name)
    names, kind = (PLACES, "VpcConfigUpdate") if set(given) & set(PLACES) else (ENDPOINT, "EndpointAccessUpdate")
    wanted = {**cluster.vpc, **given}
    if wanted == cluster.vpc:
        raise already(cluster, {member: wanted[member] for member in names})
    if not wanted["endpointPublicAccess"] and not wanted["endpointPrivateAccess"]:
        raise invalid_parameter("Private and public endpoint access cannot both be false.", clusterName=cluster.name)
    return Change(kind, {names[m]: wanted[m] for m in names}, lambda: setattr(cluster, "vpc", wanted))


def _logging(cluster: Cluster, given: Params) -> Change:
    wanted = dict(given)
    if wanted == cluster.logging:
        raise already(cluster, {"logging": wanted})
    return Change("LoggingUpdate", {"ClusterLogging": wanted}, lambda: setattr(cluster, "logging", wanted))


def _upgrade_policy(cluster: Cluster, given: Params) -> Change:
    wanted = dict(given)
    if wanted == cluster.upgrade_policy:
        raise already(cluster, wanted)
    change = {"UpgradePolicy": wanted}
    return Change("UpgradePolicyUpdate", change, lambda: setattr(cluster, "upgrade_policy", wanted))


def _deletion_protection(cluster: Cluster, given: bool) -> Change:
    if given == cluster.deletion_protection:
        raise already(cluster, {"deletionProtection": given})
    change = {"DeletionProtection": given}
    return Change("DeletionProtectionUpdate", change, lambda: setattr(cluster, "deletion_protection", given))


def _auto_mode(cluster: Cluster, given: Params) -> Change:
    check_auto_mode(given)
    network = {**cluster.shape["kubernetesNetworkConfig"], **given["kubernetesNetworkConfig"]}
    wanted = {**given, "kubernetesNetworkConfig": network}
    if all(cluster.shape.get(member) == value for member, value in wanted.items()):
        raise already(cluster, given)
    return Change("AutoModeUpdate", {"ComputeConfig": given["computeConfig"]}, lambda: cluster.shape.update(wanted))


CHANGES: Mapping[str, Callable[[Cluster, Any], Change]] = {
    "resourcesVpcConfig": _vpc,
    "logging": _logging,
    "upgradePolicy": _upgrade_policy,
    "deletionProtection": _deletion_protection,
    "computeConfig": _auto_mode,
}
"""Member of the request -> its check. All that belongs to Auto Mode goes to `computeConfig`."""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
