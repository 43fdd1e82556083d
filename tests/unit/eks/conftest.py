"""A boto3 client that talks to our EKS: botocore validates what goes in and parses what comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.parsers import create_parser

from ekswiz_sim.aws.eks import Eks
from ekswiz_sim.seams import ClusterEndpoint, Principal, ServiceError

ACCOUNT = "123456789012"
REGION = "us-east-1"
NOW = datetime(2026, 11, 20, tzinfo=UTC).timestamp()
ENDPOINT = ClusterEndpoint("https://127.0.0.1:6443", b"-----BEGIN CERTIFICATE-----\n")
CLUSTER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/cluster"
NODE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/node"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/ci/deploy"
JANE = f"arn:aws:iam::{ACCOUNT}:user/jane"
OPERATOR = Principal(JANE, ACCOUNT, "user", "jane", "AIDAJANE")
VPC = {"subnetIds": ["subnet-1", "subnet-2"]}


class Kubernetes:
    """Records what it was asked to make; fails where a test says so."""

    def __init__(self) -> None:
        self.clusters: list[str] = []
        self.broken = False

    async def create(self, cluster: str) -> ClusterEndpoint:
        if self.broken:
            raise OSError("no port left")
        self.clusters.append(cluster)
        return ENDPOINT

    async def delete(self, cluster: str) -> None:
        self.clusters.remove(cluster)


@dataclass
class World:
    eks: Eks
    client: Any
    kubernetes: Kubernetes
    principals: dict[str, str]
    as_principal: Principal = OPERATOR
    now: float = NOW
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    def refused(self, call: Callable[..., Any], **params: Any) -> tuple[str, str, int]:
        """Code, text and status of the refusal that a call must meet."""
        with pytest.raises(self.client.exceptions.ClientError) as caught:
            call(**params)
        assert not self.strays, "an error that botocore's model of EKS does not have, or with another status"
        answer = caught.value.response
        return answer["Error"]["Code"], answer["Error"]["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def world() -> World:
    return make_world(polls=0)


@pytest.fixture
def slow_world() -> World:
    return make_world(polls=2)


@pytest.fixture
def seeded(world: World) -> World:
    world.eks.seed("demo", ENDPOINT, role_arn=CLUSTER_ROLE)
    return world


def make_world(polls: int, principals: dict[str, str] | None = None) -> World:
    kubernetes = Kubernetes()
    principals = principals or {
        CLUSTER_ROLE: "AROACLUSTER",
        NODE_ROLE: "AROANODE",
        DEPLOY: "AROADEPLOY1",
        JANE: "AIDAJANE",
    }
    eks = Eks(
        ACCOUNT,
        REGION,
        principals=principals.get,
        kubernetes=kubernetes,
        run=_run,
        polls=polls,
        now=lambda: made.now,
    )
    made = World(eks, _client(), kubernetes, principals)
    _connect(made)
    return made


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Drives a coroutine that never really waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the coroutine waits")


SESSION = boto3.session.Session("test", "test", region_name=REGION)
"""One for all tests: it keeps the models that it has read."""


def _client() -> Any:
    return SESSION.client("eks", endpoint_url="http://127.0.0.1:1")


@dataclass
class _Http:
    status_code: int


def _connect(world: World) -> None:
    given: dict[str, Any] = {}

    def keep(params: dict[str, Any], **_: Any) -> None:
        given["params"] = params

    def answer(model: Any, **_: Any) -> tuple[_Http, dict[str, Any]]:
        params = given["params"]
        world.asked.append((model.name, tuple(world.eks.arns(model.name, params))))
        try:
            members = world.eks.call(model.name, params, world.as_principal)
        except ServiceError as refusal:
            error = {"Code": refusal.code, "Message": refusal.message}
            known = {
                shape.name: shape.metadata["error"]["httpStatusCode"] for shape in model.service_model.error_shapes
            }
            world.strays += [refusal.code] if known.get(refusal.code) != refusal.status else []
            return _Http(refusal.status), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": refusal.status}}
        fits(members, model.output_shape, model.name)
        wire = {"body": json.dumps(members).encode(), "headers": {}, "status_code": 200}
        return _Http(200), create_parser("rest-json").parse(wire, model.output_shape)

    world.client.meta.events.register_last("before-parameter-build.eks", keep)
    world.client.meta.events.register("before-call.eks", answer)


def fits(value: Any, shape: Shape, where: str) -> None:
    """Every member is one of botocore's, of its type and, where it has an enumeration, one of its words."""
    if isinstance(shape, StructureShape):
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{where}: {unknown} not in {shape.name}"
        for name, member in value.items():
            fits(member, shape.members[name], f"{where}.{name}")
    elif isinstance(shape, ListShape):
        assert isinstance(value, list), where
        for each in value:
            fits(each, shape.member, f"{where}[]")
    elif isinstance(shape, MapShape):
        assert isinstance(value, dict), where
        for each in value.values():
            fits(each, shape.value, f"{where}{{}}")
    else:
        types = {"string": str, "boolean": bool, "integer": int, "timestamp": float}
        assert isinstance(value, types[shape.type_name]), f"{where}: {value!r}"
        words = getattr(shape, "enum", None)
        assert not words or value in words, f"{where}: {value!r} not in {words}"
