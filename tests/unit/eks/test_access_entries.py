from __future__ import annotations

from typing import Any

import pytest

from .conftest import ACCOUNT, CLUSTER_ROLE, DEPLOY, ENDPOINT, JANE, NODE_ROLE, REGION, World

EDIT = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
ON = {"clusterName": "demo", "principalArn": DEPLOY}
UNKNOWN = (
    "The specified principalArn could not be found. You can view your available access entries with"
    " 'list-access-entries'."
)
NOT_FOUND = ("ResourceNotFoundException", UNKNOWN, 404)


def test_a_role_is_called_by_its_session_without_path(seeded: World) -> None:
    entry = seeded.client.create_access_entry(**ON, kubernetesGroups=["deployers"], tags={"a": "b"})["accessEntry"]
    assert entry["username"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/{{{{SessionName}}}}"
    assert (entry["type"], entry["kubernetesGroups"], entry["tags"]) == ("STANDARD", ["deployers"], {"a": "b"})
    assert entry["accessEntryArn"].startswith(
        f"arn:aws:eks:{REGION}:{ACCOUNT}:access-entry/demo/role/{ACCOUNT}/deploy/"
    )
    assert seeded.client.describe_access_entry(**ON)["accessEntry"] == entry
    assert seeded.eks.tags(entry["accessEntryArn"]) == {"a": "b"}


def test_a_user_is_called_by_its_arn(seeded: World) -> None:
    given = {"clusterName": "demo", "principalArn": JANE}
    assert seeded.client.create_access_entry(**given)["accessEntry"]["username"] == JANE


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"principalArn": DEPLOY + "2"}, "The specified principalArn is invalid: invalid principal."),
        ({"principalArn": "deploy"}, "The principalArn parameter format is not valid"),
        (
            {"principalArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/x"},
            "The principalArn parameter format is not valid",
        ),
        ({"principalArn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x/Y"}, "Service Linked Role"),
        (
            {"kubernetesGroups": ["system:masters"]},
            "The kubernetes group name system:masters is invalid, it cannot start with system:",
        ),
        ({"kubernetesGroups": ["eks:x"]}, "cannot start with eks:"),
        ({"username": "system:admin"}, "The username must not begin with system:"),
        ({"username": "aws:me"}, "The username must not begin with aws:"),
        ({"username": "ci-{{SessionName}}"}, "must include a colon before {{SessionName}}"),
        ({"type": "ROBOT"}, "type ROBOT is not valid"),
        ({"type": "EC2_LINUX", "kubernetesGroups": ["a"]}, "takes neither"),
        ({"type": "EC2_LINUX", "principalArn": JANE}, "must be an IAM role"),
    ],
)
def test_what_create_refuses(seeded: World, change: dict[str, Any], words: str) -> None:
    code, text, status = seeded.refused(seeded.client.create_access_entry, **{**ON, **change})
    assert (code, status) == ("InvalidParameterException", 400)
    assert words in text
    assert seeded.client.list_access_entries(clusterName="demo")["accessEntries"] == []


def test_one_entry_per_principal(seeded: World) -> None:
    seeded.client.create_access_entry(**ON)
    assert seeded.refused(seeded.client.create_access_entry, **ON) == (
        "ResourceInUseException",
        "The specified access entry resource is already in use on this cluster.",
        409,
    )


def test_the_same_token_is_the_same_entry(seeded: World) -> None:
    first = seeded.client.create_access_entry(**ON, clientRequestToken="t")["accessEntry"]
    assert seeded.client.create_access_entry(**ON, clientRequestToken="t")["accessEntry"] == first
    seeded.client.delete_access_entry(**ON)
    again = seeded.client.create_access_entry(**ON, clientRequestToken="t")["accessEntry"]
    assert again["accessEntryArn"] != first["accessEntryArn"]


