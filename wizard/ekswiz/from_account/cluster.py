"""The cluster as EKS describes it, if the stack made it, and the way into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ekswiz.clients.aws_errors import ask, pages
from ekswiz.clients.kube_api import get
from ekswiz.errors import EkswizError
from ekswiz.from_account.found import Found
from ekswiz.resources.access_entry import EDIT_POLICY
from ekswiz.resources.tags import STACK, STACK_LABEL
from ekswiz.target import Target

SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"
EXPOSED = {"internal": "internal", "internet-facing": "public"}
NODEGROUP = "main"


def read_cluster(target: Target, found: Found) -> None:
    """Everything that the cluster and its access entry tell."""
    name = found.values["cluster"]
    answer = ask(target, "eks", "describe_cluster", name=name)
    if answer is None:
        found.notes.append(f"cluster {name} does not exist any more.")
        return
    cluster = answer["cluster"]
    if cluster.get("tags", {}).get(STACK) == found.values["stack"]:
        _own(target, cluster, found)
    _entry(target, found)
    _inside(target, found)


def _own(target: Target, cluster: Mapping[str, Any], found: Found) -> None:
    """A cluster that this stack made."""
    network = cluster["resourcesVpcConfig"]
    compute = cluster.get("computeConfig", {})
    found.note(
        {
            "create_cluster": True,
            "compute": "auto" if compute.get("enabled") else "nodegroup",
            "endpoint_cidrs": ",".join(sorted(network.get("publicAccessCidrs", ()))),
            "deletion_protection": bool(cluster.get("deletionProtection", False)),
        },
        f"cluster {cluster['name']}",
    )
    _network(target, network, found)
    if not compute.get("enabled"):
        _nodes(target, found)


def _network(target: Target, network: Mapping[str, Any], found: Found) -> None:
    """By the cluster's subnets: how many zones, and the VPC that they are in."""
    ids = list(network.get("subnetIds", ()))
    seen = [*pages(target, "ec2", "describe_subnets", "Subnets", SubnetIds=ids)] if ids else []
    if not seen:
        return
    vpc = seen[0]["VpcId"]
    found.note({"zones": len({subnet["AvailabilityZone"] for subnet in seen})}, f"subnets of {vpc}")
    answer = ask(target, "ec2", "describe_vpcs", VpcIds=[vpc])
    if answer and answer["Vpcs"]:
        found.note({"vpc_cidr": answer["Vpcs"][0]["CidrBlock"]}, f"VPC {vpc}")


def _nodes(target: Target, found: Found) -> None:
    where = {"clusterName": found.values["cluster"], "nodegroupName": NODEGROUP}
    answer = ask(target, "eks", "describe_nodegroup", **where)
    if answer is None:
        return
    group = answer["nodegroup"]
    scaling = group["scalingConfig"]
    size = {"node_type": group["instanceTypes"][0], "node_min": scaling["minSize"], "node_max": scaling["maxSize"]}
    found.note(size, f"node group {NODEGROUP}")


def _entry(target: Target, found: Found) -> None:
    """By group, or by AWS's edit policy, which also names the namespace."""
    values = found.values
    role = f"arn:{target.partition}:iam::{target.account}:role/ekswiz-{values['stack']}-deploy"
    where = {"clusterName": values["cluster"], "principalArn": role}
    entry = ask(target, "eks", "describe_access_entry", **where)
    if entry is None:
        found.notes.append(f"the deploy role has no access entry in cluster {values['cluster']}.")
        return
    if entry["accessEntry"].get("kubernetesGroups"):
        found.note({"rights": "group"}, "access entry of the deploy role")
        return
    for policy in pages(target, "eks", "list_associated_access_policies", "associatedAccessPolicies", **where):
        namespaces = policy.get("accessScope", {}).get("namespaces", ())
        if policy["policyArn"].endswith(f"/{EDIT_POLICY}") and len(namespaces) == 1:
            found.note({"rights": "edit", "namespace": namespaces[0]}, "access policy of the deploy role")


def _inside(target: Target, found: Found) -> None:
    """Namespace, and how the service is reached, by the labels of this stack."""
    try:
        _namespace(target, found)
        _service(target, found)
    except EkswizError as error:
        found.notes.append(f"Kubernetes was not looked at: {error.detail}")


def _namespace(target: Target, found: Found) -> None:
    """Where the deployers' rights are bound; a namespace of ours, where they come from AWS's policy."""
    for path, named in (
        ("/apis/rbac.authorization.k8s.io/v1/rolebindings", "namespace"),
        ("/api/v1/namespaces", "name"),
    ):
        for item in _labelled(target, found, path):
            found.note({"namespace": item["metadata"][named]}, f"Kubernetes, {item['metadata']['name']}")


def _service(target: Target, found: Found) -> None:
    namespace = found.values.get("namespace")
    if namespace is None:
        return
    for item in _labelled(target, found, f"/api/v1/namespaces/{namespace}/services"):
        scheme = EXPOSED.get(item["metadata"].get("annotations", {}).get(SCHEME, ""))
        if scheme:
            where = f"Kubernetes, Service {item['metadata']['name']}"
            found.note({"expose": scheme, "workload": item["metadata"]["name"]}, where)


def _labelled(target: Target, found: Found, path: str) -> list[dict[str, Any]]:
    asked = f"{path}?labelSelector={STACK_LABEL.replace('/', '%2F')}%3D{found.values['stack']}"
    items: list[dict[str, Any]] = (get(target, found.values["cluster"], asked) or {}).get("items", [])
    return items
