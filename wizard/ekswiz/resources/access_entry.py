"""The deploy role's way into the cluster: an EKS access entry that maps it to one Kubernetes group.

EKS remembers the role's unique id, not its name: an entry that outlived its role looks healthy and answers 401. So the
id is kept in a tag of the entry, and a role that was made anew means a new entry. An entry without that tag is somebody
else's; it fits the role if it is not older. Sources: EKS API, CreateAccessEntry, UpdateAccessEntry; EKS user guide,
"Access entries".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, pages, tell
from ekswiz.iam.documents import cluster_arn, role_arn
from ekswiz.plan import Action, Ref, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.shell import command
from ekswiz.resources.tags import ADDRESS, STACK
from ekswiz.target import Target

ROLE_TAG = "ekswiz:role-id"
SESSION = "{{SessionName}}"
"""EKS's own placeholder in the user name that it gives to a role."""
EDIT_POLICY = "AmazonEKSEditPolicy"
WHOLE_CLUSTER = "the whole cluster"
PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeAccessEntry", "eks:ListAssociatedAccessPolicies"),
    "create": ("eks:CreateAccessEntry", "eks:TagResource"),
    "update": ("eks:UpdateAccessEntry", "eks:DisassociateAccessPolicy", "eks:TagResource"),
    "delete": ("eks:DeleteAccessEntry",),
}


@dataclass(frozen=True, slots=True)
class EntryAttributes:
    """`role_id` is the unique id of the role that the entry was made for.

    `policies` are EKS access policies on it by ARN, each with its scope in words; one that another resource keeps there
    is left out. `tags` are looked at on ours only.
    """

    cluster: str
    principal_arn: str
    role_id: str | Ref
    groups: tuple[str, ...]
    type: str = "STANDARD"
    policies: Mapping[str, str] = field(default_factory=dict)
    username: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class AccessEntry:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: EntryAttributes
    scopes: Mapping[str, str]
    stack: str
    kept: Mapping[str, str] = field(default_factory=dict)
    """Access policies, with their scopes in words, that another resource of the stack keeps on this entry."""
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
        tags = found.get("tags", {})
        ours = tags.get(STACK) == self.stack
        attributes = EntryAttributes(
            cluster=found["clusterName"],
            principal_arn=found["principalArn"],
            role_id=tags.get(ROLE_TAG) or self._role_behind(target, found),
            groups=tuple(sorted(found.get("kubernetesGroups", ()))),
            type=found.get("type", "STANDARD"),
            policies=self._policies(target),
            username=found.get("username", self.desired.username),
            tags={key: tags[key] for key in self.desired.tags if key in tags} if ours else self.desired.tags,
        )
        arn = found["accessEntryArn"]
        return Live(attributes, {"arn": arn}, f"{arn}@{found.get('createdAt')}", tags.get(STACK))

    def _policies(self, target: Target) -> dict[str, str]:
        """Access policies on the entry that nobody of this stack asked for, with their scopes in words."""
        found = pages(target, "eks", "list_associated_access_policies", "associatedAccessPolicies", **self._where())
        named = {policy["policyArn"]: scope_in_words(policy.get("accessScope", {})) for policy in found}
        return {arn: scope for arn, scope in sorted(named.items()) if self.kept.get(arn) != scope}

    def _role_behind(self, target: Target, entry: Mapping[str, Any]) -> str:
        """The id of the role that an untagged entry was made for, as far as can be told: not one that is younger."""
        name = self.desired.principal_arn.rpartition("/")[2]
        role = (ask(target, "iam", "get_role", RoleName=name) or {}).get("Role")
        made = entry.get("createdAt")
        fits = role is not None and made is not None and role["CreateDate"] <= made
        return str(role["RoleId"]) if role is not None and fits else ""

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
        """Bring groups, user name and tags to what is desired; take off access policies that somebody added."""
        before = live.attributes
        changed: dict[str, Any] = {}
        if before.groups != desired.groups:
            changed["kubernetesGroups"] = list(desired.groups)
        if before.username != desired.username:
            changed["username"] = desired.username
        if changed:
            tell(target, "eks", "update_access_entry", **self._where(), **changed)
        for arn in sorted(set(before.policies) - set(desired.policies)):
            with suppress(Absent):
                tell(target, "eks", "disassociate_access_policy", **self._where(), policyArn=arn)
        if before.tags != desired.tags:
            tell(target, "eks", "tag_resource", resourceArn=live.outputs["arn"], tags=dict(desired.tags))
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
        """Rights beyond the group that are taken away, and an entry that outlived its role."""
        return () if live is None else tuple(_risks(live.attributes, self.desired))

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
    address = "access_entry.deploy"
    edit = f"arn:{answers.partition}:eks::aws:cluster-access-policy/{EDIT_POLICY}"
    by_group = answers.rights == "group"
    return AccessEntry(
        address=address,
        desired=EntryAttributes(
            cluster=answers.cluster,
            principal_arn=role_arn(answers, answers.deploy_role),
            role_id=Ref("iam_role.deploy", "unique_id"),
            groups=(answers.kubernetes_group,) if by_group else (),
            username=f"arn:{answers.partition}:sts::{answers.account}:assumed-role/{answers.deploy_role}/{SESSION}",
            tags={ADDRESS: address},
        ),
        # An entry has no ARN before it exists: its creation is asked for on the cluster.
        scopes=actions | {"eks:CreateAccessEntry": cluster},
        stack=answers.stack,
        kept={} if by_group else {edit: f"namespace {answers.namespace}"},
        needs=("eks_cluster.main", "iam_role.deploy", "deployer_rbac.deployer" if by_group else "namespace.app"),
    )


def scope_in_words(scope: Mapping[str, Any]) -> str:
    """EKS's access scope as a reader says it: "the whole cluster", or "namespace a, b"."""
    if scope.get("type") == "namespace":
        return f"namespace {', '.join(scope.get('namespaces', ()))}"
    return WHOLE_CLUSTER


def _risks(live: EntryAttributes, desired: EntryAttributes) -> Iterator[Risk]:
    """The deploy role's rights end where ours do."""
    wide = [arn for arn, scope in live.policies.items() if scope == WHOLE_CLUSTER]
    some = [arn for arn in live.policies if arn not in wide]
    if wide:
        yield Risk("drops-cluster-admin", f"The deploy role loses {_names(wide)} on {WHOLE_CLUSTER} {live.cluster}.")
    if some:
        said = "; ".join(f"{_names([arn])} in {live.policies[arn]}" for arn in some)
        yield Risk("drops-access-policies", f"The deploy role loses {said}.")
    groups = sorted(set(live.groups) - set(desired.groups))
    if groups:
        yield Risk("drops-groups", f"The deploy role leaves the Kubernetes groups {', '.join(groups)}.")
    if live.username != desired.username:
        sentence = f"The deploy role's Kubernetes user {live.username} is called {desired.username} from now on."
        yield Risk("renames-user", sentence)
    if live.type != desired.type:
        yield Risk("replaces-entry", f"The entry is of type {live.type}, which cannot be changed: it is made anew.")
    elif not live.role_id:
        yield Risk("replaces-entry", "The entry is older than the role that it names, and lets nobody in.")


def _names(arns: list[str]) -> str:
    return ", ".join(arn.rpartition("/")[2] for arn in arns)
