"""The Docker tier as the world takes it: what is looked at before, what holds its objects, and its clusters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ekswiz.tiers import Tiers
from ekswiz_sim import holdings
from ekswiz_sim.containers import address, preflight
from ekswiz_sim.containers.engine import Engine, EngineError, connect, guarded

if TYPE_CHECKING:
    from ekswiz_sim.alternatives import Site
    from ekswiz_sim.containers import pulling
    from ekswiz_sim.kubernetes.embedded.cluster import Workload
    from ekswiz_sim.kubernetes.embedded.store import Store
    from ekswiz_sim.kubernetes.provider import Provider

ENGINE, WORLD, BASE_IMAGE = "EKSWIZ_ENGINE", "EKSWIZ_WORLD", "EKSWIZ_BASE_IMAGE"
"""Variables of the steps: the engine's address, the world's id, and what stands for the Dockerfile's base image."""
RELAY, RELAYED = "relay", "EKSWIZ_RELAY"
"""Folder of a world whose engine does not reach its registry, and the variable that names it to the steps."""
_REFUSED = (401, 403)
"""The registry's answer to a login that it does not know."""


def begin(site: Site) -> preflight.Facts:
    """Note what the world will make at the engine, and see whether the engine reaches the world's registry.

    One in a virtual machine has a loopback of its own; images are handed over then (see `relay`).

    Raises:
        RehearsalError: There is no engine.
    """
    facts = preflight.check()
    holdings.note(site.home, "container", {"address": facts.address, "registry": site.registry})
    if reached(facts, site.registry):
        return facts
    (site.home / RELAY).mkdir()
    return replace(facts, virtual=True, relay=True)


def kubernetes(site: Site, facts: preflight.Facts) -> Provider:
    """Embedded clusters whose pods are containers of the engine."""
    from ekswiz_sim.containers.node import Node  # loaded when the tier is chosen
    from ekswiz_sim.kubernetes.provider import Provider, workloads

    pull = relayed(site) if facts.relay else None
    node = Node(site.world, facts, site.registry, site.node_login, site.home / "engine", relayed=pull)

    class Clusters(Provider):
        """Ends the engine's threads with the last cluster."""

        async def close(self) -> None:
            try:
                await super().close()
            finally:
                await node.close()

    def workload(store: Store, root: Path) -> Workload:
        return workloads(store, node, root / "node", machine=node, shared_address=facts.virtual)

    rules, authority = site.policy_rules, site.authority
    root = site.home / "kubernetes"
    return Clusters(site.gatekeeper, rules, ca=authority, puller=node, root=root, make_workload=workload)


def step_environment(tiers: Tiers, home: Path) -> Mapping[str, str]:
    """What tells the docker command of a workflow's steps to build with the engine."""
    found = {ENGINE: address.find(), WORLD: home.name}
    if (home / RELAY).is_dir():
        found[RELAYED] = str(home / RELAY)
    return {**found, **({BASE_IMAGE: tiers.base_image} if tiers.base_image else {})}


def rows(tiers: Tiers) -> Iterator[Mapping[str, str]]:
    """The rows of the tier table, with the engine that was found."""
    engine = preflight.check().sentence()
    base = f"; FROM is {tiers.base_image}" if tiers.base_image else ""
    yield _row("images", "Docker", f"every instruction of the Dockerfile runs in the engine{base}", engine)
    if tiers.cluster == "embedded":
        said = "the image's own containers, with user, limits and volumes; pods do not reach Services by address"
        yield _row("pods", "containers", said, engine)


def _row(part: str, chosen: str, real: str, why: str) -> Mapping[str, str]:
    return {"part": part, "chosen": chosen, "real": real, "why": why}


def relayed(site: Site) -> Callable[[str, Engine], Awaitable[pulling.Found]]:
    """Pulls from here, as the node role, for an engine that cannot."""
    from ekswiz_sim.containers import pulling, relay  # loaded when the tier is chosen

    async def pull(reference: str, engine: Engine) -> pulling.Found:
        image = await site.puller.pull(reference)
        notes = site.home / RELAY
        identity = await engine.call(lambda client: relay.identity(client, site.world, image, notes))
        return pulling.Found(image.digest, identity, image.config)

    return pull


def reached(facts: preflight.Facts, registry: str) -> bool:
    """Whether the engine reaches the registry: it is asked to try a login that nobody has."""
    client = connect(facts.address, patience=20)
    try:
        guarded(lambda: client.login("probe", "nobody", registry=f"http://{registry}", reauth=True))
    except EngineError as error:
        text = str(error).lower()
        return error.status in _REFUSED or "unauthorized" in text or "not authorized" in text
    finally:
        client.close()
    return True
