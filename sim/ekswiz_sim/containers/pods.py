"""The pods of a world at the engine: for each one a pause container that holds its address, ports and volumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz_sim.containers import labels, pause, ports, settings, settle, volumes
from ekswiz_sim.containers.preflight import Facts
from ekswiz_sim.kubernetes.embedded.kubelet.parts import Context


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What a pod's containers share: the holder of its network, and its volumes by the pod's names."""

    holder: str
    volumes: Mapping[str, str]


class Pods:
    """Makes and removes sandboxes. Its functions block; they are called in the engine's threads."""

    def __init__(self, world: str, facts: Facts) -> None:
        self._world = world
        self._facts = facts

    def begin(self, client: Any) -> None:
        """Make what all pods of the world share: a network of their own, and the image of their holders."""
        if not client.networks(filters=labels.only(self._world)):
            client.create_network(self._world, driver="bridge", labels=labels.of(self._world))
        pause.image(client, self._world, self._facts.architecture)

    def create(self, client: Any, context: Context, image: Mapping[str, Any]) -> Sandbox:
        """Make a pod's sandbox; if that fails nothing of it stays."""
        names = volumes.create(client, self._world, context.pod)
        try:
            holder = self._holder(client, context, image, names)
            client.start(holder)
            volumes.fill(client, holder, context.pod, context.volumes)
            ports.note(context, client.inspect_container(holder))
        except Exception:
            self.remove(client, context)
            raise
        return Sandbox(holder, names)

    def remove(self, client: Any, context: Context) -> list[str]:
        """Remove a pod's containers, its holder and its volumes; what is left, in words."""
        mine = {"label": [f"{labels.WORLD}={self._world}", f"{labels.POD}={context.seen['metadata']['uid']}"]}
        return settle.containers(client, mine) + settle.volumes(client, mine)

    def _holder(self, client: Any, context: Context, image: Mapping[str, Any], names: Mapping[str, str]) -> str:
        pod = context.pod
        wanted = ports.wanted(context, image)
        configuration = {
            "Image": f"ekswiz-pause:{self._world}",
            "Hostname": pod["metadata"]["name"][:63],
            "ExposedPorts": {f"{port}/tcp": {} for port in wanted},
            "Labels": labels.of_pod(self._world, pod),
            "HostConfig": {
                "NetworkMode": self._world,
                "PortBindings": ports.bindings(context, wanted),
                "Mounts": volumes.held(names),
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges"],
            },
        }
        made = client.create_container_from_config(configuration, settings.name(self._world, pod, "pause", 0))
        return str(made["Id"])
