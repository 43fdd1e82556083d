"""The single checks of the Pod Security Standards.

Each yields at most one finding about the whole pod, so that its text is the one that Kubernetes prints.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from ekswiz_sim.kubernetes.embedded.objects.pod_security_subject import (
    Finding,
    Subject,
    context,
    named,
    plural,
    quoted,
)
from ekswiz_sim.kubernetes.embedded.store import Obj

_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
        "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    }
)  # fmt: skip
_VOLUMES = frozenset(
    {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
        "secret",
    }
)  # fmt: skip
_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_rmem", "net.ipv4.tcp_slow_start_after_idle",
        "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
    }
)  # fmt: skip
_PROFILES = ("RuntimeDefault", "Localhost")
_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


Check = Callable[[Subject], Iterator[Finding]]


def of(standard: str) -> Sequence[Check]:
    """The checks of a level, in Kubernetes' order."""
    if standard == "privileged":
        return ()
    return BASELINE if standard == "baseline" else RESTRICTED


# ---- baseline


def _app_armor(subject: Subject) -> Iterator[Finding]:
    def kind(context: Obj) -> str:
        return str((context.get("appArmorProfile") or {}).get("type", ""))

    def bad(context: Obj) -> bool:
        return context.get("appArmorProfile") is not None and kind(context) not in _PROFILES

    found = subject.setters(bad)
    values = sorted({kind(context(one)) for one in [subject.spec, *subject.containers] if bad(context(one))})
    noted = sorted(
        f"{name}={json.dumps(value)}"
        for name, value in subject.annotations.items()
        if name.startswith(_APPARMOR) and value not in ("", "runtime/default") and not value.startswith("localhost/")
    )
    found += [plural(len(noted), "annotation")] if noted else []
    values += noted
    if found:
        reason = f"forbidden AppArmor {plural(len(values), 'profile')}"
        yield Finding(reason, f"{' and '.join(found)} must not set AppArmor profile type to {quoted(values)}")


def _baseline_capabilities(subject: Subject) -> Iterator[Finding]:
    detail = _added(subject, _CAPABILITIES)
    if detail:
        yield Finding("non-default capabilities", detail)


def _added(subject: Subject, allowed: frozenset[str]) -> str:
    extra = {
        id(one): set((context(one).get("capabilities") or {}).get("add") or []) - allowed for one in subject.containers
    }
    found = [one for one in subject.containers if extra[id(one)]]
    if not found:
        return ""
    listed = quoted(sorted(set().union(*extra.values())))
    return f"{named(found)} must not include {listed} in securityContext.capabilities.add"


def _host_namespaces(subject: Subject) -> Iterator[Finding]:
    used = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if subject.spec.get(name)]
    if used:
        yield Finding("host namespaces", ", ".join(used))


def _host_path(subject: Subject) -> Iterator[Finding]:
    found = [one["name"] for one in subject.spec.get("volumes") or [] if one.get("hostPath") is not None]
    if found:
        yield Finding("hostPath volumes", f"{plural(len(found), 'volume')} {quoted(found)}")


def _host_ports(subject: Subject) -> Iterator[Finding]:
    used = {id(one): {port["hostPort"] for port in one.get("ports") or [] if port.get("hostPort")}
            for one in subject.containers}  # fmt: skip
    found = [one for one in subject.containers if used[id(one)]]
    if found:
        ports = sorted(str(port) for port in set().union(*used.values()))
        detail = f"{named(found)} {plural(len(found), 'uses', 'use')} {plural(len(ports), 'hostPort')}"
        yield Finding("hostPort", f"{detail} {', '.join(ports)}")


def _other_hosts(subject: Subject) -> Iterator[Finding]:
    used = {id(one): set(_hosts(one)) for one in subject.containers}
    found = sorted(one["name"] for one in subject.containers if used[id(one)])
    if found:
        hosts = sorted(set().union(*used.values()))
        who = f"{plural(len(found), 'container')} {quoted(found)} {plural(len(found), 'uses', 'use')}"
        yield Finding(
            "probe or lifecycle host", f"{who} {plural(len(hosts), 'probe or lifecycle host')} {quoted(hosts)}"
        )


def _hosts(container: Obj) -> Iterator[str]:
    handlers = [container.get(name) for name in _PROBES]
    handlers += [(container.get("lifecycle") or {}).get(name) for name in ("postStart", "preStop")]
    for handler in handlers:
        for kind in ("httpGet", "tcpSocket"):
            host = ((handler or {}).get(kind) or {}).get("host")
            if host:
                yield host


def _privileged(subject: Subject) -> Iterator[Finding]:
    found = [one for one in subject.containers if context(one).get("privileged")]
    if found:
        yield Finding("privileged", f"{named(found)} must not set securityContext.privileged=true")


def _proc_mount(subject: Subject) -> Iterator[Finding]:
    found = [one for one in subject.containers if context(one).get("procMount") not in (None, "Default")]
    if found:
        values = quoted(sorted({context(one)["procMount"] for one in found}))
        yield Finding("procMount", f"{named(found)} must not set securityContext.procMount to {values}")


def _baseline_proc_mount(subject: Subject) -> Iterator[Finding]:
    if not subject.own_users:
        yield from _proc_mount(subject)


