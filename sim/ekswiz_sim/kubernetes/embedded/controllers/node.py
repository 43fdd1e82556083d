"""The Node object: what `kubectl get nodes -o wide` shows of this machine."""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Sequence

from ekswiz_sim.kubernetes.embedded.controllers.objects import new_object, now
from ekswiz_sim.kubernetes.embedded.kinds import NODES
from ekswiz_sim.kubernetes.embedded.store import Obj

KUBELET_VERSION = "v1.37.0"
_ARCHITECTURES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}
_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
_LEAST_CPUS = 4
"""CPUs that the node claims at least: requests are book-keeping here, and small machines rehearse for large ones."""


def node_object(name: str, zone: str) -> Obj:
    """A Ready node in an availability zone, e.g. "eu-central-1a"."""
    made = new_object(NODES, None, name, labels=_labels(name, zone))
    made["metadata"]["annotations"] = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}
    made["spec"] = {"providerID": f"aws:///{zone}/i-{secrets.token_hex(9)[:17]}"}
    made["status"] = _status(name)
    return made


def _architecture() -> str:
    return _ARCHITECTURES.get(platform.machine(), platform.machine())


def _labels(name: str, zone: str) -> dict[str, str]:
    operating_system, architecture = platform.system().lower(), _architecture()
    return {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/os": operating_system,
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": operating_system,
        "topology.kubernetes.io/region": zone.rstrip("abcdef"),
        "topology.kubernetes.io/zone": zone,
    }


def _status(name: str) -> Obj:
    room = {
        "cpu": str(max(os.cpu_count() or 1, _LEAST_CPUS)),
        "ephemeral-storage": "20Gi",
        "memory": "16Gi",
        "pods": "110",
    }
    return {
        "addresses": [
            {"type": "InternalIP", "address": "127.0.0.1"},
            {"type": "Hostname", "address": name},
        ],
        "allocatable": room,
        "capacity": room,
        "conditions": _conditions(),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "images": [],
        "nodeInfo": _info(),
    }


def _conditions() -> Sequence[Obj]:
    stamp = now()
    times = {"lastHeartbeatTime": stamp, "lastTransitionTime": stamp}
    return [
        {"type": kind, "status": status, "reason": reason, "message": message, **times}
        for kind, status, reason, message in _CONDITIONS
    ]


def _info() -> Obj:
    return {
        "architecture": _architecture(),
        "bootID": secrets.token_hex(16),
        "containerRuntimeVersion": "local-process://1",
        "kernelVersion": platform.release(),
        "kubeProxyVersion": KUBELET_VERSION,
        "kubeletVersion": KUBELET_VERSION,
        "machineID": secrets.token_hex(16),
        "operatingSystem": platform.system().lower(),
        "osImage": "this machine",
        "systemUUID": secrets.token_hex(16),
    }
