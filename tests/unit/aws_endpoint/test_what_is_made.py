"""What a world makes at an endpoint is noted before it is there, and gone after; what others keep is left alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ekswiz_sim import alternatives, holdings
from ekswiz_sim.aws.endpoint import backend as backends
from ekswiz_sim.aws.endpoint.wire import Wire
from unit.aws_endpoint.emulator import Emulator
from unit.gate.harness import World, allow, code, text

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})  # fmt: skip
POLICY = json.dumps(allow("s3:GetObject"))
VPC = {"CidrBlock": "10.9.0.0/16"}


def noted(home: Path) -> list[tuple[str, str]]:
    return [(kind, name) for note in holdings.notes(home) for kind, name in note.facts["things"]]


def settled(home: Path) -> list[str]:
    return holdings.settle(home)


def direct(emulator: Emulator, world: World, service: str) -> Any:
    """A client of somebody else's, past the gate."""
    return Wire(emulator.url, world.account, world.region).client(service)


def iam_names(emulator: Emulator, world: World) -> set[str]:
    iam = direct(emulator, world, "iam")
    return {
        *(f"role {one['RoleName']}" for one in iam.list_roles()["Roles"]),
        *(f"user {one['UserName']}" for one in iam.list_users()["Users"]),
        *(f"group {one['GroupName']}" for one in iam.list_groups()["Groups"]),
        *(f"policy {one['PolicyName']}" for one in iam.list_policies(Scope="Local")["Policies"]),
        *(f"provider {one['Arn']}" for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]),
        *(f"profile {one['InstanceProfileName']}" for one in iam.list_instance_profiles()["InstanceProfiles"]),
    }


def ec2_ids(emulator: Emulator, world: World) -> set[str]:
    ec2 = direct(emulator, world, "ec2")
    lists = (
        ("describe_vpcs", "Vpcs", "VpcId"),
        ("describe_subnets", "Subnets", "SubnetId"),
        ("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
        ("describe_route_tables", "RouteTables", "RouteTableId"),
        ("describe_security_groups", "SecurityGroups", "GroupId"),
        ("describe_addresses", "Addresses", "AllocationId"),
        ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    )
    found = {one[key] for call, name, key in lists for one in getattr(ec2, call)()[name]}
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    return found | {one["NatGatewayId"] for one in gateways if one["State"] != "deleted"}


def everything_of_iam(iam: Any, arn: Callable[[str], str]) -> None:
    iam.create_group(GroupName="mine")
    iam.create_user(UserName="mine")
    iam.add_user_to_group(GroupName="mine", UserName="mine")
    iam.create_access_key(UserName="mine")
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName="mine")
    iam.add_role_to_instance_profile(InstanceProfileName="mine", RoleName="mine")
    iam.create_policy(PolicyName="mine", PolicyDocument=POLICY)
    iam.create_policy_version(PolicyArn=arn("policy/mine"), PolicyDocument=POLICY, SetAsDefault=True)
    for kind in ("user", "group", "role"):
        name = {f"{kind.title()}Name": "mine"}
        getattr(iam, f"put_{kind}_policy")(PolicyName="inline", PolicyDocument=POLICY, **name)
        getattr(iam, f"attach_{kind}_policy")(PolicyArn=arn("policy/mine"), **name)
    iam.create_open_id_connect_provider(Url="https://mine.example", ClientIDList=["sts.amazonaws.com"])


def everything_of_ec2(ec2: Any) -> None:
    vpc = ec2.create_vpc(**VPC)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_security_group(GroupName="mine", Description="mine", VpcId=vpc)


def test_all_that_was_made_goes_and_nothing_else(world: World, emulator: Emulator, home: Path) -> None:
    # Given what others keep in the same account,
    iam, ec2 = direct(emulator, world, "iam"), direct(emulator, world, "ec2")
    iam.create_user(UserName="theirs")
    iam.create_policy(PolicyName="theirs", PolicyDocument=POLICY)
    ec2.create_vpc(CidrBlock="10.1.0.0/16")
    before = iam_names(emulator, world) | ec2_ids(emulator, world)
    # when a world makes one of everything, attaches its policy to theirs, and fails to make what is there,
    mine = world.client("iam")
    everything_of_iam(mine, world.arn)
    everything_of_ec2(world.client("ec2"))
    mine.attach_user_policy(UserName="theirs", PolicyArn=world.arn("policy/mine"))
    for make in (
        lambda: mine.create_user(UserName="theirs"),
        lambda: mine.create_policy(PolicyName="theirs", PolicyDocument=POLICY),
    ):
        with pytest.raises(ClientError) as taken:
            make()
        assert code(taken) == "EntityAlreadyExists"
    # then it all goes, and theirs is as it was.
    assert settled(home) == []
    assert iam_names(emulator, world) | ec2_ids(emulator, world) == before
    assert iam.list_attached_user_policies(UserName="theirs")["AttachedPolicies"] == []
    # Once more changes nothing.
    assert settled(home) == []


def test_what_is_deleted_through_the_gate_is_noted_no_more(world: World, home: Path) -> None:
    iam, ec2 = world.client("iam"), world.client("ec2")
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=TRUST)
    vpc = ec2.create_vpc(**VPC)["Vpc"]["VpcId"]
    assert sorted(noted(home)) == [("role", "mine"), ("vpc", vpc)]
    iam.delete_role(RoleName="mine")
    ec2.delete_vpc(VpcId=vpc)
    assert noted(home) == []


