"""A container's environment: the image's, the Services', `envFrom`, `env`; nothing of the host's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ekswiz_sim.kubernetes.embedded.controllers.objects import key_of
from ekswiz_sim.kubernetes.embedded.kinds import SERVICES
from ekswiz_sim.kubernetes.embedded.kubelet import sources
from ekswiz_sim.kubernetes.embedded.store import Obj, Store

_REFERENCE = re.compile(r"\$\$|\$\(([^()]*)\)")
_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(NAME)`; `$$` is a dollar, an unknown name stays as it is."""

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return variables.get(match[1], match[0])

    return _REFERENCE.sub(replace, text)


def of_image(config: Mapping[str, object]) -> dict[str, str]:
    """The `Env` of an image's configuration."""
    entries = config.get("Env") or []
    assert isinstance(entries, Sequence)
    return {name: value for name, _, value in (str(one).partition("=") for one in entries)}


def of_container(store: Store, pod: Obj, container: Obj, known: Mapping[str, str]) -> dict[str, str]:
    """`envFrom` and `env` over what is `known`.

    Raises:
        sources.Unconfigured: A reference leads nowhere.
    """
    made: dict[str, str] = {}
    for one in container.get("envFrom") or []:
        made |= _all_of(store, key_of(pod)[0], one)
    services = service_links(store, pod)
    for one in container.get("env") or []:
        value = _value(store, pod, container, one, {**known, **services, **made})
        if value is not None:
            made[one["name"]] = value
    return made


def _all_of(store: Store, namespace: str, source: Obj) -> dict[str, str]:
    made: dict[str, str] = {}
    for field, kind in sources.ENVIRONMENT_KINDS.items():
        if field in source:
            found = sources.whole(store, kind, namespace, source[field])
            named = {source.get("prefix", "") + key: value for key, value in found.items()}
            made |= {key: value.decode() for key, value in named.items() if _NAME.fullmatch(key)}
    return made


def _value(store: Store, pod: Obj, container: Obj, entry: Obj, known: Mapping[str, str]) -> str | None:
    source = entry.get("valueFrom")
    if not source:
        return expand(str(entry.get("value") or ""), known)
    if "fieldRef" in source:
        return sources.field(pod, source["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in source:
        return sources.resource(store, pod, container, source["resourceFieldRef"])
    for field, kind in sources.ENVIRONMENT_KINDS.items():
        if field in source:
            found = sources.one_key(store, kind, key_of(pod)[0], source[field])
            return None if found is None else found.decode()
    raise sources.Unconfigured(f"{next(iter(source))} is not modelled")


def service_links(store: Store, pod: Obj) -> dict[str, str]:
    """Variables of the namespace's Services (WEB_SERVICE_HOST, WEB_PORT, …), as Docker links once were."""
    made: dict[str, str] = {}
    if pod["spec"].get("enableServiceLinks") is False:
        return made
    for service in store.all(SERVICES, key_of(pod)[0]):
        address = service["spec"].get("clusterIP")
        if address and address != "None" and service["spec"].get("ports"):
            made |= _link(service["metadata"]["name"].upper().replace("-", "_"), address, service["spec"])
    return made


def _link(name: str, address: str, spec: Obj) -> dict[str, str]:
    ports = spec.get("ports") or []
    first = ports[0]
    made = {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(first["port"])}
    made[f"{name}_PORT"] = _url(address, first)
    for port in ports:
        if port.get("name"):
            made[f"{name}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(port["port"])
        protocol = port.get("protocol", "TCP")
        prefix = f"{name}_PORT_{port['port']}_{protocol}"
        made |= {
            prefix: _url(address, port),
            f"{prefix}_PROTO": protocol.lower(),
            f"{prefix}_PORT": str(port["port"]),
            f"{prefix}_ADDR": address,
        }
    return made


def _url(address: str, port: Obj) -> str:
    return f"{port.get('protocol', 'TCP').lower()}://{address}:{port['port']}"
