from __future__ import annotations

import base64
import threading
from typing import Any

import pytest

from .conftest import ACCOUNT, CLUSTER_ROLE, ENDPOINT, JANE, NODE_ROLE, REGION, VPC, World, make_world

ARN = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/demo"


def create(world: World, name: str = "demo", **more: Any) -> Any:
    return world.client.create_cluster(**{"name": name, "roleArn": CLUSTER_ROLE, "resourcesVpcConfig": VPC, **more})


def test_a_cluster_takes_its_time_and_then_has_an_endpoint(slow_world: World) -> None:
    made = create(slow_world, tags={"a": "b"})["cluster"]
    assert (made["status"], made["arn"], made["tags"]) == ("CREATING", ARN, {"a": "b"})
    assert "endpoint" not in made
    statuses = [slow_world.client.describe_cluster(name="demo")["cluster"]["status"] for _ in range(3)]
    assert statuses == ["CREATING", "CREATING", "ACTIVE"]
    cluster = slow_world.client.describe_cluster(name="demo")["cluster"]
    assert cluster["endpoint"] == ENDPOINT.url
    assert base64.b64decode(cluster["certificateAuthority"]["data"]) == ENDPOINT.ca_pem
    assert slow_world.kubernetes.clusters == ["demo"]


def test_botocores_waiters_see_it_come_and_go(slow_world: World) -> None:
    create(slow_world)
    no_delay = {"Delay": 0, "MaxAttempts": 5}
    slow_world.client.get_waiter("cluster_active").wait(name="demo", WaiterConfig=no_delay)
    assert slow_world.client.delete_cluster(name="demo")["cluster"]["status"] == "DELETING"
    slow_world.client.get_waiter("cluster_deleted").wait(name="demo", WaiterConfig=no_delay)
    assert slow_world.kubernetes.clusters == []
    assert slow_world.client.list_clusters()["clusters"] == []


def test_defaults_are_the_apis(world: World) -> None:
    cluster = create(world)["cluster"]
    assert cluster["accessConfig"]["authenticationMode"] == "CONFIG_MAP"
    assert cluster["upgradePolicy"] == {"supportType": "EXTENDED"}
    assert cluster["version"] == "1.35"
    assert cluster["deletionProtection"] is False
    assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is True


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"name": "-bad"}, "InvalidParameterException", "cluster name"),
        ({"name": "a b"}, "InvalidParameterException", "cluster name"),
        ({"roleArn": CLUSTER_ROLE + "x"}, "InvalidParameterException", "does not exist"),
        ({"resourcesVpcConfig": {"subnetIds": ["subnet-1"]}}, "InvalidParameterException", "two different AZs"),
        ({"version": "1.19"}, "InvalidParameterException", "unsupported Kubernetes version 1.19"),
        (
            {"accessConfig": {"bootstrapClusterCreatorAdminPermissions": False}},
            "InvalidParameterException",
            "bootstrapClusterCreatorAdminPermissions must be true",
        ),
    ],
)
def test_what_create_refuses(world: World, change: dict[str, Any], code: str, words: str) -> None:
    given = {"name": "demo", "roleArn": CLUSTER_ROLE, "resourcesVpcConfig": VPC, **change}
    got = world.refused(world.client.create_cluster, **given)
    assert got[0] == code
    assert words in got[1]
    assert world.kubernetes.clusters == []


def test_a_name_is_taken_once(world: World) -> None:
    create(world)
    given = {"name": "demo", "roleArn": CLUSTER_ROLE, "resourcesVpcConfig": VPC}
    assert world.refused(world.client.create_cluster, **given) == (
        "ResourceInUseException",
        "Cluster already exists with name: demo",
        409,
    )


def test_the_same_token_makes_one_cluster(world: World) -> None:
    first = create(world, clientRequestToken="t")["cluster"]
    assert create(world, clientRequestToken="t")["cluster"]["createdAt"] == first["createdAt"]
    assert world.kubernetes.clusters == ["demo"]
    given = {"name": "other", "roleArn": CLUSTER_ROLE, "resourcesVpcConfig": VPC, "clientRequestToken": "t"}
    assert world.refused(world.client.create_cluster, **given)[0] == "InvalidParameterException"


