"""EKS in memory: clusters, updates, access entries, access policies, node groups, tags.

It answers in botocore's words with EKS's own texts, and makes real (embedded) Kubernetes clusters through a provider.
An operation or change that it does not know is refused by name.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/ and, for the ARNs that operations are authorised on,
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ekswiz_sim.aws.eks_addons import Addons
from ekswiz_sim.aws.eks_associations import Associations
from ekswiz_sim.aws.eks_clusters import Clusters, Run, new_cluster
from ekswiz_sim.aws.eks_entries import Entries
from ekswiz_sim.aws.eks_neighbours import Neighbours
from ekswiz_sim.aws.eks_nodegroups import Nodegroups
from ekswiz_sim.aws.eks_state import Addon, Cluster, Entry, Nodegroup, Params, State, invalid_parameter, page
from ekswiz_sim.aws.eks_updates import Updates
from ekswiz_sim.aws.eks_versions import VERSIONS
from ekswiz_sim.clock import SimClock
from ekswiz_sim.seams import AccessEntry, ClusterEndpoint, KubernetesProvider, Principal, ServiceError

ON_NOTHING = frozenset({"ListClusters", "DescribeClusterVersions", "ListAccessPolicies", "DescribeAddonVersions"})
ON_TAGGED = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})
ON_ENTRY = frozenset(
    {
        "DescribeAccessEntry",
        "UpdateAccessEntry",
        "DeleteAccessEntry",
        "AssociateAccessPolicy",
        "DisassociateAccessPolicy",
        "ListAssociatedAccessPolicies",
    }
)
ON_NODEGROUP = frozenset({"DescribeNodegroup", "DeleteNodegroup", "UpdateNodegroupConfig", "UpdateNodegroupVersion"})
ON_ADDON = frozenset({"DescribeAddon", "UpdateAddon", "DeleteAddon"})
ON_PART = frozenset({"DescribeUpdate", "ListUpdates"})
"""On the node group or add-on if one is named, else on the cluster."""
MOST_TAGS = 50

Operation = Callable[[Params, Principal], Mapping[str, Any]]


class _Members(dict[str, Any]):
    """A request's members; one that is needed and absent is EKS's error, not ours."""

    def __missing__(self, member: str) -> Any:
        raise invalid_parameter(f"{member} is required")


class Eks:
    """The EKS service of one account and region (`Service` and `AccessEntries` of seams).

    Args:
        account: Twelve digits.
        region: The region that ARNs name.
        principals: The unique id of an IAM role or user by ARN; None if it does not exist.
        kubernetes: What makes clusters; its coroutines run through `run`.
        run: Runs a coroutine on the world's loop and waits for its result; never called from that loop.
        neighbours: What there is of IAM and EC2 besides principals.
        clock: What statuses take their time by.
        polls: Without a clock: how many looks (describe calls) each status takes to move on.
        now: Epoch seconds.
        partition: The AWS partition.
    """

    def __init__(
        self,
        account: str,
        region: str,
        *,
        principals: Callable[[str], str | None],
        kubernetes: KubernetesProvider,
        run: Run,
        neighbours: Neighbours | None = None,
        clock: SimClock | None = None,
        polls: int = 1,
        now: Callable[[], float] = time.time,
        partition: str = "aws",
    ) -> None:
        self._state = State(account, region, partition, polls, now=now, clock=clock)
        self._entries = Entries(self._state, principals)
        beside = neighbours or Neighbours()
        self._clusters = Clusters(self._state, self._entries, kubernetes, run, beside)
        self._nodegroups = Nodegroups(self._entries, beside)
        self._addons = Addons(self._entries)
        self._operations = self._table()

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that are answered."""
        return tuple(self._operations)

    def call(self, operation: str, params: Mapping[str, Any], principal: Principal) -> Mapping[str, Any]:
        """Answer one operation with the members of botocore's output shape; see `seams.Service.call`."""
        known = self._operations.get(operation)
        if known is None:
            raise ServiceError("UnknownOperationException", f"EKS {operation} is not modelled", 404)
        return copy.deepcopy(known(_Members(params), principal))

    def arns(self, operation: str, params: Mapping[str, Any]) -> Sequence[str]:
        """The ARNs that the operation is authorised on, as AWS's service authorization reference has them."""
        if operation in ON_NOTHING:
            return ["*"]
        if operation in ON_TAGGED:
            return [params["resourceArn"]]
        cluster = params.get("clusterName") or params.get("name")
        if not isinstance(cluster, str):
            return ["*"]
        if operation in ON_ENTRY:
            return [self._entries.arn_of(cluster, params["principalArn"])]
        part = operation in ON_PART
        if operation in ON_NODEGROUP or (part and params.get("nodegroupName")):
            return [self._nodegroups.arn_of(cluster, params["nodegroupName"])]
        if operation in ON_ADDON or (part and params.get("addonName")):
            return [self._addons.arn_of(cluster, params["addonName"])]
        return [self._state.arn(f"cluster/{cluster}")]

    def tags(self, arn: str) -> Mapping[str, str]:
        """Tags of an existing cluster, access entry or node group."""
        with self._state.lock:
            return dict(self._tagged(arn) or {})

    def find(self, cluster: str, principal_arn: str) -> AccessEntry | None:
        """The entry for an IAM role or user ARN; None without one, or where the cluster's mode is CONFIG_MAP."""
        with self._state.lock:
            known = self._state.clusters.get(cluster)
            entry = known.entries.get(principal_arn) if known and known.mode != "CONFIG_MAP" else None
            if entry is None:
                return None
            policies = tuple(
                (arn, tuple(policy["accessScope"]["namespaces"])) for arn, policy in sorted(entry.policies.items())
            )
            return AccessEntry(entry.principal_arn, entry.unique_id, entry.username, tuple(entry.groups), policies)

    def seed(
        self,
        name: str,
        endpoint: ClusterEndpoint,
        *,
        role_arn: str,
        version: str = "1.35",
        mode: str = "API_AND_CONFIG_MAP",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Put in an ACTIVE cluster that was there before; nobody has an access entry on it yet."""
        cluster = new_cluster(self._state, name, version, mode, role_arn)
        cluster.status, cluster.endpoint, cluster.tags = "ACTIVE", endpoint, dict(tags or {})
        self._clusters.seed(cluster)

    def node_role(self) -> str | None:
        """The role of the nodes of the first cluster that has some of its own; None if none has."""
        with self._state.lock:
            for cluster in self._state.clusters.values():
                roles = [group.shape["nodeRole"] for group in cluster.nodegroups.values()]
                roles.append(cluster.shape.get("computeConfig", {}).get("nodeRoleArn", ""))
                if roles[0]:
                    return str(roles[0])
        return None

    def snapshot(self) -> dict[str, Any]:
        """Everything there is, by cluster; times and made-up identifiers included."""
        with self._state.lock:
            return {name: copy.deepcopy(self._pictured(cluster)) for name, cluster in self._state.clusters.items()}

    def _table(self) -> dict[str, Operation]:
        clusters, entries, nodegroups, addons = self._clusters, self._entries, self._nodegroups, self._addons
        associations, updates = Associations(entries), Updates(self._state, entries, nodegroups, addons)
        return {
            "CreateCluster": clusters.create,
            "DescribeCluster": clusters.describe,
            "ListClusters": clusters.list,
            "DeleteCluster": clusters.delete,
            "UpdateClusterConfig": updates.update_config,
            "UpdateClusterVersion": updates.update_version,
            "UpdateNodegroupConfig": updates.update_nodegroup,
            "UpdateNodegroupVersion": updates.update_nodegroup_version,
            "UpdateAddon": updates.update_addon,
            "CreateAddon": addons.create,
            "DescribeAddon": addons.describe,
            "ListAddons": addons.list,
            "DeleteAddon": addons.delete,
            "DescribeAddonVersions": addons.describe_versions,
            "DescribeUpdate": updates.describe,
            "ListUpdates": updates.list,
            "DescribeClusterVersions": self._versions,
            "CreateAccessEntry": entries.create,
            "DescribeAccessEntry": entries.describe,
            "ListAccessEntries": entries.list,
            "UpdateAccessEntry": entries.update,
            "DeleteAccessEntry": entries.delete,
            "AssociateAccessPolicy": associations.associate,
            "DisassociateAccessPolicy": associations.disassociate,
            "ListAssociatedAccessPolicies": associations.list_associated,
            "ListAccessPolicies": associations.list_policies,
            "CreateNodegroup": nodegroups.create,
            "DescribeNodegroup": nodegroups.describe,
            "ListNodegroups": nodegroups.list,
            "DeleteNodegroup": nodegroups.delete,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }

    def _versions(self, params: Params, _: Principal) -> dict[str, Any]:
        described = [version.described(self._state.now()) for version in VERSIONS]
        asked = set(params.get("clusterVersions", ()))
        status = params.get("versionStatus") or str(params.get("status", "")).upper().replace("-", "_")
        found = [
            each
            for each in described
            if (not asked or each["clusterVersion"] in asked)
            and (not status or each["versionStatus"] == status)
            and (not params.get("defaultOnly") or each["defaultVersion"])
            and (asked or status or params.get("includeAll") or each["versionStatus"] != "UNSUPPORTED")
        ]
        versions, more = page(found, params)
        return {"clusterVersions": versions, **more}

    def _tag(self, params: Params, _: Principal) -> dict[str, Any]:
        with self._state.lock:
            tags = self._taggable(params)
            if len(tags | params["tags"]) > MOST_TAGS:
                raise ServiceError("BadRequestException", f"A resource can have at most {MOST_TAGS} tags", 400)
            tags.update(params["tags"])
        return {}

    def _untag(self, params: Params, _: Principal) -> dict[str, Any]:
        with self._state.lock:
            tags = self._taggable(params)
            for key in params["tagKeys"]:
                tags.pop(key, None)
        return {}

    def _list_tags(self, params: Params, _: Principal) -> dict[str, Any]:
        with self._state.lock:
            return {"tags": dict(self._taggable(params))}

    def _taggable(self, params: Params) -> dict[str, str]:
        tags = self._tagged(params["resourceArn"])
        if tags is None:
            raise ServiceError("NotFoundException", "Resource was not found", 404)
        return tags

    def _tagged(self, arn: str) -> dict[str, str] | None:
        for cluster in self._state.clusters.values():
            tagged: list[Cluster | Entry | Nodegroup | Addon] = [cluster]
            tagged += [*cluster.entries.values(), *cluster.nodegroups.values(), *cluster.addons.values()]
            for each in tagged:
                if each.arn == arn:
                    return each.tags
        return None

    def _pictured(self, cluster: Cluster) -> dict[str, Any]:
        entries = {
            arn: {
                **self._entries.described(cluster.name, entry),
                "uniqueId": entry.unique_id,
                "policies": entry.policies,
            }
            for arn, entry in cluster.entries.items()
        }
        nodegroups = {name: {**group.shape, "tags": group.tags} for name, group in cluster.nodegroups.items()}
        addons = {name: {**addon.shape, "tags": addon.tags} for name, addon in cluster.addons.items()}
        parts = {"accessEntries": entries, "nodegroups": nodegroups, "addons": addons}
        return {**self._clusters.described(cluster), **parts}
