"""Add-ons: create, describe, list, delete, and the versions that go with a cluster.

Surprising: AWS's list of versions is long and changes weekly; here each add-on has three per minor version, the middle
one being the default. What is made of an add-on in Kubernetes is not modelled.

Source: https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ekswiz_sim.aws.eks_entries import Entries
from ekswiz_sim.aws.eks_progress import running, settle
from ekswiz_sim.aws.eks_state import Addon, Cluster, Params, in_use, invalid_parameter, new_id, not_found, page
from ekswiz_sim.aws.eks_versions import PLATFORM, VERSIONS, minor
from ekswiz_sim.seams import Principal

KNOWN: Mapping[str, str] = {
    "vpc-cni": "v1.{minor}.{patch}-eksbuild.1",
    "kube-proxy": "v1.{minor}.{patch}-eksbuild.2",
    "coredns": "v1.{minor}.{patch}-eksbuild.3",
    "metrics-server": "v0.{minor}.{patch}-eksbuild.1",
    "eks-pod-identity-agent": "v1.{minor}.{patch}-eksbuild.1",
}
"""Name -> the form of its versions; numbers that no real release has, so that nobody takes them for advice."""
PATCHES = (2, 1, 0)
DEFAULT_PATCH = 1
KEPT = ("serviceAccountRoleArn", "configurationValues")
TYPES: Mapping[str, str] = {"vpc-cni": "networking", "kube-proxy": "networking", "coredns": "networking"}


def versions(name: str, cluster_version: str) -> list[str]:
    """The versions of an add-on that go with a Kubernetes version, the newest first."""
    return [KNOWN[name].format(minor=minor(cluster_version), patch=patch) for patch in PATCHES]


class Addons:
    """The operations on add-ons."""

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.state = entries.state

    def create(self, params: Params, _: Principal) -> dict[str, Any]:
        """CreateAddon."""
        with self.state.lock:
            again = self.state.replayed("CreateAddon", params)
            if isinstance(again, Addon):
                return {"addon": _described(params["clusterName"], again)}
            cluster = self.state.active(params["clusterName"])
            addon = self._made(cluster, params)
            cluster.addons[addon.name] = addon
            self.state.keep("CreateAddon", params, addon)
            return {"addon": _described(cluster.name, addon)}

    def describe(self, params: Params, _: Principal) -> dict[str, Any]:
        """DescribeAddon; counts as a look."""
        with self.state.lock:
            cluster = self.state.cluster(params["clusterName"])
            addon = self.addon(cluster, params)
            if addon.status == "CREATING" and addon.delay.look():
                addon.status = "ACTIVE"
            elif addon.status == "DELETING" and addon.delay.look():
                del cluster.addons[addon.name]
            elif running(addon):
                settle(addon)
            return {"addon": _described(cluster.name, self.addon(cluster, params))}

    def list(self, params: Params, _: Principal) -> dict[str, Any]:
        """ListAddons."""
        with self.state.lock:
            names, more = page(sorted(self.state.cluster(params["clusterName"]).addons), params)
        return {"addons": names, **more}

    def delete(self, params: Params, _: Principal) -> dict[str, Any]:
        """DeleteAddon."""
        with self.state.lock:
            cluster = self.state.cluster(params["clusterName"])
            addon = self.addon(cluster, params)
            addon.status, addon.delay = "DELETING", self.state.delay("addon deletion")
            self.state.forget(addon)
            if self.state.instant:
                del cluster.addons[addon.name]
            return {"addon": _described(cluster.name, addon)}

    def describe_versions(self, params: Params, _: Principal) -> dict[str, Any]:
        """DescribeAddonVersions."""
        name, wanted = params.get("addonName"), params.get("kubernetesVersion")
        if name is not None and name not in KNOWN:
            raise not_found(f"Addon {name} specified is not supported")
        kubernetes = [each.name for each in VERSIONS if wanted in (None, each.name)]
        found = [
            {"addonName": each, "type": TYPES.get(each, "observability"), "addonVersions": _versions(each, kubernetes)}
            for each in ([name] if name else sorted(KNOWN))
        ]
        addons, more = page(found, params)
        return {"addons": addons, **more}

    def addon(self, cluster: Cluster, params: Params) -> Addon:
        """The add-on that a request names. The caller holds the lock.

        Raises:
            ServiceError: There is none.
        """
        found = cluster.addons.get(params["addonName"])
        if found is None:
            message = f"No addon: {params['addonName']} found in cluster: {cluster.name}"
            raise not_found(message, clusterName=cluster.name, addonName=params["addonName"])
        return found

    def compatible(self, cluster: Cluster, name: str, wanted: str | None) -> str:
        """The version that is asked for, or the default one.

        Raises:
            ServiceError: It does not go with the cluster's Kubernetes.
        """
        offered = versions(name, cluster.shape["version"])
        if wanted is None:
            return offered[PATCHES.index(DEFAULT_PATCH)]
        if wanted not in offered:
            raise invalid_parameter(f"Addon version specified is not supported: {wanted}", addonName=name)
        return wanted

    def arn_of(self, cluster: str, name: str) -> str:
        """The ARN that an operation on an add-on is authorised on; of an absent one, all but its identifier."""
        with self.state.lock:
            known = self.state.clusters.get(cluster)
            addon = known.addons.get(name) if known else None
            return addon.arn if addon else self.state.arn(f"addon/{cluster}/{name}/*")

    def _made(self, cluster: Cluster, params: Params) -> Addon:
        name = params["addonName"]
        if name not in KNOWN:
            raise invalid_parameter(f"Addon {name} specified is not supported", addonName=name)
        if name in cluster.addons:
            raise in_use("Addon already exists.", clusterName=cluster.name, addonName=name)
        shape = {"addonVersion": self.compatible(cluster, name, params.get("addonVersion"))}
        shape |= {member: params[member] for member in KEPT if member in params}
        arn = self.state.arn(f"addon/{cluster.name}/{name}/{new_id()}")
        tags = dict(params.get("tags", {}))
        return Addon(name, arn, self.state.now(), shape, self.state.delay("addon"), tags=tags)


def _versions(name: str, kubernetes: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "addonVersion": version,
            "compatibilities": [
                {
                    "clusterVersion": cluster,
                    "platformVersions": [PLATFORM],
                    "defaultVersion": patch == DEFAULT_PATCH,
                }
            ],
        }
        for cluster in kubernetes
        for patch, version in zip(PATCHES, versions(name, cluster), strict=True)
    ]


def _described(cluster: str, addon: Addon) -> dict[str, Any]:
    return {
        "addonName": addon.name,
        "clusterName": cluster,
        "status": addon.status,
        **addon.shape,
        "health": {"issues": []},
        "addonArn": addon.arn,
        "createdAt": addon.created,
        "modifiedAt": addon.created,
        "tags": addon.tags,
    }
