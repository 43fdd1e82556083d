"""The parts of a world, put together in the order in which they need each other."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from ekswiz.answers import Answers
from ekswiz.target import Flag
from ekswiz.tiers import EMBEDDED, Tiers
from ekswiz_sim import alternatives, home
from ekswiz_sim.alternatives import Kubernetes
from ekswiz_sim.aws.access_policies import rules_for
from ekswiz_sim.aws.ecr import Ecr
from ekswiz_sim.aws.eks import Eks
from ekswiz_sim.aws.eks_neighbours import RealNeighbours
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.clock import SimClock
from ekswiz_sim.gate.gate import Gate
from ekswiz_sim.github import hub
from ekswiz_sim.github.api import application as github_app
from ekswiz_sim.images.puller import Puller
from ekswiz_sim.loop import LoopThread
from ekswiz_sim.node import NodeLogin
from ekswiz_sim.ports import LOOPBACK
from ekswiz_sim.processes import watchdog
from ekswiz_sim.registry.app import app as registry_app
from ekswiz_sim.registry.storage import Storage
from ekswiz_sim.seams import Doors, Service
from ekswiz_sim.sim_target import Doorway, clients
from ekswiz_sim.surroundings import Surroundings

NEVER: Flag = threading.Event()
"""The stop of a world that nobody stops while it starts."""
NODE_ROLE = "ekswiz-sim-node"
LOG = "world.log"
"""Name of the file in the world's folder that its parts' warnings go to."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that runs."""

    home: Path
    clock: SimClock
    surroundings: Surroundings
    loop: LoopThread
    gate: Gate
    ecr: Ecr
    eks: Eks
    github: hub.GitHub
    kubernetes: Kubernetes
    puller: Puller
    storage: Storage
    doors: Doors
    tiers: Tiers = EMBEDDED
    aws: MotoBackend | None = None
    """What keeps IAM's and EC2's objects; for the tier table."""


def start(answers: Answers, port: int, tiers: Tiers = EMBEDDED, stop: Flag = NEVER) -> Parts:
    """Start the parts; if one cannot, those before it are stopped again.

    Raises:
        RehearsalError: The port is in use.
        Stopped: The stop came while a part took its time.
    """
    with contextlib.ExitStack() as undo:
        folder = home.make()
        undo.callback(home.clear, folder)
        surroundings = Surroundings(folder / LOG)
        undo.callback(surroundings.restore)
        loop = LoopThread()
        undo.callback(loop.stop)
        made = _assemble(answers, port, folder, surroundings, loop, tiers=tiers, stop=stop)
        undo.pop_all()
        return made


def stop(made: Parts) -> list[str]:
    """Stop the parts in reverse order; what could not be stopped."""
    left: list[str] = []
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("Kubernetes", lambda: made.loop.run(made.kubernetes.close())),
        ("image pulls", lambda: made.loop.run(made.puller.close())),
        ("servers", made.loop.stop),
        ("AWS", made.gate.close),
        ("watchdog", watchdog().close),
        ("surroundings", made.surroundings.restore),
    )
    for name, step in steps:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the end goes on past whatever fails, and says it
            left.append(f"{name}: {type(error).__name__} {error}".rstrip())
    return left


def _assemble(
    answers: Answers, port: int, folder: Path, surroundings: Surroundings, loop: LoopThread, *, tiers: Tiers, stop: Flag
) -> Parts:
    authority = trustme.CA(organization_name="ekswiz rehearsal")
    github = hub.make(answers)
    github_url = _url(loop.serve(github_app(github.issuer, (), github.token, [github.state])))
    github.issuer.base_url = github_url
    github.state.checkout = functools.partial(_staged, folder / "checkout")
    services: dict[str, Service] = {}
    backend = alternatives.aws(tiers, answers, folder, stop)
    keys = {github.issuer.issuer: github.issuer.jwks()}
    gate = Gate(answers.account, answers.region, backend, services, keys.get)
    gate.public_url = _url(loop.serve(gate.app(), port=port))
    hosts: list[str] = []
    storage = Storage(folder / "registry")
    ecr = Ecr(storage, answers.account, answers.region, lambda: hosts[0])
    hosts.append(f"{LOOPBACK}:{loop.serve(registry_app(storage, gate, ecr))}")
    gate.know_passwords(ecr)
    login = _node_login(gate, answers, github_url, hosts[0], services)
    puller = Puller(login, folder / "node")
    site = alternatives.Site(
        answers, tiers, folder, loop, gate, rules_for, authority, puller, registry=hosts[0], node_login=login, stop=stop
    )
    kubernetes = alternatives.kubernetes(site)
    clock = SimClock()
    gate.know_time(clock)
    eks = kubernetes.entries = _eks(site, gate, backend, kubernetes, clock=clock)
    services |= {"ecr": ecr, "eks": eks}
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    doors = Doors(answers.account, answers.region, gate.public_url, hosts[0], github_url, ca_file)
    return Parts(
        folder, clock, surroundings, loop, gate, ecr, eks, github, kubernetes, puller, storage, doors, tiers, backend
    )


def _eks(site: alternatives.Site, gate: Gate, backend: MotoBackend, kubernetes: Kubernetes, *, clock: SimClock) -> Eks:
    return Eks(
        site.answers.account,
        site.answers.region,
        principals=gate.unique_id,
        kubernetes=kubernetes,
        run=site.loop.run,
        neighbours=RealNeighbours(backend, gate),
        clock=clock,
    )


def _node_login(
    gate: Gate, answers: Answers, github_url: str, registry: str, services: Mapping[str, Service]
) -> NodeLogin:
    doorway = Doorway(answers.partition, answers.account, answers.region, gate.public_url, github_url)

    def credentials() -> dict[str, str]:
        eks = services["eks"]
        own = eks.node_role() if isinstance(eks, Eks) else None
        found = gate.service_session(own.rpartition("/")[2] if own else NODE_ROLE)
        return {"AccessKeyId": found.access_key, "SecretAccessKey": found.secret, "SessionToken": found.token}

    def client(keys: Any) -> Any:
        return clients(doorway, keys)("ecr")

    return NodeLogin(registry, credentials, client)


def _staged(checkout: Path) -> Path | None:
    return checkout if checkout.is_dir() else None


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"
