"""Older ways of this repository into AWS and the cluster: roles that are not ours and let it in.

An account that was set up by hand holds a role with managed policies that no pipeline needs, and an access entry that
makes it the cluster's administrator. They are always shown. With `--adopt` the policies that are far too wide are
detached, and access policies over the whole cluster are taken off; the role itself, its trust and its own inline
policies stay, since an old workflow may still run on them. A role that lets other repositories in too is only named.

The surprising thing: it is one resource for all of them, because which there are is known only after looking.
Sources: IAM API, ListRoles, DetachRolePolicy; EKS API, DisassociateAccessPolicy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, pages, tell
from ekswiz.errors import NotYet, TargetError
from ekswiz.iam.documents import cluster_arn, provider_arn
from ekswiz.lint.role import EVERYTHING, FOR_MACHINES
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.access_entry import WHOLE_CLUSTER, scope_in_words
from ekswiz.resources.legacy_trust import Reach, reach
from ekswiz.resources.shell import command, lines
from ekswiz.resources.tags import owner
from ekswiz.target import Target

TOO_WIDE = EVERYTHING | FOR_MACHINES - {"AmazonEC2ContainerRegistryPowerUser"}
"""AWS's policies that are not for a pipeline. ECR's PowerUser stays: builds may live on it."""
OFFER = "--adopt takes that away."
LISTING = 1000
"""Roles per page: IAM's most."""
READ = ("iam:ListRoles", "iam:GetRole", "iam:ListAttachedRolePolicies", "eks:DescribeAccessEntry",
        "eks:ListAssociatedAccessPolicies")  # fmt: skip
UPDATE = ("iam:DetachRolePolicy", "eks:DisassociateAccessPolicy")


