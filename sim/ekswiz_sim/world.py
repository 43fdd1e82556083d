"""The world: starts the parts, hands out targets, tokens and snapshots, and removes everything it made.

All servers run on one loop; `close` undoes in the reverse order of `start`, and goes on past what fails.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ekswiz.answers import Answers
from ekswiz.clients.eks_token import eks_token
from ekswiz.target import Flag, Target
from ekswiz.tiers import EMBEDDED, Tiers
from ekswiz_sim import home, leftovers, parts, seed, snapshot
from ekswiz_sim.clock import SimClock
from ekswiz_sim.github.issuer import Key
from ekswiz_sim.seams import ClusterEndpoint, Doors, Record
from ekswiz_sim.sim_target import Doorway, clients, make_target

if TYPE_CHECKING:
    from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store
    from ekswiz_sim.loop import LoopThread

VERSION_PATH = "/version"
KUBERNETES_TIMEOUT = (5.0, 30.0)
"""Seconds to connect and to read."""


class World:
    """One AWS account, its Kubernetes clusters and a GitHub, on loopback. Make it with `World.start`."""

    version_path = VERSION_PATH

    def __init__(self, answers: Answers, made: parts.Parts, before: leftovers.Held) -> None:
        self.answers = answers
        self.account = answers.account
        self._parts = made
        self._before = before
        self._closed = False
        self._operator: Mapping[str, str] = {}
        self._clients: dict[str, Callable[[str], Any]] = {}

    @classmethod
    def start(
        cls,
        answers: Answers,
        operator_policy: Mapping[str, Any],
        *,
        port: int = 0,
        stop: Flag = parts.NEVER,
        tiers: Tiers = EMBEDDED,
    ) -> World:
        """Start every part and put into it what exists before ekswiz: a cluster, its nodes' role, and the operator.

        Args:
            answers: Account, region, repository and cluster of the world.
            operator_policy: The IAM policy of the user who plans and applies.
            port: Port of the simulated AWS; 0 for any.
            stop: Looked at between two steps.
            tiers: What the parts are.

        Raises:
            RehearsalError: A port is in use, or a part could not start; nothing is left then.
            Stopped: The stop came; nothing is left then.
        """
        before = leftovers.held()
        world = cls(answers, parts.start(answers, port, tiers, stop), before)
        try:
            world._operator = seed.seed(world, operator_policy, stop)
        except BaseException:
            world.close()
            raise
        return world

    # ---- where things are

    @property
    def home(self) -> Path:
        """The world's private folder."""
        return self._parts.home

    @property
    def checkout(self) -> Path:
        """Where the staged repository is, once there is one."""
        return self.home / "checkout"

    @property
    def loop(self) -> LoopThread:
        """The loop that all servers are on."""
        return self._parts.loop

    @property
    def clock(self) -> SimClock:
        """What statuses take their time by."""
        return self._parts.clock

    @property
    def parts(self) -> parts.Parts:
        """The parts, for those that act inside the world."""
        return self._parts

    @property
    def doors(self) -> Doors:
        """Where every door is."""
        return self._parts.doors

    @property
    def doorway(self) -> Doorway:
        """What a target needs to know."""
        answers, doors = self.answers, self.doors
        github = (doors.github_url, self._parts.github.token)
        return Doorway(answers.partition, answers.account, answers.region, doors.aws_url, *github)

    def facts(self) -> dict[str, Any]:
        """What another process needs to act here; holds the operator's and the root user's keys."""
        return {
            "account": self.account,
            "region": self.answers.region,
            "aws_url": self.doors.aws_url,
            "github_url": self.doors.github_url,
            "github_token": self._parts.github.token,
            "registry": self.doors.registry,
            "home": str(self.home),
            "operator": dict(self._operator),
            "root": self._root_keys(),
            "kubeconfig": str(seed.kubeconfig(self) or ""),
        }

    # ---- clients

    def target(self, checkout: Path) -> Target:
        """A Target as the operator, who is judged like everybody."""
        return make_target(self.doorway, self._operator, checkout, self._parts.clock)

    def root(self, service: str) -> Any:
        """A boto3 client as the account's root user: for what exists before, and for meddling in tests."""
        return self.client(service, self._root_keys())

    def client(self, service: str, keys: Mapping[str, str]) -> Any:
        """A boto3 client with these keys."""
        return self._cached(keys["AccessKeyId"], keys)(service)

    def _root_keys(self) -> dict[str, str]:
        key = self._parts.gate.root_key
        return {"AccessKeyId": key.access_key, "SecretAccessKey": key.secret}

    def anonymous(self, service: str) -> Any:
        """A boto3 client that signs nothing."""
        return self._cached("", None)(service)

    def _cached(self, name: str, keys: Mapping[str, str] | None) -> Callable[[str], Any]:
        if name not in self._clients:
            self._clients[name] = clients(self.doorway, keys)
        return self._clients[name]

    # ---- identity

    def token(
        self,
        claims: Mapping[str, Any],
        *,
        audience: str = "sts.amazonaws.com",
        key: Key = "good",
        lifetime: int = 300,
    ) -> str:
        """A token with these claims, completed with what GitHub adds. `lifetime` in seconds; negative = expired."""
        return self._parts.github.mint(claims, audience=audience, key=key, lifetime=lifetime)

    def eks_token(self, cluster: str, keys: Mapping[str, str]) -> str:
        """An EKS bearer token of these credentials."""
        return eks_token(keys, cluster, self.answers.region, self.doors.aws_url)

    # ---- Kubernetes

    def cluster_endpoint(self, cluster: str) -> ClusterEndpoint:
        """Where a cluster's API is."""
        return self._parts.kubernetes.endpoint(cluster)

    def store(self, cluster: str) -> Store | None:
        """The objects of an embedded cluster; None if there is no such cluster."""
        return self._parts.kubernetes.store(cluster)

    def objects(self, cluster: str, kind: Kind, namespace: str | None = None) -> list[Obj]:
        """Kubernetes objects of a kind, read past every door; none if there is no such cluster."""
        return self.loop.run(self._parts.kubernetes.objects(cluster, kind, namespace))

    def kubernetes_get(self, target: Target, cluster: str, path: str) -> tuple[int, str]:
        """GET a path of a cluster's API as the target's principal; status and body."""
        api = target.kubernetes(cluster)
        headers = {"authorization": api.configuration.get_api_key_with_prefix("authorization"), "Accept": "*/*"}
        answer = api.rest_client.request(
            "GET", f"{api.configuration.host}{path}", headers=headers, _request_timeout=KUBERNETES_TIMEOUT
        )
        return answer.status, answer.read().decode(errors="replace")

    # ---- observation

    def records(self, since: int = 0) -> Sequence[Record]:
        """Every decision of every door, in order; those after number `since`."""
        return self._parts.gate.records(since)

    def snapshot(self) -> dict[str, Any]:
        """Every AWS, Kubernetes and GitHub object, and every file of the checkout, as plain JSON."""
        return {
            "iam": self._parts.gate.iam_snapshot(),
            "ecr": self._parts.ecr.snapshot(),
            "eks": self._parts.eks.snapshot(),
            "kubernetes": copy.deepcopy(self.loop.run(self._parts.kubernetes.snapshot())),
            "github": self._parts.github.state.snapshot(),
            "files": snapshot.files(self.checkout),
        }

    def log(self) -> list[str]:
        """What the parts had to complain about: lines of the world's log."""
        file = self.home / parts.LOG
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    # ---- the end

    def close(self) -> Sequence[str]:
        """Stop and remove everything; what could not be removed. Safe to call twice."""
        if self._closed:
            return []
        self._closed = True
        return [*parts.stop(self._parts), *home.clear(self.home), *leftovers.since(self._before)]
