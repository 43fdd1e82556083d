"""The cluster's types keep the contract, through boto3 and the gate, judged by what they say that they need."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.new_cluster import Place, failures, open_place
from ekswiz.plan import Action

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
CLUSTER = "platform-dev"
MORE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
NODES = {"clusterName": CLUSTER, "nodegroupName": "main"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A network and a cluster that are there. Each test leaves them as the answers say, or says so."""
    with open_place(tmp_path_factory.mktemp("made")) as place:
        assert not failures(place.apply())
        yield place
    gc.collect()


def pending(place: Place, **changes: Any) -> dict[str, Action]:
    return {change.address: change.action for change in place.plan(**changes).pending}


def test_what_was_made_is_as_the_answers_say(made: Place) -> None:
    eks = made.world.root("eks")
    assert pending(made) == {}
    found = eks.describe_cluster(name=CLUSTER)["cluster"]
    assert found["version"] == "1.36"
    assert found["upgradePolicy"] == {"supportType": "STANDARD"}
    assert found["accessConfig"]["authenticationMode"] == "API_AND_CONFIG_MAP"
    assert found["deletionProtection"] is True
    assert found["logging"]["clusterLogging"] == [{"types": ["api", "audit", "authenticator"], "enabled": True}]
    assert len(found["resourcesVpcConfig"]["subnetIds"]) == 4
    group = eks.describe_nodegroup(**NODES)["nodegroup"]
    assert group["scalingConfig"] == {"minSize": 2, "maxSize": 6, "desiredSize": 2}
    assert (group["instanceTypes"], group["amiType"]) == (["t3.medium"], "AL2023_x86_64_STANDARD")
    assert set(group["subnets"]) < set(found["resourcesVpcConfig"]["subnetIds"])
    assert eks.list_addons(clusterName=CLUSTER)["addons"] == ["coredns", "kube-proxy", "metrics-server", "vpc-cni"]
    # EKS itself let the nodes in, and whoever made the cluster
    entries = eks.list_access_entries(clusterName=CLUSTER)["accessEntries"]
    assert [arn.rpartition("/")[2] for arn in entries] == ["ekswiz-payments-node", "operator"]


def test_nothing_was_done_twice(made: Place) -> None:
    counted = {name: made.calls[name] for name in ("CreateCluster", "CreateNodegroup", "CreateAddon")}
    assert counted == {"CreateCluster": 1, "CreateNodegroup": 1, "CreateAddon": 4}


DRIFT: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "endpoint": (
        "update_cluster_config",
        {"name": CLUSTER, "resourcesVpcConfig": {"publicAccessCidrs": ["10.0.0.0/8"]}},
        "eks_cluster.main",
        "cidrs",
    ),
    "private": (
        "update_cluster_config",
        {"name": CLUSTER, "resourcesVpcConfig": {"endpointPrivateAccess": False}},
        "eks_cluster.main",
        "private_endpoint",
    ),
    "logging": (
        "update_cluster_config",
        {"name": CLUSTER, "logging": {"clusterLogging": [{"types": ["scheduler"], "enabled": True}]}},
        "eks_cluster.main",
        "logs",
    ),
    "support": (
        "update_cluster_config",
        {"name": CLUSTER, "upgradePolicy": {"supportType": "EXTENDED"}},
        "eks_cluster.main",
        "support",
    ),
    "protection": (
        "update_cluster_config",
        {"name": CLUSTER, "deletionProtection": False},
        "eks_cluster.main",
        "deletion_protection",
    ),
    "sizes": (
        "update_nodegroup_config",
        {**NODES, "scalingConfig": {"minSize": 1, "maxSize": 9, "desiredSize": 8}},
        "nodegroup.main",
        "least",
    ),
    "addon": (
        "update_addon",
        {"clusterName": CLUSTER, "addonName": "coredns", "addonVersion": "v1.36.2-eksbuild.3"},
        "addon.coredns",
        "",
    ),
}


@pytest.mark.parametrize("name", DRIFT)
def test_drift_is_seen_and_put_right(made: Place, name: str) -> None:
    operation, request, address, attribute = DRIFT[name]
    # given somebody who changed it
    eks = made.world.root("eks")
    started = getattr(eks, operation)(**request)["update"]
    part = {key: request[key] for key in ("nodegroupName", "addonName") if key in request}
    made.settle()
    eks.describe_update(name=CLUSTER, updateId=started["id"], **part)
    # when it is planned: exactly that is shown
    change = made.change(address)
    if not attribute:  # a compatible version of an add-on is nobody's fault
        assert pending(made) == {}
        return
    assert pending(made) == {address: Action.UPDATE}
    assert change.before is not None
    assert change.after is not None
    assert attribute in {key for key, value in change.after.items() if change.before[key] != value}
    # and apply puts it right
    assert not failures(made.apply())
    assert pending(made) == {}


def test_a_size_that_somebody_set_between_the_limits_is_no_drift(made: Place) -> None:
    eks = made.world.root("eks")
    eks.update_nodegroup_config(**NODES, scalingConfig={"desiredSize": 5})
    made.settle()
    assert pending(made) == {}
    # and it is kept when the limits move
    assert not failures(made.apply(node_max=7))
    assert eks.describe_nodegroup(**NODES)["nodegroup"]["scalingConfig"]["desiredSize"] == 5
    assert not failures(made.apply())


@pytest.mark.parametrize("role", ["cluster", "node"])
def test_what_hangs_on_a_role_is_drift(made: Place, role: str) -> None:
    iam, name = made.world.root("iam"), f"ekswiz-payments-{role}"
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=json.dumps(MORE))
    first = made.change(f"service_role.{role}")
    assert first.action is Action.UPDATE
    assert [risk.id for risk in first.risks] == ["drops-managed-policies"]
    assert not failures(made.apply())
    assert pending(made) == {}
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []


