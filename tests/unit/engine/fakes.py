"""A small world for the engine: moto for IAM and ECR, fakes for EKS access entries and for Kubernetes."""

from __future__ import annotations

import copy
import functools
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ekswiz.answers import Answers
from ekswiz.errors import NotYet, Unreadable
from ekswiz.plan import Action, Change, Ref, Risk
from ekswiz.resource import Farewell, Live
from ekswiz.target import Flag, Target

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ANSWERS = Answers(
    stack="payments",
    account=ACCOUNT,
    region=REGION,
    owner="acme",
    repo="payments-api",
    owner_id="123456",
    repo_id="456789",
    branch="main",
    cluster="platform-dev",
    namespace="payments",
    ecr_repository="payments-api",
    workload="payments-api",
)


class VirtualClock:
    """Time passes only when somebody waits."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 1, tzinfo=UTC)
        self._lock = threading.Lock()
        self.waits: list[float] = []
        self.on_wait: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return self._now

    def wait(self, seconds: float, stop: Flag) -> bool:
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self.waits.append(seconds)
        self.on_wait()
        return stop.is_set()


def aws_error(code: str, message: str, operation: str, status: int = 400) -> Exception:
    from botocore.exceptions import ClientError

    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


class FakeEks:
    """One cluster with access entries, in the shapes and errors of EKS."""

    def __init__(self, cluster: str = "platform-dev", mode: str = "API") -> None:
        self.cluster = cluster
        self.mode = mode
        self.entries: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, set[str]] = {}
        self._count = itertools.count(1)

    def describe_cluster(self, name: str) -> dict[str, Any]:
        self._cluster(name, "DescribeCluster")
        arn = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{name}"
        return {
            "cluster": {
                "name": name,
                "arn": arn,
                "status": "ACTIVE",
                "createdAt": datetime(2026, 1, 1, tzinfo=UTC),
                "endpoint": "https://127.0.0.1:1",
                "accessConfig": {"authenticationMode": self.mode},
                "resourcesVpcConfig": {"endpointPublicAccess": True},
            }
        }

    def describe_access_entry(self, clusterName: str, principalArn: str) -> dict[str, Any]:  # noqa: N803
        self._entry(clusterName, principalArn, "DescribeAccessEntry")
        return {"accessEntry": copy.deepcopy(self.entries[principalArn])}

    def create_access_entry(self, **given: Any) -> dict[str, Any]:
        self._cluster(given["clusterName"], "CreateAccessEntry")
        self._moded("CreateAccessEntry")
        arn = given["principalArn"]
        if arn in self.entries:
            text = "The specified access entry resource is already in use on this cluster."
            raise aws_error("ResourceInUseException", text, "CreateAccessEntry", 409)
        number = next(self._count)
        self.entries[arn] = {
            "clusterName": given["clusterName"],
            "principalArn": arn,
            "kubernetesGroups": given["kubernetesGroups"],
            "accessEntryArn": f"arn:aws:eks:{REGION}:{ACCOUNT}:access-entry/{given['clusterName']}/{number}",
            "createdAt": datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=number),
            "tags": given["tags"],
            "type": given["type"],
        }
        return {"accessEntry": copy.deepcopy(self.entries[arn])}

    def update_access_entry(self, clusterName: str, principalArn: str, kubernetesGroups: list[str]) -> dict[str, Any]:  # noqa: N803
        self._entry(clusterName, principalArn, "UpdateAccessEntry")
        self.entries[principalArn]["kubernetesGroups"] = kubernetesGroups
        return {"accessEntry": self.entries[principalArn]}

    def delete_access_entry(self, clusterName: str, principalArn: str) -> dict[str, Any]:  # noqa: N803
        self._entry(clusterName, principalArn, "DeleteAccessEntry")
        del self.entries[principalArn]
        return {}

    def disassociate_access_policy(self, clusterName: str, principalArn: str, policyArn: str) -> dict[str, Any]:  # noqa: N803
        self._entry(clusterName, principalArn, "DisassociateAccessPolicy")
        self.policies[principalArn].discard(policyArn)
        return {}

    def get_paginator(self, operation: str) -> FakeEks:
        assert operation == "list_associated_access_policies"
        return self

    def paginate(self, clusterName: str, principalArn: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        self._entry(clusterName, principalArn, "ListAssociatedAccessPolicies")
        yield {"associatedAccessPolicies": [{"policyArn": p} for p in sorted(self.policies.get(principalArn, ()))]}

    def _cluster(self, name: str, operation: str) -> None:
        if name != self.cluster:
            raise aws_error("ResourceNotFoundException", f"No cluster found for name: {name}.", operation, 404)

    def _moded(self, operation: str) -> None:
        if self.mode == "CONFIG_MAP":
            text = (
                "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] "
                "to perform this operation."
            )
            raise aws_error("InvalidRequestException", text, operation)

    def _entry(self, cluster: str, arn: str, operation: str) -> None:
        self._cluster(cluster, operation)
        self._moded(operation)
        if arn not in self.entries:
            text = "The specified principalArn could not be found."
            raise aws_error("ResourceNotFoundException", text, operation, 404)


@dataclass
class Answer:
    """A response as the client's REST layer hands it on: a status, and a body to read."""

    body: Any
    status: int = 200

    def read(self) -> bytes:
        return json.dumps(self.body).encode()


