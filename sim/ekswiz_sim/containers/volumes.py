"""A pod's volumes at the engine: memory that the pod's pause container holds, filled with what the kubelet wrote.

Nothing of this machine's files is mounted into a container, so an engine in a virtual machine needs to share none.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ekswiz_sim.containers import labels
from ekswiz_sim.containers.settings import CREATE
from ekswiz_sim.kubernetes.embedded.controllers.quantity import amount
from ekswiz_sim.kubernetes.embedded.kubelet.sources import Unconfigured
from ekswiz_sim.kubernetes.embedded.store import Obj

PLACE = "/volumes"
"""Where the pause container has them."""
SUBPATH = (1, 45)
"""Version of the API that mounts a part of a volume (Docker Engine 26)."""
_EMPTY, _FILLED = 0o777, 0o755
_FILE = 0o644


def create(client: Any, world: str, pod: Obj) -> dict[str, str]:
    """Make every volume of a pod; the engine's names by the pod's."""
    made: dict[str, str] = {}
    for one in pod["spec"].get("volumes") or ():
        options = f"mode={_EMPTY if _is_empty(one) else _FILLED:o}{_size(one)}"
        name = f"{world}-{pod['metadata']['uid'][:8]}-{one['name']}"
        memory = {"type": "tmpfs", "device": "tmpfs", "o": options}
        client.create_volume(name, driver="local", driver_opts=memory, labels=labels.of_pod(world, pod))
        made[one["name"]] = name
    return made


def fill(client: Any, holder: str, pod: Obj, folders: Mapping[str, Path]) -> None:
    """Put the contents of ConfigMaps, Secrets and the like into the volumes of a running holder."""
    for one in pod["spec"].get("volumes") or ():
        if not _is_empty(one):
            client.put_archive(holder, f"{PLACE}/{one['name']}", _archive(folders[one["name"]], _mode(one)))


def held(names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The holder's mounts."""
    return [_mount(f"{PLACE}/{own}", name) for own, name in names.items()]


def mounts(container: Obj, pod: Obj, names: Mapping[str, str], api: tuple[int, ...]) -> list[dict[str, Any]]:
    """A container's mounts.

    Raises:
        Unconfigured: The engine is too old for a part of a volume.
    """
    return list(_mounts(container, pod, names, api))


def _mounts(container: Obj, pod: Obj, names: Mapping[str, str], api: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    empty = {one["name"] for one in pod["spec"].get("volumes") or () if _is_empty(one)}
    for one in container.get("volumeMounts") or ():
        if one.get("subPathExpr"):
            raise Unconfigured("subPathExpr is not modelled")
        part = posixpath.normpath("/" + one.get("subPath", "")).lstrip("/")
        if part and api < SUBPATH:
            raise Unconfigured("subPath needs Docker Engine 26 or newer", CREATE)
        made = _mount(posixpath.normpath(one["mountPath"]), names[one["name"]])
        made["ReadOnly"] = bool(one.get("readOnly")) or one["name"] not in empty
        if part:
            made["VolumeOptions"]["Subpath"] = part
        yield made


def _mount(target: str, name: str) -> dict[str, Any]:
    """What the image has at that place does not go into the volume: Kubernetes' rule, not Docker's."""
    return {"Type": "volume", "Source": name, "Target": target, "VolumeOptions": {"NoCopy": True}}


def _is_empty(volume: Obj) -> bool:
    return "emptyDir" in volume or set(volume) == {"name"}


def _size(volume: Obj) -> str:
    limit = (volume.get("emptyDir") or {}).get("sizeLimit")
    return f",size={int(amount(limit))}" if limit else ""


def _mode(volume: Obj) -> int:
    source = next((value for key, value in volume.items() if key != "name"), None) or {}
    return int(source.get("defaultMode") or _FILE)


def _archive(folder: Path, mode: int) -> bytes:
    made = io.BytesIO()

    def owned(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mode = _FILLED if entry.isdir() else mode
        return entry

    with tarfile.open(fileobj=made, mode="w") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name, filter=owned)
    return made.getvalue()
