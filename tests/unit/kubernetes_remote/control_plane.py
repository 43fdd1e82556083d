"""A real kube-apiserver with its etcd, where this machine has them: in KUBEBUILDER_ASSETS, or on PATH."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from pathlib import Path

import aiohttp
import trustme

from ekswiz_sim.kubernetes.remote.admin import Admin
from ekswiz_sim.kubernetes.remote.client import Client
from ekswiz_sim.processes import Process, spawn
from unit.kubernetes_remote.upstream import admin

ASSETS = "KUBEBUILDER_ASSETS"
"""The variable by which such binaries are handed to tests everywhere; setup-envtest prints its value."""
PATIENCE = 60.0


def missing() -> str:
    """Why there is none here; empty if there is."""
    absent = [name for name in ("etcd", "kube-apiserver") if not binary(name)]
    return f"needs {' and '.join(absent)} in ${ASSETS} or on PATH" if absent else ""


def binary(name: str) -> str | None:
    """Where one of its programs is."""
    return shutil.which(name, path=os.environ.get(ASSETS) or os.environ.get("PATH", os.defpath))


class ControlPlane:
    """Runs them on loopback until it is stopped. With kube-controller-manager, where that is there too."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ca = trustme.CA()
        self._running: list[Process] = []
        self.admin: Admin

    async def start(self) -> None:
        try:
            peer, client, port = _port(), _port(), _port()
            self._run("etcd", *_etcd(self.root / "etcd", peer, client))
            self._run("kube-apiserver", *self._server(client, port))
            self.admin = admin(f"https://127.0.0.1:{port}", self.ca)
            await self._ready()
            if binary("kube-controller-manager"):
                self._run("kube-controller-manager", *self._controllers())
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        for process in reversed(self._running):
            await asyncio.to_thread(process.kill_group)
        self._running.clear()

    def log(self, name: str) -> str:
        return (self.root / f"{name}.log").read_text(errors="replace")

    def _run(self, name: str, *flags: str) -> None:
        path = binary(name)
        assert path is not None
        with (self.root / f"{name}.log").open("wb") as log:
            self._running.append(spawn([path, *flags], env={"HOME": str(self.root)}, cwd=self.root, stdout=log))

    def _server(self, etcd: int, port: int) -> list[str]:
        serving = self.ca.issue_cert("127.0.0.1", "localhost")
        serving.cert_chain_pems[0].write_to_path(str(self.root / "serving.crt"))
        serving.private_key_pem.write_to_path(str(self.root / "serving.key"))
        self.ca.cert_pem.write_to_path(str(self.root / "ca.crt"))
        return [
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            f"--secure-port={port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
            "--allow-privileged=true",
            f"--cert-dir={self.root}",
            f"--client-ca-file={self.root / 'ca.crt'}",
            f"--tls-cert-file={self.root / 'serving.crt'}",
            f"--tls-private-key-file={self.root / 'serving.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.root / 'serving.key'}",
            f"--service-account-signing-key-file={self.root / 'serving.key'}",
        ]

    def _controllers(self) -> list[str]:
        (self.root / "admin.crt").write_bytes(self.admin.certificate)
        (self.root / "admin.key").write_bytes(self.admin.key)
        config = self.root / "admin.kubeconfig"
        config.write_text(
            f"""apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "{self.admin.url}", certificate-authority: ca.crt}}}}]
users: [{{name: u, user: {{client-certificate: admin.crt, client-key: admin.key}}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
current-context: x
"""
        )
        key = f"--service-account-private-key-file={self.root / 'serving.key'}"
        return [f"--kubeconfig={config}", "--leader-elect=false", "--secure-port=0", key]

    async def _ready(self) -> None:
        client = Client(self.admin)
        try:
            async with asyncio.timeout(PATIENCE):
                while not await _answers(client):
                    dead = [one for one in self._running if one.poll() is not None]
                    assert not dead, self.log("kube-apiserver")[-3000:]
                    await asyncio.sleep(0.2)
        finally:
            await client.close()


async def _answers(client: Client) -> bool:
    """Whether it is ready, and has made the namespaces and roles that every cluster has."""
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
        async with client.session.get(client.url("/readyz")) as ready:
            if ready.status == 200:
                status, _ = await client.ask("GET", "/api/v1/namespaces/default")
                return status == 200
    return False


def _etcd(folder: Path, peer: int, client: int) -> list[str]:
    peers, clients = f"http://127.0.0.1:{peer}", f"http://127.0.0.1:{client}"
    return [
        f"--data-dir={folder}",
        "--unsafe-no-fsync",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
    ]


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
