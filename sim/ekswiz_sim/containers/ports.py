"""Which ports of a pod are published, always on an address of loopback, and where they are reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ekswiz_sim.kubernetes.embedded.controllers.objects import key_of
from ekswiz_sim.kubernetes.embedded.kinds import SERVICES
from ekswiz_sim.kubernetes.embedded.kubelet.parts import Context
from ekswiz_sim.kubernetes.embedded.store import Obj

_ASKED = ("startupProbe", "readinessProbe", "livenessProbe")
_HOOKS = ("postStart", "preStop")


def wanted(context: Context, image: Mapping[str, Any]) -> list[int]:
    """TCP ports that somebody may ask the pod on.

    Declared by it or its image, named by a probe or a hook, or the target of a Service that chooses it.
    """
    pod = context.pod
    found = [*_declared(pod), *_exposed(image), *_probed(pod), *_served(context, pod)]
    return sorted({port for port in found if 0 < port < 1 << 16})


def bindings(context: Context, ports: list[int]) -> dict[str, list[dict[str, str]]]:
    """The engine's PortBindings: the pod's own address, or any port where pods share one."""
    direct = context.parts.addresses.direct
    return {f"{port}/tcp": [{"HostIp": context.address, "HostPort": str(port) if direct else ""}] for port in ports}


def note(context: Context, inspected: Mapping[str, Any]) -> None:
    """Where pods share an address, write down which port of it stands for which of the pod's."""
    if context.parts.addresses.direct:
        return
    folder: Path = context.ports
    for name, places in (inspected["NetworkSettings"].get("Ports") or {}).items():
        for place in places or ():
            (folder / name.partition("/")[0]).write_text(str(place["HostPort"]), encoding="ascii")


def _declared(pod: Obj) -> Iterator[int]:
    for one in _containers(pod):
        for port in one.get("ports") or ():
            if port.get("protocol", "TCP") == "TCP":
                yield int(port["containerPort"])


def _exposed(image: Mapping[str, Any]) -> Iterator[int]:
    for text in image.get("ExposedPorts") or ():
        port, _, protocol = str(text).partition("/")
        if protocol in ("", "tcp") and port.isdecimal():
            yield int(port)


def _probed(pod: Obj) -> Iterator[int]:
    for one in _containers(pod):
        hooks = one.get("lifecycle") or {}
        for handler in [*(one.get(name) or {} for name in _ASKED), *(hooks.get(name) or {} for name in _HOOKS)]:
            for kind in ("httpGet", "tcpSocket"):
                port = (handler.get(kind) or {}).get("port")
                if isinstance(port, int):
                    yield port


def _served(context: Context, pod: Obj) -> Iterator[int]:
    marks = pod["metadata"].get("labels") or {}
    for service in context.parts.store.all(SERVICES, key_of(pod)[0]):
        chosen = service["spec"].get("selector") or {}
        if chosen and chosen.items() <= marks.items():
            for port in service["spec"].get("ports") or ():
                target = port.get("targetPort", port["port"])
                if isinstance(target, int):
                    yield target


def _containers(pod: Obj) -> list[Obj]:
    return [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]
