"""The nodes: one managed node group in the private subnets, with Amazon Linux 2023.

Its size between least and most is somebody else's to move (an autoscaler, a person): it is set once, to the least.
Sources: EKS API, CreateNodegroup, UpdateNodegroupConfig, UpdateNodegroupVersion, DeleteNodegroup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, tell
from ekswiz.errors import Conflict
from ekswiz.fields.machines import ARM
from ekswiz.iam.documents import cluster_arn, role_arn
from ekswiz.plan import Action, Ref, Risk, encode
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.eks_stays import stays
from ekswiz.resources.eks_waiting import broken, changing, finished, leaving, ours, ready, settled, status
from ekswiz.resources.service_role import node_role_name
from ekswiz.resources.shell import command
from ekswiz.resources.tags import STACK
from ekswiz.target import Target

PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeNodegroup",),
    "create": ("eks:CreateNodegroup", "eks:TagResource", "iam:PassRole", "iam:CreateServiceLinkedRole"),
    "update": ("eks:UpdateNodegroupConfig", "eks:UpdateNodegroupVersion", "eks:DescribeUpdate"),
    "delete": ("eks:DeleteNodegroup", "eks:DescribeCluster", "eks:ListNodegroups", "eks:DescribeNodegroup"),
}
NAME = "main"
IN_PLACE = frozenset({"version", "least", "most", "status"})


@dataclass(frozen=True, slots=True)
class NodegroupSpec:
    """`version` is the control plane's. `disk` in GiB. `status` settles by waiting; `broken` leads nowhere."""

    cluster: str
    name: str
    role: str | Ref
    subnets: frozenset[str | Ref]
    version: str | Ref
    instance_type: str = "t3.medium"
    image: str = "AL2023_x86_64_STANDARD"
    capacity: str = "ON_DEMAND"
    disk: int = 20
    least: int = 2
    most: int = 6
    status: str = "ACTIVE"
    broken: str = ""


@dataclass(slots=True)
class Nodegroup:
    """See `ekswiz.resource.Resource`. `running` is the update that this run began last."""

    address: str
    desired: NodegroupSpec
    scopes: Mapping[str, str]
    stack: str
    needs: tuple[str, ...]
    delete_protected: bool = False
    running: str = ""
    why: str = "The machines that the service runs on, in subnets that the internet cannot reach."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset(NodegroupSpec.__slots__) - IN_PLACE
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[NodegroupSpec] | None:
        """The group of this name; None where the cluster has none, or is absent."""
        found = self._found(target)
        return None if found is None else described(found)

    def create(
        self, target: Target, desired: NodegroupSpec, token: str, tags: Mapping[str, str]
    ) -> Live[NodegroupSpec]:
        """Create it with its tags, unless it is on its way already; then wait for it."""
        found = self._found(target)
        if found is None:
            request = new_nodegroup(desired)
            answer = tell(target, "eks", "create_nodegroup", **request, tags=dict(tags), clientRequestToken=token)
            found = answer["nodegroup"]
        else:
            ours(found, self.stack, self._what)
        ready(found, self._what)
        return described(found)

    def update(self, target: Target, live: Live[NodegroupSpec], desired: NodegroupSpec) -> Live[NodegroupSpec]:
        """Bring sizes and version to what is desired, one after the other; wait for each."""
        del live  # it may be minutes old
        where = {"clusterName": desired.cluster, "nodegroupName": desired.name}
        if self.running:
            finished(target, self.running, self._what, desired.cluster, nodegroupName=desired.name)
            self.running = ""
        found = settled(self._found(target), self._what)
        step = next(_steps(found, desired), None)
        if step is None:
            return described(found)
        operation, request = step
        self.running = tell(target, "eks", operation, **where, **request)["update"]["id"]
        raise changing(self._what, next(iter(request)))

    def delete(self, target: Target, live: Live[NodegroupSpec]) -> None:
        """Delete it, and wait until its nodes are gone; gone already is fine."""
        found = self._found(target)
        if found is None or described(found).unique_id != live.unique_id:
            return
        if found["status"] != "DELETING":
            try:
                tell(target, "eks", "delete_nodegroup", **self._where)
            except Absent:
                return
            except Conflict as error:
                raise leaving(f"{self._what} ({error.detail})") from error
        raise leaving(self._what)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        words = ("--cluster-name", self.desired.cluster, "--nodegroup-name", self.desired.name)
        if action in (Action.CREATE, Action.REPLACE):
            return command("aws", "eks", "create-nodegroup", "--cli-input-json", new_nodegroup(self.desired))
        if action is Action.UPDATE:
            sizes = f"minSize={self.desired.least},maxSize={self.desired.most}"
            return command("aws", "eks", "update-nodegroup-config", *words, "--scaling-config", sizes)
        verb = "delete" if action is Action.DELETE else "describe"
        return command("aws", "eks", f"{verb}-nodegroup", *words)

    def risks(self, live: Live[NodegroupSpec] | None) -> tuple[Risk, ...]:
        """Nodes that are replaced under running Pods."""
        if live is None:
            return ()
        before, spec = live.attributes, self.desired
        changed = [name for name in sorted(self.replaces) if _differs(getattr(before, name), getattr(spec, name))]
        if changed:
            sentence = f"{self._what} is deleted and made anew ({', '.join(changed)}): its Pods stop in between."
            return (Risk("nodes-replaced", sentence),)
        return ()

    def farewell(self, target: Target, live: Live[NodegroupSpec]) -> Farewell:
        """It stays where its cluster has to stay; else what runs on it stops."""
        del live
        keep = stays(target, self.desired.cluster, self.stack, delete_protected=self.delete_protected)
        return Farewell(keep, (Risk("nodes-gone", f"Everything that runs on {self._what} stops."),), holds=True)

    def _found(self, target: Target) -> Mapping[str, Any] | None:
        answer = ask(target, "eks", "describe_nodegroup", **self._where)
        return None if answer is None else answer["nodegroup"]

    @property
    def _where(self) -> dict[str, str]:
        return {"clusterName": self.desired.cluster, "nodegroupName": self.desired.name}

    @property
    def _what(self) -> str:
        return f"Node group {self.desired.name} of cluster {self.desired.cluster}"


