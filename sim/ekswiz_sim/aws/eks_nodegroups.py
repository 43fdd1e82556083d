"""Managed node groups, as far as a rehearsal needs them: they exist, take time, and hold their cluster."""

from __future__ import annotations

import re
from typing import Any

from ekswiz_sim.aws.eks_entries import Entries
from ekswiz_sim.aws.eks_state import (
    Cluster,
    Nodegroup,
    Params,
    Polls,
    in_use,
    invalid_parameter,
    new_id,
    not_found,
    page,
)
from ekswiz_sim.seams import Principal

NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,62}", re.ASCII)
DEFAULTS = {"capacityType": "ON_DEMAND", "instanceTypes": ["t3.medium"], "amiType": "AL2023_x86_64_STANDARD"}
KEPT = (
    "capacityType",
    "scalingConfig",
    "instanceTypes",
    "subnets",
    "amiType",
    "nodeRole",
    "labels",
    "taints",
    "diskSize",
    "updateConfig",
    "launchTemplate",
    "remoteAccess",
    "releaseVersion",
)
"""Members that come back as they were given."""


class Nodegroups:
    """The operations on node groups."""

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.state = entries.state

    def create(self, params: Params, _: Principal) -> dict[str, Any]:
        """CreateNodegroup."""
        role_exists = self.entries.unique_id(params["nodeRole"]) is not None  # asked before the lock is taken
        with self.state.lock:
            again = self.state.replayed("CreateNodegroup", params)
            if isinstance(again, Nodegroup):
                return {"nodegroup": _described(params["clusterName"], again)}
            cluster = self.state.active(params["clusterName"])
            group = self._checked(cluster, params, role_exists)
            cluster.nodegroups[group.name] = group
            self.state.keep("CreateNodegroup", params, group)
            return {"nodegroup": _described(cluster.name, group)}

    def describe(self, params: Params, _: Principal) -> dict[str, Any]:
        """DescribeNodegroup; counts as a look."""
        with self.state.lock:
            cluster = self.state.cluster(params["clusterName"])
            group = self._group(cluster, params)
            if group.status == "CREATING" and group.polls.look():
                group.status = "ACTIVE"
            elif group.status == "DELETING" and group.polls.look():
                del cluster.nodegroups[group.name]
            return {"nodegroup": _described(cluster.name, self._group(cluster, params))}

    def list(self, params: Params, _: Principal) -> dict[str, Any]:
        """ListNodegroups."""
        with self.state.lock:
            names, more = page(sorted(self.state.cluster(params["clusterName"]).nodegroups), params)
        return {"nodegroups": names, **more}

    def delete(self, params: Params, _: Principal) -> dict[str, Any]:
        """DeleteNodegroup."""
        with self.state.lock:
            cluster = self.state.cluster(params["clusterName"])
            group = self._group(cluster, params)
            group.status = "DELETING"
            group.polls = Polls(self.state.polls)
            self.state.forget(group)
            if not self.state.polls:
                del cluster.nodegroups[group.name]
            return {"nodegroup": _described(cluster.name, group)}

    def arn_of(self, cluster: str, name: str) -> str:
        """The ARN that an operation on a node group is authorised on; of an absent one, all but its identifier."""
        with self.state.lock:
            known = self.state.clusters.get(cluster)
            group = known.nodegroups.get(name) if known else None
            return group.arn if group else self.state.arn(f"nodegroup/{cluster}/{name}/*")

    def _group(self, cluster: Cluster, params: Params) -> Nodegroup:
        group = cluster.nodegroups.get(params["nodegroupName"])
        if group is None:
            message = f"No node group found for name: {params['nodegroupName']}."
            raise not_found(message, clusterName=cluster.name, nodegroupName=params["nodegroupName"])
        return group

    def _checked(self, cluster: Cluster, params: Params, role_exists: bool) -> Nodegroup:
        name, role = params["nodegroupName"], params["nodeRole"]
        if not NAME.fullmatch(name):
            raise invalid_parameter(f"The nodegroup name {name} is not valid", clusterName=cluster.name)
        if name in cluster.nodegroups:
            message = f"NodeGroup already exists with name {name} and cluster name {cluster.name}"
            raise in_use(message, clusterName=cluster.name, nodegroupName=name)
        if not role_exists:
            raise invalid_parameter(f"The role with name {role.rpartition('/')[2]} cannot be found.")
        sizes = {"minSize": 1, "maxSize": 2, "desiredSize": 2, **params.get("scalingConfig", {})}
        if not sizes["minSize"] <= sizes["desiredSize"] <= sizes["maxSize"]:
            raise invalid_parameter("Minimum capacity, desired capacity and maximum capacity must be in this order")
        shape = {**DEFAULTS, "version": cluster.shape["version"], "scalingConfig": sizes}
        shape |= {member: params[member] for member in KEPT if member in params and member != "scalingConfig"}
        arn = self.state.arn(f"nodegroup/{cluster.name}/{name}/{new_id()}")
        tags = dict(params.get("tags", {}))
        return Nodegroup(name, arn, self.state.now(), shape, Polls(self.state.polls), tags=tags)


def _described(cluster: str, group: Nodegroup) -> dict[str, Any]:
    return {
        "nodegroupName": group.name,
        "nodegroupArn": group.arn,
        "clusterName": cluster,
        "createdAt": group.created,
        "modifiedAt": group.created,
        "status": group.status,
        **group.shape,
        "health": {"issues": []},
        "tags": group.tags,
    }
