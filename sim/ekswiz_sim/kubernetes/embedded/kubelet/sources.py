"""Where values for containers come from: ConfigMaps, Secrets and the pod itself."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from ekswiz_sim.kubernetes.embedded.controllers.objects import key_of
from ekswiz_sim.kubernetes.embedded.controllers.quantity import amount
from ekswiz_sim.kubernetes.embedded.kinds import CONFIG_MAPS, NODES, SECRETS
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store

_KEYED = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
_FIELDS = {
    "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations", "spec.nodeName",
    "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
}  # fmt: skip


class Unconfigured(Exception):
    """A container cannot be made; the text and the `reason` of its waiting state are the kubelet's."""

    def __init__(self, message: str, reason: str = "CreateContainerConfigError") -> None:
        super().__init__(message)
        self.reason = reason


def data_of(store: Store, kind: Kind, namespace: str, name: str) -> Mapping[str, bytes] | None:
    """A ConfigMap's or Secret's data, decoded; None if it does not exist."""
    found = store.get(kind, namespace, name)
    if found is None:
        return None
    if kind == SECRETS:
        return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
    plain = {key: str(value).encode() for key, value in (found.get("data") or {}).items()}
    return plain | {key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}


def whole(store: Store, kind: Kind, namespace: str, reference: Obj) -> Mapping[str, bytes]:
    """All data behind a reference; empty if it is optional and absent.

    Raises:
        Unconfigured: It is neither.
    """
    found = data_of(store, kind, namespace, reference["name"])
    if found is None and not reference.get("optional"):
        raise Unconfigured(f'{kind.kind.lower()} "{reference["name"]}" not found')
    return found or {}


def one_key(store: Store, kind: Kind, namespace: str, reference: Obj) -> bytes | None:
    """The value behind a key reference; None if it is optional and absent.

    Raises:
        Unconfigured: It is neither.
    """
    value = whole(store, kind, namespace, reference).get(reference["key"])
    if value is None and not reference.get("optional"):
        raise Unconfigured(f"couldn't find key {reference['key']} in {kind.kind} {namespace}/{reference['name']}")
    return value


def field(pod: Obj, path: str) -> str:
    """A `fieldRef`.

    Raises:
        Unconfigured: No such field can be referred to.
    """
    if keyed := _KEYED.fullmatch(path):
        return str((pod["metadata"].get(keyed[1]) or {}).get(keyed[2], ""))
    if path not in _FIELDS:
        raise Unconfigured(f"field label not supported: {path}")
    found: Any = pod
    for part in path.split("."):
        found = (found or {}).get(part)
    if isinstance(found, Mapping):
        return "\n".join(f'{key}="{value}"' for key, value in sorted(found.items()))
    if isinstance(found, list):
        return ",".join(str(one["ip"]) for one in found)
    return str(found or "")


def resource(store: Store, pod: Obj, container: Obj, reference: Obj) -> str:
    """A `resourceFieldRef`: a limit or request, rounded up to the divisor; without a limit what the node has.

    Raises:
        Unconfigured: No such container or resource.
    """
    if name := reference.get("containerName"):
        named = [one for one in pod["spec"]["containers"] if one["name"] == name]
        if not named:
            raise Unconfigured(f"container {name} not found")
        container = named[0]
    which, _, resource_name = reference["resource"].partition(".")
    if which not in ("limits", "requests") or resource_name not in ("cpu", "memory", "ephemeral-storage"):
        raise Unconfigured(f"unsupported container resource : {reference['resource']}")
    found = ((container.get("resources") or {}).get(which) or {}).get(resource_name)
    if found is None:
        found = _allocatable(store, pod, resource_name) if which == "limits" else "0"
    divisor = amount(reference.get("divisor") or "1") or Decimal(1)
    return str((amount(found) / divisor).to_integral_value(ROUND_CEILING))


def _allocatable(store: Store, pod: Obj, name: str) -> str:
    node = store.get(NODES, None, pod["spec"].get("nodeName", ""))
    return str(node["status"]["allocatable"].get(name, "0")) if node else "0"


def items(data: Mapping[str, bytes], source: Obj, kind: Kind, pod: Obj) -> dict[str, bytes]:
    """The files that a volume source makes of its data: all keys, or those listed under their paths.

    Raises:
        Unconfigured: A listed key does not exist.
    """
    listed = source.get("items")
    if not listed:
        return dict(data)
    missing = [one["key"] for one in listed if one["key"] not in data]
    if missing and not source.get("optional"):
        word = "secret" if kind == SECRETS else "configmap"
        name = source.get("secretName") or source.get("name")
        raise Unconfigured(f"references non-existent {word} key: {missing[0]} in {key_of(pod)[0]}/{name}")
    return {one["path"]: data[one["key"]] for one in listed if one["key"] in data}


ENVIRONMENT_KINDS = {
    "configMapRef": CONFIG_MAPS,
    "secretRef": SECRETS,
    "configMapKeyRef": CONFIG_MAPS,
    "secretKeyRef": SECRETS,
}
"""Which kind a reference in `env` and `envFrom` means."""
