"""What a cluster holds before its first request: system namespaces and default roles."""

from __future__ import annotations

from ekswiz_sim.kubernetes.embedded.access import roles
from ekswiz_sim.kubernetes.embedded.api import namespaces
from ekswiz_sim.kubernetes.embedded.store import Store

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


def bootstrap(store: Store, ca_pem: bytes = b"") -> None:
    """Fill an empty store. `ca_pem` goes into every namespace's `kube-root-ca.crt`."""
    for name in SYSTEM_NAMESPACES:
        namespaces.make(store, name, ca_pem)
    roles.seed(store)
