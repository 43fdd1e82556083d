"""What checks look at, each thing read once however many ask for it, and by several threads at a time."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import ask, pages
from ekswiz.clients.kube_api import get
from ekswiz.doctor.finding import Unasked
from ekswiz.errors import EkswizError
from ekswiz.frontend import Identity, RepositorySeen
from ekswiz.iam.documents import provider_arn, role_arn
from ekswiz.plan import Json, Plan
from ekswiz.probes.github_api import GitHubApi
from ekswiz.probes.repository import repository
from ekswiz.session import Session
from ekswiz.target import Target

T = TypeVar("T")
TOOL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Door:
    """The way to AWS, and who we are there."""

    target: Target
    identity: Identity


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts come from. Each function is called once, by the first check that needs it.

    `answers`, `door` and `github` raise EkswizError where there are none. `region` is the likeliest one before there
    are answers. `state_dir` holds journals; None is the user's state folder.
    """

    answers: Callable[[], Answers]
    door: Callable[[], Door]
    github: Callable[[], GitHubApi]
    checkout: Path
    environment: Mapping[str, str]
    sim: bool = False
    region: str = ""
    state_dir: Path | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    localstack: str = "http://127.0.0.1:4566/_localstack/health"


@dataclass(slots=True)
class Facts:
    """Everything that checks ask for. What cannot be asked for raises `Unasked`, what fails an EkswizError."""

    source: Source
    _made: dict[str, Future[Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What `make` returned or raised when it was called first for this key."""
        with self._lock:
            future = self._made.get(key)
            first = future is None
            if future is None:
                future = self._made[key] = Future()
        if first:
            try:
                future.set_result(make())
            except BaseException as error:  # noqa: BLE001 - handed to everybody who asks
                future.set_exception(error)
        return cast("T", future.result())

    # ---- what there must be first

    def answers(self) -> Answers:
        """The answers, complete and usable."""
        return self._before("answers", self.source.answers, "the answers are not complete")

    def door(self) -> Door:
        """The way to AWS."""
        return self._before("door", self.source.door, "AWS cannot be asked")

    def target(self) -> Target:
        """The world, if it is the one that the answers are for."""
        target, answers = self.door().target, self.answers()
        if target.account != answers.account:
            raise Unasked("the credentials are another account's")
        return target

    def github(self) -> GitHubApi:
        """GitHub's API."""
        return self._before("github", self.source.github, "GitHub cannot be asked")

    def session(self) -> Session:
        """The stack."""
        return Session(self.answers(), state_dir=self.source.state_dir)

    def plan(self) -> Plan:
        """What would be changed now."""
        return self.once("plan", lambda: self.session().plan(self.target()))

    def _before(self, key: str, make: Callable[[], T], otherwise: str) -> T:
        try:
            return self.once(key, make)
        except EkswizError as error:
            raise Unasked(otherwise) from error

    # ---- AWS

    def sts_url(self) -> str:
        """The address of the STS that we would ask; of the region's own where nothing else is known."""
        try:
            return str(self.door().target.aws("sts").meta.endpoint_url)
        except (Unasked, EkswizError):
            return f"https://sts.{self.source.region or 'us-east-1'}.amazonaws.com"

    def ask(self, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """The answer to a reading call; None where there is no such thing."""
        key = f"{service}.{operation}.{sorted(parameters.items())}"
        return self.once(key, lambda: ask(self.target(), service, operation, **parameters))

    def listed(self, service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
        """Every item of a listing."""
        name = f"{service}.{operation}.{sorted(parameters.items())}"
        return self.once(name, lambda: list(pages(self.target(), service, operation, key, **parameters)))

    def provider(self) -> Json | None:
        """The OIDC provider for GitHub."""
        arn = provider_arn(self.answers())
        return self.ask("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)

    def role(self, name: str) -> Json | None:
        """A role of the account."""
        answer = self.ask("iam", "get_role", RoleName=name)
        return answer["Role"] if answer else None

    def applied(self) -> bool:
        """Whether this stack was applied, as far as its roles show."""
        answers = self.answers()
        return any(self.role(name) is not None for name in (answers.push_role, answers.deploy_role))

    def registry(self) -> Json:
        """The ECR repository."""
        name = self.answers().ecr_repository
        answer = self.ask("ecr", "describe_repositories", repositoryNames=[name])
        if not answer or not answer["repositories"]:
            raise Unasked(f"there is no ECR repository {name}")
        found: Json = answer["repositories"][0]
        return found

    def cluster(self) -> Json:
        """The cluster."""
        name = self.answers().cluster
        answer = self.ask("eks", "describe_cluster", name=name)
        if answer is None:
            raise Unasked(f"there is no cluster {name}")
        found: Json = answer["cluster"]
        return found

    def nodegroups(self) -> list[Json]:
        """The cluster's managed node groups."""
        name = self.cluster()["name"]
        groups = self.listed("eks", "list_nodegroups", "nodegroups", clusterName=name)
        found = [self.ask("eks", "describe_nodegroup", clusterName=name, nodegroupName=group) for group in groups]
        return [answer["nodegroup"] for answer in found if answer]

    def entry(self) -> Json:
        """The deploy role's access entry."""
        answers = self.answers()
        answer = self.ask("eks", "describe_access_entry", **self.entry_key())
        if answer is None:
            raise Unasked(f"{answers.deploy_role} has no access entry")
        found: Json = answer["accessEntry"]
        return found

    def entry_key(self) -> dict[str, str]:
        """What names the deploy role's access entry."""
        answers = self.answers()
        return {"clusterName": self.cluster()["name"], "principalArn": role_arn(answers, answers.deploy_role)}

    # ---- Kubernetes

    def kube(self, path: str) -> dict[str, Any] | None:
        """An object or list of the cluster's API; None where there is none."""
        name = self.cluster()["name"]
        return self.once(f"kubernetes.{path}", lambda: get(self.target(), name, path))

    # ---- GitHub

    def repository(self) -> RepositorySeen:
        """The repository as GitHub knows it."""
        answers = self.answers()
        return self._before(
            "repository", lambda: repository(self.github(), answers.owner, answers.repo), "GitHub does not show it"
        )

    def github_get(self, *segments: str) -> dict[str, Any] | None:
        """A document below the repository; None where there is none, or GitHub does not show it."""
        answers = self.answers()
        path = ("repos", answers.owner, answers.repo, *segments)
        return self.once(f"github.{path}", lambda: self.github().get(*path))

    # ---- this machine

    def which(self, tool: str) -> str | None:
        """Where a tool is; None if it is not installed."""
        return shutil.which(tool, path=self.source.environment.get("PATH"))

    def say(self, tool: str, *arguments: str) -> str | None:
        """What a tool prints; None if it is not installed, fails, or takes too long."""
        return self.once(f"{tool} {arguments}", lambda: self._say(tool, *arguments))

    def _say(self, tool: str, *arguments: str) -> str | None:
        found = self.which(tool)
        if found is None:
            return None
        try:
            done = subprocess.run(
                [found, *arguments], capture_output=True, text=True, timeout=TOOL_SECONDS, check=False,
                stdin=subprocess.DEVNULL, env=dict(self.source.environment), errors="replace",
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return None
        return (done.stdout or done.stderr).strip() if done.returncode == 0 else None
