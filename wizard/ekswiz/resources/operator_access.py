"""The operator's own way into an existing cluster, for as long as an apply takes: planned, made first, taken away last.

An administrator of AWS often has no rights in Kubernetes. With consent (`operator_access`) two resources are planned
around the Kubernetes ones: one that lets the operator in, where that is needed, and one that closes the way again,
whatever happens in between. The surprising thing: after an apply there is nothing to see of either, and the next plan
wants neither; an entry that a killed run left open is what the closing one removes.
Sources: EKS API, CreateAccessEntry, AssociateAccessPolicy; docs/decisions/0010-operator-access.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ekswiz.answers import Answers
from ekswiz.caller import Unseen, caller
from ekswiz.clients.aws_errors import Absent, ask, tell
from ekswiz.clients.kube_api import at, get
from ekswiz.errors import NotYet, TargetError, Transient, Unreadable
from ekswiz.iam.documents import cluster_arn, role_arn
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Resource, Tenure, Verb
from ekswiz.resources.shell import command, lines
from ekswiz.resources.tags import ADDRESS, STACK
from ekswiz.target import Target

OPEN, CLOSE = "operator_access.open", "operator_access.close"
ADMIN = "AmazonEKSClusterAdminPolicy"
THE_CALLER = "the caller"
KUBERNETES = ("namespace", "deployer_rbac", "load_balancer", "load_balancing")
"""Types that are made through the cluster's own API."""
OPENING: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeAccessEntry", "eks:DescribeCluster"),
    "create": ("eks:CreateAccessEntry", "eks:TagResource", "eks:AssociateAccessPolicy"),
    "update": (),
    "delete": ("eks:DeleteAccessEntry",),
}
CLOSING: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeAccessEntry",),
    "create": (),
    "update": ("eks:DeleteAccessEntry",),
    "delete": (),
}
RIGHTS_WITHIN = 120.0
"""Seconds until a new access entry lets its principal in everywhere."""


@dataclass(frozen=True, slots=True)
class AccessAttributes:
    """`principal` is the IAM user or role behind the caller; `closed` says whether no temporary entry is left."""

    cluster: str
    principal: str = THE_CALLER
    closed: bool = False


