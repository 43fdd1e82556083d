"""The real tiers, each behind one function: the world asks here for a part, and gets the one that was chosen.

The rooms of real tiers are loaded only when they are chosen; nothing here changes what the embedded tier does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import trustme

from ekswiz.answers import Answers
from ekswiz.errors import InputError
from ekswiz.target import Flag
from ekswiz.tiers import Tiers
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.holdings import Settle
from ekswiz_sim.seams import AccessEntries, ClusterEndpoint, Gatekeeper, ImagePuller

if TYPE_CHECKING:
    from ekswiz_sim.kubernetes.embedded.store import Kind, Obj, Store
    from ekswiz_sim.loop import LoopThread


def _endpoint() -> Settle:
    from ekswiz_sim.aws.endpoint import made  # loaded where such a note was left

    return made.settle


def _localstack() -> Settle:
    from ekswiz_sim.aws.endpoint import container

    return container.settle


def _engine() -> Settle:
    from ekswiz_sim.containers import settle

    return settle.settle


def _kind() -> Settle:
    from ekswiz_sim.kubernetes.kind import leftover

    return leftover.settle


SETTLE: dict[str, Callable[[], Settle]] = {
    "container": _engine,
    "kind": _kind,
    "aws": _endpoint,
    "localstack": _localstack,
}
"""By kind of note: what loads the function that takes such a thing away. A real tier adds its line here."""


class Kubernetes(Protocol):
    """What makes the world's clusters (`provider.Provider` says what each member means)."""

    entries: AccessEntries | None

    async def prepare(self) -> None: ...  # noqa: D102 - as above
    async def create(self, cluster: str) -> ClusterEndpoint: ...  # noqa: D102 - as above
    async def delete(self, cluster: str) -> None: ...  # noqa: D102 - as above
    async def close(self) -> None: ...  # noqa: D102 - as above
    def endpoint(self, cluster: str) -> ClusterEndpoint: ...  # noqa: D102 - as above
    def store(self, cluster: str) -> Store | None: ...  # noqa: D102 - as above
    async def objects(self, cluster: str, kind: Kind, namespace: str | None = None) -> list[Obj]: ...  # noqa: D102 - as above
    async def snapshot(self) -> Mapping[str, Mapping[str, Obj]]: ...  # noqa: D102 - as above


@dataclass(frozen=True, slots=True)
class Site:
    """What the world hands to a tier that makes clusters or runs containers.

    Attributes:
        home: The world's private folder. Its name is the world's id, and labels everything made outside of it.
        registry: host:port of the world's registry, on loopback.
        policy_rules: The RBAC rules of an EKS access policy's ARN.
        authority: Signs every certificate of the world.
        puller: Pulls from the registry as the node role.
        node_login: User and password (12 h) of the node role at the registry of this host:port, for what pulls by
            itself. Blocks; not to be called on the loop.
        stop: Ends what takes long while the world starts; raise `seams.Stopped` then.
    """

    answers: Answers
    tiers: Tiers
    home: Path
    loop: LoopThread
    gatekeeper: Gatekeeper
    policy_rules: Callable[[str], list[dict[str, Any]]]
    authority: trustme.CA
    puller: ImagePuller
    registry: str
    node_login: Callable[[str], tuple[str, str]]
    stop: Flag

    @property
    def world(self) -> str:
        """The world's id."""
        return self.home.name


def check(tiers: Tiers) -> Tiers:
    """Refuse what this machine has not, before anything starts; the tiers with the addresses that were found.

    Raises:
        RehearsalError: A chosen tier cannot be had here; says how to get it.
        InputError: An image's name is none.
    """
    _reference("--base-image", tiers.base_image)
    _reference("--node-image", tiers.node_image)
    if tiers.aws != "embedded":
        from ekswiz_sim.aws.endpoint import tier  # the embedded tier needs none of it

        tiers = tier.check(tiers)
    if tiers.cluster == "kind":  # which looks at the engine too
        from ekswiz_sim.kubernetes.kind import preflight as kind

        kind.check()
    elif tiers.images == "docker":
        from ekswiz_sim.containers import preflight

        preflight.check()
    return tiers


def _reference(flag: str, said: str) -> None:
    if said:
        from ekswiz_sim.images import reference

        try:
            reference.parse(said)
        except reference.BadReference as error:
            raise InputError(flag, f"{said!a}: {error}.", "For example: registry.example.com/python:3.13") from error


def aws(tiers: Tiers, answers: Answers, home: Path, stop: Flag) -> MotoBackend:
    """What keeps IAM's and EC2's objects, behind the gate.

    Raises:
        RehearsalError: The endpoint does not serve, or holds what the rehearsal needs to make.
        Stopped: The stop came meanwhile.
    """
    if tiers.aws != "embedded":
        from ekswiz_sim.aws.endpoint import tier

        return tier.backend(tiers, answers, home, stop)
    return MotoBackend(answers.account, answers.region)


def kubernetes(site: Site) -> Kubernetes:
    """What makes clusters: embedded ones whose pods are processes, or as the tiers say."""
    from ekswiz_sim.images.judged import Judged  # needed by this tier alone
    from ekswiz_sim.kubernetes.provider import Provider

    if site.tiers.images == "docker":
        from ekswiz_sim.containers import tier

        facts = tier.begin(site)
        if site.tiers.cluster == "embedded":
            return tier.kubernetes(site, facts)
    if site.tiers.cluster == "kind":
        from ekswiz_sim.kubernetes.kind import tier as kind

        return kind.kubernetes(site)
    root = site.home / "kubernetes"
    return Provider(site.gatekeeper, site.policy_rules, ca=site.authority, puller=Judged(site.puller), root=root)


def step_environment(tiers: Tiers, home: Path) -> Mapping[str, str]:
    """Variables that the steps of a workflow get besides the usual ones: how the docker twin builds."""
    made = {"EKSWIZ_DOCKER_STORE": str(home / "docker")}
    if tiers.images == "docker":
        from ekswiz_sim.containers import tier

        made |= tier.step_environment(tiers, home)
    return made


def rows(tiers: Tiers, held: MotoBackend | None = None) -> Iterator[Mapping[str, str]]:
    """Rows of the tier table that take the place of the embedded tier's rows of the same part."""
    if tiers.aws != "embedded" and held is not None:
        from ekswiz_sim.aws.endpoint import tier as endpoint

        yield from endpoint.rows(tiers, held)
    if tiers.images == "docker":
        from ekswiz_sim.containers import tier

        yield from tier.rows(tiers)
    if tiers.cluster == "kind":
        from ekswiz_sim.kubernetes.kind import tier as kind

        yield from kind.rows(tiers)
