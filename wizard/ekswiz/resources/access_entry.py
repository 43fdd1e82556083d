"""The deploy role's way into the cluster: an EKS access entry that maps it to one Kubernetes group.

EKS remembers the role's unique id, not its name: an entry that outlived its role looks healthy and answers 401. So the
id is kept in a tag of the entry, and a role that was made anew means a new entry. Sources: EKS API, CreateAccessEntry,
UpdateAccessEntry; EKS user guide, "Access entries".
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, pages, tell
from ekswiz.iam.documents import cluster_arn, role_arn
from ekswiz.plan import Action, Ref, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.shell import command
from ekswiz.resources.tags import STACK
from ekswiz.target import Target

ROLE_TAG = "ekswiz:role-id"
PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeAccessEntry", "eks:ListAssociatedAccessPolicies"),
    "create": ("eks:CreateAccessEntry", "eks:TagResource"),
    "update": ("eks:UpdateAccessEntry", "eks:DisassociateAccessPolicy"),
    "delete": ("eks:DeleteAccessEntry",),
}


@dataclass(frozen=True, slots=True)
class EntryAttributes:
    """`role_id` is the unique id of the role that the entry was made for; `policies` are EKS access policies on it."""

    cluster: str
    principal_arn: str
    role_id: str | Ref
    groups: tuple[str, ...]
    type: str = "STANDARD"
    policies: tuple[str, ...] = ()


@dataclass(slots=True)
class AccessEntry:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: EntryAttributes
    scopes: Mapping[str, str]
    stack: str
    needs: tuple[str, ...] = ("eks_cluster.main", "iam_role.deploy", "deployer_rbac.deployer")
    why: str = "Lets the deploy role into the cluster as a member of one group, whose rights end at one namespace."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"cluster", "principal_arn", "role_id", "type"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[EntryAttributes] | None:
        """The role's entry; None where the cluster has none, is absent, or does not use entries."""
        where = self._where()
        answer = ask(target, "eks", "describe_access_entry", **where)
        if answer is None:
            return None
        found = answer["accessEntry"]
        policies = pages(target, "eks", "list_associated_access_policies", "associatedAccessPolicies", **where)
        tags = found.get("tags", {})
        attributes = EntryAttributes(
            cluster=found["clusterName"],
            principal_arn=found["principalArn"],
            role_id=tags.get(ROLE_TAG, ""),
            groups=tuple(sorted(found.get("kubernetesGroups", ()))),
            type=found.get("type", "STANDARD"),
            policies=tuple(sorted(policy["policyArn"] for policy in policies)),
        )
        arn = found["accessEntryArn"]
        return Live(attributes, {"arn": arn}, f"{arn}@{found.get('createdAt')}", tags.get(STACK))

    def create(
        self, target: Target, desired: EntryAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[EntryAttributes]:
        """Create it with its group and tags."""
        answer = tell(
            target, "eks", "create_access_entry",
            **self._where(),
            kubernetesGroups=list(desired.groups),
            type=desired.type,
            clientRequestToken=token,
            tags={**tags, ROLE_TAG: desired.role_id},
        )  # fmt: skip
        found = answer["accessEntry"]
        arn = found["accessEntryArn"]
        return Live(desired, {"arn": arn}, f"{arn}@{found.get('createdAt')}", tags.get(STACK))

    def update(self, target: Target, live: Live[EntryAttributes], desired: EntryAttributes) -> Live[EntryAttributes]:
        """Bring its groups to what is desired; take off access policies that somebody added."""
        if live.attributes.groups != desired.groups:
            tell(target, "eks", "update_access_entry", **self._where(), kubernetesGroups=list(desired.groups))
        for arn in sorted(set(live.attributes.policies) - set(desired.policies)):
            with suppress(Absent):
                tell(target, "eks", "disassociate_access_policy", **self._where(), policyArn=arn)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[EntryAttributes]) -> None:
        """Delete it; gone already is fine."""
        del live
        with suppress(Absent):
            tell(target, "eks", "delete_access_entry", **self._where())

    def cli(self, action: Action) -> str:
        """The AWS CLI's command."""
        verbs = {Action.CREATE: "create", Action.REPLACE: "create", Action.UPDATE: "update", Action.DELETE: "delete"}
        verb = verbs.get(action, "describe")
        words = ["--cluster-name", self.desired.cluster, "--principal-arn", self.desired.principal_arn]
        if verb in ("create", "update"):
            words += ["--kubernetes-groups", *self.desired.groups]
        if verb == "create":
            words += ["--tags", f"{STACK}={self.stack}"]
        return command("aws", "eks", f"{verb}-access-entry", *words)

    def risks(self, live: Live[EntryAttributes] | None) -> tuple[Risk, ...]:
        """Rights beyond the group, and an entry that outlived its role."""
        if live is not None and live.attributes.policies:
            names = ", ".join(arn.rpartition("/")[2] for arn in live.attributes.policies)
            return (Risk("extra-access-policy", f"Somebody gave the deploy role more rights: {names}."),)
        return ()

    def farewell(self, target: Target, live: Live[EntryAttributes]) -> Farewell:
        """Nothing goes with it."""
        del target, live
        return Farewell()

    def _where(self) -> dict[str, str]:
        return {"clusterName": self.desired.cluster, "principalArn": self.desired.principal_arn}


def access_entry(answers: Answers) -> AccessEntry:
    """The deploy role's entry."""
    cluster = cluster_arn(answers)
    entry = cluster.replace(":cluster/", ":access-entry/", 1) + f"/role/{answers.account}/{answers.deploy_role}/*"
    actions = dict.fromkeys((action for verb in PERMISSIONS.values() for action in verb), entry)
    return AccessEntry(
        address="access_entry.deploy",
        desired=EntryAttributes(
            cluster=answers.cluster,
            principal_arn=role_arn(answers, answers.deploy_role),
            role_id=Ref("iam_role.deploy", "unique_id"),
            groups=(answers.kubernetes_group,),
        ),
        # An entry has no ARN before it exists: its creation is asked for on the cluster.
        scopes=actions | {"eks:CreateAccessEntry": cluster},
        stack=answers.stack,
    )
