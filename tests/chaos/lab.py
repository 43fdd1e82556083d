"""A world in one process that is made in milliseconds: real boto3 clients, the real gate, moto, EKS, ECR, Kubernetes.

The surprising thing: AWS's side has no socket. botocore's own `before-send` hook hands each signed request to the gate
and takes its answer, so signatures, policies and error texts are what they always are, and a sweep can make thousands
of worlds. The same hook is where calls are counted, killed, delayed and failed.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
import threading
import urllib.parse
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self

from chaos.kubernetes_api import BareKubernetes, Server, folder_files
from ekswiz.answers import Answers
from ekswiz.clients.kube_client import kubernetes_client, kubernetes_clients
from ekswiz.events import Event
from ekswiz.iam.parts import parts
from ekswiz.plan import Plan
from ekswiz.risks import KINDS
from ekswiz.session import Session
from ekswiz.target import Flag, Target
from ekswiz_sim.aws import sessions
from ekswiz_sim.aws.ecr import Ecr
from ekswiz_sim.aws.eks import Eks
from ekswiz_sim.aws.eks_neighbours import RealNeighbours
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.clock import SimClock
from ekswiz_sim.gate.calls import Outcome
from ekswiz_sim.gate.gate import Gate
from ekswiz_sim.gate.models import nested
from ekswiz_sim.gate.wire import Request
from ekswiz_sim.registry.storage import Storage
from ekswiz_sim.seams import Principal
from unit.engine.fakes import ANSWERS

AWS_URL = "http://127.0.0.1:9"
"""Nobody listens there: every request is taken before it is sent."""
CLUSTER_ROLE, NODE_ROLE, OPERATOR = "platform-cluster", "platform-node", "operator"
READS = ("Get", "List", "Describe", "BatchGet", "BatchCheck")
ALLOW_ALL: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
"""What a sweep's operator may do; that the printed policy is enough is the contract's to show."""


class LabClock(SimClock):
    """Status time that passes when somebody waits, at once and always."""

    def __init__(self) -> None:
        super().__init__(speed=1.0)
        self.waits: list[float] = []

    def wait(self, seconds: float, stop: Flag) -> bool:
        self.waits.append(seconds)
        self.advance(seconds)
        return stop.wait(0.0)


@dataclass(frozen=True, slots=True)
class Call:
    """A request on its way: `iam CreateRole`, or `kubernetes POST /api/v1/namespaces`."""

    service: str
    operation: str

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        if self.service == "kubernetes":
            return not self.operation.startswith("GET")
        return not self.operation.startswith(READS)


class Tap(Protocol):
    """Who hears of every call; may raise instead of letting it happen, or instead of its answer.

    `before` may answer a Kubernetes request itself.
    """

    def before(self, call: Call) -> Any: ...

    def after(self, call: Call) -> None: ...


class Listener:
    """A tap that lets everything pass and counts it."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def before(self, call: Call) -> Any:
        self.calls.append(call)

    def after(self, call: Call) -> None:
        return


@cache
def server() -> Server:
    """The one Kubernetes server of this process."""
    return Server()


