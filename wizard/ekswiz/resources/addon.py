"""One of EKS's own add-ons, in the default version for the cluster's Kubernetes.

A version that goes with the cluster's Kubernetes stays, however many newer ones appear; one that does not goes to the
default. Sources: EKS API, CreateAddon, UpdateAddon, DescribeAddonVersions; EKS user guide, "Amazon EKS add-ons".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, pages, tell
from ekswiz.iam.documents import cluster_arn
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.eks_stays import stays
from ekswiz.resources.eks_versions import choose
from ekswiz.resources.eks_waiting import broken, changing, finished, leaving, ours, ready, settled, status
from ekswiz.resources.shell import command
from ekswiz.resources.tags import STACK
from ekswiz.target import Target

PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeAddon", "eks:DescribeCluster", "eks:DescribeAddonVersions", "eks:DescribeClusterVersions"),
    "create": ("eks:CreateAddon", "eks:TagResource"),
    "update": ("eks:UpdateAddon", "eks:DescribeUpdate"),
    "delete": ("eks:DeleteAddon", "eks:DescribeCluster", "eks:ListNodegroups", "eks:DescribeNodegroup"),
}
DEFAULT = "default"
"""Stands for a version that is not known before the cluster is there."""
WHY: Mapping[str, str] = {
    "vpc-cni": "Gives every Pod an address in the VPC; nodes do not become ready without it.",
    "kube-proxy": "Leads Services to their Pods on every node.",
    "coredns": "Resolves names inside the cluster.",
    "metrics-server": "Measures Pods and nodes, for `kubectl top` and autoscaling.",
}
BEFORE_NODES = ("vpc-cni", "kube-proxy")
AFTER_NODES = ("coredns", "metrics-server")


@dataclass(frozen=True, slots=True)
class AddonSpec:
    """`status` settles by waiting; `broken` names a status that leads nowhere."""

    cluster: str
    name: str
    version: str = DEFAULT
    status: str = "ACTIVE"
    broken: str = ""


@dataclass(slots=True)
class Addon:
    """See `ekswiz.resource.Resource`. `running` is the update that this run began last.

    `asked` is the Kubernetes version of the answers: the add-on goes with the one that the cluster will have.
    """

    address: str
    desired: AddonSpec
    scopes: Mapping[str, str]
    stack: str
    needs: tuple[str, ...]
    why: str
    asked: str
    delete_protected: bool = False
    running: str = ""
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"cluster", "name", "broken"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[AddonSpec] | None:
        """The add-on; None where the cluster has none, or is absent."""
        found = self._found(target)
        if found is None:
            return None
        live = _described(found)
        self.desired = replace(self.desired, version=self._version(target, live.attributes.version))
        return live

    def create(self, target: Target, desired: AddonSpec, token: str, tags: Mapping[str, str]) -> Live[AddonSpec]:
        """Create it with its tags, unless it is on its way already; then wait for it."""
        found = self._found(target)
        if found is None:
            version = {} if desired.version == DEFAULT else {"addonVersion": desired.version}
            request = {**self._where, **version, "tags": dict(tags), "clientRequestToken": token}
            found = tell(target, "eks", "create_addon", **request, resolveConflicts="NONE")["addon"]
        else:
            ours(found, self.stack, self._what)
        ready(found, self._what)
        return _described(found)

    def update(self, target: Target, live: Live[AddonSpec], desired: AddonSpec) -> Live[AddonSpec]:
        """Bring it to the desired version, and wait for that. What somebody set in Kubernetes stays set."""
        del live  # it may be minutes old
        if self.running:
            finished(target, self.running, self._what, desired.cluster, addonName=desired.name)
            self.running = ""
        found = settled(self._found(target), self._what)
        now = _described(found)
        if now.attributes.version == desired.version:
            return now
        request = {**self._where, "addonVersion": desired.version, "resolveConflicts": "PRESERVE"}
        self.running = tell(target, "eks", "update_addon", **request)["update"]["id"]
        raise changing(self._what, "version")

    def delete(self, target: Target, live: Live[AddonSpec]) -> None:
        """Delete it, and wait until it is gone; gone already is fine."""
        found = self._found(target)
        if found is None or _described(found).unique_id != live.unique_id:
            return
        if found["status"] != "DELETING":
            try:
                tell(target, "eks", "delete_addon", **self._where)
            except Absent:
                return
        raise leaving(self._what)

    def cli(self, action: Action) -> str:
        """The AWS CLI's command."""
        verbs = {Action.CREATE: "create", Action.REPLACE: "create", Action.UPDATE: "update", Action.DELETE: "delete"}
        verb = verbs.get(action, "describe")
        words = ["--cluster-name", self.desired.cluster, "--addon-name", self.desired.name]
        if verb == "update":
            words += ["--addon-version", self.desired.version]
        return command("aws", "eks", f"{verb}-addon", *words)

    def risks(self, live: Live[AddonSpec] | None) -> tuple[Risk, ...]:
        """None: an add-on's update keeps what runs."""
        del live
        return ()

    def farewell(self, target: Target, live: Live[AddonSpec]) -> Farewell:
        """It stays where its cluster has to stay."""
        del live
        return Farewell(stays(target, self.desired.cluster, self.stack, delete_protected=self.delete_protected))

    def _version(self, target: Target, live: str) -> str:
        """The version to have: the one there is if it goes with the cluster's next Kubernetes, else the default."""
        cluster = ask(target, "eks", "describe_cluster", name=self.desired.cluster)
        kubernetes = choose(target, self.asked, cluster["cluster"]["version"]) if cluster else ""
        default = ""
        asked = {"addonName": self.desired.name, "kubernetesVersion": kubernetes}
        for info in pages(target, "eks", "describe_addon_versions", "addons", **asked):
            for offered in info.get("addonVersions", ()):
                if offered["addonVersion"] == live:
                    return live
                if any(one.get("defaultVersion") for one in offered.get("compatibilities", ())):
                    default = default or offered["addonVersion"]
        return default or live

    def _found(self, target: Target) -> Mapping[str, Any] | None:
        answer = ask(target, "eks", "describe_addon", **self._where)
        return None if answer is None else answer["addon"]

    @property
    def _where(self) -> dict[str, str]:
        return {"clusterName": self.desired.cluster, "addonName": self.desired.name}

    @property
    def _what(self) -> str:
        return f"Add-on {self.desired.name} of cluster {self.desired.cluster}"


