"""Validation of the parts of a PodSpec that fewer people write: security, scheduling, sources, sidecars.

Texts were compared with those of kube-apiserver 1.36.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ekswiz_sim.kubernetes.embedded.api.errors import Cause, invalid, prohibited, required, unsupported
from ekswiz_sim.kubernetes.embedded.objects import names
from ekswiz_sim.kubernetes.embedded.store import Obj

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")
_PREEMPTION = ("PreemptLowerPriority", "Never")
_SYSTEMS = ("linux", "windows")
_GROUPS = ("Merge", "Strict")
_HANDLERS = ("exec", "httpGet", "sleep", "tcpSocket")
_NAMED_SOURCES = {
    "configMap": "name", "hostPath": "path", "nfs": "server", "persistentVolumeClaim": "claimName",
    "secret": "secretName",
}  # fmt: skip
"""What a volume of a kind cannot be without."""

_OF_HOST = ("hostNetwork", "hostPID", "hostIPC")
_SPELT = {"hostPID": "HostPID", "hostIPC": "HostIPC"}
_SIDECAR = "may not be set for init containers without restartPolicy=Always"


def details(spec: Obj, at: str) -> Iterator[Cause]:
    """All that is wrong with a PodSpec besides its containers' own fields."""
    yield from _seconds(spec, at)
    yield from _security(spec.get("securityContext") or {}, f"{at}.securityContext")
    for index, one in enumerate(spec.get("tolerations") or []):
        yield from _toleration(one, f"{at}.tolerations[{index}]")
    for index, one in enumerate(spec.get("topologySpreadConstraints") or []):
        yield from _spread(one, f"{at}.topologySpreadConstraints[{index}]")
    for index, one in enumerate(spec.get("volumes") or []):
        yield from _source(one, f"{at}.volumes[{index}]")
    for index, one in enumerate((spec.get("dnsConfig") or {}).get("options") or []):
        if not one.get("name"):
            yield required(f"{at}.dnsConfig.options[{index}]", "must not be empty")
    if spec.get("hostUsers") is False:
        used = [name for name in _OF_HOST if spec.get(name)]
        yield from (prohibited(f"{at}.{_SPELT.get(name, name)}", "when `hostUsers` is false") for name in used)
    yield from names.labels(f"{at}.nodeSelector", spec.get("nodeSelector"))
    system = (spec.get("os") or {}).get("name")
    if spec.get("os") is not None and system not in _SYSTEMS:
        yield unsupported(f"{at}.os", system or "", _SYSTEMS)
    if spec.get("preemptionPolicy") not in (None, *_PREEMPTION):
        yield unsupported(f"{at}.preemptionPolicy", spec["preemptionPolicy"], _PREEMPTION)


def _seconds(spec: Obj, at: str) -> Iterator[Cause]:
    seconds = spec.get("activeDeadlineSeconds")
    if seconds is None:
        return
    if at != "spec":
        yield prohibited(f"{at}.activeDeadlineSeconds", "activeDeadlineSeconds in ReplicaSet is not Supported")
    elif not 1 <= seconds < 2**31:
        yield invalid(f"{at}.activeDeadlineSeconds", seconds, "must be between 1 and 2147483647, inclusive")


def container(one: Obj, at: str, spec: Obj, *, initial: bool) -> Iterator[Cause]:
    """What is wrong with a container in the light of its pod."""
    yield from _security(one.get("securityContext") or {}, f"{at}.securityContext")
    yield from _sources(one.get("envFrom") or [], f"{at}.envFrom")
    claims = {str(each.get("name")) for each in spec.get("volumes") or [] if each.get("persistentVolumeClaim")}
    for index, device in enumerate(one.get("volumeDevices") or []):
        if device.get("name") not in claims:
            yield Cause(f"{at}.volumeDevices[{index}].name", "FieldValueInvalid", f'Not found: "{device.get("name")}"')
    if one.get("volumeDevices") and spec.get("hostUsers") is False:
        yield prohibited(f"{at}.volumeDevices", "when `hostUsers` is false")
    if initial and one.get("restartPolicy") != "Always":
        yield from (prohibited(f"{at}.{name}", _SIDECAR) for name in (*_PROBES, "lifecycle") if one.get(name))
    for name, hook in (one.get("lifecycle") or {}).items():
        if name in ("postStart", "preStop"):
            yield from _handler(hook, f"{at}.lifecycle.{name}")


