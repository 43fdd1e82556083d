"""Pod Security Standards: what `baseline` and `restricted` ask of a PodSpec.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/. The namespace's labels say which level is
enforced on pods and which is only warned about on workloads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ekswiz_sim.kubernetes.embedded.store import Obj

_PREFIX = "pod-security.kubernetes.io/"
LEVELS = ("privileged", "baseline", "restricted")
_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
        "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    }
)  # fmt: skip
_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_SECCOMP = ("RuntimeDefault", "Localhost")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: the forbidden thing, and where."""

    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})"


def level(labels: Mapping[str, str], mode: str) -> str:
    """The level of a mode (`enforce`, `warn`); warnings follow what is enforced unless they are set."""
    found = labels.get(f"{_PREFIX}{mode}")
    if found is None and mode == "warn":
        return level(labels, "enforce")
    return found if found in LEVELS else "privileged" if found is None else "restricted"


def version(labels: Mapping[str, str], mode: str) -> str:
    """The version of the standard that the namespace pins."""
    return labels.get(f"{_PREFIX}{mode}-version", "latest")


def violations(spec: Obj, standard: str) -> list[Finding]:
    """Everything in a PodSpec that the standard forbids."""
    checks: list[_Check] = [] if standard == "privileged" else list(_BASELINE)
    if standard == "restricted":
        checks = [*(check for check in _BASELINE if check is not _baseline_capabilities), *_RESTRICTED]
    return [finding for check in checks for finding in check(spec)]


def containers(spec: Obj) -> list[Obj]:
    """All containers of a PodSpec."""
    return [
        *(spec.get("initContainers") or []),
        *(spec.get("containers") or []),
        *(spec.get("ephemeralContainers") or []),
    ]


def _named(found: Sequence[Obj]) -> str:
    names = ", ".join(json.dumps(one.get("name", "")) for one in found)
    return f"container{'s' if len(found) > 1 else ''} {names}"


def _context(owner: Obj) -> Obj:
    found: Obj = owner.get("securityContext") or {}
    return found


_Check = Callable[[Obj], Iterator[Finding]]


def _host_namespaces(spec: Obj) -> Iterator[Finding]:
    used = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    if used:
        yield Finding("host namespaces", ", ".join(used))


def _privileged(spec: Obj) -> Iterator[Finding]:
    found = [one for one in containers(spec) if _context(one).get("privileged")]
    if found:
        yield Finding("privileged", f"{_named(found)} must not set securityContext.privileged=true")


def _baseline_capabilities(spec: Obj) -> Iterator[Finding]:
    yield from _added(spec, _CAPABILITIES, "non-default capabilities")


def _added(spec: Obj, allowed: frozenset[str], reason: str) -> Iterator[Finding]:
    found, names = [], set()
    for one in containers(spec):
        extra = set((_context(one).get("capabilities") or {}).get("add") or []) - allowed
        if extra:
            found.append(one)
            names |= extra
    if found:
        listed = ", ".join(json.dumps(name) for name in sorted(names))
        yield Finding(reason, f"{_named(found)} must not include {listed} in securityContext.capabilities.add")


def _host_path(spec: Obj) -> Iterator[Finding]:
    found = [json.dumps(one["name"]) for one in spec.get("volumes") or [] if one.get("hostPath") is not None]
    if found:
        yield Finding("hostPath volumes", f"volume{'s' if len(found) > 1 else ''} {', '.join(found)}")


def _host_ports(spec: Obj) -> Iterator[Finding]:
    found, ports = [], set()
    for one in containers(spec):
        used = {port["hostPort"] for port in one.get("ports") or [] if port.get("hostPort")}
        if used:
            found.append(one)
            ports |= used
    if found:
        listed = ", ".join(str(port) for port in sorted(ports))
        yield Finding(
            "hostPort",
            f"{_named(found)} use{'s' if len(found) == 1 else ''} hostPort{'s' if len(ports) > 1 else ''} {listed}",
        )


def _unconfined(spec: Obj) -> Iterator[Finding]:
    found = [one for one in containers(spec) if _seccomp(one) == "Unconfined"]
    if _seccomp(spec) == "Unconfined":
        yield Finding("seccompProfile", 'pod must not set securityContext.seccompProfile.type to "Unconfined"')
    elif found:
        yield Finding(
            "seccompProfile", f'{_named(found)} must not set securityContext.seccompProfile.type to "Unconfined"'
        )


def _seccomp(owner: Obj) -> str | None:
    kind: str | None = (_context(owner).get("seccompProfile") or {}).get("type")
    return kind


def _escalation(spec: Obj) -> Iterator[Finding]:
    found = [one for one in containers(spec) if _context(one).get("allowPrivilegeEscalation") is not False]
    if found:
        detail = f"{_named(found)} must set securityContext.allowPrivilegeEscalation=false"
        yield Finding("allowPrivilegeEscalation != false", detail)


def _capabilities(spec: Obj) -> Iterator[Finding]:
    keeping = [
        one for one in containers(spec) if "ALL" not in ((_context(one).get("capabilities") or {}).get("drop") or [])
    ]
    if keeping:
        detail = f'{_named(keeping)} must set securityContext.capabilities.drop=["ALL"]'
        yield Finding("unrestricted capabilities", detail)
    yield from _added(spec, frozenset({"NET_BIND_SERVICE"}), "unrestricted capabilities")


def _volume_types(spec: Obj) -> Iterator[Finding]:
    for one in spec.get("volumes") or []:
        kinds = [name for name in one if name != "name" and name not in _VOLUMES]
        if kinds:
            detail = f'volume {json.dumps(one["name"])} uses restricted volume type "{kinds[0]}"'
            yield Finding("restricted volume types", detail)


def _non_root(spec: Obj) -> Iterator[Finding]:
    pod = _context(spec).get("runAsNonRoot")
    refusing = [one for one in containers(spec) if _context(one).get("runAsNonRoot") is False]
    silent = [one for one in containers(spec) if _context(one).get("runAsNonRoot") is None]
    reason = "runAsNonRoot != true"
    if refusing:
        yield Finding(reason, f"{_named(refusing)} must not set securityContext.runAsNonRoot=false")
    if silent and pod is not True:
        who = "pod must not set securityContext.runAsNonRoot=false" if pod is False else None
        yield Finding(reason, who or f"pod or {_named(silent)} must set securityContext.runAsNonRoot=true")


def _non_root_user(spec: Obj) -> Iterator[Finding]:
    found = [one for one in containers(spec) if _context(one).get("runAsUser") == 0]
    if _context(spec).get("runAsUser") == 0:
        yield Finding("runAsUser=0", "pod must not set runAsUser=0")
    elif found:
        yield Finding("runAsUser=0", f"{_named(found)} must not set runAsUser=0")


def _seccomp_set(spec: Obj) -> Iterator[Finding]:
    if _seccomp(spec) in _SECCOMP:
        return
    found = [one for one in containers(spec) if _seccomp(one) is None]
    if found:
        detail = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        yield Finding("seccompProfile", f"pod or {_named(found)} {detail}")


_BASELINE: tuple[_Check, ...] = (
    _host_namespaces,
    _privileged,
    _baseline_capabilities,
    _host_path,
    _host_ports,
    _unconfined,
)
_RESTRICTED: tuple[_Check, ...] = (
    _escalation,
    _capabilities,
    _volume_types,
    _non_root,
    _non_root_user,
    _seccomp_set,
)
