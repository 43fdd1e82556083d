"""An IAM role that an AWS service assumes: EKS itself, or the nodes. AWS's managed policies, and nothing else on it.

Sources: EKS user guide, "Amazon EKS cluster IAM role", "Amazon EKS node IAM role", "EKS Auto Mode IAM roles"; IAM API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, pages, tell
from ekswiz.iam.documents import VERSION, role_arn
from ekswiz.plan import Action, Json, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.shell import command, lines
from ekswiz.resources.tags import STACK, owner, pairs, visible
from ekswiz.target import Target

PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("iam:GetRole", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"),
    "create": ("iam:CreateRole", "iam:TagRole", "iam:AttachRolePolicy", "iam:PassRole"),
    "update": (
        "iam:UpdateAssumeRolePolicy",
        "iam:AttachRolePolicy",
        "iam:DetachRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:PassRole",
    ),
    "delete": ("iam:DetachRolePolicy", "iam:DeleteRolePolicy", "iam:DeleteRole"),
}
CLUSTER = ("AmazonEKSClusterPolicy",)
AUTO_CLUSTER = (
    *CLUSTER,
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
NODE = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly")
AUTO_NODE = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")


@dataclass(frozen=True, slots=True)
class ServiceRoleAttributes:
    """`attached` are ARNs of managed policies in order, `inline` names of inline policies: there should be none."""

    name: str
    trust: Json
    attached: tuple[str, ...]
    inline: tuple[str, ...] = ()


@dataclass(slots=True)
class ServiceRole:
    """See `ekswiz.resource.Resource`. Updated in place: a cluster cannot change its role."""

    address: str
    desired: ServiceRoleAttributes
    why: str
    stack: str
    scopes: Mapping[str, str]
    needs: tuple[str, ...] = ()
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"name"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[ServiceRoleAttributes] | None:
        """The role of this name with everything that hangs on it."""
        name = self.desired.name
        answer = ask(target, "iam", "get_role", RoleName=name)
        if answer is None:
            return None
        role = answer["Role"]
        attached = pages(target, "iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        attributes = ServiceRoleAttributes(
            name=role["RoleName"],
            trust=role["AssumeRolePolicyDocument"],
            attached=tuple(sorted(policy["PolicyArn"] for policy in attached)),
            inline=tuple(sorted(pages(target, "iam", "list_role_policies", "PolicyNames", RoleName=name))),
        )
        outputs = {"arn": role["Arn"], "unique_id": role["RoleId"]}
        return Live(attributes, outputs, role["RoleId"], owner(role.get("Tags")))

    def create(
        self,
        target: Target,
        desired: ServiceRoleAttributes,
        token: str,  # noqa: ARG002 - IAM has no idempotency tokens
        tags: Mapping[str, str],
    ) -> Live[ServiceRoleAttributes]:
        """Create it with its tags, then attach its policies."""
        answer = tell(
            target, "iam", "create_role",
            RoleName=desired.name,
            AssumeRolePolicyDocument=json.dumps(desired.trust),
            Description=f"{self.why} Made by ekswiz for stack {self.stack}.",
            Tags=pairs(tags),
        )  # fmt: skip
        self._attach(target, desired.attached)
        role = answer["Role"]
        visible(ask(target, "iam", "get_role", RoleName=desired.name), self.address)
        outputs = {"arn": role["Arn"], "unique_id": role["RoleId"]}
        return Live(desired, outputs, role["RoleId"], self.stack)

    def update(
        self, target: Target, live: Live[ServiceRoleAttributes], desired: ServiceRoleAttributes
    ) -> Live[ServiceRoleAttributes]:
        """Bring trust and policies to what is desired; remove what does not belong."""
        before, name = live.attributes, desired.name
        if before.trust != desired.trust:
            document = json.dumps(desired.trust)
            tell(target, "iam", "update_assume_role_policy", RoleName=name, PolicyDocument=document)
        self._attach(target, [arn for arn in desired.attached if arn not in before.attached])
        self._strip(target, [arn for arn in before.attached if arn not in desired.attached], before.inline)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[ServiceRoleAttributes]) -> None:
        """Take everything off the role, then delete it; gone already is fine."""
        self._strip(target, live.attributes.attached, live.attributes.inline)
        with suppress(Absent):
            tell(target, "iam", "delete_role", RoleName=self.desired.name)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        role = ("--role-name", self.desired.name)
        trust = ("--assume-role-policy-document", self.desired.trust)
        attach = [command("aws", "iam", "attach-role-policy", *role, "--policy-arn", a) for a in self.desired.attached]
        if action is Action.CREATE:
            tag = ("--tags", f"Key={STACK},Value={self.stack}")
            return lines(command("aws", "iam", "create-role", *role, *trust, *tag), *attach)
        if action is Action.UPDATE:
            document = ("--policy-document", self.desired.trust)
            return lines(command("aws", "iam", "update-assume-role-policy", *role, *document), *attach)
        if action is Action.DELETE:
            detach = [line.replace("attach-role-policy", "detach-role-policy", 1) for line in attach]
            return lines(*detach, command("aws", "iam", "delete-role", *role))
        return command("aws", "iam", "get-role", *role)

    def risks(self, live: Live[ServiceRoleAttributes] | None) -> tuple[Risk, ...]:
        """What is taken off a role that is in use."""
        extra = [] if live is None else [a for a in live.attributes.attached if a not in self.desired.attached]
        if not extra:
            return ()
        names = ", ".join(arn.rpartition("/")[2] for arn in extra)
        return (Risk("drops-managed-policies", f"{self.desired.name} loses {names}; what only they allowed stops."),)

    def farewell(self, target: Target, live: Live[ServiceRoleAttributes]) -> Farewell:
        """Nothing goes with it; the cluster or the nodes that use it are deleted before it."""
        del target, live
        return Farewell()

    def _attach(self, target: Target, arns: list[str] | tuple[str, ...]) -> None:
        for arn in arns:
            tell(target, "iam", "attach_role_policy", RoleName=self.desired.name, PolicyArn=arn)

    def _strip(self, target: Target, attached: list[str] | tuple[str, ...], inline: tuple[str, ...]) -> None:
        for arn in attached:
            with suppress(Absent):
                tell(target, "iam", "detach_role_policy", RoleName=self.desired.name, PolicyArn=arn)
        for name in inline:
            with suppress(Absent):
                tell(target, "iam", "delete_role_policy", RoleName=self.desired.name, PolicyName=name)


def cluster_role_name(answers: Answers) -> str:
    """Name of the role that EKS acts as."""
    return f"ekswiz-{answers.stack}-cluster"


def node_role_name(answers: Answers) -> str:
    """Name of the role of the nodes."""
    return f"ekswiz-{answers.stack}-node"


def cluster_role(answers: Answers) -> ServiceRole:
    """The role that EKS acts as in this account."""
    auto = answers.compute == "auto"
    actions = ["sts:AssumeRole", "sts:TagSession"] if auto else "sts:AssumeRole"
    trust = _trust("eks.amazonaws.com", actions)
    role = ServiceRoleAttributes(cluster_role_name(answers), trust, _arns(answers, AUTO_CLUSTER if auto else CLUSTER))
    return _role(answers, "cluster", role, f"EKS acts in this account with it for cluster {answers.cluster}.")


def node_role(answers: Answers) -> ServiceRole:
    """The role of the nodes: join the cluster, set up Pods' network, pull images."""
    policies = _arns(answers, AUTO_NODE if answers.compute == "auto" else NODE)
    role = ServiceRoleAttributes(node_role_name(answers), _trust("ec2.amazonaws.com", "sts:AssumeRole"), policies)
    return _role(answers, "node", role, f"The nodes of cluster {answers.cluster} join it and pull images with it.")


def _role(answers: Answers, kind: str, desired: ServiceRoleAttributes, why: str) -> ServiceRole:
    actions = (action for verb in PERMISSIONS.values() for action in verb)
    return ServiceRole(
        address=f"service_role.{kind}",
        desired=desired,
        why=why,
        stack=answers.stack,
        scopes=dict.fromkeys(actions, role_arn(answers, desired.name)),
    )


def _arns(answers: Answers, policies: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(f"arn:{answers.partition}:iam::aws:policy/{policy}" for policy in policies))


def _trust(service: str, actions: str | list[str]) -> Json:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
    return {"Version": VERSION, "Statement": [statement]}