@dataclass(frozen=True, slots=True)
class LegacyAttributes:
    """What is too wide: ARNs of managed policies by role, and of access policies by the role's ARN."""

    managed_policies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    access_policies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class LegacyAccess:
    """See `ekswiz.resource.Resource`. It is never created and never deleted."""

    address: str
    desired: LegacyAttributes
    answers: Answers
    scopes: Mapping[str, str]
    permissions: Mapping[Verb, tuple[str, ...]]
    adopt: bool = False
    needs: tuple[str, ...] = ("iam_role.push", "iam_role.deploy", "access_entry.deploy")
    why: str = "Looks for older roles that let this repository in, and for what they may do."
    tenure: Tenure = "offered"
    replaces: frozenset[str] = frozenset()

    def read(self, target: Target) -> Live[LegacyAttributes]:
        """What older roles let this repository do. There is always an answer: it may be "none"."""
        managed: dict[str, tuple[str, ...]] = {}
        access: dict[str, tuple[str, ...]] = {}
        found: dict[Reach, list[str]] = {"this": [], "shared": []}
        for role in self._roles(target):
            name, arn = role["RoleName"], role["Arn"]
            kind = reach(role["AssumeRolePolicyDocument"], self.answers)
            if kind == "none" or self._of_a_stack(target, name):
                continue
            found[kind].append(name)
            if kind == "this":
                managed[name] = self._managed(target, name)
                access[arn] = self._access(target, arn)
        attributes = LegacyAttributes(_filled(managed), _filled(access))
        outputs = {"roles": ", ".join(found["this"]), "shared": ", ".join(found["shared"])}
        return Live(attributes, outputs, f"roles of {self.answers.repository}", None)

    def create(
        self, target: Target, desired: LegacyAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[LegacyAttributes]:
        """Never."""
        del target, desired, token, tags
        self._refuse()

    def update(self, target: Target, live: Live[LegacyAttributes], desired: LegacyAttributes) -> Live[LegacyAttributes]:
        """Detach what is too wide, the cluster's administration first. Gone already is fine."""
        for arn, policies in live.attributes.access_policies.items():
            for policy in policies:
                with suppress(Absent):
                    tell(target, "eks", "disassociate_access_policy", **self._entry(arn), policyArn=policy)
        for role, policies in live.attributes.managed_policies.items():
            for policy in policies:
                with suppress(Absent):
                    tell(target, "iam", "detach_role_policy", RoleName=role, PolicyArn=policy)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[LegacyAttributes]) -> None:
        """Never."""
        del target, live
        self._refuse()

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands; what they are about is known after looking."""
        if action is Action.UPDATE:
            gone = ("disassociate-access-policy", "--cluster-name", self.answers.cluster)
            return lines(
                command("aws", "eks", *gone, "--principal-arn", "ROLE_ARN", "--policy-arn", "POLICY_ARN"),
                command("aws", "iam", "detach-role-policy", "--role-name", "ROLE", "--policy-arn", "POLICY_ARN"),
            )
        return command("aws", "iam", "list-roles")

    def risks(self, live: Live[LegacyAttributes] | None) -> tuple[Risk, ...]:
        """What older roles may do, what would be taken from them, and what stays."""
        return () if live is None else tuple(_risks(live, self.answers.repository, adopt=self.adopt))

    def farewell(self, target: Target, live: Live[LegacyAttributes]) -> Farewell:
        """They stay."""
        del target, live
        return Farewell(keep="Kept: roles that others made stay.")

    def _roles(self, target: Target) -> Iterator[Any]:
        """Roles that are not ours by name and trust GitHub's provider."""
        ours = {self.answers.push_role, self.answers.deploy_role}
        for role in pages(target, "iam", "list_roles", "Roles", PaginationConfig={"PageSize": LISTING}):
            if role["RoleName"] not in ours and provider_arn(self.answers) in str(role["AssumeRolePolicyDocument"]):
                yield role

    def _of_a_stack(self, target: Target, name: str) -> bool:
        """Whether ekswiz made it, for this stack or another one; listings hold no tags."""
        role = (ask(target, "iam", "get_role", RoleName=name) or {}).get("Role", {})
        return owner(role.get("Tags")) is not None

    def _managed(self, target: Target, name: str) -> tuple[str, ...]:
        found = pages(target, "iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        arns = sorted(policy["PolicyArn"] for policy in found)
        return tuple(arn for arn in arns if ":aws:policy/" in arn and arn.rpartition("/")[2] in TOO_WIDE)

    def _access(self, target: Target, arn: str) -> tuple[str, ...]:
        """Access policies over the whole cluster; none where it has no entry, or the cluster has no entries."""
        try:
            if ask(target, "eks", "describe_access_entry", **self._entry(arn)) is None:
                return ()
            listing = ("list_associated_access_policies", "associatedAccessPolicies")
            found = list(pages(target, "eks", *listing, **self._entry(arn)))
        except NotYet:
            return ()
        whole = (one for one in found if scope_in_words(one.get("accessScope", {})) == WHOLE_CLUSTER)
        return tuple(sorted(policy["policyArn"] for policy in whole))

    def _entry(self, arn: str) -> dict[str, str]:
        return {"clusterName": self.answers.cluster, "principalArn": arn}

    def _refuse(self) -> NoReturn:
        raise TargetError("older roles are never made or deleted by ekswiz.", "Delete them by hand.")


def legacy_access(answers: Answers, *, adopt: bool = False) -> LegacyAccess:
    """Older ways of this repository in. `adopt` asks for the permissions to narrow them."""
    role = f"arn:{answers.partition}:iam::{answers.account}:role/*"
    entry = cluster_arn(answers).replace(":cluster/", ":access-entry/", 1) + f"/role/{answers.account}/*"
    by_service = {"iam": role, "eks": entry}
    update = UPDATE if adopt else ()
    return LegacyAccess(
        address="legacy_access.github",
        desired=LegacyAttributes(),
        answers=answers,
        scopes={action: by_service[action[:3]] for action in (*READ, *update)} | {"iam:ListRoles": "*"},
        permissions={"read": READ, "create": (), "update": update, "delete": ()},
        adopt=adopt,
    )


def _filled(found: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {name: policies for name, policies in sorted(found.items()) if policies}


def _risks(live: Live[LegacyAttributes], repository: str, *, adopt: bool) -> Iterator[Risk]:
    for role, policies in live.attributes.managed_policies.items():
        if adopt:
            yield Risk("drops-managed-policies", f"Role {role} loses {_names(policies)}, and all that only they allow.")
        else:
            yield Risk("legacy-access", f"Role {role} lets {repository} in with {_names(policies)}. {OFFER}")
    for arn, policies in live.attributes.access_policies.items():
        role, what = arn.rpartition("/")[2], f"{_names(policies)} on {WHOLE_CLUSTER}"
        if adopt:
            yield Risk("drops-cluster-admin", f"Role {role} loses {what}.")
        else:
            yield Risk("legacy-access", f"Role {role} lets {repository} in with {what}. {OFFER}")
    if live.outputs.get("roles"):
        sentence = f"{live.outputs['roles']}: still lets {repository} in. Delete it once no workflow uses it."
        yield Risk("legacy-role", sentence)
    if live.outputs.get("shared"):
        sentence = (
            f"{live.outputs['shared']}: lets {repository} in, and other repositories too. ekswiz leaves it alone."
        )
        yield Risk("shared-role", sentence)


def _names(arns: tuple[str, ...]) -> str:
    return ", ".join(arn.rpartition("/")[2] for arn in arns)