def _selinux(subject: Subject) -> Iterator[Finding]:
    def options(context: Obj) -> Obj:
        return dict(context.get("seLinuxOptions") or {})

    def bad(context: Obj) -> bool:
        given = options(context)
        return bool(given.get("type", "") not in _SELINUX_TYPES or given.get("user") or given.get("role"))

    found = subject.setters(bad)
    if not found:
        return
    given = [options(context(one)) for one in [subject.spec, *subject.containers]]
    types = sorted({one.get("type", "") for one in given} - {*_SELINUX_TYPES})
    what = [f"{plural(len(types), 'type')} {quoted(types)}"] if types else []
    what += [f"{name} may not be set" for name in ("user", "role") if any(one.get(name) for one in given)]
    yield Finding(
        "seLinuxOptions", f"{' and '.join(found)} set forbidden securityContext.seLinuxOptions: {'; '.join(what)}"
    )


def _unconfined(subject: Subject) -> Iterator[Finding]:
    found = subject.setters(_has_bad_seccomp)
    if found:
        kinds = {_seccomp(one) for one in [subject.spec, *subject.containers] if _has_bad_seccomp(context(one))}
        detail = f"must not set securityContext.seccompProfile.type to {quoted(sorted(str(one) for one in kinds))}"
        yield Finding("seccompProfile", f"{' and '.join(found)} {detail}")


def _has_bad_seccomp(context: Obj) -> bool:
    profile = context.get("seccompProfile")
    return profile is not None and profile.get("type") not in _PROFILES


def _seccomp(owner: Obj) -> str | None:
    kind: str | None = (context(owner).get("seccompProfile") or {}).get("type")
    return kind


def _sysctls(subject: Subject) -> Iterator[Finding]:
    found = [one["name"] for one in context(subject.spec).get("sysctls") or [] if one["name"] not in _SYSCTLS]
    if found:
        yield Finding("forbidden sysctls", ", ".join(found))


def _host_process(subject: Subject) -> Iterator[Finding]:
    found = subject.setters(lambda context: bool((context.get("windowsOptions") or {}).get("hostProcess")))
    if found:
        detail = f"{' and '.join(found)} must not set securityContext.windowsOptions.hostProcess=true"
        yield Finding("hostProcess", detail)


# ---- restricted


def _escalation(subject: Subject) -> Iterator[Finding]:
    found = [one for one in subject.containers if context(one).get("allowPrivilegeEscalation") is not False]
    if found and not subject.windows:
        detail = f"{named(found)} must set securityContext.allowPrivilegeEscalation=false"
        yield Finding("allowPrivilegeEscalation != false", detail)


def _capabilities(subject: Subject) -> Iterator[Finding]:
    def keeps(one: Obj) -> bool:
        return "ALL" not in ((context(one).get("capabilities") or {}).get("drop") or [])

    keeping = [one for one in subject.containers if keeps(one)]
    details = [f'{named(keeping)} must set securityContext.capabilities.drop=["ALL"]'] if keeping else []
    details += [one for one in [_added(subject, frozenset({"NET_BIND_SERVICE"}))] if one]
    if details and not subject.windows:
        yield Finding("unrestricted capabilities", "; ".join(details))


def _volume_types(subject: Subject) -> Iterator[Finding]:
    kinds = {
        one["name"]: next((name for name in one if name != "name"), "unknown")
        for one in subject.spec.get("volumes") or []
        if not _VOLUMES & set(one)
    }
    if kinds:
        types = sorted(set(kinds.values()))
        who = f"{plural(len(kinds), 'volume')} {quoted(kinds)} {plural(len(kinds), 'uses', 'use')}"
        detail = f"{who} {plural(len(types), 'restricted volume type')} {quoted(types)}"
        yield Finding("restricted volume types", detail)


def _non_root(subject: Subject) -> Iterator[Finding]:
    if subject.own_users:
        return
    reason = "runAsNonRoot != true"
    refusing = subject.setters(lambda context: context.get("runAsNonRoot") is False)
    silent = [one for one in subject.containers if context(one).get("runAsNonRoot") is None]
    if refusing:
        yield Finding(reason, f"{' and '.join(refusing)} must not set securityContext.runAsNonRoot=false")
    elif silent and context(subject.spec).get("runAsNonRoot") is not True:
        yield Finding(reason, f"pod or {named(silent)} must set securityContext.runAsNonRoot=true")


def _non_root_user(subject: Subject) -> Iterator[Finding]:
    found = [] if subject.own_users else subject.setters(lambda context: context.get("runAsUser") == 0)
    if found:
        yield Finding("runAsUser=0", f"{' and '.join(found)} must not set runAsUser=0")


def _seccomp_set(subject: Subject) -> Iterator[Finding]:
    refused = list(_unconfined(subject))
    yield from refused
    silent = [one for one in subject.containers if context(one).get("seccompProfile") is None]
    if not refused and silent and _seccomp(subject.spec) is None and not subject.windows:
        detail = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        yield Finding("seccompProfile", f"pod or {named(silent)} {detail}")


BASELINE: tuple[Check, ...] = (
    _app_armor, _baseline_capabilities, _host_namespaces, _host_path, _host_ports, _other_hosts, _privileged,
    _baseline_proc_mount, _selinux, _unconfined, _sysctls, _host_process,
)  # fmt: skip
_STRICTER = (_baseline_capabilities, _host_path, _baseline_proc_mount, _unconfined)
"""Baseline checks that a restricted one takes the place of."""

RESTRICTED: tuple[Check, ...] = (
    *(check for check in BASELINE if check not in _STRICTER),
    _escalation, _capabilities, _proc_mount, _volume_types, _non_root, _non_root_user, _seccomp_set,
)  # fmt: skip
