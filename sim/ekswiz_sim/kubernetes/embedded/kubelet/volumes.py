"""A pod's volumes as directories: emptyDir, configMap, secret, downwardAPI, and projected ones of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ekswiz_sim.kubernetes.embedded.controllers.objects import key_of
from ekswiz_sim.kubernetes.embedded.kinds import CONFIG_MAPS, SECRETS
from ekswiz_sim.kubernetes.embedded.kubelet import sources
from ekswiz_sim.kubernetes.embedded.store import Obj, Store

_Contents = Mapping[str, bytes]
_Source = Callable[[Store, Obj, Obj], _Contents]


class Unmountable(Exception):
    """A volume cannot be set up; the text is the kubelet's event."""


def set_up(store: Store, pod: Obj, folder: Path) -> dict[str, Path]:
    """Make the directory of every volume below `folder`; what is there already is kept.

    Raises:
        Unmountable: A source is missing or is not modelled here.
    """
    made: dict[str, Path] = {}
    for volume in pod["spec"].get("volumes") or []:
        target = folder / volume["name"]
        try:
            contents = _contents(store, pod, volume)
        except sources.Unconfigured as error:
            raise Unmountable(f'MountVolume.SetUp failed for volume "{volume["name"]}" : {error}') from error
        target.mkdir(parents=True, exist_ok=True)
        _write(target, contents)
        made[volume["name"]] = target
    return made


def _contents(store: Store, pod: Obj, volume: Obj) -> _Contents:
    kind = next((field for field in volume if field != "name"), "emptyDir")
    source = _SOURCES.get(kind)
    if source is None:
        raise sources.Unconfigured(f"{kind} volumes are not modelled")
    return source(store, pod, volume.get(kind) or {})


def _write(target: Path, contents: _Contents) -> None:
    for name, data in contents.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _nothing(_store: Store, _pod: Obj, _source: Obj) -> _Contents:
    return {}


def _config_map(store: Store, pod: Obj, source: Obj) -> _Contents:
    found = sources.whole(store, CONFIG_MAPS, key_of(pod)[0], source)
    return sources.items(found, source, CONFIG_MAPS, pod)


def _secret(store: Store, pod: Obj, source: Obj) -> _Contents:
    named = {**source, "name": source.get("secretName") or source.get("name")}
    found = sources.whole(store, SECRETS, key_of(pod)[0], named)
    return sources.items(found, source, SECRETS, pod)


def _downward(store: Store, pod: Obj, source: Obj) -> _Contents:
    made: dict[str, bytes] = {}
    for one in source.get("items") or []:
        if "fieldRef" in one:
            made[one["path"]] = sources.field(pod, one["fieldRef"]["fieldPath"]).encode()
        else:
            made[one["path"]] = sources.resource(store, pod, {}, one["resourceFieldRef"]).encode()
    return made


def _projected(store: Store, pod: Obj, source: Obj) -> _Contents:
    made: dict[str, bytes] = {}
    for one in source.get("sources") or []:
        for kind, part in one.items():
            if kind not in _PROJECTED:
                raise sources.Unconfigured(f"projected {kind} volumes are not modelled")
            made |= _PROJECTED[kind](store, pod, part)
    return made


_PROJECTED: Mapping[str, _Source] = {"configMap": _config_map, "secret": _secret, "downwardAPI": _downward}
_SOURCES: Mapping[str, _Source] = {**_PROJECTED, "emptyDir": _nothing, "projected": _projected}