def test_the_note_is_on_disk_before_the_call(world: World, emulator: Emulator, home: Path) -> None:
    seen: list[list[tuple[str, str]]] = []
    emulator.before = {name: lambda: seen.append(noted(home)) for name in ("CreateRole", "CreateVpc")}
    world.client("iam").create_role(RoleName="mine", AssumeRolePolicyDocument=TRUST)
    world.client("ec2").create_vpc(**VPC)
    (role,), (_, (kind, call)) = seen
    assert role == ("role", "mine")
    assert (kind, json.loads(call)["operation"]) == ("asked", "CreateVpc")


def test_a_lost_answer_is_found_by_its_tags(world: World, emulator: Emulator, home: Path) -> None:
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "ekswiz:stack", "Value": "x"}, {"Key": "Name", "Value": "y"}]}]
    theirs = direct(emulator, world, "ec2").create_vpc(TagSpecifications=tags, **VPC)["Vpc"]["VpcId"]
    emulator.lose = {"CreateVpc", "CreateUser"}
    for lost in (
        lambda: world.client("ec2").create_vpc(TagSpecifications=tags, **VPC),
        lambda: world.client("iam").create_user(UserName="mine"),
    ):
        with pytest.raises(ClientError) as failed:
            lost()
        assert code(failed) == "ServiceUnavailable"
    emulator.lose = set()
    assert len(ec2_ids(emulator, world)) > 1
    assert settled(home) == []
    vpcs = direct(emulator, world, "ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    assert [vpc["VpcId"] for vpc in vpcs] == [theirs]
    assert iam_names(emulator, world) == set()


def test_an_endpoint_that_is_gone_keeps_the_note(world: World, home: Path) -> None:
    world.client("iam").create_user(UserName="mine")
    (held,) = holdings.notes(home)
    holdings.rewrite(held, {**held.facts, "url": "http://127.0.0.1:9"})
    (left,) = settled(home)
    assert "http://127.0.0.1:9" in left
    assert len(list(holdings.notes(home))) == 1


def test_where_nothing_was_made_nothing_is_asked(tmp_path: Path) -> None:
    facts = {"url": "http://127.0.0.1:9", "account": "1" * 12, "region": "eu-west-1", "things": []}
    assert alternatives.SETTLE["aws"]()(tmp_path, facts) == []


def test_a_trust_policy_that_somebody_wrote_there_is_judged(
    deploy: World, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a role that lets the token in,
    monkeypatch.setattr(backends, "LASTING", 0.0)
    assert deploy.assume(deploy.issuer.token())
    # when somebody closes it past the gate,
    closed = json.dumps(deploy.trust(sub="repo:acme/shop:environment:nobody"))
    direct(emulator, deploy, "iam").update_assume_role_policy(RoleName="deploy", PolicyDocument=closed)
    deploy.client("iam").get_role(RoleName="deploy")
    # then it is shut here, too: the endpoint itself would let anybody in.
    with pytest.raises(ClientError) as denied:
        deploy.assume(deploy.issuer.token())
    assert code(denied) == "AccessDenied"


def test_a_denied_call_never_reaches_the_endpoint(world: World, emulator: Emulator) -> None:
    limited = world.client("iam", world.user("limited", allow("iam:GetUser")))
    calls = len(emulator.calls)
    with pytest.raises(ClientError) as denied:
        limited.create_role(RoleName="mine", AssumeRolePolicyDocument=TRUST)
    assert code(denied) == "AccessDenied"
    assert "CreateRole" not in emulator.calls[calls:]


def test_a_user_is_who_it_is_though_the_endpoint_knows_only_the_account(world: World) -> None:
    key = world.user("somebody", allow("iam:*"))
    iam = world.client("iam", key)
    assert iam.get_user()["User"]["UserName"] == "somebody"
    made = iam.create_access_key()["AccessKey"]
    assert {one["AccessKeyId"] for one in iam.list_access_keys()["AccessKeyMetadata"]} == {
        made["AccessKeyId"],
        key.access_key,
    }
    iam.delete_access_key(AccessKeyId=made["AccessKeyId"])
    assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 1


def test_a_key_that_was_made_before_the_world_opens_nothing(
    world: World, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its secret was shown once, to somebody else.
    monkeypatch.setattr(backends, "LASTING", 0.0)
    theirs = direct(emulator, world, "iam")
    theirs.create_user(UserName="theirs")
    made = theirs.create_access_key(UserName="theirs")["AccessKey"]
    world.client("iam").list_users()
    from ekswiz_sim.gate.keys import AccessKey

    # An unknown secret must not be an empty one, either.
    for secret in (made["SecretAccessKey"], ""):
        with pytest.raises(ClientError) as refused:
            world.client("sts", AccessKey(made["AccessKeyId"], secret)).get_caller_identity()
        assert code(refused) == "InvalidClientTokenId"


def test_an_endpoint_that_ends_is_said_and_nothing_hangs(world: World, emulator: Emulator) -> None:
    emulator.lose = {"ListRoles", "CreateUser"}
    began = time.monotonic()
    with pytest.raises(ClientError) as failed:
        world.client("iam").create_user(UserName="mine")
    assert code(failed) == "ServiceUnavailable"
    assert emulator.url in text(failed)
    assert time.monotonic() - began < 20
