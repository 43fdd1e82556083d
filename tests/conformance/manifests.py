"""Random manifests, drawn from the schema that the API server itself publishes; and ways to break them.

Every value has its field's type. Fields whose values are words are given words that Kubernetes knows most of the time,
so that a good part of what is drawn is accepted and goes the whole way. One seed gives the same manifests everywhere.
"""

from __future__ import annotations

import copy
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ekswiz_sim.kubernetes.embedded.fields import schema
from ekswiz_sim.kubernetes.embedded.kinds import SERVED
from ekswiz_sim.kubernetes.embedded.store import Kind

Obj = dict[str, Any]
NAMESPACE = "drawn"
_DEEPEST = 7
_SYSTEM = ("managedFields", "ownerReferences", "finalizers", "selfLink", "generateName", "deletionTimestamp",
           "deletionGracePeriodSeconds", "creationTimestamp", "uid", "resourceVersion", "generation")  # fmt: skip
_WORDS: dict[str, tuple[Any, ...]] = {
    "addressType": ("IPv4", "IPv6", "FQDN"),
    "clusterIP": ("None", ""),
    "dnsPolicy": ("ClusterFirst", "Default"),
    "effect": ("NoSchedule", "NoExecute"),
    "externalTrafficPolicy": ("Cluster", "Local"),
    "image": ("registry.example/web:v1", "busybox", "a@sha256:" + "0" * 64),
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "internalTrafficPolicy": ("Cluster", "Local"),
    "mountPath": ("/data", "/etc/config", "/tmp/x"),
    "operator": ("In", "NotIn", "Exists", "DoesNotExist", "Equal"),
    "path": ("/", "/healthz", "/a/b"),
    "pathType": ("Prefix", "Exact", "ImplementationSpecific"),
    "policyTypes": ("Ingress", "Egress"),
    "protocol": ("TCP", "UDP"),
    "restartPolicy": ("Always", "OnFailure", "Never"),
    "scheme": ("HTTP", "HTTPS"),
    "sessionAffinity": ("None", "ClientIP"),
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
    "verbs": ("get", "list", "*"),
}
_OF_TYPES: dict[str, dict[str, tuple[Any, ...]]] = {
    "DeploymentStrategy": {"type": ("Recreate", "RollingUpdate")},
    "ServiceSpec": {"type": ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"), "clusterIPs": (None,)},
    "RoleRef": {"apiGroup": ("rbac.authorization.k8s.io",), "kind": ("ClusterRole", "Role")},
    "Subject": {"apiGroup": ("rbac.authorization.k8s.io", ""), "kind": ("User", "Group", "ServiceAccount")},
}
_QUANTITIES = ("100m", "1", "64Mi", "1.5", "2Gi", "1e3", 2, 0.5)


class Drawer:
    """Draws one manifest after the other."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._count = 0

    def manifest(self, kind: Kind | None = None) -> tuple[Kind, Obj]:
        """A kind that is served and an object of it."""
        kind = kind or self.chance.choice(SERVED)
        self._count += 1
        node = schema.type_of(kind.group_version, kind.kind)
        obj: Obj = self._object(node, 0) | {"apiVersion": kind.group_version, "kind": kind.kind}
        drawn = obj.get("metadata") or {}
        meta = {name: value for name, value in drawn.items() if name not in _SYSTEM}
        obj["metadata"] = {**meta, "name": f"drawn-{self._count}"}
        obj["metadata"].pop("namespace", None)
        if kind.namespaced:
            obj["metadata"]["namespace"] = NAMESPACE
        if self.chance.random() < 0.8:
            self._make_sense(obj)
        return kind, obj

    # ---- what no single field says

    def _make_sense(self, obj: Obj) -> None:
        """Make the parts of an object agree that have to, or next to no workload would be accepted."""
        spec = obj.get("spec") or {}
        if obj["kind"] in ("Deployment", "ReplicaSet"):
            labels = {"app": obj["metadata"]["name"]}
            template = {**(spec.get("template") or {}), "metadata": {"labels": labels}}
            template["spec"] = {**(template.get("spec") or {}), "restartPolicy": "Always"}
            spec |= {"selector": {"matchLabels": labels}, "template": template}
            obj["spec"] = spec
            self._strategy(obj["kind"], spec)
        if (pod := pod_spec(obj)) is not None:
            self._containers(pod)
        if obj["kind"] == "Service":
            obj["spec"] = {**spec, "ports": [{"name": f"p{number}", "port": number} for number in (80, 443)]}
        if obj["kind"] == "HorizontalPodAutoscaler":
            spec |= {"minReplicas": 1, "maxReplicas": 3}
        if obj["kind"].endswith("Binding"):
            obj["roleRef"]["kind"] = "ClusterRole"

    @staticmethod
    def _strategy(kind: str, spec: Obj) -> None:
        if kind == "Deployment":
            spec["progressDeadlineSeconds"] = 700
        if (spec.get("strategy") or {}).get("type") == "Recreate":
            spec["strategy"] = {"type": "Recreate"}
        else:
            spec.pop("strategy", None)

    def _containers(self, pod: Obj) -> None:
        pod["containers"] = pod.get("containers") or [{}]
        volumes = {one["name"] for one in pod.get("volumes") or []}
        pod["volumes"] = [{"name": name} for name in sorted(volumes)]
        pod.pop("ephemeralContainers", None)
        for index, one in enumerate([*(pod.get("initContainers") or []), *pod["containers"]]):
            one |= {"name": f"c{index}", "image": "registry.example/web:v1"}
            one.pop("resizePolicy", None)
            one["volumeMounts"] = [{"name": name, "mountPath": f"/{name}"} for name in volumes]
            for name in ("livenessProbe", "readinessProbe", "startupProbe"):
                if name in one:
                    one[name] = {"tcpSocket": {"port": 80}, "periodSeconds": self.chance.randrange(1, 30)}
            one.pop("lifecycle", None)
            for number, port in enumerate(one.get("ports") or []):
                port["name"] = f"p{number}"
            for variable in one.get("env") or []:
                variable.pop("valueFrom", None)

    # ---- values by type

    def _object(self, node: schema.Node, depth: int) -> Obj:
        resolved, owner = schema.resolve(node), str(node.get("$ref", "")).rpartition(".")[2]
        required = resolved.get("required") or []
        made: Obj = {}
        for name, child in (resolved.get("properties") or {}).items():
            if name in required or self.chance.random() < (0.5, 0.6, 0.35, 0.3)[min(depth, 3)]:
                value = self._field(owner, name, child, depth + 1)
                if value is not None:
                    made[name] = value
        return made

    def _field(self, owner: str, name: str, node: schema.Node, depth: int) -> Any:
        words = _OF_TYPES.get(owner, {}).get(name) or _WORDS.get(name)
        resolved = schema.resolve(node)
        if words and resolved.get("type") in (*_SCALARS, "array") and self.chance.random() < 0.97:
            word = self.chance.choice(words)
            return [word] if resolved.get("type") == "array" and word is not None else word
        return self._value(node, name, depth)

    def _value(self, node: schema.Node, name: str, depth: int) -> Any:
        resolved = schema.resolve(node)
        form, kind = resolved.get("format"), resolved.get("type")
        if form == "quantity":
            return self.chance.choice(_QUANTITIES)
        if form == "int-or-string":
            return self.chance.choice((self.chance.randrange(1, 9000), "http", "25%"))
        if form == "date-time":
            return "2026-01-02T03:04:05.000006Z" if "MicroTime" in str(node) else "2026-01-02T03:04:05Z"
        if kind in _SCALARS:
            return _SCALARS[kind](self, name, form)
        if depth > _DEEPEST:
            return None
        return self._many(node, kind, name, depth)

    def _many(self, node: schema.Node, kind: str | None, name: str, depth: int) -> Any:
        if kind == "array":
            made = [self._value(schema.item(node), name, depth) for _ in range(self.chance.choice((1, 1, 1, 2)))]
            return [one for one in made if one is not None]
        resolved = schema.resolve(node)
        if "additionalProperties" in resolved:
            keys = ("cpu", "memory") if name in ("limits", "requests") else (self._name(), "app")
            return {key: self._value(schema.field(node, key), key, depth) for key in keys}
        return self._object(node, depth)

    def _name(self) -> str:
        return self.chance.choice(string.ascii_lowercase) + "".join(
            self.chance.choices(string.ascii_lowercase + string.digits, k=5)
        )

    def _string(self, name: str, form: str | None) -> str:
        if form == "byte":
            return "eA=="
        return "10.1.2.3" if name.lower().endswith("ip") or name in ("ip", "addresses") else self._name()

    def _integer(self, name: str, _form: str | None) -> int:
        if name.lower().endswith("port"):
            return self.chance.randrange(1, 65536)
        return self.chance.choice((0, 1, 2, 5, 30, 300, 600))


_SCALARS: dict[str, Callable[[Drawer, str, str | None], Any]] = {
    "string": Drawer._string,
    "integer": Drawer._integer,
    "boolean": lambda drawer, _name, _form: drawer.chance.random() < 0.5,
    "number": lambda drawer, _name, _form: drawer.chance.random(),
}


def pod_spec(obj: Obj) -> Obj | None:
    """Of a pod or of a workload's template."""
    spec = obj.setdefault("spec", {}) if obj["kind"] in ("Pod", "Deployment", "ReplicaSet") else {}
    found: Obj | None = spec if obj["kind"] == "Pod" else (spec.get("template") or {}).get("spec")
    return found


# ---- from good to bad


@dataclass(frozen=True, slots=True)
class Broken:
    """A manifest with one fault; a refusal has to name one of `fields`, the last word of the broken place first."""

    kind: Kind
    body: Obj
    how: str
    fields: tuple[str, ...]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in an object except its kind and name."""
    if isinstance(value, dict):
        for name, one in value.items():
            if not at and name in ("apiVersion", "kind"):
                continue
            yield (*at, name)
            yield from places(one, (*at, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from places(one, (*at, index))


def put(obj: Obj, path: tuple[Any, ...], value: Any) -> None:
    """Replace what stands at a path."""
    for step in path[:-1]:
        obj = obj[step]
    obj[path[-1]] = value


def broken(drawer: Drawer, good: Callable[[], tuple[Kind, Obj]]) -> Broken:
    """A good manifest with one fault."""
    kind, obj = good()
    obj = copy.deepcopy(obj)
    how = drawer.chance.choice(sorted(_FAULTS))
    fields = _FAULTS[how](drawer, kind, obj)
    return Broken(kind, obj, how, fields) if fields else broken(drawer, good)


def _names_of(path: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(str(step) for step in reversed(path) if isinstance(step, str))


def _wrong_type(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    chosen = [path for path in places(obj) if isinstance(path[-1], str) and len(path) > 1]
    path = drawer.chance.choice(chosen)
    node = schema.type_of(kind.group_version, kind.kind)
    for step in path:
        node = schema.item(node) if isinstance(step, int) else schema.field(node, step)
    if schema.is_free(node) or schema.resolve(node).get("format") in ("int-or-string", "quantity"):
        return ()
    wanted = schema.resolve(node).get("type")
    value = {"string": {"a": 1}, "array": "text", "object": "text", "integer": "7", "boolean": "yes", "number": "1"}
    put(obj, path, value[str(wanted)])
    return _names_of(path)


def _unknown(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    path = drawer.chance.choice([(), *(path for path in places(obj))])
    holder: Any = obj
    node = schema.type_of(kind.group_version, kind.kind)
    for step in path:
        holder = holder[step]
        node = schema.item(node) if isinstance(step, int) else schema.field(node, step)
    if not isinstance(holder, dict) or "properties" not in schema.resolve(node):
        return ()
    holder["speling"] = 1
    return ("speling",)


def _missing(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    found = list(_required(obj, schema.type_of(kind.group_version, kind.kind), ()))
    if not found:
        return ()
    path = drawer.chance.choice(found)
    holder: Any = obj
    for step in path[:-1]:
        holder = holder[step]
    if not holder.pop(path[-1], None):
        return ()
    return _names_of(path)


_DEFAULTED = ("protocol", "path", "pathType", "scheme", "sessionAffinity", "strategy", "type", "apiGroup", "endpoints")
"""Required in the schema, filled in by the server; and `metadata` and `status` parts are the server's own."""


def _required(value: Any, node: schema.Node, at: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name in schema.resolve(node).get("required") or []:
            if name in value and name not in _DEFAULTED:
                yield (*at, name)
        for name, one in value.items():
            if at or name not in ("status", "metadata"):
                yield from _required(one, schema.field(node, name), (*at, name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _required(one, schema.item(node), (*at, index))


def _bad_name(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    rbac = kind.group == "rbac.authorization.k8s.io"
    obj["metadata"]["name"] = "a%b" if rbac else drawer.chance.choice(("Upper", "under_score", "-dash", "x" * 254))
    return ("metadata.name",)


def _bad_label(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    bad = drawer.chance.choice((("app", "no spaces here"), ("a//b", "x"), ("app", "v" * 64), ("", "x")))
    obj["metadata"].setdefault("labels", {})[bad[0]] = bad[1]
    return ("metadata.labels",)


def _bad_quantity(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    spec = pod_spec(obj)
    if not spec or not spec.get("containers"):
        return ()
    spec["containers"][0]["resources"] = {"limits": {"memory": drawer.chance.choice(("64 MB", "lots", "--1", "1KiB"))}}
    return ("quantities must match", "limits")


def _bad_port(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    port = drawer.chance.choice((0, -1, 65536, 99999))
    spec = pod_spec(obj)
    if obj["kind"] == "Service":
        obj["spec"] = {"ports": [{"port": port}]}
        return ("port",)
    if not spec or not spec.get("containers"):
        return ()
    spec["containers"][0]["ports"] = [{"containerPort": port}]
    return ("containerPort",)


def _twice(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    spec = pod_spec(obj)
    if not spec or not spec.get("containers"):
        return ()
    spec["containers"].append(copy.deepcopy(spec["containers"][0]))
    return ("name",)


def _mismatch(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    if obj["kind"] not in ("Deployment", "ReplicaSet"):
        return ()
    obj["spec"]["selector"] = {"matchLabels": {"app": "another"}}
    return ("spec.template.metadata.labels",)


def _other_kind(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    if drawer.chance.random() < 0.5:
        obj["kind"] = "Widget"
        return ("Widget",)
    obj["apiVersion"] = "apps/v1beta1"
    return ("apps/v1beta1",)


def _other_namespace(drawer: Drawer, kind: Kind, obj: Obj) -> tuple[str, ...]:
    if not kind.namespaced:
        return ()
    obj["metadata"]["namespace"] = "another"
    return ("namespace",)


_FAULTS: dict[str, Callable[[Drawer, Kind, Obj], tuple[str, ...]]] = {
    "a label that is none": _bad_label,
    "a name that is none": _bad_name,
    "a port that is none": _bad_port,
    "a quantity that is none": _bad_quantity,
    "a required field is missing": _missing,
    "an unknown field": _unknown,
    "another kind": _other_kind,
    "another namespace": _other_namespace,
    "one container twice": _twice,
    "selector and template disagree": _mismatch,
    "the wrong type": _wrong_type,
}