def test_an_old_token_does_not_bring_a_deleted_cluster_back(world: World) -> None:
    create(world, clientRequestToken="t")
    world.client.describe_cluster(name="demo")
    world.client.delete_cluster(name="demo")
    assert create(world, clientRequestToken="t")["cluster"]["name"] == "demo"
    assert world.kubernetes.clusters == ["demo"]


def test_a_cluster_that_cannot_start_leaves_nothing(world: World) -> None:
    world.kubernetes.broken = True
    with pytest.raises(OSError, match="no port left"):
        create(world)
    assert world.client.list_clusters()["clusters"] == []
    world.kubernetes.broken = False
    assert create(world)["cluster"]["name"] == "demo"


def test_entries_can_be_found_while_a_cluster_is_made_and_iam_is_asked(world: World, monkeypatch: Any) -> None:
    answers: list[object] = []

    def elsewhere() -> None:
        thread = threading.Thread(target=lambda: answers.append(world.eks.find("demo", JANE)), daemon=True)
        thread.start()
        thread.join(5)

    class Asking(dict[str, str]):
        def get(self, key: str, default: Any = None) -> Any:
            elsewhere()
            return super().get(key, default)

    async def create_slowly(_: str) -> Any:
        elsewhere()
        return ENDPOINT

    busy = make_world(
        polls=0, principals=Asking({CLUSTER_ROLE: "AROACLUSTER", NODE_ROLE: "AROANODE", JANE: "AIDAJANE"})
    )
    monkeypatch.setattr(world, "eks", busy.eks)
    monkeypatch.setattr(busy.kubernetes, "create", create_slowly)
    create(busy, accessConfig={"authenticationMode": "API"})
    busy.client.describe_cluster(name="demo")
    busy.client.create_access_entry(clusterName="demo", principalArn=NODE_ROLE)
    busy.client.create_nodegroup(clusterName="demo", nodegroupName="n", subnets=["subnet-1"], nodeRole=NODE_ROLE)
    assert len(answers) == 4


def test_absent_clusters(world: World) -> None:
    expected = ("ResourceNotFoundException", "No cluster found for name: nope.", 404)
    assert world.refused(world.client.describe_cluster, name="nope") == expected
    assert world.refused(world.client.delete_cluster, name="nope") == expected


def test_deletion_protection_holds(world: World) -> None:
    create(world, deletionProtection=True)
    code, text, status = world.refused(world.client.delete_cluster, name="demo")
    assert (code, status) == ("InvalidRequestException", 400)
    assert "deletion protection" in text
    world.client.describe_cluster(name="demo")
    world.client.update_cluster_config(name="demo", deletionProtection=False)
    world.client.describe_cluster(name="demo")
    assert world.client.delete_cluster(name="demo")["cluster"]["name"] == "demo"


def test_node_groups_hold_their_cluster(world: World) -> None:
    create(world)
    world.client.describe_cluster(name="demo")
    group = {"clusterName": "demo", "nodegroupName": "main", "subnets": ["subnet-1"], "nodeRole": NODE_ROLE}
    made = world.client.create_nodegroup(**group)["nodegroup"]
    assert (made["status"], made["version"]) == ("CREATING", "1.35")
    world.client.get_waiter("nodegroup_active").wait(clusterName="demo", nodegroupName="main")
    refusal = ("ResourceInUseException", "Cluster has nodegroups attached", 409)
    assert world.refused(world.client.delete_cluster, name="demo") == refusal
    assert world.refused(world.client.create_nodegroup, **group)[0] == "ResourceInUseException"
    assert world.client.list_nodegroups(clusterName="demo")["nodegroups"] == ["main"]
    bad = {**group, "nodegroupName": "other", "nodeRole": NODE_ROLE + "x"}
    assert world.refused(world.client.create_nodegroup, **bad)[0] == "InvalidParameterException"
    world.client.delete_nodegroup(clusterName="demo", nodegroupName="main")
    world.client.delete_cluster(name="demo")


