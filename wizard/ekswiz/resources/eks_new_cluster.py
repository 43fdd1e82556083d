"""A cluster of the stack's own: made, kept as the answers say, and deleted.

It takes about twelve minutes to come and eight to go. A stop in between loses nothing: the cluster is found by its name
and its tag, and waited for again; CreateCluster is called once. `latest` becomes a number when the world is read, and
an upgrade goes one minor version at a time. Sources: EKS API, CreateCluster, UpdateClusterConfig, UpdateClusterVersion,
DescribeClusterVersions; EKS user guide, "Understand the Kubernetes version lifecycle on EKS".
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, tell
from ekswiz.errors import Conflict, TargetError
from ekswiz.iam.documents import cluster_arn, role_arn
from ekswiz.plan import Action, Ref, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.eks_cluster_request import ClusterSpec, described, new_cluster, steps
from ekswiz.resources.eks_stays import stays
from ekswiz.resources.eks_versions import choose, minor
from ekswiz.resources.eks_waiting import changing, finished, leaving, ours, ready, settled
from ekswiz.resources.service_role import cluster_role_name, node_role_name
from ekswiz.resources.shell import command
from ekswiz.target import Target

PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeCluster", "eks:DescribeClusterVersions"),
    "create": ("eks:CreateCluster", "eks:TagResource", "iam:PassRole", "iam:CreateServiceLinkedRole"),
    "update": ("eks:UpdateClusterConfig", "eks:UpdateClusterVersion", "eks:DescribeUpdate"),
    "delete": ("eks:DeleteCluster", "eks:ListNodegroups", "eks:DescribeNodegroup", "eks:UpdateClusterConfig"),
}
EVERYBODY = "0.0.0.0/0"


@dataclass(slots=True)
class NewCluster:
    """See `ekswiz.resource.Resource`.

    `asked` is the version of the answers. `delete_protected` is the consent to switch deletion protection off and
    delete the cluster all the same. `running` is the update that this run began last.
    """

    address: str
    desired: ClusterSpec
    asked: str
    scopes: Mapping[str, str]
    stack: str
    needs: tuple[str, ...]
    delete_protected: bool = False
    running: str = ""
    why: str = "Runs the service, in a cluster of the stack's own."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"name", "role", "broken"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[ClusterSpec] | None:
        """The cluster of this name; what the answers leave open is settled by what there is."""
        found = self._found(target)
        live = None if found is None else described(found)
        running = None if live is None else live.attributes.version
        self.desired = replace(self.desired, version=choose(target, self.asked, running))
        if live is not None and live.attributes.mode == "API":
            self.desired = replace(self.desired, mode="API")  # one step further than needed, with no way back
        return live

    def create(self, target: Target, desired: ClusterSpec, token: str, tags: Mapping[str, str]) -> Live[ClusterSpec]:
        """Create it with its tags, unless it is on its way already; then wait for it."""
        found = self._found(target)
        if found is None:
            request = new_cluster(desired)
            answer = tell(target, "eks", "create_cluster", **request, tags=dict(tags), clientRequestToken=token)
            found = answer["cluster"]
        else:
            ours(found, self.stack, self._what)
        ready(found, self._what)
        return described(found)

    def update(self, target: Target, live: Live[ClusterSpec], desired: ClusterSpec) -> Live[ClusterSpec]:
        """Bring it to what is desired, one update after the other as EKS has it; wait for each."""
        del live  # it may be minutes old
        if self.running:
            finished(target, self.running, self._what, self.desired.name)
            self.running = ""
        found = settled(self._found(target), self._what)
        now = described(found)
        step = next(steps(now.attributes, desired), None)
        if step is None:
            return now
        answer = tell(target, "eks", step.operation, name=desired.name, **step.request)
        self.running = answer["update"]["id"]
        raise changing(self._what, step.member)

    def delete(self, target: Target, live: Live[ClusterSpec]) -> None:
        """Delete it, and wait until it is gone; gone already is fine."""
        found = self._found(target)
        if found is None or described(found).unique_id != live.unique_id:
            return
        if found["status"] == "DELETING":
            raise leaving(self._what)
        if found.get("deletionProtection"):
            self._unprotect(target)
        try:
            tell(target, "eks", "delete_cluster", name=self.desired.name)
        except Absent:
            return
        except Conflict as error:  # node groups on their way out, or its creation is not over
            raise leaving(f"{self._what} ({error.detail})") from error
        raise leaving(self._what)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        name = ("--name", self.desired.name)
        if action in (Action.CREATE, Action.REPLACE):
            return command("aws", "eks", "create-cluster", "--cli-input-json", new_cluster(self.desired))
        if action is Action.UPDATE:
            return command("aws", "eks", "update-cluster-config", *name)
        if action is Action.DELETE:
            return command("aws", "eks", "delete-cluster", *name)
        return command("aws", "eks", "describe-cluster", *name)

    def risks(self, live: Live[ClusterSpec] | None) -> tuple[Risk, ...]:
        """Who can knock at it, and changes that cannot be taken back."""
        found, spec = [], self.desired
        if EVERYBODY in spec.cidrs and (live is None or live.attributes.cidrs != spec.cidrs):
            sentence = "The API endpoint answers to every address; who gets in is decided by IAM and access entries."
            found.append(Risk("open-endpoint", sentence))
        if live is None:
            return tuple(found)
        before = live.attributes
        if minor(spec.version) > minor(before.version):
            sentence = f"{self._what} goes from {before.version} to {spec.version}, and never back."
            found.append(Risk("version-upgrade", sentence))
        if before.mode == "CONFIG_MAP":
            sentence = f"{self._what} uses access entries from now on; there is no way back to the aws-auth map alone."
            found.append(Risk("access-mode", sentence))
        if before.broken:
            found.append(Risk("cluster-replaced", f"{self._what} is {before.broken}: it is deleted and made anew."))
        return tuple(found)

    def farewell(self, target: Target, live: Live[ClusterSpec]) -> Farewell:
        """Whether it can go at all, and that everything in it goes with it."""
        name = live.attributes.name
        keep = stays(target, name, self.stack, delete_protected=self.delete_protected)
        risks = [Risk("cluster-contents", f"Everything that runs in {self._what} goes with it, whoever made it.")]
        if live.attributes.deletion_protection:
            risks.append(Risk("deletion-protection", f"{self._what} is protected; the protection is switched off."))
        return Farewell(keep, tuple(risks), holds=True)

    def _unprotect(self, target: Target) -> None:
        if not self.delete_protected:
            raise TargetError(f"{self._what} is protected against deletion.", "Say --delete-protected to delete it.")
        if self.running:
            finished(target, self.running, self._what, self.desired.name)
            # Looked at once more: it may have been an update of an earlier cluster of this name.
            self.running = ""
            raise changing(self._what, "deletion_protection")
        with suppress(Absent):
            name = self.desired.name
            answer = tell(target, "eks", "update_cluster_config", name=name, deletionProtection=False)
            self.running = answer["update"]["id"]
            raise changing(self._what, "deletion_protection")

    def _found(self, target: Target) -> Mapping[str, Any] | None:
        answer = ask(target, "eks", "describe_cluster", name=self.desired.name)
        return None if answer is None else answer["cluster"]

    @property
    def _what(self) -> str:
        return f"Cluster {self.desired.name}"


def new_eks_cluster(answers: Answers, subnets: tuple[str, ...], *, delete_protected: bool = False) -> NewCluster:
    """The cluster that the answers ask for.

    Args:
        answers: A stack with `create_cluster`.
        subnets: Addresses of the subnets that it is in, public and private.
        delete_protected: Consent to delete it although it is protected.
    """
    auto = answers.compute == "auto"
    roles = ("service_role.cluster", "service_role.node") if auto else ("service_role.cluster",)
    spec = ClusterSpec(
        name=answers.cluster,
        version=answers.kubernetes_version,
        # Known beforehand: a role that has to be made again is no reason to make the cluster again.
        role=role_arn(answers, cluster_role_name(answers)),
        subnets=frozenset(Ref(address, "id") for address in subnets),
        cidrs=tuple(sorted({cidr.strip() for cidr in answers.endpoint_cidrs.split(",")})),
        deletion_protection=answers.deletion_protection,
        auto_node_role=role_arn(answers, node_role_name(answers)) if auto else "",
    )
    return NewCluster(
        address="eks_cluster.main",
        desired=spec,
        asked=answers.kubernetes_version,
        scopes=_scopes(answers),
        stack=answers.stack,
        needs=(*roles, *subnets),
        delete_protected=delete_protected,
    )


def _scopes(answers: Answers) -> dict[str, str]:
    cluster = cluster_arn(answers)
    linked = f"arn:{answers.partition}:iam::{answers.account}:role/aws-service-role/eks.amazonaws.com/"
    everywhere = dict.fromkeys((action for verb in PERMISSIONS.values() for action in verb), cluster)
    return everywhere | {
        "eks:DescribeClusterVersions": "*",
        "eks:DescribeNodegroup": cluster.replace(":cluster/", ":nodegroup/", 1) + "/*",
        "iam:PassRole": role_arn(answers, cluster_role_name(answers)),
        "iam:CreateServiceLinkedRole": f"{linked}AWSServiceRoleForAmazonEKS",
    }
