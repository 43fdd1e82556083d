"""Updates of clusters, node groups and add-ons, and what shows their progress.

Surprising: one update at a time and one type of change per request; the authentication mode goes one step forward and
never back, the version one minor up; asking for what is already so is an error.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ekswiz_sim.aws.eks_addons import Addons
from ekswiz_sim.aws.eks_changes import CHANGES, Change, already, authentication
from ekswiz_sim.aws.eks_entries import Entries
from ekswiz_sim.aws.eks_nodegroups import Nodegroups, sized
from ekswiz_sim.aws.eks_progress import Holder, Update, running, settle
from ekswiz_sim.aws.eks_state import Cluster, Params, State, in_use, invalid_parameter, not_found, page
from ekswiz_sim.aws.eks_state import new_id as fresh_id
from ekswiz_sim.aws.eks_versions import is_offered, minor
from ekswiz_sim.seams import Principal


class Updates:
    """UpdateClusterConfig, UpdateClusterVersion, UpdateNodegroupConfig, UpdateNodegroupVersion; DescribeUpdate."""

    def __init__(self, state: State, entries: Entries, nodegroups: Nodegroups, addons: Addons) -> None:
        self.state = state
        self.entries = entries
        self.nodegroups = nodegroups
        self.addons = addons

    def update_config(self, params: Params, _: Principal) -> dict[str, Any]:
        """UpdateClusterConfig."""
        return self._once("UpdateClusterConfig", params, params["name"], self._config)

    def update_version(self, params: Params, _: Principal) -> dict[str, Any]:
        """UpdateClusterVersion: one minor version up."""
        return self._once("UpdateClusterVersion", params, params["name"], self._version)

    def update_nodegroup(self, params: Params, _: Principal) -> dict[str, Any]:
        """UpdateNodegroupConfig: the sizes; nothing else is modelled."""
        return self._once("UpdateNodegroupConfig", params, params["clusterName"], self._nodegroup_config)

    def update_nodegroup_version(self, params: Params, _: Principal) -> dict[str, Any]:
        """UpdateNodegroupVersion: to the cluster's version, or one that is not above it."""
        return self._once("UpdateNodegroupVersion", params, params["clusterName"], self._nodegroup_version)

    def update_addon(self, params: Params, _: Principal) -> dict[str, Any]:
        """UpdateAddon: another version."""
        return self._once("UpdateAddon", params, params["clusterName"], self._addon)

    def describe(self, params: Params, _: Principal) -> dict[str, Any]:
        """DescribeUpdate; counts as a look."""
        with self.state.lock:
            holder = self._holder(params)
            update = holder.updates.get(params["updateId"])
            if update is None:
                raise not_found(f"No update found for ID: {params['updateId']}", clusterName=params["name"])
            settle(holder)
            return {"update": update.described()}

    def list(self, params: Params, _: Principal) -> dict[str, Any]:
        """ListUpdates."""
        with self.state.lock:
            ids, more = page(list(self._holder(params).updates), params)
        return {"updateIds": ids, **more}

    def _holder(self, params: Params) -> Holder:
        cluster = self.state.cluster(params["name"])
        if params.get("nodegroupName"):
            return self.nodegroups.group(cluster, params)
        return self.addons.addon(cluster, params) if params.get("addonName") else cluster

    def _once(
        self, operation: str, params: Params, name: str, begin: Callable[[Cluster, Params], Update]
    ) -> dict[str, Any]:
        with self.state.lock:
            again = self.state.replayed(operation, params)
            if isinstance(again, Update):
                return {"update": again.described()}
            update = begin(self.state.active(name), params)
            self.state.keep(operation, params, update)
            return {"update": update.described()}

    def _started(self, holder: Holder, what: str, change: Change) -> Update:
        settle(holder)  # what is over by now is not in the way
        under_way = running(holder)
        if under_way:
            raise in_use(f"Cannot {change.kind} because {what} currently has update {under_way.id} in progress")
        listed = [{"type": name, "value": _text(value)} for name, value in change.params.items()]
        delay = self.state.delay(change.kind)
        update = Update(fresh_id(), change.kind, listed, self.state.now(), delay, change.apply)
        holder.updates[update.id] = update
        holder.status = "UPDATING"
        return update

    def _config(self, cluster: Cluster, params: Params) -> Update:
        asked = [member for member in params if member not in ("name", "clientRequestToken")]
        auto = {"computeConfig", "storageConfig", "kubernetesNetworkConfig"}
        if auto & set(asked) and set(asked) <= auto:
            change = CHANGES["computeConfig"](cluster, {member: params[member] for member in asked})
        else:
            change = self._single(cluster, params, asked)
        return self._started(cluster, f"cluster {cluster.name}", change)

    def _single(self, cluster: Cluster, params: Params, asked: Sequence[str]) -> Change:
        unknown = [member for member in asked if member not in CHANGES and member != "accessConfig"]
        if unknown:
            raise invalid_parameter(f"Updates of {', '.join(unknown)} are not modelled", clusterName=cluster.name)
        if len(asked) != 1:
            raise invalid_parameter("Only one type of update can be allowed.", clusterName=cluster.name)
        if asked[0] == "accessConfig":
            return authentication(cluster, params["accessConfig"], lambda: self.entries.add_creator(cluster))
        return CHANGES[asked[0]](cluster, params[asked[0]])

    def _version(self, cluster: Cluster, params: Params) -> Update:
        wanted, now = params["version"], cluster.shape["version"]
        if wanted == now:
            raise already(cluster, {"version": wanted})
        if not is_offered(wanted, self.state.now()):
            raise invalid_parameter(f"unsupported Kubernetes version {wanted}", clusterName=cluster.name)
        if minor(wanted) != minor(now) + 1:
            raise invalid_parameter(
                f"Unsupported Kubernetes minor version update from {now} to {wanted}", clusterName=cluster.name
            )
        change = Change("VersionUpdate", {"Version": wanted}, lambda: cluster.shape.update(version=wanted))
        return self._started(cluster, f"cluster {cluster.name}", change)

    def _nodegroup_config(self, cluster: Cluster, params: Params) -> Update:
        group = self.nodegroups.group(cluster, params)
        self._only(params, {"scalingConfig"}, cluster)
        sizes = sized(group.shape["scalingConfig"], params.get("scalingConfig", {}))
        named = {"MinSize": sizes["minSize"], "MaxSize": sizes["maxSize"], "DesiredSize": sizes["desiredSize"]}
        change = Change("ConfigUpdate", named, lambda: group.shape.update(scalingConfig=sizes))
        return self._started(group, f"nodegroup {group.name}", change)

    def _nodegroup_version(self, cluster: Cluster, params: Params) -> Update:
        group = self.nodegroups.group(cluster, params)
        self._only(params, {"version", "force"}, cluster)
        wanted = params.get("version", cluster.shape["version"])
        if minor(wanted) > minor(cluster.shape["version"]):
            raise invalid_parameter(f"Nodegroup Kubernetes version {wanted} is above the cluster's")
        change = Change("VersionUpdate", {"Version": wanted}, lambda: group.shape.update(version=wanted))
        return self._started(group, f"nodegroup {group.name}", change)

    def _addon(self, cluster: Cluster, params: Params) -> Update:
        addon = self.addons.addon(cluster, params)
        self._only(params, {"addonVersion", "resolveConflicts"}, cluster)
        wanted = self.addons.compatible(cluster, addon.name, params.get("addonVersion"))
        change = Change("AddonUpdate", {"AddonVersion": wanted}, lambda: addon.shape.update(addonVersion=wanted))
        return self._started(addon, f"addon {addon.name}", change)

    def _only(self, params: Params, known: set[str], cluster: Cluster) -> None:
        names = {"clusterName", "nodegroupName", "addonName", "clientRequestToken"}
        unknown = sorted(set(params) - known - names)
        if unknown:
            raise invalid_parameter(f"Updates of {', '.join(unknown)} are not modelled", clusterName=cluster.name)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
