"""A new cluster and its network in the script: each object is found by its tags, made where it is not, and waited for.

The surprising thing: EC2 makes up the ids, so a line that needs one looks it up by the tags of the object it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ekswiz.answers import Answers
from ekswiz.export.wanted import values
from ekswiz.hand_off.steps import kind, q, tags
from ekswiz.plan import Change, Plan
from ekswiz.resources.ec2 import KINDS as EC2
from ekswiz.resources.ec2_shell import lookup
from ekswiz.resources.eks_cluster_request import NODE_POOLS

KINDS = frozenset({*EC2, "service_role", "eks_cluster", "nodegroup", "addon"})
"""Types that this room makes."""


def functions() -> str:
    """What the steps below call."""
    return r"""
# What may be so already.
tolerated() {
  local said="$1"
  shift
  "$@" 2>"$scratch/error" && return
  grep -q -- "$said" "$scratch/error" || { cat "$scratch/error" >&2; return 1; }
}

# The way into the new cluster, once it is there; with --check it may not be.
kubernetes_when_there() {
  if [ -z "$check" ]; then kubernetes_access; return; fi
  k8s() { :; }
}"""


def lines(change: Change, plan: Plan, answers: Answers) -> Iterable[str]:
    """One object of a new cluster or its network; nothing for other objects."""
    name = kind(change)
    if not answers.create_cluster or name not in KINDS or change.after is None:
        return ()
    if name in EC2:
        return tuple(_ec2(change, plan))
    return tuple(_MAKERS[name](change, values(change), plan))


def _ec2(change: Change, plan: Plan) -> Iterator[str]:
    """The plan's own command lines: the first one makes the object, the others may have been run before."""
    first, *rest = _own_lines(change, plan)
    yield f'found="{lookup(plan.stack, change.address)}"'
    yield 'if [ "$found" = None ]; then'
    yield f"  run {first}"
    yield "fi"
    for line in rest:
        yield f"run tolerated 'AlreadyAssociated\\|AlreadyExists' {line}" if _once(line) else f"run {line}"


def _own_lines(change: Change, plan: Plan) -> list[str]:
    if kind(change) != "subnet":
        return change.cli.split("\n")
    after = values(change)
    marks = {**tags(change, plan), **after["tags"]}
    written = ",".join(f"{{Key={key},Value={value}}}" for key, value in marks.items())
    made = f"aws ec2 create-subnet --cidr-block {q(after['cidr'])} --availability-zone {q(after['zone'])}"
    made += f" --tag-specifications {q(f'ResourceType=subnet,Tags=[{written}]')}"
    return [f'{made} --vpc-id "{lookup(plan.stack, after["vpc"]["$ref"])}"', *change.cli.split("\n")[1:]]


def _once(line: str) -> bool:
    return any(word in line.split()[2] for word in ("attach-", "associate-", "create-route"))


def _service_role(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterator[str]:
    name = q(after["name"])
    marks = " ".join(q(f"Key={key},Value={value}") for key, value in tags(change, plan).items())
    yield f'if ! aws iam get-role --role-name {name} >"$scratch/found" 2>"$scratch/error"; then'
    yield "  absent NoSuchEntity"
    trust = f"--assume-role-policy-document {q(after['trust'])}"
    yield f"  run aws iam create-role --role-name {name} {trust} --tags {marks}"
    yield "fi"
    for arn in after["attached"]:
        yield f"run aws iam attach-role-policy --role-name {name} --policy-arn {q(arn)}"


def _cluster(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterator[str]:
    name = q(after["name"])
    query = q('cluster.tags."ekswiz:stack"')
    network = ",".join([
        f"subnetIds={_ids(plan, after['subnets'], ',')}",
        f"endpointPublicAccess={_word(after['public_endpoint'])}",
        f"endpointPrivateAccess={_word(after['private_endpoint'])}",
        f"publicAccessCidrs={','.join(after['cidrs'])}",
    ])  # fmt: skip
    yield f'if owner="$(aws eks describe-cluster --name {name} --query {query} --output text 2>"$scratch/error")"; then'
    yield f'  ours {q("cluster " + after["name"])} "$owner" own'
    yield "else"
    yield "  absent ResourceNotFoundException"
    yield f"  run retried aws eks create-cluster --cli-input-json {q(_request(change, after, plan))} \\"
    yield f'    --resources-vpc-config "{network}"'
    yield "fi"
    yield f"run aws eks wait cluster-active --name {name}"


def _request(change: Change, after: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """CreateCluster without the subnets, whose ids nobody knows yet."""
    auto: dict[str, Any] = {}
    if after["auto_node_role"]:
        pools = {"nodePools": NODE_POOLS, "nodeRoleArn": after["auto_node_role"], "enabled": True}
        balanced = {"elasticLoadBalancing": {"enabled": True}}
        stored = {"blockStorage": {"enabled": True}}
        auto = {"computeConfig": pools, "kubernetesNetworkConfig": balanced, "storageConfig": stored}
    return {
        "name": after["name"],
        "version": after["version"],
        "roleArn": after["role"],
        "logging": {"clusterLogging": [{"types": after["logs"], "enabled": True}]},
        "accessConfig": {"authenticationMode": after["mode"], "bootstrapClusterCreatorAdminPermissions": True},
        "upgradePolicy": {"supportType": after["support"]},
        "deletionProtection": after["deletion_protection"],
        "bootstrapSelfManagedAddons": False,
        "tags": tags(change, plan),
        **auto,
    }


def _nodegroup(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterator[str]:
    where = f"--cluster-name {q(after['cluster'])} --nodegroup-name {q(after['name'])}"
    request = {
        "nodeRole": after["role"],
        "scalingConfig": {"minSize": after["least"], "maxSize": after["most"], "desiredSize": after["least"]},
        "instanceTypes": [after["instance_type"]],
        "amiType": after["image"],
        "capacityType": after["capacity"],
        "diskSize": after["disk"],
        "tags": tags(change, plan),
    }
    yield f'if ! aws eks describe-nodegroup {where} >"$scratch/found" 2>"$scratch/error"; then'
    yield "  absent ResourceNotFoundException"
    yield f"  run aws eks create-nodegroup {where} --cli-input-json {q(request)} \\"
    yield f"    --subnets {_ids(plan, after['subnets'], ' ', quoted=True)}"
    yield "fi"
    yield f"run aws eks wait nodegroup-active {where}"


def _addon(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterator[str]:
    where = f"--cluster-name {q(after['cluster'])} --addon-name {q(after['name'])}"
    version = "" if after["version"] == "default" else f" --addon-version {q(after['version'])}"
    marks = ",".join(f"{key}={value}" for key, value in tags(change, plan).items())
    yield f'if ! aws eks describe-addon {where} >"$scratch/found" 2>"$scratch/error"; then'
    yield "  absent ResourceNotFoundException"
    yield f"  run aws eks create-addon {where}{version} --tags {q(marks)}"
    yield "fi"
    yield f"run aws eks wait addon-active {where}"


def _ids(plan: Plan, subnets: Sequence[Any], between: str, *, quoted: bool = False) -> str:
    found = [lookup(plan.stack, one["$ref"]) if isinstance(one, Mapping) else str(one) for one in subnets]
    return between.join(f'"{one}"' if quoted else one for one in found)


def _word(value: object) -> str:
    return str(value).lower()


_MAKERS: Mapping[str, Callable[[Change, Mapping[str, Any], Plan], Iterator[str]]] = {
    "service_role": _service_role,
    "eks_cluster": _cluster,
    "nodegroup": _nodegroup,
    "addon": _addon,
}
