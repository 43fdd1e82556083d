"""The same figures of a real kube-apiserver, where this machine has one: in KUBEBUILDER_ASSETS or on PATH, with etcd.

It has no kubelet, so nothing is rolled out there; of kind, or of any other cluster, `--kubeconfig` asks for the rest.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ekswiz_sim.kubernetes.remote.admin import Admin
from house.bench import tree_memory
from unit.kubernetes_remote.control_plane import ControlPlane, missing

NO_NODE = "not run: no --kubeconfig of one was given; kube-apiserver alone has no node to roll out on"


def why_not() -> str:
    """Why it is not run; empty if it can be."""
    return f"not run: {missing()}" if missing() else ""


def measured(apply: Callable[[Path, Path], float]) -> tuple[float, float, float]:
    """Seconds until ready, seconds that `apply` took with a kubeconfig in a folder, megabytes of its processes."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measured(Path(folder), apply))


async def _measured(root: Path, apply: Callable[[Path, Path], float]) -> tuple[float, float, float]:
    before, began = tree_memory(os.getpid()), time.monotonic()
    plane = ControlPlane(root)
    await plane.start()
    try:
        ready = time.monotonic() - began
        config = root / "kubeconfig"
        config.write_text(kubeconfig(plane.admin), encoding="utf-8")
        seconds = await asyncio.to_thread(apply, config, root)
        return ready, seconds, tree_memory(os.getpid()) - before
    finally:
        await plane.stop()


def kubeconfig(admin: Admin) -> str:
    """As kubectl reads it: JSON is YAML."""
    coded = [base64.b64encode(part).decode() for part in (admin.ca_pem, admin.certificate, admin.key)]
    cluster = {"server": admin.url, "certificate-authority-data": coded[0]}
    user = {"client-certificate-data": coded[1], "client-key-data": coded[2]}
    context = {"cluster": "real", "user": "admin"}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "real", "cluster": cluster}],
            "users": [{"name": "admin", "user": user}],
            "contexts": [{"name": "real", "context": context}],
            "current-context": "real",
        }
    )
