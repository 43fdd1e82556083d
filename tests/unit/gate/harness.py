"""A served gate: real boto3 clients talk to it over loopback; GitHub's part is a key pair."""

from __future__ import annotations

import asyncio
import base64
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.gate.gate import Gate
from ekswiz_sim.gate.keys import AccessKey, Credentials
from ekswiz_sim.seams import Principal

ISSUER = "https://token.actions.githubusercontent.com"
HOST = ISSUER.removeprefix("https://")
REGION = "eu-west-1"
ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def allow(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


@dataclass
class Recorder:
    """A service behind the gate that notes what reaches it."""

    start: str
    calls: list[tuple[str, Mapping[str, Any], Principal]] = field(default_factory=list)
    answer: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] = lambda operation, params: {}
    held: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def call(self, operation: str, params: Mapping[str, Any], principal: Principal) -> Mapping[str, Any]:
        self.calls.append((operation, params, principal))
        return self.answer(operation, params)

    def arns(self, operation: str, params: Mapping[str, Any]) -> Sequence[str]:
        for name, kind in (("name", "cluster"), ("clusterName", "cluster"), ("repositoryName", "repository")):
            if name in params:
                return [f"{self.start}{kind}/{params[name]}"]
        return []

    def tags(self, arn: str) -> Mapping[str, str]:
        return self.held.get(arn, {})


class Issuer:
    """A key pair with a kid, and the tokens that it signs."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.kid = secrets.token_hex(4)

    def jwks(self) -> dict[str, Any]:
        numbers = self.key.public_key().public_numbers()
        modulus = base64.urlsafe_b64encode(numbers.n.to_bytes(256, "big")).rstrip(b"=").decode()
        return {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid, "n": modulus, "e": "AQAB"}]}

    def token(self, claims: Mapping[str, Any] | None = None, **header: Any) -> str:
        import jwt

        now = int(time.time())
        base = {
            "iss": ISSUER,
            "aud": "sts.amazonaws.com",
            "sub": "repo:acme/shop:ref:refs/heads/main",
            "iat": now,
            "nbf": now - 5,
            "exp": now + 300,
            "ref": "refs/heads/main",
            "repository": "acme/shop",
            "repository_id": "456789",
            "repository_owner_id": "123456",
            "environment": "production",
            "job_workflow_ref": "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
            "runner_environment": "github-hosted",
            "event_name": "push",
        }
        payload = {key: value for key, value in {**base, **(claims or {})}.items() if value is not None}
        return jwt.encode(payload, self.key, "RS256", headers={"kid": self.kid, **header})


ISSUERS = (Issuer(), Issuer())


@cache
def _boto() -> Any:
    """One boto3 session for all clients (it keeps the models), which reads nothing of the host's AWS set-up."""
    import boto3
    from botocore.session import Session

    held = Session()
    held.set_config_variable("config_file", "/nonexistent")
    held.set_config_variable("credentials_file", "/nonexistent")
    return boto3.session.Session(botocore_session=held)


@dataclass
class Clock:
    """Real time, moved by `offset` seconds."""

    offset: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


@dataclass
class World:
    """A gate on a port, and clients for it."""

    gate: Gate
    backend: MotoBackend
    url: str
    account: str
    issuer: Issuer
    foreign: Issuer
    eks: Recorder
    ecr: Recorder
    clock: Clock
    region: str = REGION

    def client(self, service: str, key: AccessKey | Credentials | None = None, **more: Any) -> Any:
        from botocore.config import Config

        used = key or self.gate.root_key
        config = Config(**{"retries": {"total_max_attempts": 1}, "connect_timeout": 30, "read_timeout": 60, **more})
        return _boto().client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=used.access_key,
            aws_secret_access_key=used.secret,
            aws_session_token=used.token if isinstance(used, Credentials) else None,
            config=config,
        )

    def user(self, name: str, policy: Mapping[str, Any] | None = None) -> AccessKey:
        return self.gate.seeds.user(name, policy)

    def arn(self, rest: str) -> str:
        return f"arn:aws:iam::{self.account}:{rest}"

    @property
    def provider(self) -> str:
        return self.arn(f"oidc-provider/{HOST}")

    def trust(self, **conditions: Any) -> dict[str, Any]:
        equals = {"aud": "sts.amazonaws.com", "sub": "repo:acme/shop:ref:refs/heads/main", **conditions}
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": self.provider},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {"StringEquals": {f"{HOST}:{key}": value for key, value in equals.items()}},
                }
            ],
        }

    def assume(self, token: str, role: str = "deploy", **more: Any) -> Any:
        from botocore import UNSIGNED

        sts = self.client("sts", signature_version=UNSIGNED)
        wanted = {"RoleArn": self.arn(f"role/{role}"), "RoleSessionName": "gha-1-1", "WebIdentityToken": token, **more}
        return sts.assume_role_with_web_identity(**wanted)


def credentials(answer: Any) -> Credentials:
    """What STS answered, as a client's credentials."""
    given = answer["Credentials"]
    nobody = Principal("", "", "assumed-role", "", "")
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], 0, nobody)


def code(failed: Any) -> str:
    return str(failed.value.response["Error"]["Code"])


def text(failed: Any) -> str:
    return str(failed.value.response["Error"]["Message"])


def status(failed: Any) -> int:
    return int(failed.value.response["ResponseMetadata"]["HTTPStatusCode"])


class Loop:
    """An asyncio loop in a thread, as a world has it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


async def serve(gate: Gate) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(gate.app(), shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, int(runner.addresses[0][1])


def loops() -> Iterator[Loop]:
    """One loop; closed at the end."""
    held = Loop()
    yield held
    held.close()


def an_account() -> str:
    return "".join(secrets.choice("123456789") for _ in range(12))


def opened(loop: Loop, account: str, backend: MotoBackend) -> Iterator[World]:
    """A served gate over a backend; taken down at the end."""
    eks = Recorder(f"arn:aws:eks:{REGION}:{account}:")
    ecr = Recorder(f"arn:aws:ecr:{REGION}:{account}:")
    good, foreign = ISSUERS
    clock = Clock()
    gate = Gate(account, REGION, backend, {"eks": eks, "ecr": ecr}, {ISSUER: good.jwks()}.get, clock)
    runner, port = loop.run(serve(gate))
    gate.public_url = f"http://127.0.0.1:{port}"
    yield World(gate, backend, gate.public_url, account, good, foreign, eks, ecr, clock)
    loop.run(runner.cleanup())
    gate.close()
