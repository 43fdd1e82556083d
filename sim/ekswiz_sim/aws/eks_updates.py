"""Updates of a cluster's configuration.

Surprising: one update at a time and one type of change per request; the authentication mode goes one step forward and
never back; asking for what is already so is an error.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ekswiz_sim.aws.eks_clusters import MODES
from ekswiz_sim.aws.eks_entries import Entries
from ekswiz_sim.aws.eks_state import Cluster, Params, Polls, State, Update, in_use, invalid_parameter, not_found, page
from ekswiz_sim.aws.eks_state import new_id as fresh_id
from ekswiz_sim.seams import Principal

VPC_PARAMS = {
    "endpointPublicAccess": "EndpointPublicAccess",
    "endpointPrivateAccess": "EndpointPrivateAccess",
    "publicAccessCidrs": "PublicAccessCidrs",
}
ALREADY = "Cluster is already at the desired configuration with"

_Change = tuple[str, dict[str, Any], Callable[[], None]]


class Updates:
    """UpdateClusterConfig and what shows its progress."""

    def __init__(self, state: State, entries: Entries) -> None:
        self.state = state
        self.entries = entries
        self._changes: dict[str, Callable[[Cluster, Any], _Change]] = {
            "accessConfig": self._access,
            "resourcesVpcConfig": _vpc,
            "logging": _logging,
            "upgradePolicy": _upgrade_policy,
            "deletionProtection": _deletion_protection,
        }

    def update_config(self, params: Params, _: Principal) -> dict[str, Any]:
        """UpdateClusterConfig."""
        with self.state.lock:
            again = self.state.replayed("UpdateClusterConfig", params)
            if isinstance(again, Update):
                return {"update": again.described()}
            cluster = self.state.active(params["name"])
            kind, change, apply = self._change(cluster, params)
            update = self._started(cluster, kind, change, apply)
            self.state.keep("UpdateClusterConfig", params, update)
            return {"update": update.described()}

    def describe(self, params: Params, _: Principal) -> dict[str, Any]:
        """DescribeUpdate; counts as a look."""
        with self.state.lock:
            cluster = self.state.cluster(params["name"])
            update = cluster.updates.get(params["updateId"])
            if update is None:
                raise not_found(f"No update found for ID: {params['updateId']}", clusterName=cluster.name)
            update.look()
            if cluster.running_update() is None and cluster.status == "UPDATING":
                cluster.status = "ACTIVE"
            return {"update": update.described()}

    def list(self, params: Params, _: Principal) -> dict[str, Any]:
        """ListUpdates."""
        with self.state.lock:
            ids, more = page(list(self.state.cluster(params["name"]).updates), params)
        return {"updateIds": ids, **more}

    def _change(self, cluster: Cluster, params: Params) -> _Change:
        asked = [member for member in params if member not in ("name", "clientRequestToken")]
        unknown = [member for member in asked if member not in self._changes]
        if unknown:
            raise invalid_parameter(f"Updates of {', '.join(unknown)} are not modelled", clusterName=cluster.name)
        if len(asked) != 1:
            raise invalid_parameter("Only one type of update can be allowed.", clusterName=cluster.name)
        return self._changes[asked[0]](cluster, params[asked[0]])

    def _started(self, cluster: Cluster, kind: str, change: dict[str, Any], apply: Callable[[], None]) -> Update:
        running = cluster.running_update()
        if running:
            raise in_use(
                f"Cannot {kind} because cluster {cluster.name} currently has update {running.id} in progress",
                clusterName=cluster.name,
            )
        listed = [{"type": name, "value": _text(value)} for name, value in change.items()]
        update = Update(fresh_id(), kind, listed, self.state.now(), Polls(self.state.polls), apply)
        cluster.updates[update.id] = update
        cluster.status = "UPDATING"
        return update

    def _access(self, cluster: Cluster, given: Params) -> _Change:
        mode = given.get("authenticationMode")
        if mode not in MODES:
            raise invalid_parameter("authenticationMode is required", clusterName=cluster.name)
        if mode == cluster.mode:
            raise invalid_parameter(f"{ALREADY} authenticationMode: {mode}", clusterName=cluster.name)
        if MODES.index(mode) != MODES.index(cluster.mode) + 1:
            raise invalid_parameter(
                f"Unsupported authentication mode update from {cluster.mode} to {mode}", clusterName=cluster.name
            )

        def apply() -> None:
            cluster.mode = mode
            self.entries.add_creator(cluster)

        return "AccessConfigUpdate", {"AuthenticationMode": mode}, apply


def _vpc(cluster: Cluster, given: Params) -> _Change:
    unknown = [member for member in given if member not in VPC_PARAMS]
    if unknown:
        raise invalid_parameter(f"Updates of {', '.join(unknown)} are not modelled", clusterName=cluster.name)
    wanted = {**cluster.vpc, **given}
    _must_differ(cluster.vpc, wanted, {member: wanted[member] for member in VPC_PARAMS}, cluster)
    change = {VPC_PARAMS[member]: wanted[member] for member in VPC_PARAMS}
    return "EndpointAccessUpdate", change, lambda: setattr(cluster, "vpc", wanted)


def _logging(cluster: Cluster, given: Params) -> _Change:
    wanted = dict(given)
    _must_differ(cluster.logging, wanted, {"logging": wanted}, cluster)
    return "LoggingUpdate", {"ClusterLogging": wanted}, lambda: setattr(cluster, "logging", wanted)


def _upgrade_policy(cluster: Cluster, given: Params) -> _Change:
    wanted = dict(given)
    _must_differ(cluster.upgrade_policy, wanted, wanted, cluster)
    return "UpgradePolicyUpdate", {"UpgradePolicy": wanted}, lambda: setattr(cluster, "upgrade_policy", wanted)


def _deletion_protection(cluster: Cluster, given: bool) -> _Change:
    _must_differ(cluster.deletion_protection, given, {"deletionProtection": given}, cluster)
    change = {"DeletionProtection": given}
    return "DeletionProtectionUpdate", change, lambda: setattr(cluster, "deletion_protection", given)


def _must_differ(before: Any, after: Any, named: Params, cluster: Cluster) -> None:
    if before == after:
        wording = ", ".join(f"{name}: {_text(value)}" for name, value in named.items())
        raise invalid_parameter(f"{ALREADY} {wording}", clusterName=cluster.name)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
