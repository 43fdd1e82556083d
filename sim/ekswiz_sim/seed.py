"""What exists before ekswiz: an account with an operator, a cluster with its nodes' role, and others' things."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ekswiz.iam.parts import parts
from ekswiz_sim.access.probes import FOREIGN_REPOSITORY
from ekswiz_sim.parts import NODE_ROLE
from ekswiz_sim.runner.tools.install import install
from ekswiz_sim.seams import Stopped

if TYPE_CHECKING:
    from ekswiz.target import Flag
    from ekswiz_sim.world import World

OPERATOR = "operator"
CLUSTER_ROLE = "ekswiz-sim-cluster"
AN_HOUR = 3600.0
"""More seconds than any status takes."""
ADMIN_POLICY = "cluster-access-policy/AmazonEKSClusterAdminPolicy"
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly")


def seed(world: World, operator_policy: Mapping[str, Any], stop: Flag) -> Mapping[str, str]:
    """Plant it, as the account's root user; the operator's keys.

    Raises:
        Stopped: The stop came between two steps.
    """
    keys: dict[str, str] = {}
    steps: tuple[Callable[[], object], ...] = (
        lambda: world.loop.run_until(world.parts.kubernetes.prepare(), stop),
        lambda: _roles(world),
        lambda: keys.update(_operator(world, operator_policy)),
        lambda: _used_before(world) if world.answers.create_cluster else _cluster(world),
        lambda: _repository(world),
    )
    for step in steps:
        if stop.is_set():
            raise Stopped
        step()
    return keys


def kubeconfig(world: World) -> Path | None:
    """A kubeconfig for the operator, written on first use; kubectl gets its tokens from the `aws` twin beside it.

    None while there is no cluster.
    """
    file = world.home / "kubeconfig"
    if file.exists():
        return file
    cluster = world.answers.cluster
    try:
        facts = world.cluster_endpoint(cluster)
    except KeyError:
        return None
    tools = world.home / "bin"
    install(tools, sys.executable)
    arguments = ["eks", "get-token", "--cluster-name", cluster, "--region", world.answers.region]
    execute = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": str(tools / "aws"),
        "args": [*arguments, "--output", "json"],
        "interactiveMode": "Never",
    }
    ca_file = world.home / "ca.pem"
    ca_file.write_bytes(facts.ca_pem)
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": {"server": facts.url, "certificate-authority": str(ca_file)}}],
        "users": [{"name": OPERATOR, "user": {"exec": execute}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": OPERATOR}}],
        "current-context": cluster,
    }
    file.write_text(json.dumps(document, indent=1))
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    return file


def _roles(world: World) -> None:
    iam, partition = world.root("iam"), world.answers.partition
    for name, service in ((CLUSTER_ROLE, "eks.amazonaws.com"), (NODE_ROLE, "ec2.amazonaws.com")):
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    for policy in NODE_POLICIES:
        iam.attach_role_policy(RoleName=NODE_ROLE, PolicyArn=f"arn:{partition}:iam::aws:policy/{policy}")
    arn = f"arn:{partition}:iam::aws:policy/AmazonEKSClusterPolicy"
    iam.attach_role_policy(RoleName=CLUSTER_ROLE, PolicyArn=arn)


def _operator(world: World, policy: Mapping[str, Any]) -> Mapping[str, str]:
    iam = world.root("iam")
    iam.create_user(UserName=OPERATOR)
    for number, part in enumerate(parts(dict(policy))):
        name = f"ekswiz-operator-{number + 1}" if number else "ekswiz-operator"
        arn = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(part))["Policy"]["Arn"]
        iam.attach_user_policy(UserName=OPERATOR, PolicyArn=arn)
    key = iam.create_access_key(UserName=OPERATOR)["AccessKey"]
    return {"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"]}


def _repository(world: World) -> None:
    world.root("ecr").create_repository(repositoryName=FOREIGN_REPOSITORY, imageTagMutability="IMMUTABLE")


def _used_before(world: World) -> None:
    """An account that had a cluster once: EKS's own roles are there, since nobody can be expected to remove them."""
    for service in ("eks.amazonaws.com", "eks-nodegroup.amazonaws.com"):
        world.parts.gate.seeds.service_linked_role(service)


def _cluster(world: World) -> None:
    answers = world.answers
    endpoint = world.loop.run(world.parts.kubernetes.create(answers.cluster))
    role = f"arn:{answers.partition}:iam::{answers.account}:role/{CLUSTER_ROLE}"
    world.parts.eks.seed(answers.cluster, endpoint, role_arn=role)
    eks = world.root("eks")
    update = eks.update_cluster_config(name=answers.cluster, deletionProtection=True)["update"]
    world.clock.advance(AN_HOUR)
    eks.describe_update(name=answers.cluster, updateId=update["id"])
    operator = f"arn:{answers.partition}:iam::{answers.account}:user/{OPERATOR}"
    eks.create_access_entry(clusterName=answers.cluster, principalArn=operator)
    eks.associate_access_policy(
        clusterName=answers.cluster,
        principalArn=operator,
        policyArn=f"arn:{answers.partition}:eks::aws:{ADMIN_POLICY}",
        accessScope={"type": "cluster"},
    )
