"""The cluster, its nodes, the deploy role's way in, and what runs in it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chaos.lab import NODE_ROLE
from unit.doctor.provoked import provokes
from unit.doctor.provoked_aws import DEPLOY
from unit.doctor.ward import Ward, set_to
from unit.probes.hub import Hub

CLUSTER = "platform-dev"
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings"


def node(ward: Ward, architecture: str, name: str = "one", *, ready: str = "True", away: bool = False) -> None:
    metadata = {"name": name, "labels": {"kubernetes.io/arch": architecture}}
    made = ward.kubernetes("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": metadata})
    status = {"conditions": [{"type": "Ready", "status": ready}]}
    ward.kubernetes("PATCH", f"/api/v1/nodes/{name}/status", {"status": status})
    if away:
        ward.kubernetes("PATCH", f"/api/v1/nodes/{name}", {"spec": {"unschedulable": True}})
    assert made


def pod(ward: Ward, container: dict[str, Any]) -> None:
    secure = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    spec = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "app", "image": "x", "securityContext": secure}],
    }
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app-1"}, "spec": spec}
    ward.kubernetes("POST", "/api/v1/namespaces/payments/pods", body)
    status = {"containerStatuses": [{"name": "app", "image": "x", "restartCount": 0, **container}]}
    ward.kubernetes("PATCH", "/api/v1/namespaces/payments/pods/app-1/status", {"status": status})


def group(ward: Ward) -> None:
    """A node group whose role may do nothing."""
    ec2 = ward.lab.root("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    role = f"arn:aws:iam::{ward.answers.account}:role/{NODE_ROLE}"
    ward.lab.root("eks").create_nodegroup(clusterName=CLUSTER, nodegroupName="ng", nodeRole=role, subnets=[subnet])
    ward.lab.clock.advance(7200)


@provokes("cluster", "fail", "there is no cluster other", "aws eks list-clusters", world="any")
def no_such_cluster(ward: Ward, hub: Hub) -> None:
    ward.answers = replace(ward.answers, cluster="other")


@provokes("cluster", "fail", "platform-dev is FAILED", "aws eks describe-cluster", world="any")
def cluster_that_failed(ward: Ward, hub: Hub) -> None:
    ward.alter("eks", "DescribeCluster", set_to("cluster", "status", value="FAILED"))


@provokes("cluster", "warn", "platform-dev is UPDATING", "aws eks wait", world="any")
def cluster_that_is_busy(ward: Ward, hub: Hub) -> None:
    ward.alter("eks", "DescribeCluster", set_to("cluster", "status", value="UPDATING"))


@provokes("cluster-version", "fail", "does not offer 1.21", "aws eks update-cluster-version", world="any")
def version_that_is_gone(ward: Ward, hub: Hub) -> None:
    ward.alter("eks", "DescribeCluster", set_to("cluster", "version", value="1.21"))


@provokes("cluster-version", "warn", "extended support", "aws eks update-cluster-version", world="any")
def version_in_extended_support(ward: Ward, hub: Hub) -> None:
    def change(parsed: dict[str, Any]) -> None:
        for each in parsed["clusterVersions"]:
            each["versionStatus"] = "EXTENDED_SUPPORT"

    ward.alter("eks", "DescribeClusterVersions", change)


@provokes("cluster-version", "warn", "ends 2027-03-27", "aws eks update-cluster-version", world="any")
def version_that_ends_soon(ward: Ward, hub: Hub) -> None:
    def change(parsed: dict[str, Any]) -> None:
        for each in parsed["clusterVersions"]:
            each["endOfStandardSupportDate"] = datetime(2027, 3, 27, tzinfo=UTC)

    ward.alter("eks", "DescribeClusterVersions", change)
    ward.now = lambda: datetime(2027, 3, 1, tzinfo=UTC)


@provokes("cluster-support", "warn", "EXTENDED", "supportType=STANDARD", world="any")
def extended_support(ward: Ward, hub: Hub) -> None:
    ward.alter("eks", "DescribeCluster", set_to("cluster", "upgradePolicy", value={"supportType": "EXTENDED"}))


@provokes("cluster-mode", "fail", "CONFIG_MAP", "--migrate-access true", world="any")
def old_mode(ward: Ward, hub: Hub) -> None:
    ward.alter("eks", "DescribeCluster", lambda parsed: parsed["cluster"].pop("accessConfig"))


@provokes("cluster-endpoint", "warn", "private alone", "self-hosted runners", world="any")
def private_endpoint(ward: Ward, hub: Hub) -> None:
    ward.alter("eks", "DescribeCluster", set_to("cluster", "resourcesVpcConfig", "endpointPublicAccess", value=False))


@provokes("cluster-endpoint", "warn", "open to 10.0.0.0/8 alone", "runners of your own", world="any")
def narrow_endpoint(ward: Ward, hub: Hub) -> None:
    cidrs = ["10.0.0.0/8"]
    ward.alter("eks", "DescribeCluster", set_to("cluster", "resourcesVpcConfig", "publicAccessCidrs", value=cidrs))


@provokes("cluster-health", "fail", "Ec2SubnetNotFound: gone", "troubleshooting", world="any")
def ill_cluster(ward: Ward, hub: Hub) -> None:
    issues = [{"code": "Ec2SubnetNotFound", "message": "gone"}]
    ward.alter("eks", "DescribeCluster", set_to("cluster", "health", value={"issues": issues}))


# ---- nodes


@provokes("node-groups", "fail", "ng is CREATE_FAILED", "troubleshooting")
def group_that_failed(ward: Ward, hub: Hub) -> None:
    group(ward)
    ward.alter("eks", "DescribeNodegroup", set_to("nodegroup", "status", value="CREATE_FAILED"))


@provokes("node-groups", "fail", "ng: AsgInstanceLaunchFailures: no capacity", "troubleshooting")
def group_with_issues(ward: Ward, hub: Hub) -> None:
    group(ward)
    issues = [{"code": "AsgInstanceLaunchFailures", "message": "no capacity"}]
    ward.alter("eks", "DescribeNodegroup", set_to("nodegroup", "health", value={"issues": issues}))


@provokes("node-groups", "fail", "scaled to nothing", "update-nodegroup-config")
def group_without_nodes(ward: Ward, hub: Hub) -> None:
    group(ward)
    ward.alter("eks", "DescribeNodegroup", set_to("nodegroup", "scalingConfig", "desiredSize", value=0))


@provokes("node-pull", "fail", f"{NODE_ROLE} lacks ecr:GetAuthorizationToken", "AmazonEC2ContainerRegistryPullOnly")
def nodes_that_may_not_pull(ward: Ward, hub: Hub) -> None:
    group(ward)


@provokes("nodes-ready", "warn", "no nodes yet", "scale a node group up", world="any")
def no_nodes(ward: Ward, hub: Hub) -> None:
    return


@provokes("nodes-ready", "fail", "none of 1 takes Pods: one", "kubectl describe nodes")
def node_that_is_not_ready(ward: Ward, hub: Hub) -> None:
    node(ward, "amd64", ready="False")


@provokes("nodes-ready", "warn", "two takes none", "kubectl describe nodes")
def node_that_is_cordoned(ward: Ward, hub: Hub) -> None:
    node(ward, "amd64", "one")
    node(ward, "amd64", "two", away=True)


# ---- the way in


def _entry(ward: Ward) -> dict[str, str]:
    arn = f"arn:aws:iam::{ward.answers.account}:role/{DEPLOY}"
    return {"clusterName": CLUSTER, "principalArn": arn}


@provokes("access-entry", "fail", f"{DEPLOY} has no access entry", "ekswiz apply")
def no_entry(ward: Ward, hub: Hub) -> None:
    ward.lab.root("eks").delete_access_entry(**_entry(ward))


@provokes("access-entry", "fail", "in no group, not in ekswiz:payments:deployers", "ekswiz apply")
def entry_without_its_group(ward: Ward, hub: Hub) -> None:
    ward.lab.root("eks").update_access_entry(**_entry(ward), kubernetesGroups=[])


@provokes("access-entry", "fail", "its type is EC2_LINUX", "ekswiz apply", world="any")
def entry_of_another_type(ward: Ward, hub: Hub) -> None:
    ward.alter("eks", "DescribeAccessEntry", set_to("accessEntry", "type", value="EC2_LINUX"))


def _made_again(ward: Ward) -> None:
    iam = ward.lab.root("iam")
    trust = json.dumps(iam.get_role(RoleName=DEPLOY)["Role"]["AssumeRolePolicyDocument"])
    iam.delete_role_policy(RoleName=DEPLOY, PolicyName="ekswiz")
    iam.delete_role(RoleName=DEPLOY)
    iam.create_role(RoleName=DEPLOY, AssumeRolePolicyDocument=trust)


@provokes("access-entry-role", "fail", "the role was deleted and made again", "delete-access-entry")
def role_behind_the_entry_is_another(ward: Ward, hub: Hub) -> None:
    _made_again(ward)


@provokes("access-entry-role", "fail", "the role was deleted and made again", "delete-access-entry")
def untagged_entry_is_older_than_its_role(ward: Ward, hub: Hub) -> None:
    _made_again(ward)
    made = datetime(2020, 1, 1, tzinfo=UTC)
    ward.alter("eks", "DescribeAccessEntry", lambda parsed: parsed["accessEntry"].update(tags={}, createdAt=made))


@provokes("access-entry-rights", "fail", "AmazonEKSClusterAdminPolicy on cluster", "ekswiz apply")
def entry_with_all_rights(ward: Ward, hub: Hub) -> None:
    scope = {"type": "cluster"}
    ward.lab.root("eks").associate_access_policy(**_entry(ward), policyArn=ADMIN, accessScope=scope)


@provokes("aws-auth", "warn", f"aws-auth maps {DEPLOY}", "kubectl edit configmap aws-auth")
def old_map(ward: Ward, hub: Hub) -> None:
    roles = f"- rolearn: arn:aws:iam::{ward.answers.account}:role/{DEPLOY}\n  groups: [system:masters]\n"
    metadata = {"name": "aws-auth", "namespace": "kube-system"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mapRoles": roles}}
    ward.kubernetes("POST", "/api/v1/namespaces/kube-system/configmaps", body)


# ---- inside


@provokes("kubernetes", "fail", "does not know who you are (401)", "--operator-access true")
def nobody_lets_us_in(ward: Ward, hub: Hub) -> None:
    ward.lab.root("eks").delete_access_entry(
        clusterName=CLUSTER, principalArn=f"arn:aws:iam::{ward.answers.account}:user/operator"
    )


@provokes("kubernetes", "fail", "403", "ekswiz hand-off")
def rights_that_lack(ward: Ward, hub: Hub) -> None:
    operator = {"clusterName": CLUSTER, "principalArn": f"arn:aws:iam::{ward.answers.account}:user/operator"}
    ward.lab.root("eks").disassociate_access_policy(**operator, policyArn=ADMIN)


@provokes("kubernetes", "fail", "does not answer", "inside its network", world="any")
def endpoint_that_does_not_answer(ward: Ward, hub: Hub) -> None:
    ward.alter("eks", "DescribeCluster", set_to("cluster", "endpoint", value="http://127.0.0.1:9"))


@provokes("namespace", "fail", "there is no namespace payments", "ekswiz apply")
def namespace_that_is_gone(ward: Ward, hub: Hub) -> None:
    ward.kubernetes("DELETE", "/api/v1/namespaces/payments")


@provokes("namespace", "warn", "enforces Pod Security privileged", "ekswiz apply")
def namespace_for_everything(ward: Ward, hub: Hub) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    ward.kubernetes("PATCH", "/api/v1/namespaces/payments", {"metadata": {"labels": labels}})


@provokes("group-binding", "fail", "nothing is bound to ekswiz:payments:deployers", "ekswiz apply")
def group_that_is_not_bound(ward: Ward, hub: Hub) -> None:
    ward.kubernetes("DELETE", f"{BINDINGS}/ekswiz-deployer")


def _deployment(ward: Ward, available: int) -> None:
    labels = {"app": "payments-api"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "x"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": "payments-api", "namespace": "payments"}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    path = "/apis/apps/v1/namespaces/payments/deployments"
    ward.kubernetes("POST", path, body)
    ward.kubernetes("PATCH", f"{path}/payments-api/status", {"status": {"availableReplicas": available}})


@provokes("rollout", "fail", "1 of 2 Pods are available", "kubectl describe deployment payments-api")
def rollout_that_hangs(ward: Ward, hub: Hub) -> None:
    _deployment(ward, 1)


@provokes("pods", "fail", "app-1: ImagePullBackOff", "node-pull")
def pod_that_cannot_pull(ward: Ward, hub: Hub) -> None:
    pod(ward, {"ready": False, "imageID": "", "state": {"waiting": {"reason": "ImagePullBackOff"}}})


@provokes("pods", "fail", "app-1: CrashLoopBackOff", "kubectl logs --previous app-1")
def pod_that_crashes(ward: Ward, hub: Hub) -> None:
    pod(ward, {"ready": False, "imageID": "", "state": {"waiting": {"reason": "CrashLoopBackOff"}}})


@provokes("load-balancer", "warn", "neither Auto Mode nor the AWS Load Balancer Controller", "lbc-helm", world="any")
def nothing_makes_balancers(ward: Ward, hub: Hub) -> None:
    ward.answers = replace(ward.answers, expose="public")
