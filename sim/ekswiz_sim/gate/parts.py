"""How a world's AWS is put together: state, directory, judges and services, in one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ekswiz_sim.aws.ec2 import Ec2
from ekswiz_sim.aws.endpoint.services import services as services_of
from ekswiz_sim.aws.iam import Iam
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.aws.sts import Sts
from ekswiz_sim.aws.webtoken import IssuerKeys
from ekswiz_sim.gate.checks import Questions
from ekswiz_sim.gate.judge import Judge
from ekswiz_sim.gate.keys import Keyring
from ekswiz_sim.gate.policies import Directory
from ekswiz_sim.gate.records import Ledger
from ekswiz_sim.seams import Service


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything behind the door. `services` may gain entries after the gate was made."""

    backend: MotoBackend
    services: Mapping[str, Service]
    ledger: Ledger
    keys: Keyring
    directory: Directory
    questions: Questions
    judge: Judge
    iam: Iam
    ec2: Ec2
    sts: Sts


def assemble(
    backend: MotoBackend,
    services: Mapping[str, Service],
    issuer_keys: IssuerKeys,
    clock: Callable[[], float],
) -> Parts:
    """Wire one account's parts together."""
    ledger = Ledger(clock)
    keys = Keyring(backend)
    directory = Directory(backend, keys)
    questions = Questions(backend, directory, services)
    judge = Judge(directory, keys, ledger, services, clock=clock, region=backend.region)
    iam, ec2 = services_of(backend, directory)
    sts = Sts(directory, keys, ledger, issuer_keys, clock=clock, partition=backend.partition)
    return Parts(backend, services, ledger, keys, directory, questions, judge, iam, ec2, sts)
