"""The kind tier as the world takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ekswiz.tiers import Tiers
from ekswiz_sim.containers.engine import Engine
from ekswiz_sim.kubernetes.kind import preflight
from ekswiz_sim.kubernetes.kind.provider import KindProvider

if TYPE_CHECKING:
    from ekswiz_sim.alternatives import Site


def kubernetes(site: Site) -> KindProvider:
    """What makes the world's clusters.

    Raises:
        RehearsalError: kind cannot be used here.
    """
    facts = preflight.check()
    return KindProvider(site, facts, Engine(facts.engine.address))


def rows(tiers: Tiers) -> Iterator[Mapping[str, str]]:
    """The rows of the tier table, with what was found."""
    found = preflight.check().sentence()
    image = f"; the node is {tiers.node_image}" if tiers.node_image else ""
    kept = "; the cluster stays (--keep)" if tiers.keep else ""
    said = f"Kubernetes' own API server, controllers and kubelet, behind our EKS front{image}{kept}"
    reach = "OCI protocol; every request judged; for the node also on the engine's bridge, with TLS and login"
    for part, chosen, real in (
        ("registry", "embedded", reach),
        ("Kubernetes", "kind", said),
        ("pods", "containers", "containerd runs the pushed image on the node, pulled as the node role"),
    ):
        yield {"part": part, "chosen": chosen, "real": real, "why": found}
