"""What the embedded world knows and what it does not: one table, and lists that are read from the code that answers.

Who asks for something that is not in a list gets a refusal that names it, never an answer that was made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the world: what is as it is outside, what is not, and the names of all that it answers.

    `lists` pairs a title with what reads the names; it loads the part, so nothing is loaded before somebody asks.
    """

    name: str
    same: str
    other: str
    lists: tuple[tuple[str, Callable[[], Iterable[str]]], ...] = ()


def _iam() -> Iterable[str]:
    from ekswiz_sim.gate.actions_iam import MODELLED  # loaded where somebody asks

    return MODELLED


def _ec2() -> Iterable[str]:
    from ekswiz_sim.gate.actions_ec2 import MODELLED

    return MODELLED


def _sts() -> Iterable[str]:
    from ekswiz_sim.gate.calls import STS_OPERATIONS

    return STS_OPERATIONS


def _eks() -> Iterable[str]:
    from ekswiz_sim.aws.eks import Eks

    nowhere: Any = None  # an account without clusters makes none
    return Eks("0" * 12, "eu-west-1", principals=lambda _: None, kubernetes=nowhere, run=nowhere).operations


def _access_policies() -> Iterable[str]:
    from ekswiz_sim.aws.access_policies import RULES

    return RULES


def _ecr() -> Iterable[str]:
    from ekswiz_sim.aws.ecr import HANDLERS

    return HANDLERS


def _kinds() -> Iterable[str]:
    from ekswiz_sim.kubernetes.embedded.kinds import SERVED

    return (kind.kind for kind in SERVED)


def _inert_kinds() -> Iterable[str]:
    from ekswiz_sim.kubernetes.embedded.api.catalog import WITHOUT_BEHAVIOUR

    return WITHOUT_BEHAVIOUR


def _events() -> Iterable[str]:
    from ekswiz.occasion import HAPPENINGS

    return HAPPENINGS


def _actions() -> Iterable[str]:
    from pathlib import Path

    from ekswiz_sim.runner.actions import twins

    return twins(Path())


def _aws_commands() -> Iterable[str]:
    from ekswiz_sim.runner.tools.aws_commands import COMMANDS

    return (" ".join(command) for command in COMMANDS)


def _docker_commands() -> Iterable[str]:
    from ekswiz_sim.runner.tools.docker import COMMANDS

    return COMMANDS


PARTS = (
    Part(
        "every AWS call",
        "Signature Version 4 is verified; identity policies, boundaries, session policies, resource policies and trust "
        "policies are judged by the rules of the IAM User Guide; IAM's own guard-rails on trust policies hold.",
        "Service and resource control policies, VPC endpoint policies, quotas, throttling (unless a test asks).",
    ),
    Part(
        "STS",
        "GitHub's tokens: signature, issuer, audience, expiry, every claim that is a condition key.",
        "Regional differences; session tags.",
        (("Operations", _sts),),
    ),
    Part(
        "IAM",
        "Roles, policies, providers, instance profiles and tags, kept by moto behind the gate; the policy simulator is "
        "answered by the evaluator.",
        "Access Analyzer, Identity Center, organisations.",
        (("Operations", _iam),),
    ),
    Part(
        "EC2",
        "The network of a new cluster, with EC2's refusals for what is still in use.",
        "Packets: nothing is routed, no security group filters. Instances.",
        (("Operations", _ec2),),
    ),
    Part(
        "EKS",
        "Clusters, node groups, add-ons, access entries and policies with their statuses, updates and refusals; tokens "
        "of a cluster, judged to the letter.",
        "Fargate, pod identities, identity providers of a cluster, insights. Statuses follow a virtual clock.",
        (("Operations", _eks), ("Access policies with rules of their own", _access_policies)),
    ),
    Part(
        "ECR and its registry",
        "The OCI distribution protocol; each request is judged as the ECR action that it is; immutable tags.",
        "Scans find nothing, lifecycle rules expire nothing, replication and pull-through caches are not there.",
        (("Operations", _ecr),),
    ),
    Part(
        "Kubernetes",
        "The API for real kubectl: discovery, OpenAPI, server-side apply, watches, RBAC with escalation checks, Pod "
        "Security, and controllers for what a roll-out needs. Fields are checked against upstream's schemas.",
        "Admission webhooks, custom resources, volumes that outlive a pod, a network between pods, limits of "
        "memory and processor. Pods are processes of this machine.",
        (("Kinds", _kinds), ("Kinds that are kept while nothing acts on them", _inert_kinds)),
    ),
    Part(
        "GitHub",
        "Tokens with all of GitHub's claims, for whichever event, branch, fork and environment; environments, "
        "variables, pull requests and the form of sub through its REST API.",
        "Reviews of people, rulesets that need them, organisations' policies, hosted runners' images and queues.",
        (("Events", _events),),
    ),
    Part(
        "workflow runner",
        "Workflow files as they are: expressions, contexts, matrices, needs, outputs, masks, permissions; bash and "
        "kubectl are real.",
        "Services, containers, Windows and macOS. Another action than these runs with --actions-dir or is refused.",
        (
            ("Actions that have a twin", _actions),
            ("Commands of aws", _aws_commands),
            ("Commands of docker", _docker_commands),
        ),
    ),
    Part(
        "images",
        "COPY, ADD, ENV, ENTRYPOINT and the other settings; layers and digests are real and pushed.",
        "RUN is skipped and FROM only recorded, and the output says so; --images docker does both.",
    ),
)
"""The embedded tier. Where --images, --kubernetes or --aws choose a real part, that part is what it is."""
