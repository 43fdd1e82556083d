"""Validation of a PodSpec, with Kubernetes' texts; `at` is the path of the spec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from ekswiz_sim.kubernetes.embedded.api.errors import Cause, duplicate, invalid, prohibited, required, unsupported
from ekswiz_sim.kubernetes.embedded.objects import names, pod_details
from ekswiz_sim.kubernetes.embedded.store import Obj

_RESTART = ("Always", "OnFailure", "Never")
_DNS = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_PULL = ("Always", "IfNotPresent", "Never")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_HANDLERS = ("exec", "grpc", "httpGet", "tcpSocket")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_SUFFIXES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1), "k": Decimal("1e3"),
    "M": Decimal("1e6"), "G": Decimal("1e9"), "T": Decimal("1e12"), "P": Decimal("1e15"), "E": Decimal("1e18"),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40), "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}  # fmt: skip


def quantity(value: object) -> Decimal:
    """The number behind a quantity such as `250m`, `64Mi` or `1e3`; it must be well-formed."""
    text = str(value)
    number = text.rstrip("numkKMGTPEi")
    suffix = text[len(number) :]
    return Decimal(number) * _SUFFIXES[suffix]


def pod_spec(spec: Obj, at: str) -> list[Cause]:
    """All that is wrong with a PodSpec that was defaulted."""
    containers = spec.get("containers") or []
    initial = spec.get("initContainers") or []
    found: list[Cause] = []
    if not containers:
        found.append(required(f"{at}.containers"))
    found += _choice(spec, "restartPolicy", at, _RESTART)
    found += _choice(spec, "dnsPolicy", at, _DNS)
    found += _names(initial, containers, at)
    volumes = {str(volume.get("name")) for volume in spec.get("volumes") or []}
    found += _volumes(spec, at)
    for field, group in (("initContainers", initial), ("containers", containers)):
        for index, container in enumerate(group):
            where = f"{at}.{field}[{index}]"
            found += _container(container, where, volumes)
            found += pod_details.container(container, where, spec, initial=field == "initContainers")
    found += pod_details.details(spec, at)
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0:
        found.append(invalid(f"{at}.terminationGracePeriodSeconds", grace, "must be greater than or equal to 0"))
    if spec.get("serviceAccountName"):
        found += names.subdomain(f"{at}.serviceAccountName", spec["serviceAccountName"])
    return found


def _choice(owner: Obj, field: str, at: str, choices: tuple[str, ...]) -> list[Cause]:
    value = owner.get(field)
    return [] if value in choices else [unsupported(f"{at}.{field}", value, choices)]


def _names(initial: Sequence[Obj], containers: Sequence[Obj], at: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for field, group in (("initContainers", initial), ("containers", containers)):
        for index, container in enumerate(group):
            name, where = str(container.get("name") or ""), f"{at}.{field}[{index}].name"
            if not name:
                yield required(where)
            elif name in seen:
                yield duplicate(where, name)
            else:
                yield from names.label(where, name)
            seen.add(name)


def _volumes(spec: Obj, at: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, volume in enumerate(spec.get("volumes") or []):
        where, name = f"{at}.volumes[{index}]", str(volume.get("name") or "")
        if not name:
            yield required(f"{where}.name")
        elif name in seen:
            yield duplicate(f"{where}.name", name)
        else:
            yield from names.label(f"{where}.name", name)
        seen.add(name)
        if len([key for key in volume if key != "name"]) > 1:
            second = [key for key in volume if key != "name"][1]
            yield prohibited(f"{where}.{second}", "may not specify more than 1 volume type")


def _container(container: Obj, at: str, volumes: set[str]) -> Iterator[Cause]:
    image = container.get("image")
    if not image:
        yield required(f"{at}.image")
    elif image != image.strip():
        yield invalid(f"{at}.image", image, "must not have leading or trailing whitespace")
    yield from _choice(container, "imagePullPolicy", at, _PULL)
    yield from _ports(container.get("ports") or [], f"{at}.ports")
    yield from _environment(container.get("env") or [], f"{at}.env")
    yield from _resources(container.get("resources") or {}, f"{at}.resources")
    yield from _mounts(container.get("volumeMounts") or [], f"{at}.volumeMounts", volumes)
    for name in _PROBES:
        if container.get(name) is not None:
            yield from _probe(container[name], f"{at}.{name}", exactly_one=name != "readinessProbe")


def _ports(ports: Sequence[Obj], at: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        where, name = f"{at}[{index}]", port.get("name")
        if name:
            yield from names.port_name(f"{where}.name", name)
            if name in seen:
                yield duplicate(f"{where}.name", name)
            seen.add(name)
        if port.get("containerPort") is None:
            yield required(f"{where}.containerPort")
        else:
            yield from names.port_number(f"{where}.containerPort", port["containerPort"])
        if port.get("hostPort"):
            yield from names.port_number(f"{where}.hostPort", port["hostPort"])
        yield from _choice(port, "protocol", where, _PROTOCOLS)


def _environment(variables: Sequence[Obj], at: str) -> Iterator[Cause]:
    for index, variable in enumerate(variables):
        where = f"{at}[{index}]"
        if not variable.get("name"):
            yield required(f"{where}.name")
        else:
            yield from names.env_name(f"{where}.name", variable["name"])
        source = variable.get("valueFrom")
        if source is not None:
            if variable.get("value"):
                yield invalid(f"{where}.valueFrom", "", "may not be specified when `value` is not empty")
            if len(source) != 1:
                yield invalid(f"{where}.valueFrom", "", "must specify one of: `fieldRef`, `resourceFieldRef`, "
                              "`configMapKeyRef`, `secretKeyRef` or `fileKeyRef`")  # fmt: skip


def _resources(resources: Obj, at: str) -> Iterator[Cause]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for field, values in (("limits", limits), ("requests", requests)):
        for name, value in values.items():
            where = f"{at}.{field}[{name}]" if "/" in name else f"{at}.{field}.{name}"
            if "/" not in name and name not in ("cpu", "memory", "ephemeral-storage") and "hugepages-" not in name:
                yield invalid(f"{at}.{field}[{name}]", name, "must be a standard resource type or fully qualified")
            if quantity(value) < 0:
                yield invalid(where, str(value), "must be greater than or equal to 0")
    for name, value in requests.items():
        if name in limits and quantity(value) > quantity(limits[name]):
            why = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid(f"{at}.requests", str(value), why)


def _mounts(mounts: Sequence[Obj], at: str, volumes: set[str]) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        where, path = f"{at}[{index}]", mount.get("mountPath")
        if not mount.get("name"):
            yield required(f"{where}.name")
        elif mount["name"] not in volumes:
            yield Cause(f"{where}.name", "FieldValueInvalid", f'Not found: "{mount["name"]}"')
        if not path:
            yield required(f"{where}.mountPath")
        elif path in seen:
            yield invalid(f"{where}.mountPath", path, "must be unique")
        seen.add(str(path))


def _probe(probe: Obj, at: str, *, exactly_one: bool) -> Iterator[Cause]:
    handlers = [name for name in _HANDLERS if probe.get(name) is not None]
    if not handlers:
        yield required(at, "must specify a handler type")
    for name in handlers[1:]:
        yield prohibited(f"{at}.{name}", "may not specify more than 1 handler type")
    for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        if (probe.get(name) or 0) < 0:
            yield invalid(f"{at}.{name}", probe[name], "must be greater than or equal to 0")
    if exactly_one and probe.get("successThreshold") != 1:
        yield invalid(f"{at}.successThreshold", probe.get("successThreshold"), "must be 1")
    for name in ("httpGet", "tcpSocket"):
        if probe.get(name) is not None:
            yield from names.port_reference(f"{at}.{name}.port", probe[name].get("port", 0))