@dataclass(slots=True)
class OperatorAccess:
    """See `ekswiz.resource.Resource`. Both resources are of this class; `address` says which."""

    address: str
    desired: AccessAttributes
    scopes: Mapping[str, str]
    stack: str
    deploy_role: str
    needs: tuple[str, ...]
    why: str
    permissions: Mapping[Verb, tuple[str, ...]]
    tenure: Tenure = "shared"
    replaces: frozenset[str] = frozenset()
    whatever_happens: bool = False
    """The engine carries it out although what it needs has failed."""
    grants: bool = False
    """While it is to be made, what needs it and cannot be read counts as absent."""

    def read(self, target: Target) -> Live[AccessAttributes] | None:
        """Opening: None if it has to be done. Closing: whether there is, or will be, something to close."""
        principal = self._principal(target)
        self.desired = replace(self.desired, principal=principal)
        entry = self._entry(target, principal)
        ours = entry is not None and self._ours(entry)
        needed = entry is None and self._shut_out(target)
        if self.address == OPEN and needed:
            return None
        closed = self.desired.closed if self.address == OPEN else not (ours or needed)
        live = AccessAttributes(self.desired.cluster, principal, closed)
        unique = f"{entry['accessEntryArn']}@{entry.get('createdAt')}" if entry is not None and ours else principal
        return Live(live, {}, unique, self.stack if ours else None)

    def create(
        self, target: Target, desired: AccessAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[AccessAttributes]:
        """Let the caller in, and see that the cluster knows it. A mode without entries has nothing to close."""
        if self.address == CLOSE:
            self._close(target, desired.principal)
            return Live(desired, {}, desired.principal, None)
        where = self._where(desired.principal)
        if ask(target, "eks", "describe_access_entry", **where) is None:
            marks = {**tags, ADDRESS: OPEN}
            tell(target, "eks", "create_access_entry", **where, clientRequestToken=token, tags=marks)
        policy = f"arn:{target.partition}:eks::aws:cluster-access-policy/{ADMIN}"
        scope = {"type": "cluster"}
        tell(target, "eks", "associate_access_policy", **where, policyArn=policy, accessScope=scope)
        if self._unknown(target):
            raise Transient(f"Cluster {desired.cluster} does not know {desired.principal} yet.", within=RIGHTS_WITHIN)
        entry = self._entry(target, desired.principal) or {}
        unique = f"{entry.get('accessEntryArn')}@{entry.get('createdAt')}"
        return Live(desired, {}, unique, self.stack)

    def update(self, target: Target, live: Live[AccessAttributes], desired: AccessAttributes) -> Live[AccessAttributes]:
        """Close: the temporary entry goes, and no other."""
        self._close(target, live.attributes.principal)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[AccessAttributes]) -> None:
        """The same, of an entry that a killed run left."""
        self._close(target, live.attributes.principal)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        words = ("--cluster-name", self.desired.cluster, "--principal-arn", self.desired.principal)
        if action is Action.CREATE:
            policy = ("--policy-arn", f"arn:aws:eks::aws:cluster-access-policy/{ADMIN}")
            return lines(
                command("aws", "eks", "create-access-entry", *words),
                command("aws", "eks", "associate-access-policy", *words, *policy, "--access-scope", "type=cluster"),
            )
        verb = "describe" if action in (Action.KEEP, Action.UNKNOWN) else "delete"
        return command("aws", "eks", f"{verb}-access-entry", *words)

    def risks(self, live: Live[AccessAttributes] | None) -> tuple[Risk, ...]:
        """Who is an administrator for a while."""
        if self.address == CLOSE or live is not None:
            return ()
        sentence = f"{self.desired.principal} is administrator of cluster {self.desired.cluster} until apply ends."
        return (Risk("operator-admin", sentence),)

    def farewell(self, target: Target, live: Live[AccessAttributes]) -> Farewell:
        """Nothing goes with it."""
        del target, live
        return Farewell()

    def _shut_out(self, target: Target) -> bool:
        """Whether the operator cannot see the cluster, and has something to do there.

        The deploy role's entry is made last: where it is, the work inside is done, and nobody needs to get in.
        """
        done = ask(target, "eks", "describe_access_entry", **self._where(self.deploy_role)) is not None
        return not done and self._unknown(target)

    def _unknown(self, target: Target) -> bool:
        try:
            get(target, self.desired.cluster, at("api", "v1", "namespaces"))
        except Unreadable:
            return True
        except NotYet:
            return False
        return False

    def _close(self, target: Target, principal: str) -> None:
        entry = self._entry(target, principal)
        if entry is not None and self._ours(entry):
            with suppress(Absent):
                tell(target, "eks", "delete_access_entry", **self._where(principal))

    def _entry(self, target: Target, principal: str) -> Mapping[str, Any] | None:
        answer = ask(target, "eks", "describe_access_entry", **self._where(principal))
        return None if answer is None else answer["accessEntry"]

    def _ours(self, entry: Mapping[str, Any]) -> bool:
        tags = entry.get("tags", {})
        return bool(tags.get(STACK) == self.stack and tags.get(ADDRESS) == OPEN)

    def _where(self, principal: str) -> dict[str, str]:
        return {"clusterName": self.desired.cluster, "principalArn": principal}

    def _principal(self, target: Target) -> str:
        try:
            return caller(target).policy_source
        except Unseen as error:
            raise TargetError(f"{error} Nobody can be let in.", "Say operator_access = false.") from error


def with_operator_access(answers: Answers, resources: Sequence[Resource[Any]]) -> list[Resource[Any]]:
    """The resources of a stack, with the operator's way in before and after those that are made inside the cluster.

    Nothing is added where the answers do not consent, or the operator makes the cluster and is its administrator.
    """
    if not answers.operator_access or answers.create_cluster:
        return list(resources)
    inside = [each for each in resources if each.address.partition(".")[0] in KUBERNETES]
    for each in inside:
        each.needs = (*each.needs, OPEN)
    switch = tuple(each.address for each in resources if each.address.startswith("access_mode."))
    opening = _access(answers, OPEN, ("eks_cluster.main", *switch))
    closing = _access(answers, CLOSE, (OPEN, *(each.address for each in inside)))
    first = resources.index(inside[0])
    return [*resources[:first], opening, *resources[first:], closing]


def _access(answers: Answers, address: str, needs: tuple[str, ...]) -> OperatorAccess:
    opening = address == OPEN
    permissions = OPENING if opening else CLOSING
    cluster = cluster_arn(answers)
    entries = cluster.replace(":cluster/", ":access-entry/", 1) + "/*"
    scopes = dict.fromkeys((action for verb in permissions.values() for action in verb), entries)
    why = "Lets you into the cluster to set up the namespace; taken away when apply ends."
    return OperatorAccess(
        address=address,
        desired=AccessAttributes(answers.cluster, closed=not opening),
        scopes=scopes | {"eks:CreateAccessEntry": cluster, "eks:DescribeCluster": cluster},
        stack=answers.stack,
        deploy_role=role_arn(answers, answers.deploy_role),
        needs=needs,
        why=why if opening else "Takes your temporary way into the cluster away again, whatever happened before.",
        permissions=permissions,
        whatever_happens=not opening,
        grants=opening,
    )
