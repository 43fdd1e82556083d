"""Discovery: which groups, versions and resources there are. kubectl asks before everything else."""

from __future__ import annotations

import platform
from typing import Any

from ekswiz_sim.kubernetes.embedded.api import catalog
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def version() -> Obj:
    """`GET /version`."""
    return {
        "major": "1",
        "minor": "37",
        "emulationMajor": "1",
        "emulationMinor": "37",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "36",
        "gitVersion": "v1.37.0-ekswiz",
        "gitCommit": "0" * 40,
        "gitTreeState": "clean",
        "buildDate": "2026-08-26T00:00:00Z",
        "goVersion": "go1.26.0",
        "compiler": "gc",
        "platform": f"linux/{'arm64' if platform.machine() in ('arm64', 'aarch64') else 'amd64'}",
    }


def aggregated(*, core: bool) -> Obj:
    """All resources of the core group (`/api`) or of the others (`/apis`) in one document."""
    items = [
        {
            "metadata": {"name": _group(name), "creationTimestamp": None},
            "versions": [
                {"version": name.rsplit("/", 1)[-1], "freshness": "Current", "resources": [_resource(k) for k in kinds]}
            ],
        }
        for name, kinds in catalog.groups().items()
        if ("/" not in name) == core
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _group(group_version: str) -> str:
    return group_version.rsplit("/", 1)[0] if "/" in group_version else ""


def _resource(kind: Kind) -> Obj:
    found: Obj = {
        "resource": kind.plural,
        "responseKind": _kind(kind),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.kind.lower(),
        "verbs": list(catalog.verbs(kind)),
    }
    if kind.short:
        found["shortNames"] = list(kind.short)
    if kind.categories:
        found["categories"] = list(kind.categories)
    if kind.subresources:
        found["subresources"] = [_subresource(kind, name) for name in kind.subresources]
    return found


def _kind(kind: Kind) -> Obj:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _subresource(kind: Kind, name: str) -> Obj:
    scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    return {
        "subresource": name,
        "responseKind": scale if name == "scale" else _kind(kind),
        "verbs": list(catalog.subresource_verbs(name)),
    }


def core_versions() -> Obj:
    """Classic `GET /api`."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def group_list() -> Obj:
    """Classic `GET /apis`."""
    found = [group(name) for name in catalog.groups() if "/" in name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def group(group_version: str) -> Obj:
    """One group of `group_list`."""
    served = {"groupVersion": group_version, "version": group_version.rsplit("/", 1)[-1]}
    return {"name": _group(group_version), "versions": [served], "preferredVersion": served}


def resource_list(group_version: str) -> Obj:
    """Classic `GET /apis/GROUP/VERSION`, subresources included."""
    resources: list[Any] = []
    for kind in catalog.groups()[group_version]:
        resources.append(_classic(kind))
        for name in kind.subresources:
            entry = {
                "name": f"{kind.plural}/{name}",
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": "Scale" if name == "scale" else kind.kind,
                "verbs": list(catalog.subresource_verbs(name)),
            }
            if name == "scale":
                entry |= {"group": "autoscaling", "version": "v1"}
            resources.append(entry)
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def _classic(kind: Kind) -> Obj:
    found: Obj = {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(catalog.verbs(kind)),
    }
    if kind.short:
        found["shortNames"] = list(kind.short)
    if kind.categories:
        found["categories"] = list(kind.categories)
    return found
