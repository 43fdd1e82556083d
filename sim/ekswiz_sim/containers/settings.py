"""From a container of a pod to what the engine is told: user, rights, limits and mounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ekswiz_sim.kubernetes.embedded.controllers.quantity import amount
from ekswiz_sim.kubernetes.embedded.kubelet.sources import Unconfigured
from ekswiz_sim.kubernetes.embedded.store import Obj

CREATE = "CreateContainerError"
_LEAST_MEMORY = 6 << 20
"""Bytes; the engine takes no smaller limit."""
_BASELINE = frozenset(
    {
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP"),
        *("SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    }
)
"""Capabilities that Pod Security's baseline lets a pod add."""
_NAME = re.compile(r"[^a-zA-Z0-9_.-]+")


def security(pod: Obj, container: Obj) -> Obj:
    """The security context in force: the container's over the pod's."""
    return {**(pod["spec"].get("securityContext") or {}), **(container.get("securityContext") or {})}


def user(pod: Obj, container: Obj) -> str | None:
    """`uid[:gid]`; None leaves it to the image."""
    found = security(pod, container)
    uid, gid = found.get("runAsUser"), found.get("runAsGroup")
    if uid is None:
        return None
    return f"{uid}:{gid}" if gid is not None else f"{uid}"


def host(pod: Obj, container: Obj, cpus: int) -> dict[str, Any]:
    """Members of the engine's HostConfig.

    Raises:
        Unconfigured: It asks for rights that a rehearsal gives nobody on this machine.
    """
    found = security(pod, container)
    _refuse(pod, found)
    rights = found.get("capabilities") or {}
    made: dict[str, Any] = {"ReadonlyRootfs": bool(found.get("readOnlyRootFilesystem"))}
    made["CapDrop"] = [_capability(one) for one in rights.get("drop") or ()]
    made["CapAdd"] = [_capability(one) for one in rights.get("add") or ()]
    made["GroupAdd"] = [str(one) for one in _groups(pod)]
    if found.get("allowPrivilegeEscalation") is False:
        made["SecurityOpt"] = ["no-new-privileges"]
    return made | _limits(container, cpus)


def name(world: str, pod: Obj, container: str, run: int) -> str:
    """A name that people find in `docker ps`."""
    meta = pod["metadata"]
    return _NAME.sub("-", f"{world}-{meta['namespace']}-{meta['name']}-{meta['uid'][:8]}-{container}-{run}")


def _refuse(pod: Obj, found: Obj) -> None:
    if found.get("privileged"):
        raise Unconfigured("privileged containers are not run on this machine's engine", CREATE)
    profile = (found.get("seccompProfile") or {}).get("type", "RuntimeDefault")
    if profile != "RuntimeDefault":
        raise Unconfigured(f"seccompProfile {profile} is not given on this machine's engine, which has its own", CREATE)
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod["spec"].get(field):
            raise Unconfigured(f"{field} is not given on this machine's engine", CREATE)
    more = {_capability(one) for one in (found.get("capabilities") or {}).get("add") or ()} - _BASELINE
    if more:
        raise Unconfigured(f"capability {min(more)} is not given on this machine's engine", CREATE)


def _capability(text: str) -> str:
    return str(text).upper().removeprefix("CAP_")


def _groups(pod: Obj) -> list[int]:
    found = pod["spec"].get("securityContext") or {}
    own = [found["fsGroup"]] if found.get("fsGroup") is not None else []
    return [*(found.get("supplementalGroups") or ()), *own]


def _limits(container: Obj, cpus: int) -> dict[str, Any]:
    limits: Mapping[str, Any] = (container.get("resources") or {}).get("limits") or {}
    made: dict[str, Any] = {}
    if "memory" in limits:
        made["Memory"] = made["MemorySwap"] = max(int(amount(limits["memory"])), _LEAST_MEMORY)
    if "cpu" in limits:
        made["NanoCpus"] = max(10_000_000, min(int(amount(limits["cpu"]) * 10**9), cpus * 10**9))
    return made