def _handler(hook: Obj, at: str) -> Iterator[Cause]:
    found = [name for name in _HANDLERS if hook.get(name) is not None]
    if not found:
        yield required(at, "must specify a handler type")
    yield from (prohibited(f"{at}.{name}", "may not specify more than 1 handler type") for name in found[1:])


def _sources(sources: Sequence[Obj], at: str) -> Iterator[Cause]:
    for index, one in enumerate(sources):
        given = [name for name in ("configMapRef", "secretRef") if one.get(name) is not None]
        if not given:
            yield invalid(at, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(given) > 1:
            yield invalid(at, "", "may not have more than one field specified at a time")
        elif not one[given[0]].get("name"):
            yield required(f"{at}[{index}].{given[0]}.name")
        if one.get("prefix"):
            yield from names.env_name(f"{at}[{index}].prefix", one["prefix"])


def _security(context: Obj, at: str) -> Iterator[Cause]:
    for name in ("runAsUser", "runAsGroup", "fsGroup"):
        if not 0 <= (context.get(name) or 0) < 2**31:
            yield invalid(f"{at}.{name}", context[name], "must be between 0 and 2147483647, inclusive")
    if context.get("procMount") not in (None, "Default", "Unmasked"):
        yield unsupported(f"{at}.procMount", context["procMount"], ("Default", "Unmasked"))
    if context.get("supplementalGroupsPolicy") not in (None, *_GROUPS):
        yield unsupported(f"{at}.supplementalGroupsPolicy", context["supplementalGroupsPolicy"], _GROUPS)
    yield from _profile(context.get("seccompProfile"), f"{at}.seccompProfile", "seccomp")
    yield from _profile(context.get("appArmorProfile"), f"{at}.appArmorProfile", "AppArmor")
    if context.get("privileged") and context.get("allowPrivilegeEscalation") is False:
        why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        yield invalid(at, context, why)


def _profile(profile: Obj | None, at: str, word: str) -> Iterator[Cause]:
    if profile is None:
        return
    kind, local = profile.get("type"), profile.get("localhostProfile")
    if not kind:
        yield required(f"{at}.type", f"type is required when {at.rpartition('.')[2]} is set")
    elif kind not in _PROFILES:
        yield unsupported(f"{at}.type", kind, _PROFILES)
    if kind == "Localhost" and not local:
        yield required(f"{at}.localhostProfile", f"must be set when {word} type is Localhost")
    elif kind != "Localhost" and local is not None:
        shown = {"Type": kind, "LocalhostProfile": local} if word == "seccomp" else local
        yield invalid(f"{at}.localhostProfile", shown, f"can only be set when {word} type is Localhost")


def _toleration(one: Obj, at: str) -> Iterator[Cause]:
    operator, effect = one.get("operator"), one.get("effect")
    if one.get("key"):
        yield from names.qualified(f"{at}.key", one["key"])
    elif operator != "Exists":
        why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield invalid(f"{at}.operator", operator or "", why)
    if operator not in (None, "", "Equal", "Exists"):
        yield unsupported(f"{at}.operator", operator, ("Equal", "Exists"))
    elif operator == "Exists" and one.get("value"):
        yield invalid(f"{at}.operator", one, "value must be empty when `operator` is 'Exists'")
    if effect and effect not in _EFFECTS:
        yield unsupported(f"{at}.effect", effect, _EFFECTS)
    if one.get("tolerationSeconds") is not None and effect != "NoExecute":
        yield invalid(f"{at}.effect", effect or "", "effect must be 'NoExecute' when `tolerationSeconds` is set")


def _spread(one: Obj, at: str) -> Iterator[Cause]:
    if one.get("maxSkew", 0) <= 0:
        yield invalid(f"{at}.maxSkew", one.get("maxSkew", 0), "must be greater than zero")
    if not one.get("topologyKey"):
        yield required(f"{at}.topologyKey", "can not be empty")
    if one.get("whenUnsatisfiable") not in _UNSATISFIABLE:
        yield unsupported(f"{at}.whenUnsatisfiable", one.get("whenUnsatisfiable"), _UNSATISFIABLE)


def _source(volume: Obj, at: str) -> Iterator[Cause]:
    for kind, field in _NAMED_SOURCES.items():
        if volume.get(kind) is not None and not volume[kind].get(field):
            yield required(f"{at}.{kind}.{field}")