def nodegroup(
    answers: Answers, subnets: tuple[str, ...], needs: tuple[str, ...], *, delete_protected: bool = False
) -> Nodegroup:
    """The node group that the answers ask for.

    Args:
        answers: A stack with `create_cluster`, and a node group for its compute.
        subnets: Addresses of the private subnets.
        needs: Addresses of what must be there before nodes can join.
        delete_protected: Consent to delete a protected cluster.
    """
    spec = NodegroupSpec(
        cluster=answers.cluster,
        name=NAME,
        role=role_arn(answers, node_role_name(answers)),
        subnets=frozenset(Ref(address, "id") for address in subnets),
        version=Ref("eks_cluster.main", "version"),
        instance_type=answers.node_type,
        image="AL2023_ARM_64_STANDARD" if ARM.fullmatch(answers.node_type) else "AL2023_x86_64_STANDARD",
        least=answers.node_min,
        most=answers.node_max,
    )
    return Nodegroup(
        address="nodegroup.main",
        desired=spec,
        scopes=_scopes(answers),
        stack=answers.stack,
        needs=("eks_cluster.main", "service_role.node", *subnets, *needs),
        delete_protected=delete_protected,
    )


def described(found: Mapping[str, Any]) -> Live[NodegroupSpec]:
    """EKS's Nodegroup as a live object."""
    sizes, types = found.get("scalingConfig", {}), found.get("instanceTypes") or ("",)
    spec = NodegroupSpec(
        cluster=found["clusterName"],
        name=found["nodegroupName"],
        role=found.get("nodeRole", ""),
        subnets=frozenset(found.get("subnets", ())),
        version=found.get("version", ""),
        instance_type=", ".join(types),
        image=found.get("amiType", ""),
        capacity=found.get("capacityType", ""),
        disk=found.get("diskSize", 20),
        least=sizes.get("minSize", 0),
        most=sizes.get("maxSize", 0),
        status=status(found),
        broken=broken(found),
    )
    arn = found["nodegroupArn"]
    return Live(spec, {"arn": arn, "name": spec.name}, arn, found.get("tags", {}).get(STACK))


def new_nodegroup(spec: NodegroupSpec) -> dict[str, Any]:
    """The members of CreateNodegroup, but for tags and token."""
    return {
        "clusterName": spec.cluster,
        "nodegroupName": spec.name,
        "nodeRole": encode(spec.role),
        "subnets": [encode(subnet) for subnet in sorted(spec.subnets, key=str)],
        "scalingConfig": {"minSize": spec.least, "maxSize": spec.most, "desiredSize": spec.least},
        "instanceTypes": [spec.instance_type],
        "amiType": spec.image,
        "capacityType": spec.capacity,
        "diskSize": spec.disk,
    }


def _steps(found: Mapping[str, Any], wanted: NodegroupSpec) -> Iterator[tuple[str, dict[str, Any]]]:
    now = described(found).attributes
    if (now.least, now.most) != (wanted.least, wanted.most):
        held = found.get("scalingConfig", {}).get("desiredSize", wanted.least)
        size = min(max(held, wanted.least), wanted.most)
        sizes = {"minSize": wanted.least, "maxSize": wanted.most, "desiredSize": size}
        yield "update_nodegroup_config", {"scalingConfig": sizes}
    if now.version != wanted.version:
        yield "update_nodegroup_version", {"version": wanted.version}


def _differs(before: Any, after: Any) -> bool:
    """Whether two values surely differ: one that is not known yet may not."""
    if isinstance(after, Ref) or (isinstance(after, frozenset) and any(isinstance(one, Ref) for one in after)):
        return False
    return bool(before != after)


def _scopes(answers: Answers) -> dict[str, str]:
    cluster = cluster_arn(answers)
    group = cluster.replace(":cluster/", ":nodegroup/", 1) + "/*"
    linked = f"arn:{answers.partition}:iam::{answers.account}:role/aws-service-role/eks-nodegroup.amazonaws.com/"
    on_cluster = ("eks:CreateNodegroup", "eks:DescribeCluster", "eks:ListNodegroups")
    return (
        dict.fromkeys((action for verb in PERMISSIONS.values() for action in verb), group)
        | dict.fromkeys(on_cluster, cluster)
        | {
            "iam:PassRole": role_arn(answers, node_role_name(answers)),
            "iam:CreateServiceLinkedRole": f"{linked}AWSServiceRoleForAmazonEKSNodegroup",
        }
    )
