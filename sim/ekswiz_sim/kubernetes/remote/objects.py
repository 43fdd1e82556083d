"""What is in a cluster that is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ekswiz_sim.kubernetes.embedded.kinds import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ENDPOINT_SLICES,
    ENDPOINTS,
    EVENTS,
    LEASES,
    NODES,
    SERVED,
)
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj
from ekswiz_sim.kubernetes.remote.client import Client
from ekswiz_sim.kubernetes.remote.policies import LABEL, OURS

RESTLESS = frozenset({EVENTS, LEASES, NODES, ENDPOINTS, ENDPOINT_SLICES})
"""Kinds that change by themselves while nobody does anything."""
SYSTEM = ("kube-", "local-path-storage")
"""Namespaces whose contents are the distribution's own begin so."""
_SYSTEM_ROLES = ("system:", "kubeadm:", "kindnet", "local-path-")


async def snapshot(client: Client) -> dict[str, Obj]:
    """Objects by `KIND/NAMESPACE/NAME`, without what the cluster keeps for itself and what the front made in it."""
    found: dict[str, Obj] = {}
    for kind in SERVED:
        if kind not in RESTLESS:
            for obj in await every(client, kind):
                meta = obj["metadata"]
                if not _theirs(kind, meta):
                    found[f"{kind.qualified}/{meta.get('namespace', '')}/{meta['name']}"] = obj
    return found


async def every(client: Client, kind: Kind, namespace: str = "") -> list[Obj]:
    """All objects of a kind (in a namespace).

    Raises:
        ApiError: The API server does not answer.
    """
    base = f"/apis/{kind.group_version}" if kind.group else f"/api/{kind.version}"
    place = f"/namespaces/{namespace}" if namespace else ""
    listed = await client.get(f"{base}{place}/{kind.plural}")
    return [{"apiVersion": kind.group_version, "kind": kind.kind, **obj} for obj in _items(listed)]


def _items(listed: Obj) -> Iterator[Obj]:
    for obj in listed.get("items") or ():
        obj["metadata"].pop("managedFields", None)
        yield obj


def _theirs(kind: Kind, meta: dict[str, Any]) -> bool:
    if (meta.get("labels") or {}).get(LABEL) == OURS:
        return True
    place = meta["name"] if kind.plural == "namespaces" else meta.get("namespace", "")
    if place.startswith(SYSTEM):
        return True
    return kind in (CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS) and meta["name"].startswith(_SYSTEM_ROLES)