def test_pages(world: World) -> None:
    for number in range(5):
        create(world, f"c{number}")
    first = world.client.list_clusters(maxResults=2)
    assert first["clusters"] == ["c0", "c1"]
    pages = world.client.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2})
    assert [name for page in pages for name in page["clusters"]] == ["c0", "c1", "c2", "c3", "c4"]
    assert world.refused(world.client.list_clusters, nextToken="x")[0] == "InvalidParameterException"


def test_tags(world: World) -> None:
    create(world, tags={"a": "1"})
    world.client.tag_resource(resourceArn=ARN, tags={"b": "2"})
    world.client.untag_resource(resourceArn=ARN, tagKeys=["a"])
    assert world.client.list_tags_for_resource(resourceArn=ARN)["tags"] == {"b": "2"}
    assert world.eks.tags(ARN) == {"b": "2"}
    assert world.eks.tags(ARN + "x") == {}
    assert world.refused(world.client.list_tags_for_resource, resourceArn=ARN + "x")[2] == 404


def test_versions_know_the_date(world: World) -> None:
    versions = {each["clusterVersion"]: each for each in world.client.describe_cluster_versions()["clusterVersions"]}
    assert versions["1.33"]["versionStatus"] == "EXTENDED_SUPPORT"
    assert versions["1.35"]["versionStatus"] == "STANDARD_SUPPORT"
    assert versions["1.34"]["endOfStandardSupportDate"].strftime("%Y-%m-%d") == "2026-12-02"
    default = world.client.describe_cluster_versions(defaultOnly=True)["clusterVersions"]
    assert [each["clusterVersion"] for each in default] == ["1.35"]
    world.now += 400 * 86_400
    assert "1.33" not in {
        each["clusterVersion"] for each in world.client.describe_cluster_versions()["clusterVersions"]
    }


def test_what_is_not_modelled_is_refused_by_name(world: World) -> None:
    from ekswiz_sim.seams import ServiceError

    with pytest.raises(ServiceError, match="CreateFargateProfile is not modelled"):
        world.eks.call("CreateFargateProfile", {}, world.as_principal)
    with pytest.raises(ServiceError, match="name is required"):
        world.eks.call("DescribeCluster", {}, world.as_principal)


def test_authorisation_is_asked_for_the_cluster(world: World) -> None:
    create(world)
    world.client.list_clusters()
    assert world.asked == [("CreateCluster", (ARN,)), ("ListClusters", ("*",))]


def test_the_creator_becomes_admin_where_entries_are_used(world: World) -> None:
    create(world, accessConfig={"authenticationMode": "API"})
    entry = world.eks.find("demo", JANE)
    assert entry is not None
    assert (entry.username, entry.unique_id) == (JANE, "AIDAJANE")
    assert entry.policies == (("arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", ()),)


def test_no_bootstrap_means_no_entry(world: World) -> None:
    create(world, accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False})
    assert world.eks.find("demo", JANE) is None


def test_answers_are_copies(seeded: World) -> None:
    answer = seeded.eks.call("DescribeCluster", {"name": "demo"}, seeded.as_principal)
    answer["cluster"]["resourcesVpcConfig"]["publicAccessCidrs"].append("10.0.0.0/8")
    again = seeded.eks.call("DescribeCluster", {"name": "demo"}, seeded.as_principal)
    assert again["cluster"]["resourcesVpcConfig"]["publicAccessCidrs"] == ["0.0.0.0/0"]


def test_a_snapshot_shows_all_and_is_a_copy(seeded: World) -> None:
    before = seeded.eks.snapshot()
    before["demo"]["tags"]["x"] = "y"
    after = seeded.eks.snapshot()
    assert after["demo"]["tags"] == {}
    assert after["demo"]["status"] == "ACTIVE"
    assert after["demo"]["accessEntries"] == {}