def test_config_map_has_no_entries(world: World) -> None:
    world.eks.seed("demo", ENDPOINT, role_arn=CLUSTER_ROLE, mode="CONFIG_MAP")
    expected = (
        "InvalidRequestException",
        "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
        400,
    )
    assert world.refused(world.client.create_access_entry, **ON) == expected
    assert world.refused(world.client.describe_access_entry, **ON) == expected
    assert world.refused(world.client.list_access_entries, clusterName="demo") == expected
    assert world.eks.find("demo", DEPLOY) is None


def test_absent_entries_and_clusters(seeded: World) -> None:
    for call in (
        seeded.client.describe_access_entry,
        seeded.client.update_access_entry,
        seeded.client.delete_access_entry,
    ):
        assert seeded.refused(call, **ON) == NOT_FOUND
        assert "No cluster found" in seeded.refused(call, **{**ON, "clusterName": "nope"})[1]
    scope = {"type": "cluster"}
    assert seeded.refused(seeded.client.associate_access_policy, **ON, policyArn=EDIT, accessScope=scope) == NOT_FOUND
    assert seeded.eks.find("nope", DEPLOY) is None
    assert seeded.eks.find("demo", DEPLOY) is None


def test_update_changes_what_is_given(seeded: World) -> None:
    created = seeded.client.create_access_entry(**ON, kubernetesGroups=["a"])["accessEntry"]
    seeded.now += 60
    updated = seeded.client.update_access_entry(**ON, kubernetesGroups=["b"])["accessEntry"]
    assert (updated["kubernetesGroups"], updated["username"]) == (["b"], created["username"])
    assert updated["modifiedAt"] > created["modifiedAt"]
    assert updated["createdAt"] == created["createdAt"]
    renamed = seeded.client.update_access_entry(**ON, username="ci:{{SessionName}}")["accessEntry"]
    assert (renamed["kubernetesGroups"], renamed["username"]) == (["b"], "ci:{{SessionName}}")
    text = seeded.refused(seeded.client.update_access_entry, **ON, kubernetesGroups=["iam:x"])[1]
    assert "cannot start with iam:" in text


def test_nodes_are_not_people(seeded: World) -> None:
    node = {"clusterName": "demo", "principalArn": NODE_ROLE}
    entry = seeded.client.create_access_entry(**node, type="EC2_LINUX")["accessEntry"]
    assert entry["username"] == "system:node:{{EC2PrivateDNSName}}"
    words = 'This operation can only be performed on Access Entries with a type of "STANDARD".'
    assert seeded.refused(seeded.client.update_access_entry, **node, kubernetesGroups=["a"])[1] == words
    given = {**node, "policyArn": EDIT, "accessScope": {"type": "cluster"}}
    assert seeded.refused(seeded.client.associate_access_policy, **given)[1] == words


def test_policies_are_associated_once_with_a_scope(seeded: World) -> None:
    seeded.client.create_access_entry(**ON)
    scope = {"type": "namespace", "namespaces": ["app", "dev-*"]}
    first = seeded.client.associate_access_policy(**ON, policyArn=EDIT, accessScope=scope)["associatedAccessPolicy"]
    assert first["accessScope"] == scope
    seeded.now += 60
    again = seeded.client.associate_access_policy(**ON, policyArn=EDIT, accessScope={"type": "cluster"})
    policy = again["associatedAccessPolicy"]
    assert (policy["associatedAt"], policy["accessScope"]["type"]) == (first["associatedAt"], "cluster")
    assert policy["modifiedAt"] > first["modifiedAt"]
    listed = seeded.client.list_associated_access_policies(**ON)["associatedAccessPolicies"]
    assert listed == [policy]
    found = seeded.client.list_access_entries(clusterName="demo", associatedPolicyArn=EDIT)["accessEntries"]
    assert found == [DEPLOY]
    assert seeded.client.list_access_entries(clusterName="demo", associatedPolicyArn=VIEW)["accessEntries"] == []
    seeded.client.disassociate_access_policy(**ON, policyArn=EDIT)
    assert seeded.refused(seeded.client.disassociate_access_policy, **ON, policyArn=EDIT)[2] == 404


