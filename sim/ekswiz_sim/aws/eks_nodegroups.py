"""Managed node groups, as far as a rehearsal needs them: they exist, take time, and hold their cluster."""

from __future__ import annotations

import re
from typing import Any

from ekswiz_sim.aws.eks_entries import Entries
from ekswiz_sim.aws.eks_neighbours import Neighbours
from ekswiz_sim.aws.eks_progress import running, settle
from ekswiz_sim.aws.eks_state import (
    Cluster,
    Nodegroup,
    Params,
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

    def __init__(self, entries: Entries, neighbours: Neighbours) -> None:
        self.entries = entries
        self.state = entries.state
        self.neighbours = neighbours

    def create(self, params: Params, _: Principal) -> dict[str, Any]:
        """CreateNodegroup."""
        role = params["nodeRole"]
        unique_id = self.entries.unique_id(role)  # IAM and EC2 are asked before the lock is taken
        refusal = self._role(role, unique_id) or self._subnets(params)
        with self.state.lock:
            again = self.state.replayed("CreateNodegroup", params)
            if isinstance(again, Nodegroup):
                return {"nodegroup": _described(params["clusterName"], again)}
            cluster = self.state.active(params["clusterName"])
            group = self._checked(cluster, params, refusal)
            cluster.nodegroups[group.name] = group
            self.entries.add_nodes(cluster, role, unique_id or "")
            self.state.keep("CreateNodegroup", params, group)
            return {"nodegroup": _described(cluster.name, group)}

    def describe(self, params: Params, _: Principal) -> dict[str, Any]:
        """DescribeNodegroup; counts as a look."""
        with self.state.lock:
            cluster = self.state.cluster(params["clusterName"])
            group = self.group(cluster, params)
            if group.status == "CREATING" and group.delay.look():
                group.status = "ACTIVE"
            elif group.status == "DELETING" and group.delay.look():
                self._drop(cluster, group)
            elif running(group):
                settle(group)
            return {"nodegroup": _described(cluster.name, self.group(cluster, params))}

    def list(self, params: Params, _: Principal) -> dict[str, Any]:
        """ListNodegroups."""
        with self.state.lock:
            cluster = self.state.cluster(params["clusterName"])
            for group in list(cluster.nodegroups.values()):
                if group.status == "DELETING" and group.delay.look():
                    self._drop(cluster, group)
            names, more = page(sorted(cluster.nodegroups), params)
        return {"nodegroups": names, **more}

    def delete(self, params: Params, _: Principal) -> dict[str, Any]:
        """DeleteNodegroup."""
        with self.state.lock:
            cluster = self.state.cluster(params["clusterName"])
            group = self.group(cluster, params)
            if group.status == "DELETING":
                message = f"The nodegroup {group.name} is already being deleted"
                raise in_use(message, clusterName=cluster.name, nodegroupName=group.name)
            group.status = "DELETING"
            group.delay = self.state.delay("nodegroup deletion")
            self.state.forget(group)
            if self.state.instant:
                self._drop(cluster, group)
            return {"nodegroup": _described(cluster.name, group)}

    def arn_of(self, cluster: str, name: str) -> str:
        """The ARN that an operation on a node group is authorised on; of an absent one, all but its identifier."""
        with self.state.lock:
            known = self.state.clusters.get(cluster)
            group = known.nodegroups.get(name) if known else None
            return group.arn if group else self.state.arn(f"nodegroup/{cluster}/{name}/*")

    def group(self, cluster: Cluster, params: Params) -> Nodegroup:
        """The node group that a request names. The caller holds the lock.

        Raises:
            ServiceError: There is none.
        """
        group = cluster.nodegroups.get(params["nodegroupName"])
        if group is None:
            message = f"No node group found for name: {params['nodegroupName']}."
            raise not_found(message, clusterName=cluster.name, nodegroupName=params["nodegroupName"])
        return group

    def _drop(self, cluster: Cluster, group: Nodegroup) -> None:
        """Remove it, and the access entry of its role unless other nodes have that."""
        del cluster.nodegroups[group.name]
        role = group.shape["nodeRole"]
        if all(other.shape["nodeRole"] != role for other in cluster.nodegroups.values()):
            self.entries.remove_nodes(cluster, role)

    def _role(self, role: str, unique_id: str | None) -> str:
        if unique_id is None:
            return f"The role with name {role.rpartition('/')[2]} cannot be found."
        if not self.neighbours.assumable(role, "ec2.amazonaws.com"):
            return f"The role {role} could not be assumed by ec2.amazonaws.com"
        return ""

    def _subnets(self, params: Params) -> str:
        zones = self.neighbours.zones(params["subnets"])
        absent = [each for each in params["subnets"] if each not in zones]
        return f"The subnet ID '{absent[0]}' does not exist" if absent else ""

    def _checked(self, cluster: Cluster, params: Params, refusal: str) -> Nodegroup:
        name = params["nodegroupName"]
        if not NAME.fullmatch(name):
            raise invalid_parameter(f"The nodegroup name {name} is not valid", clusterName=cluster.name)
        if name in cluster.nodegroups:
            message = f"NodeGroup already exists with name {name} and cluster name {cluster.name}"
            raise in_use(message, clusterName=cluster.name, nodegroupName=name)
        if refusal:
            raise invalid_parameter(refusal, clusterName=cluster.name, nodegroupName=name)
        sizes = sized({"minSize": 1, "maxSize": 2, "desiredSize": 2}, params.get("scalingConfig", {}))
        shape = {**DEFAULTS, "version": cluster.shape["version"], "scalingConfig": sizes}
        shape |= {member: params[member] for member in KEPT if member in params and member != "scalingConfig"}
        arn = self.state.arn(f"nodegroup/{cluster.name}/{name}/{new_id()}")
        tags = dict(params.get("tags", {}))
        return Nodegroup(name, arn, self.state.now(), shape, self.state.delay("nodegroup"), tags=tags)


def sized(before: Params, given: Params) -> dict[str, int]:
    """The sizes of a group after a request.

    Raises:
        ServiceError: They are not in order.
    """
    sizes = {**before, **given}
    if not sizes["minSize"] <= sizes["desiredSize"] <= sizes["maxSize"]:
        raise invalid_parameter("Minimum capacity, desired capacity and maximum capacity must be in this order")
    return sizes


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
