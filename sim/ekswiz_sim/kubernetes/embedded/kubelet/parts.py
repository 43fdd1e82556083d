"""What a pod's worker and its containers share: the node's services, and the pod that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ekswiz_sim.kubernetes.embedded.controllers.objects import uid_of
from ekswiz_sim.kubernetes.embedded.controllers.recorder import Recorder
from ekswiz_sim.kubernetes.embedded.kinds import PODS
from ekswiz_sim.kubernetes.embedded.kubelet.images import Images
from ekswiz_sim.kubernetes.embedded.kubelet.interpreter import Interpreter
from ekswiz_sim.kubernetes.embedded.kubelet.machine import Machine
from ekswiz_sim.kubernetes.embedded.kubelet.record import Record
from ekswiz_sim.kubernetes.embedded.kubelet.runtime import Runtime
from ekswiz_sim.kubernetes.embedded.kubelet.timing import Timing
from ekswiz_sim.kubernetes.embedded.network.addresses import Addresses, mapped
from ekswiz_sim.kubernetes.embedded.store import Obj, Store

if TYPE_CHECKING:
    import aiohttp

_COMPONENT = "kubelet"


@dataclass(frozen=True, slots=True)
class Parts:
    """The node's services. `environment` are variables that the world gives to every container."""

    store: Store
    recorder: Recorder
    images: Images
    runtime: Runtime
    interpreter: Interpreter
    addresses: Addresses
    environment: Mapping[str, str]
    timing: Timing
    session: Callable[[], aiohttp.ClientSession]
    machine: Machine


@dataclass(slots=True)
class Context:
    """One pod on the node. `seen` is the object as it was when the pod came; `pod` is what it is now."""

    parts: Parts
    seen: Obj
    folder: Path
    publish: Callable[[], None]
    address: str = ""
    volumes: dict[str, Path] = field(default_factory=dict)

    @property
    def stored(self) -> Obj | None:
        """The pod as stored; None if it is gone or another has its name."""
        meta = self.seen["metadata"]
        found = self.parts.store.get(PODS, meta["namespace"], meta["name"])
        return found if found is not None and uid_of(found) == uid_of(self.seen) else None

    @property
    def pod(self) -> Obj:
        """The pod as stored; as it came, if it is gone."""
        return self.stored or self.seen

    @property
    def title(self) -> str:
        """`name_namespace(uid)`, as the kubelet writes pods in messages."""
        meta = self.seen["metadata"]
        return f"{meta['name']}_{meta['namespace']}({meta['uid']})"

    @property
    def ports(self) -> Path:
        """Where a pod of a shared address leaves the ports that it got."""
        return self.folder / "ports"

    def locate(self, port: int) -> tuple[str, int]:
        """Where a port of the pod is reached.

        Raises:
            LookupError: The address is shared and the pod does not listen on the port.
        """
        return (self.address, port if self.parts.addresses.direct else mapped(self.ports, port))

    def normal(self, record: Record, reason: str, message: str) -> None:
        """An event about one container."""
        self.parts.recorder.normal(self.pod, _COMPONENT, reason, message, _field_path(record))

    def warning(self, record: Record | None, reason: str, message: str) -> None:
        """An event about one container, or about the pod."""
        self.parts.recorder.warning(self.pod, _COMPONENT, reason, message, _field_path(record) if record else "")


def _field_path(record: Record) -> str:
    return f"spec.{'initContainers' if record.is_init else 'containers'}{{{record.name}}}"