def test_several_changes_are_made_one_after_the_other(made: Place) -> None:
    changes: dict[str, Any] = {"endpoint_cidrs": "198.51.100.0/24, 203.0.113.0/24", "deletion_protection": False}
    assert pending(made, **changes) == {"eks_cluster.main": Action.UPDATE}
    assert not failures(made.apply(**changes))
    assert pending(made, **changes) == {}
    assert not failures(made.apply())


def test_another_update_in_progress_is_waited_for(made: Place) -> None:
    eks = made.world.root("eks")
    eks.update_cluster_config(name=CLUSTER, logging={"clusterLogging": [{"types": ["scheduler"], "enabled": True}]})
    events = made.apply(deletion_protection=False)
    assert not failures(events)
    assert any("being updated" in event.message for event in events if event.type == "progress")
    assert not failures(made.apply())
    assert pending(made) == {}


def test_another_machine_type_replaces_the_nodes_and_says_so(made: Place) -> None:
    change = made.change("nodegroup.main", node_type="m7g.large")
    assert change.action is Action.REPLACE
    assert [risk.id for risk in change.risks] == ["nodes-replaced"]
    assert not failures(made.apply(node_type="m7g.large"))
    group = made.world.root("eks").describe_nodegroup(**NODES)["nodegroup"]
    assert (group["instanceTypes"], group["amiType"]) == (["m7g.large"], "AL2023_ARM_64_STANDARD")
    assert not failures(made.apply())


@pytest.mark.parametrize("address", ["addon.coredns", "nodegroup.main", "service_role.node"])
def test_what_somebody_deleted_is_exactly_what_the_next_plan_makes(made: Place, address: str) -> None:
    eks, iam = made.world.root("eks"), made.world.root("iam")
    if address == "service_role.node":
        for policy in iam.list_attached_role_policies(RoleName="ekswiz-payments-node")["AttachedPolicies"]:
            iam.detach_role_policy(RoleName="ekswiz-payments-node", PolicyArn=policy["PolicyArn"])
        iam.delete_role(RoleName="ekswiz-payments-node")
    elif address == "nodegroup.main":
        eks.delete_nodegroup(**NODES)
        made.settle()
    else:
        eks.delete_addon(clusterName=CLUSTER, addonName="coredns")
        made.settle()
    found = pending(made)
    assert found.pop(address) is Action.CREATE
    # nodes keep their role's name, which is not known before it is there again
    assert set(found) <= {"nodegroup.main"}
    assert not failures(made.apply())
    assert pending(made) == {}


def test_a_protected_cluster_and_all_that_it_needs_stays_without_consent(made: Place) -> None:
    made.delete_protected = False
    try:
        found = made.farewell()
    finally:
        made.delete_protected = True
    kept = {change.address: change.why for change in found.changes}
    assert {change.action for change in found.changes} == {Action.KEEP}
    assert "--delete-protected" in kept["eks_cluster.main"]
    assert "--delete-protected" in kept["nodegroup.main"]
    assert kept["vpc.main"].endswith("needs it, and stays.")
    assert kept["service_role.cluster"] == "Kept: eks_cluster.main needs it, and stays."


def test_a_cluster_with_others_nodes_stays(made: Place) -> None:
    eks = made.world.root("eks")
    group = eks.describe_nodegroup(**NODES)["nodegroup"]
    eks.create_nodegroup(
        clusterName=CLUSTER, nodegroupName="theirs", nodeRole=group["nodeRole"], subnets=group["subnets"]
    )
    try:
        found = {change.address: change for change in made.farewell().changes}
        assert found["eks_cluster.main"].action is Action.KEEP
        assert "not this stack's: theirs" in found["eks_cluster.main"].why
    finally:
        eks.delete_nodegroup(clusterName=CLUSTER, nodegroupName="theirs")
        made.settle()
    assert {change.action for change in made.farewell().pending} == {Action.DELETE}


def test_a_version_goes_up_one_minor_at_a_time_and_never_back(tmp_path: Path) -> None:
    with open_place(tmp_path, kubernetes_version="1.34") as place:
        assert not failures(place.apply())
        change = place.change("eks_cluster.main", kubernetes_version="1.36")
        assert change.after is not None
        assert change.after["version"] == "1.35"
        assert [risk.id for risk in change.risks] == ["version-upgrade"]
        # when it is applied until nothing is left: nodes and add-ons go along, in plans of their own
        for _ in range(5):
            if place.plan(kubernetes_version="1.36").pending:
                assert not failures(place.apply(kubernetes_version="1.36"))
        assert pending(place, kubernetes_version="1.36") == {}
        eks = place.world.root("eks")
        assert eks.describe_cluster(name=CLUSTER)["cluster"]["version"] == "1.36"
        assert eks.describe_nodegroup(**NODES)["nodegroup"]["version"] == "1.36"
        with pytest.raises(Exception, match="there is no way back"):
            place.plan(kubernetes_version="1.35")
        # `latest` keeps what is there while that is in standard support
        assert pending(place, kubernetes_version="latest") == {}
    gc.collect()


def test_auto_mode_comes_with_its_three_parts(tmp_path: Path) -> None:
    with open_place(tmp_path, compute="auto") as place:
        assert not failures(place.apply())
        found = place.world.root("eks").describe_cluster(name=CLUSTER)["cluster"]
        assert found["computeConfig"]["enabled"]
        assert found["storageConfig"]["blockStorage"]["enabled"]
        assert found["kubernetesNetworkConfig"]["elasticLoadBalancing"]["enabled"]
        assert pending(place) == {}
        assert not failures(place.apply(made=place.farewell()))
        assert place.world.root("eks").list_clusters()["clusters"] == []
    gc.collect()