@pytest.mark.parametrize(
    ("policy", "scope", "words"),
    [
        (EDIT, {"type": "namespace"}, "namespaces parameter is required"),
        (EDIT, {"type": "namespace", "namespaces": ["Not_One"]}, "Not_One"),
        (EDIT, {"type": "cluster", "namespaces": ["app"]}, "cannot be given"),
        (EDIT, {"type": "planet"}, "[cluster, namespace]"),
        (EDIT + "2", {"type": "cluster"}, "policyArn could not be found"),
        ("arn:aws:iam::aws:policy/AdministratorAccess", {"type": "cluster"}, "policyArn could not be found"),
    ],
)
def test_what_associate_refuses(seeded: World, policy: str, scope: dict[str, Any], words: str) -> None:
    seeded.client.create_access_entry(**ON)
    given = {**ON, "policyArn": policy, "accessScope": scope}
    assert words in seeded.refused(seeded.client.associate_access_policy, **given)[1]
    assert seeded.client.list_associated_access_policies(**ON)["associatedAccessPolicies"] == []


def test_the_front_finds_name_groups_and_policies(seeded: World) -> None:
    seeded.client.create_access_entry(**ON, kubernetesGroups=["deployers"])
    seeded.client.associate_access_policy(
        **ON, policyArn=EDIT, accessScope={"type": "namespace", "namespaces": ["app"]}
    )
    seeded.client.associate_access_policy(**ON, policyArn=VIEW, accessScope={"type": "cluster"})
    entry = seeded.eks.find("demo", DEPLOY)
    assert entry is not None
    assert (entry.groups, entry.policies) == (("deployers",), ((EDIT, ("app",)), (VIEW, ())))


def test_a_role_made_again_leaves_a_tombstone(seeded: World) -> None:
    seeded.client.create_access_entry(**ON)
    seeded.principals[DEPLOY] = "AROADEPLOY2"
    entry = seeded.eks.find("demo", DEPLOY)
    assert entry is not None
    assert entry.unique_id == "AROADEPLOY1"
    del seeded.principals[DEPLOY]
    assert seeded.client.describe_access_entry(**ON)["accessEntry"]["principalArn"] == DEPLOY
    seeded.client.delete_access_entry(**ON)
    assert seeded.eks.find("demo", DEPLOY) is None


def test_operations_are_authorised_where_aws_does(seeded: World) -> None:
    cluster = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/demo"
    arn = seeded.client.create_access_entry(**ON)["accessEntry"]["accessEntryArn"]
    seeded.client.list_access_entries(clusterName="demo")
    seeded.client.associate_access_policy(**ON, policyArn=EDIT, accessScope={"type": "cluster"})
    seeded.client.delete_access_entry(**ON)
    seeded.client.list_access_policies()
    assert seeded.asked == [
        ("CreateAccessEntry", (cluster,)),
        ("ListAccessEntries", (cluster,)),
        ("AssociateAccessPolicy", (arn,)),
        ("DeleteAccessEntry", (arn,)),
        ("ListAccessPolicies", ("*",)),
    ]
    absent = seeded.eks.arns("DescribeAccessEntry", ON)
    assert absent == [f"arn:aws:eks:{REGION}:{ACCOUNT}:access-entry/demo/role/{ACCOUNT}/deploy/*"]


def test_entries_come_in_pages(seeded: World) -> None:
    for number in range(5):
        arn = f"arn:aws:iam::{ACCOUNT}:role/r{number}"
        seeded.principals[arn] = f"AROA{number}"
        seeded.client.create_access_entry(clusterName="demo", principalArn=arn)
    pages = seeded.client.get_paginator("list_access_entries").paginate(
        clusterName="demo", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["accessEntries"]) for page in pages] == [2, 2, 1]