class _Raw:
    """A body as urllib3 hands it on."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [self._body]


class Lab:
    """One AWS account with an operator, and the cluster that exists before (unless the stack makes its own).

    `policy` is the operator's; `served` puts AWS on a port, for other processes.
    """

    def __init__(
        self,
        answers: Answers = ANSWERS,
        *,
        policy: Mapping[str, Any] | None = None,
        served: bool = False,
    ) -> None:
        self.answers = answers
        self.home = Path(tempfile.mkdtemp(prefix="chaos-", dir=_scratch()))
        self.checkout = self.home / "checkout"
        self.checkout.mkdir()
        self.clock = LabClock()
        self.tap: Tap = Listener()
        self._lock = threading.Lock()
        self._server = server()
        self._made: dict[tuple[str, str], Any] = {}
        self._apis: list[Any] = []
        backend = MotoBackend(answers.account, answers.region)
        backend.reset()
        self.backend = backend
        services: dict[str, Any] = {}
        self.gate = Gate(answers.account, answers.region, backend, services, lambda _: None)
        self.url = self.gate.public_url = self._server.serve_aws(self.gate) if served else AWS_URL
        self.kubernetes = BareKubernetes(self._server, self.gate)
        self.eks = self._eks()
        self.kubernetes.entries = self.eks
        self.storage = Storage(self.home / "registry")
        self.ecr = Ecr(self.storage, answers.account, answers.region, lambda: "127.0.0.1:9")
        services |= {"eks": self.eks, "ecr": self.ecr}
        self.root_keys = {"AccessKeyId": self.gate.root_key.access_key, "SecretAccessKey": self.gate.root_key.secret}
        self.keys = self._seed(policy or ALLOW_ALL)

    def _eks(self) -> Eks:
        return Eks(
            self.answers.account,
            self.answers.region,
            principals=self.gate.unique_id,
            kubernetes=self.kubernetes,
            run=self._server.loop.run,
            neighbours=RealNeighbours(self.backend, self.gate),
            clock=self.clock,
        )

    # ---- what exists before

    def _seed(self, policy: Mapping[str, Any]) -> Mapping[str, str]:
        answers = self.answers
        seeds = self.gate.seeds
        for name, service in ((CLUSTER_ROLE, "eks.amazonaws.com"), (NODE_ROLE, "ec2.amazonaws.com")):
            seeds.role(name, trust_service(service))
        key = seeds.user(OPERATOR)
        for number, part in enumerate(parts(dict(policy))):
            name = f"ekswiz-operator-{number + 1}" if number else "ekswiz-operator"
            self._iam("CreatePolicy", PolicyName=name, PolicyDocument=json.dumps(part))
            arn = f"arn:aws:iam::{answers.account}:policy/{name}"
            self._iam("AttachUserPolicy", UserName=OPERATOR, PolicyArn=arn)
        if not getattr(answers, "create_cluster", False):
            self.seed_cluster()
        return {"AccessKeyId": key.access_key, "SecretAccessKey": key.secret}

    def seed_cluster(self, mode: str = "API_AND_CONFIG_MAP") -> None:
        """The cluster that somebody else made; the operator administers it."""
        name, account = self.answers.cluster, self.answers.account
        endpoint = self._server.loop.run(self.kubernetes.create(name))
        self.eks.seed(name, endpoint, role_arn=f"arn:aws:iam::{account}:role/{CLUSTER_ROLE}", mode=mode)
        operator = f"arn:aws:iam::{account}:user/{OPERATOR}"
        self._call_eks("CreateAccessEntry", clusterName=name, principalArn=operator)
        self._call_eks(
            "AssociateAccessPolicy",
            clusterName=name,
            principalArn=operator,
            policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            accessScope={"type": "cluster"},
        )

    def _iam(self, operation: str, **form: str) -> None:
        root = self.gate._parts.keys.root_principal()
        reply = self.gate._parts.iam.call(operation, nested(form.items()), {"Action": operation, **form}, root)
        assert reply.status < 400, reply.body

    def _call_eks(self, operation: str, **params: Any) -> Mapping[str, Any]:
        account = self.answers.account
        return self.eks.call(operation, params, Principal(f"arn:aws:iam::{account}:root", account, "root", "root", ""))

    # ---- clients

    def target(self, *, own_clients: bool = False) -> Target:
        """The world as the operator sees it; a new one each time, as each process has.

        Only the AWS clients are the same: they remember nothing, and cost as much as all calls together. Who registers
        something with them takes `own_clients`.
        """
        answers, made = self.answers, {} if own_clients else self._made
        who = str(self.keys)
        lock = threading.Lock()

        def aws(service: str) -> Any:
            with lock:
                if (who, service) not in made:
                    made[who, service] = self.client(service, self.keys)
                return made[who, service]

        kubernetes = kubernetes_clients(aws("eks"), self.keys, answers.region, sts_url=self.url)

        def tapped(cluster: str) -> Any:
            api = kubernetes(cluster)
            with lock:
                if not getattr(api, "tapped", False):
                    api.tapped = True
                    self._apis.append(api)
                    api.rest_client.request = self._tapped(api, api.rest_client.request)
            return api

        return Target(
            "sim", "aws", answers.account, answers.region, aws, tapped, lambda: None, self.checkout, self.clock
        )

    def as_root(self) -> Target:
        """The world as its administrator sees it, whom no tap hears: for meddling."""

        def kept(cluster: str) -> Any:
            # Made anew each time: the cluster may have been, too.
            api = kubernetes_client(self.root("eks"), self.keys, cluster, self.answers.region, sts_url=self.url)
            self._apis.append(api)
            return api

        answers = self.answers
        return Target(
            "sim", "aws", answers.account, answers.region, self.root, kept, lambda: None, self.checkout, self.clock
        )

    def root(self, service: str) -> Any:
        """A boto3 client of the account's root user, whom no tap hears."""
        if ("root", service) not in self._made:
            self._made["root", service] = self.client(service, self.root_keys, tapped=False)
        return self._made["root", service]

    def client(self, service: str, keys: Mapping[str, str], *, tapped: bool = True) -> Any:
        """A client with these keys that does not retry: the engine's own patience is what is tried."""
        from botocore.config import Config

        config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=5, read_timeout=5)
        made = _session(self.answers.region, keys).create_client(service, endpoint_url=AWS_URL, config=config)
        made.meta.events.register("before-send", self._send(tapped=tapped))
        return made

    def _send(self, *, tapped: bool) -> Callable[..., Any]:
        def send(request: Any, event_name: str, **_: Any) -> Any:
            _, service, operation = event_name.split(".")
            call = Call(service, operation)
            if tapped:
                self.tap.before(call)
            answer = self._answer(request)
            if tapped:
                self.tap.after(call)
            return answer

        return send

    def _answer(self, request: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        with self._lock:
            outcome = self.gate._calls.answer(wire(request))
        _lost(outcome, request.url)
        assert outcome.reply is not None
        reply = outcome.reply
        headers = {**reply.headers, "Content-Type": reply.content_type}
        return AWSResponse(request.url, reply.status, headers, _Raw(reply.body))

    def _tapped(self, api: Any, request: Any) -> Any:
        def tapped(method: str, url: str, **given: Any) -> Any:
            path = urllib.parse.urlsplit(url).path.removeprefix(urllib.parse.urlsplit(api.configuration.host).path)
            call = Call("kubernetes", f"{method} {path}")
            answer = self.tap.before(call)
            if answer is not None:
                return answer
            answer = request(method, url, **given)
            self.tap.after(call)
            return answer

        return tapped

    # ---- observation

    def session(self, **more: Any) -> Session:
        """The stack with every consent, and with its journal in this world's folder."""
        known = {field.name for field in fields(Session)}
        agreed = {name: True for name in ("delete_images", "delete_protected") if name in known}
        consents = frozenset(kind.id for kind in KINDS if kind.consent)
        return Session(self.answers, **{"state_dir": self.home / "state", "allow_risks": consents, **agreed, **more})

    def push_image(self) -> None:
        """An image in the stack's repository, as the build job would have pushed it."""
        ecr, name = self.root("ecr"), self.answers.ecr_repository
        config = self.storage.put(b"{}")
        self.ecr.add_blob(name, config)
        ecr.put_image(
            repositoryName=name,
            imageTag=f"t{secrets.token_hex(4)}",
            imageManifest=json.dumps(
                {
                    "schemaVersion": 2,
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": config},
                    "layers": [],
                }
            ),
        )

    def plan(self) -> Plan:
        """What the stack would change now."""
        return self.session(delete_images=True).plan(self.target())

    def run_destroy(self) -> list[Event]:
        """Destroy to the last event, whatever happens."""
        return list(self.session(delete_images=True).destroy(self.target(), threading.Event()))

    def snapshot(self) -> dict[str, Any]:
        """Every object of this world, made-up ids and times included."""
        return {
            **self.gate.iam_snapshot(),
            "ecr": self.ecr.snapshot(),
            "eks": self.eks.snapshot(),
            "kubernetes": self._server.loop.run(self.kubernetes.snapshot()),
            "files": folder_files(self.checkout),
        }

    def json_answers(self) -> dict[str, Any]:
        """The answers, for another process."""
        return asdict(self.answers)

    def close(self) -> None:
        """Forget the account and its folder."""
        for api in self._apis:
            api.close()
            api.rest_client.pool_manager.clear()
        self._server.loop.run(self.kubernetes.close())
        self.gate.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _lost(outcome: Outcome, url: str) -> None:
    """A connection without an answer, as urllib3 would report it."""
    from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

    if outcome.fault == "timeout-before":
        raise ReadTimeoutError(endpoint_url=url)
    if outcome.reply is None:
        raise ConnectionClosedError(endpoint_url=url)


def wire(request: Any) -> Request:
    """botocore's prepared request as the gate reads it off a socket."""
    parts = urllib.parse.urlsplit(request.url)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    headers.setdefault("host", parts.netloc)
    body = request.body or b""
    body = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else body.read()
    return Request(request.method, parts.path or "/", parts.query, headers, body)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def trust_service(service: str) -> dict[str, Any]:
    """A trust policy of one AWS service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _session(region: str, keys: Mapping[str, str]) -> Any:
    return sessions.session(keys, region)


@cache
def _scratch() -> str | None:
    """A folder in memory, where there is one: sweeps fsync thousands of journals."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def quiet() -> None:
    """Sweeps drop thousands of kept-alive sockets; their collection is nobody's news."""
    warnings.simplefilter("ignore", ResourceWarning)