def refusal(status: int, reason: str, message: str) -> Answer:
    return Answer({"kind": "Status", "reason": reason, "message": message}, status)


class FakeKubernetes:
    """Objects by path; enough of merge patch for labels, rules and subjects."""

    host = "https://fake"

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.configuration = self
        self.rest_client = self
        self._count = itertools.count(1)

    def get_api_key_with_prefix(self, name: str) -> str:
        return f"Bearer {name}"

    def request(self, method: str, url: str, headers: Mapping[str, str], body: Any, _request_timeout: Any) -> Answer:
        path = url.removeprefix(self.host)
        if method == "POST":
            return self._post(f"{path}/{body['metadata']['name']}", body)
        if path not in self.objects:
            return refusal(404, "NotFound", f"{path} not found")
        if method == "PATCH":
            _merge(self.objects[path], body)
        if method == "DELETE":
            return Answer(self._delete(path))
        return Answer(self.objects[path])

    def _post(self, path: str, body: Any) -> Answer:
        if path in self.objects:
            return refusal(409, "AlreadyExists", f"{path} already exists")
        parent = path.partition("/namespaces/")[2].split("/")
        if len(parent) > 1 and f"/api/v1/namespaces/{parent[0]}" not in self.objects:
            return refusal(404, "NotFound", f'namespaces "{parent[0]}" not found')
        made = copy.deepcopy(body)
        made["metadata"]["uid"] = f"uid-{next(self._count)}"
        self.objects[path] = made
        return Answer(made)

    def _delete(self, path: str) -> dict[str, Any]:
        name = path.rpartition("/")[2]
        for inside in [p for p in self.objects if f"/namespaces/{name}/" in p and path.endswith(f"namespaces/{name}")]:
            del self.objects[inside]
        return self.objects.pop(path)


def _merge(into: dict[str, Any], patch: Mapping[str, Any]) -> None:
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


@dataclass
class World:
    """IAM and ECR by moto, EKS and Kubernetes by fakes, one checkout."""

    checkout: Path
    eks: FakeEks = field(default_factory=FakeEks)
    kubernetes: FakeKubernetes = field(default_factory=FakeKubernetes)
    clock: VirtualClock = field(default_factory=VirtualClock)
    clients: dict[str, Any] = field(default_factory=dict)
    before_call: Callable[[str, str], None] = lambda service, operation: None

    def aws(self, service: str) -> Any:
        return _Watched(self, service, self.eks if service == "eks" else self.clients[service])

    def target(self) -> Target:
        def kubernetes(cluster: str) -> Any:
            if cluster != self.eks.cluster:
                raise NotYet(f"cluster {cluster} does not exist.")
            return self.kubernetes

        return Target("sim", "aws", ACCOUNT, REGION, self.aws, kubernetes, lambda: None, self.checkout, self.clock)


def audiences(provider: str) -> list[str]:
    """The client ids of moto's provider; moto has no call that changes them."""
    from moto.iam.models import iam_backends

    found: list[str] = iam_backends[ACCOUNT]["aws"].open_id_providers[provider].client_id_list
    return found


def add_audience(OpenIDConnectProviderArn: str, ClientID: str) -> None:  # noqa: N803 - IAM's own names
    audiences(OpenIDConnectProviderArn).append(ClientID)