def addon(answers: Answers, name: str, needs: tuple[str, ...], *, delete_protected: bool = False) -> Addon:
    """One add-on of the stack's cluster; `needs` are addresses that come before it."""
    cluster = cluster_arn(answers)
    # One pattern for all add-ons: the operator's policy must fit into one managed policy.
    own = cluster.replace(":cluster/", ":addon/", 1) + "/*"
    on_cluster = ("eks:CreateAddon", "eks:DescribeCluster", "eks:ListNodegroups")
    scopes = dict.fromkeys((action for verb in PERMISSIONS.values() for action in verb), own)
    return Addon(
        address=f"addon.{name}",
        desired=AddonSpec(answers.cluster, name),
        scopes=scopes
        | dict.fromkeys(on_cluster, cluster)
        | {
            "eks:DescribeAddonVersions": "*",
            "eks:DescribeClusterVersions": "*",
            "eks:DescribeNodegroup": cluster.replace(":cluster/", ":nodegroup/", 1) + "/*",
        },
        stack=answers.stack,
        needs=("eks_cluster.main", *needs),
        why=WHY[name],
        asked=answers.kubernetes_version,
        delete_protected=delete_protected,
    )


def _described(found: Mapping[str, Any]) -> Live[AddonSpec]:
    spec = AddonSpec(
        cluster=found["clusterName"],
        name=found["addonName"],
        version=found.get("addonVersion", ""),
        status=status(found),
        broken=broken(found),
    )
    arn = found["addonArn"]
    return Live(spec, {"arn": arn, "version": spec.version}, arn, found.get("tags", {}).get(STACK))
