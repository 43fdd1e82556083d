"""AWS's edit policy on the deploy role's access entry, in one namespace: the second choice, asked for by `rights`.

It reads and writes Secrets, opens shells in Pods and acts as any service account of the namespace; the group with our
own Role does none of that. Sources: EKS API, AssociateAccessPolicy; EKS user guide, "Review access policy permissions".
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, pages, tell
from ekswiz.iam.documents import cluster_arn, role_arn
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.access_entry import EDIT_POLICY
from ekswiz.resources.shell import command
from ekswiz.resources.tags import STACK
from ekswiz.target import Target

PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeAccessEntry", "eks:ListAssociatedAccessPolicies"),
    "create": ("eks:AssociateAccessPolicy",),
    "update": ("eks:AssociateAccessPolicy",),
    "delete": ("eks:DisassociateAccessPolicy",),
}


@dataclass(frozen=True, slots=True)
class PolicyAttributes:
    """`namespaces` are those that the policy reaches; none means the whole cluster."""

    cluster: str
    principal_arn: str
    policy: str
    namespaces: tuple[str, ...]


@dataclass(slots=True)
class AccessPolicy:
    """See `ekswiz.resource.Resource`. An association has no tags: it is ours where its entry is."""

    address: str
    desired: PolicyAttributes
    scopes: Mapping[str, str]
    needs: tuple[str, ...] = ("access_entry.deploy",)
    why: str = "The answers ask for AWS's edit policy in the namespace instead of a Role of our own."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"cluster", "principal_arn", "policy"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[PolicyAttributes] | None:
        """The association; None where the entry has none, or is absent."""
        entry = ask(target, "eks", "describe_access_entry", **self._where)
        if entry is None:
            return None
        for found in pages(target, "eks", "list_associated_access_policies", "associatedAccessPolicies", **self._where):
            if found["policyArn"] == self.desired.policy:
                namespaces = tuple(sorted(found.get("accessScope", {}).get("namespaces", ())))
                attributes = PolicyAttributes(
                    self.desired.cluster, self.desired.principal_arn, found["policyArn"], namespaces
                )
                unique = f"{entry['accessEntry']['accessEntryArn']}#{found['policyArn']}"
                owner = entry["accessEntry"].get("tags", {}).get(STACK)
                return Live(attributes, {"arn": found["policyArn"]}, unique, owner)
        return None

    def create(
        self,
        target: Target,
        desired: PolicyAttributes,
        token: str,  # noqa: ARG002 - associating twice is the same as once
        tags: Mapping[str, str],
    ) -> Live[PolicyAttributes]:
        """Associate it."""
        self._associate(target, desired)
        entry = tell(target, "eks", "describe_access_entry", **self._where)["accessEntry"]
        unique = f"{entry['accessEntryArn']}#{desired.policy}"
        return Live(desired, {"arn": desired.policy}, unique, tags.get(STACK))

    def update(self, target: Target, live: Live[PolicyAttributes], desired: PolicyAttributes) -> Live[PolicyAttributes]:
        """Associating again means another scope."""
        self._associate(target, desired)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[PolicyAttributes]) -> None:
        """Take it off; gone already is fine."""
        del live
        with suppress(Absent):
            tell(target, "eks", "disassociate_access_policy", **self._where, policyArn=self.desired.policy)

    def cli(self, action: Action) -> str:
        """The AWS CLI's command."""
        words = ["--cluster-name", self.desired.cluster, "--principal-arn", self.desired.principal_arn]
        if action in (Action.KEEP, Action.UNKNOWN):
            return command("aws", "eks", "list-associated-access-policies", *words)
        words += ["--policy-arn", self.desired.policy]
        if action is Action.DELETE:
            return command("aws", "eks", "disassociate-access-policy", *words)
        scope = f"type=namespace,namespaces={','.join(self.desired.namespaces)}"
        return command("aws", "eks", "associate-access-policy", *words, "--access-scope", scope)

    def risks(self, live: Live[PolicyAttributes] | None) -> tuple[Risk, ...]:
        """What the policy lets a deployment do beyond deploying."""
        if live is not None:
            return ()
        where = ", ".join(self.desired.namespaces)
        sentence = f"Whoever can deploy can also read and write Secrets and open shells in Pods of namespace {where}."
        return (Risk("edit-policy", sentence),)

    def farewell(self, target: Target, live: Live[PolicyAttributes]) -> Farewell:
        """Nothing goes with it."""
        del target, live
        return Farewell()

    def _associate(self, target: Target, desired: PolicyAttributes) -> None:
        scope = {"type": "namespace", "namespaces": list(desired.namespaces)}
        tell(target, "eks", "associate_access_policy", **self._where, policyArn=desired.policy, accessScope=scope)

    @property
    def _where(self) -> dict[str, str]:
        return {"clusterName": self.desired.cluster, "principalArn": self.desired.principal_arn}


def access_policy(answers: Answers) -> AccessPolicy:
    """The deploy role's rights where the answers choose AWS's policy."""
    cluster = cluster_arn(answers)
    entry = cluster.replace(":cluster/", ":access-entry/", 1) + f"/role/{answers.account}/{answers.deploy_role}/*"
    return AccessPolicy(
        address="access_policy.deploy",
        desired=PolicyAttributes(
            cluster=answers.cluster,
            principal_arn=role_arn(answers, answers.deploy_role),
            policy=f"arn:{answers.partition}:eks::aws:cluster-access-policy/{EDIT_POLICY}",
            namespaces=(answers.namespace,),
        ),
        scopes=dict.fromkeys((action for verb in PERMISSIONS.values() for action in verb), entry),
    )