class _Watched:
    """Announces every call before it is made."""

    def __init__(self, world: World, service: str, client: Any) -> None:
        self._world, self._service, self._client = world, service, client

    def __getattr__(self, operation: str) -> Any:
        found = getattr(self._client, operation)
        if operation == "add_client_id_to_open_id_connect_provider":
            found = add_audience
        if operation == "get_paginator":
            return found

        def call(**parameters: Any) -> Any:
            self._world.before_call(self._service, operation)
            return found(**parameters)

        return call


@functools.cache
def clients() -> dict[str, Any]:
    """Clients are slow to make; moto's state is what each test starts anew."""
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
    return {service: boto3.client(service, **keys) for service in ("iam", "ecr")}


@contextmanager
def world(checkout: Path) -> Iterator[World]:
    from moto import mock_aws

    with mock_aws():
        yield World(checkout, clients=clients())


@dataclass(frozen=True, slots=True)
class Thing:
    """Attributes of a fake resource."""

    size: int = 1
    other: Any = ""


class Shop:
    """Where fake resources live: name to live object."""

    def __init__(self) -> None:
        self.things: dict[str, Live[Thing]] = {}
        self.calls: list[tuple[str, str]] = []
        self.fail: dict[tuple[str, str], list[Exception]] = {}
        self.hook: Callable[[str, str], None] = lambda verb, address: None
        self.count = itertools.count(1)
        self.lock = threading.Lock()

    def called(self, verb: str, address: str) -> None:
        with self.lock:
            self.calls.append((verb, address))
            waiting = self.fail.get((verb, address))
            error = waiting.pop(0) if waiting else None
        self.hook(verb, address)
        if error is not None:
            raise error


@dataclass(slots=True)
class Fake:
    """A resource that lives in a `Shop`."""

    shop: Shop
    address: str
    desired: Thing = field(default_factory=Thing)
    needs: tuple[str, ...] = ()
    tenure: Any = "owned"
    replaces: frozenset[str] = frozenset()
    why: str = "A test needs it."
    permissions: Any = field(default_factory=lambda: {"read": ("x:Get",), "create": ("x:Make",)})
    scopes: Any = field(default_factory=dict)
    keep: str = ""
    found_risks: tuple[Risk, ...] = ()

    def read(self, target: Target) -> Live[Thing] | None:
        del target
        self.shop.called("read", self.address)
        return self.shop.things.get(self.address)

    def create(self, target: Target, desired: Thing, token: str, tags: Mapping[str, str]) -> Live[Thing]:
        del target, token
        self.shop.called("create", self.address)
        if self.address in self.shop.things:
            from ekswiz.errors import Conflict

            raise Conflict(f"{self.address} exists.")
        return self.put(desired, tags["ekswiz:stack"])

    def put(self, desired: Thing, owner: str | None = "payments") -> Live[Thing]:
        unique = f"id-{next(self.shop.count)}"
        live = Live(desired, {"id": unique, "arn": f"arn:{self.address}"}, unique, owner)
        self.shop.things[self.address] = live
        return live

    def update(self, target: Target, live: Live[Thing], desired: Thing) -> Live[Thing]:
        del target
        self.shop.called("update", self.address)
        new = Live(desired, live.outputs, live.unique_id, live.owner)
        self.shop.things[self.address] = new
        return new

    def delete(self, target: Target, live: Live[Thing]) -> None:
        del target, live
        self.shop.called("delete", self.address)
        self.shop.things.pop(self.address, None)

    def cli(self, action: Action) -> str:
        return f"fake {action.word} {self.address}"

    def risks(self, live: Live[Thing] | None) -> tuple[Risk, ...]:
        del live
        return self.found_risks

    def farewell(self, target: Target, live: Live[Thing]) -> Farewell:
        del target, live
        return Farewell(self.keep)


def bare_target(clock: VirtualClock | None = None, checkout: Path = Path()) -> Target:
    """A target that reaches nothing."""

    def nowhere(name: str) -> Any:
        raise Unreadable(f"nothing is behind {name}")

    made = clock or VirtualClock()
    return Target("sim", "aws", ACCOUNT, REGION, nowhere, nowhere, lambda: None, checkout, made)


def change(address: str = "fake.a", action: Action = Action.CREATE) -> Change:
    return Change(address, action, None, {"size": 1}, (), adopted=False, why="", cli="", permissions=())


REF = Ref("fake.a", "id")
