"""A registry that really listens, with ECR behind it and a gatekeeper that does as the test says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from ekswiz.iam.decision import Decision
from ekswiz_sim.aws.ecr import Ecr
from ekswiz_sim.registry.app import app
from ekswiz_sim.registry.storage import Storage
from ekswiz_sim.seams import NO_CONTEXT, Door, Principal

ACCOUNT, REGION = "123456789012", "eu-central-1"
ROLE = Principal(
    f"arn:aws:sts::{ACCOUNT}:assumed-role/push/gha-1-1",
    ACCOUNT,
    "assumed-role",
    "push",
    "AROA1",
    session_name="gha-1-1",
)
NODE = Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/node/i-1", ACCOUNT, "assumed-role", "node", "AROA2")
OCI = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class FakeGate:
    """Lets everything pass but the denied (action, resource) pairs, and keeps what it was asked."""

    ecr: Ecr
    denied: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def authorize(
        self,
        door: Door,
        principal: Principal,
        action: str,
        resource: str,
        context: Mapping[str, Sequence[str]] = NO_CONTEXT,
    ) -> Decision:
        self.asked.append((principal.arn, action, resource))
        allowed = action not in self.denied and f"{action} {resource}" not in self.denied
        return Decision(allowed, "permission", "test" if allowed else None, None, (), (), "as the test says")

    def registry_identity(self, username: str, password: str) -> Principal:
        return self.ecr.identity(username, password)

    def eks_identity(self, token: str, cluster: str) -> Principal:
        raise AssertionError

    def record(self, door: Door, principal: str, action: str, resource: str, decision: Decision) -> None:
        raise AssertionError


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> tuple[str, str]:
        first = json.loads(self.body)["errors"][0]
        return first["code"], first["message"]


@dataclass
class Room:
    """The registry's address, ECR, the gate, and a plain HTTP client."""

    storage: Storage
    ecr: Ecr
    gate: FakeGate
    blobs: Path
    clock: list[float]
    host: str = ""

    def call(self, operation: str, principal: Principal = ROLE, **params: Any) -> Mapping[str, Any]:
        return self.ecr.call(operation, params, principal)

    def login(self, principal: Principal = ROLE) -> tuple[str, str]:
        token = self.call("GetAuthorizationToken", principal)["authorizationData"][0]["authorizationToken"]
        user, _, password = base64.b64decode(token).decode().partition(":")
        return user, password

    def http(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        login: tuple[str, str] | str | None = "own",
        **headers: str,
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        chosen = self.login() if login == "own" else login
        if chosen:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(chosen).encode()).decode()
        connection = http.client.HTTPConnection(self.host, timeout=10)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def upload(self, name: str, data: bytes) -> str:
        digest = digest_of(data)
        start = self.http("POST", f"/v2/{name}/blobs/uploads/", b"")
        assert start.status == 202, start.body
        done = self.http("PUT", f"{start.headers['Location']}?digest={digest}", data)
        assert done.status == 201, done.body
        return digest

    def push(self, name: str, reference: str, layer: bytes = b"layer") -> tuple[Answer, bytes]:
        body = self.manifest(name, layer)
        return self.http("PUT", f"/v2/{name}/manifests/{reference}", body, Content_Type=OCI), body

    def manifest(self, name: str, layer: bytes) -> bytes:
        config = json.dumps({"os": "linux", "layer": layer.hex()}).encode()
        rows = [(self.upload(name, one), len(one)) for one in (config, layer)]
        entries = [{"mediaType": "application/octet-stream", "digest": one, "size": size} for one, size in rows]
        document = {"schemaVersion": 2, "mediaType": OCI, "config": entries[0], "layers": entries[1:]}
        return json.dumps(document).encode()

    def blob_file(self, digest: str) -> Path:
        return self.blobs / digest.removeprefix("sha256:")


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@contextmanager
def running(folder: Path) -> Iterator[Room]:
    """A registry with one repository, `app`, on a loop in a thread of its own."""
    clock, host = [1_800_000_000.0], [""]
    storage = Storage(folder)
    ecr = Ecr(storage, ACCOUNT, REGION, lambda: host[0], lambda: clock[0])
    room = Room(storage, ecr, FakeGate(ecr), folder / "blobs", clock)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = web.AppRunner(app(storage, room.gate, ecr), shutdown_timeout=1)
    try:
        room.host = host[0] = asyncio.run_coroutine_threadsafe(_listen(runner), loop).result(10)
        room.call("CreateRepository", repositoryName="app")
        yield room
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _listen(runner: web.AppRunner) -> str:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    return f"127.0.0.1:{port}"
