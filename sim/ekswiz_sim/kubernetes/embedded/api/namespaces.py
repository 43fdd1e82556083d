"""What every namespace holds from its first moment: the default service account and the cluster's CA."""

from __future__ import annotations

import uuid

from ekswiz_sim.kubernetes.embedded.fields.managed import now
from ekswiz_sim.kubernetes.embedded.kinds import CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store

CA_MAP = "kube-root-ca.crt"
_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


def identified(kind: Kind, name: str, namespace: str | None = None, **parts: object) -> Obj:
    """An object that the system makes by itself."""
    meta: Obj = {"name": name, "uid": str(uuid.uuid4()), "creationTimestamp": now()}
    if namespace:
        meta["namespace"] = namespace
    return {"apiVersion": kind.group_version, "kind": kind.kind, "metadata": meta, **parts}


def furnish(store: Store, namespace: str, ca_pem: bytes) -> None:
    """Put the default objects into a namespace; what is there stays."""
    if store.get(SERVICE_ACCOUNTS, namespace, "default") is None:
        store.put(SERVICE_ACCOUNTS, identified(SERVICE_ACCOUNTS, "default", namespace))
    if store.get(CONFIG_MAPS, namespace, CA_MAP) is None:
        found = identified(CONFIG_MAPS, CA_MAP, namespace, data={"ca.crt": ca_pem.decode()})
        found["metadata"]["annotations"] = {"kubernetes.io/description": _DESCRIPTION}
        store.put(CONFIG_MAPS, found)


def make(store: Store, name: str, ca_pem: bytes) -> None:
    """A namespace with its default objects, unless it exists."""
    if store.get(NAMESPACES, None, name) is None:
        found = identified(NAMESPACES, name, spec={"finalizers": ["kubernetes"]}, status={"phase": "Active"})
        found["metadata"]["labels"] = {"kubernetes.io/metadata.name": name}
        store.put(NAMESPACES, found)
    furnish(store, name, ca_pem)
