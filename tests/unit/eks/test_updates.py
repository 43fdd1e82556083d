from __future__ import annotations

from typing import Any

import pytest

from .conftest import CLUSTER_ROLE, ENDPOINT, JANE, VPC, World


def mode(world: World, wanted: str, **more: Any) -> Any:
    given = {"name": "demo", "accessConfig": {"authenticationMode": wanted}, **more}
    return world.client.update_cluster_config(**given)["update"]


def seed(world: World, first: str) -> None:
    world.eks.seed("demo", ENDPOINT, role_arn=CLUSTER_ROLE, mode=first)


def test_the_mode_goes_one_step_at_a_time(world: World) -> None:
    seed(world, "CONFIG_MAP")
    for wanted in ("API_AND_CONFIG_MAP", "API"):
        update = mode(world, wanted)
        assert (update["status"], update["type"]) == ("InProgress", "AccessConfigUpdate")
        done = world.client.describe_update(name="demo", updateId=update["id"])["update"]
        assert done["status"] == "Successful"
        cluster = world.client.describe_cluster(name="demo")["cluster"]
        assert cluster["accessConfig"]["authenticationMode"] == wanted
        assert cluster["status"] == "ACTIVE"
    assert len(world.client.list_updates(name="demo")["updateIds"]) == 2


@pytest.mark.parametrize(
    ("first", "wanted", "words"),
    [
        ("CONFIG_MAP", "API", "Unsupported authentication mode update from CONFIG_MAP to API"),
        ("API", "API_AND_CONFIG_MAP", "Unsupported authentication mode update from API to API_AND_CONFIG_MAP"),
        (
            "API_AND_CONFIG_MAP",
            "CONFIG_MAP",
            "Unsupported authentication mode update from API_AND_CONFIG_MAP to CONFIG_MAP",
        ),
        ("API", "API", "already at the desired configuration"),
    ],
)
def test_no_way_back_no_jump_no_repetition(world: World, first: str, wanted: str, words: str) -> None:
    seed(world, first)
    given = {"name": "demo", "accessConfig": {"authenticationMode": wanted}}
    code, text, _ = world.refused(world.client.update_cluster_config, **given)
    assert code == "InvalidParameterException"
    assert words in text


def test_one_update_at_a_time(slow_world: World) -> None:
    seed(slow_world, "CONFIG_MAP")
    update = mode(slow_world, "API_AND_CONFIG_MAP")
    refusal = slow_world.refused(
        slow_world.client.update_cluster_config, name="demo", upgradePolicy={"supportType": "STANDARD"}
    )
    assert refusal == (
        "ResourceInUseException",
        f"Cannot UpgradePolicyUpdate because cluster demo currently has update {update['id']} in progress",
        409,
    )
    assert slow_world.refused(slow_world.client.delete_cluster, name="demo")[0] == "ResourceInUseException"


def test_until_an_update_is_done_the_old_mode_holds(slow_world: World) -> None:
    seed(slow_world, "CONFIG_MAP")
    mode(slow_world, "API_AND_CONFIG_MAP")
    seen = []
    for _ in range(3):
        cluster = slow_world.client.describe_cluster(name="demo")["cluster"]
        seen.append((cluster["status"], cluster["accessConfig"]["authenticationMode"]))
    assert seen == [("UPDATING", "CONFIG_MAP"), ("UPDATING", "CONFIG_MAP"), ("ACTIVE", "API_AND_CONFIG_MAP")]


def test_the_same_token_is_the_same_update(slow_world: World) -> None:
    seed(slow_world, "CONFIG_MAP")
    first = mode(slow_world, "API_AND_CONFIG_MAP", clientRequestToken="t")
    assert mode(slow_world, "API_AND_CONFIG_MAP", clientRequestToken="t")["id"] == first["id"]


def test_one_type_of_update(seeded: World) -> None:
    given = {"name": "demo", "upgradePolicy": {"supportType": "STANDARD"}, "deletionProtection": True}
    code, text, _ = seeded.refused(seeded.client.update_cluster_config, **given)
    assert (code, text) == ("InvalidParameterException", "Only one type of update can be allowed.")
    assert seeded.refused(seeded.client.update_cluster_config, name="demo")[0] == "InvalidParameterException"
    text = seeded.refused(seeded.client.update_cluster_config, name="demo", zonalShiftConfig={"enabled": True})[1]
    assert "zonalShiftConfig" in text


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"upgradePolicy": {"supportType": "STANDARD"}}, "upgradePolicy"),
        ({"logging": {"clusterLogging": [{"types": ["audit"], "enabled": True}]}}, "logging"),
        ({"deletionProtection": True}, "deletionProtection"),
    ],
)
def test_other_updates_take_effect_once(seeded: World, change: dict[str, Any], member: str) -> None:
    seeded.client.update_cluster_config(name="demo", **change)
    assert seeded.client.describe_cluster(name="demo")["cluster"][member] == change[member]
    text = seeded.refused(seeded.client.update_cluster_config, name="demo", **change)[1]
    assert "already at the desired configuration" in text


def test_endpoint_access(seeded: World) -> None:
    access = {"endpointPrivateAccess": True}
    seeded.client.update_cluster_config(name="demo", resourcesVpcConfig=access)
    vpc = seeded.client.describe_cluster(name="demo")["cluster"]["resourcesVpcConfig"]
    assert (vpc["endpointPrivateAccess"], vpc["endpointPublicAccess"]) == (True, True)
    text = seeded.refused(seeded.client.update_cluster_config, name="demo", resourcesVpcConfig=access)[1]
    assert text.startswith("Cluster is already at the desired configuration with endpointPublicAccess: true")


def test_leaving_the_config_map_gives_the_creator_an_entry(world: World) -> None:
    world.client.create_cluster(name="demo", roleArn=CLUSTER_ROLE, resourcesVpcConfig=VPC)
    world.client.describe_cluster(name="demo")
    assert world.eks.find("demo", JANE) is None
    mode(world, "API_AND_CONFIG_MAP")
    world.client.describe_cluster(name="demo")
    assert world.eks.find("demo", JANE) is not None


def test_absent_update(seeded: World) -> None:
    assert seeded.refused(seeded.client.describe_update, name="demo", updateId="x")[0] == "ResourceNotFoundException"
