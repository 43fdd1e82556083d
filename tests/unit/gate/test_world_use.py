"""What the world's other rooms use: faults, concurrent clients, snapshots, other doors' questions."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from ekswiz.iam.decision import Decision
from ekswiz_sim.aws.snapshot import VARYING
from ekswiz_sim.gate.faults import Kind
from ekswiz_sim.seams import Principal, RefusedByGate

from .harness import ISSUER, World, allow, code, credentials, status

EC2_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def test_sixteen_clients_at_once_are_all_answered_rightly(deploy: World) -> None:
    # given: clients of four principals
    operator = deploy.client("iam", deploy.user("operator", allow("iam:*")), max_pool_connections=32)
    nobody = deploy.client("iam", deploy.user("nobody"), max_pool_connections=32)
    deploy.eks.answer = lambda _, params: {"cluster": {"name": params["name"]}}
    eks = deploy.client("eks", credentials(deploy.assume(deploy.issuer.token())), max_pool_connections=32)

    def one(number: int) -> str:
        name = f"role-{number}"
        operator.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(EC2_TRUST))
        with pytest.raises(ClientError):
            nobody.delete_role(RoleName=name)
        assert eks.describe_cluster(name=name)["cluster"]["name"] == name
        return str(operator.get_role(RoleName=name)["Role"]["RoleName"])

    # when: 16 threads, four calls each; another thread asks as the registry does
    with ThreadPoolExecutor(17) as pool:
        asked = pool.submit(_ask, deploy, 200)
        done = list(pool.map(one, range(16)))
    # then
    assert done == [f"role-{number}" for number in range(16)]
    assert asked.result() == 200
    records = deploy.gate.records()
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    denied = [record for record in records if not record.decision.allowed and record.action == "iam:DeleteRole"]
    assert len(denied) == 16


def _ask(world: World, times: int) -> int:
    role = Principal(
        "arn:aws:sts::1:assumed-role/deploy/x",
        world.account,
        "assumed-role",
        "deploy",
        world.gate.unique_id(world.arn("role/deploy")) or "",
        world.arn("role/deploy"),
        "x",
    )
    return sum(not world.gate.authorize("registry", role, "ecr:PutImage", "*").allowed for _ in range(times))


@pytest.mark.parametrize(
    ("kind", "service", "operation", "expected", "http"),
    [
        ("throttle", "iam", "list_roles", "Throttling", 400),
        ("throttle", "eks", "list_clusters", "ThrottlingException", 429),
        ("throttle", "ecr", "describe_repositories", "ThrottlingException", 400),
        ("500", "eks", "list_clusters", "ServerException", 500),
        ("500", "iam", "list_roles", "InternalFailure", 500),
        ("503", "iam", "list_roles", "ServiceUnavailable", 503),
        ("ExpiredToken", "iam", "list_roles", "ExpiredToken", 403),
        ("ExpiredToken", "eks", "list_clusters", "ExpiredTokenException", 403),
        ("AccessDenied", "ecr", "describe_repositories", "AccessDeniedException", 400),
        ("skew", "sts", "get_caller_identity", "SignatureDoesNotMatch", 403),
    ],
)
def test_a_fault_answers_once_in_the_services_words(  # noqa: PLR0917 - a table's columns
    world: World, kind: Kind, service: str, operation: str, expected: str, http: int
) -> None:
    name = "".join(part.title() for part in operation.split("_"))
    world.gate.faults.add(service, name, kind)
    client = world.client(service)
    with pytest.raises(ClientError) as failed:
        getattr(client, operation)()
    assert (code(failed), status(failed)) == (expected, http)
    assert getattr(client, operation)()


def test_a_lost_reply_leaves_its_effect_and_a_reset_none(world: World) -> None:
    iam = world.client("iam")
    document = json.dumps(EC2_TRUST)
    world.gate.faults.add("iam", "CreateRole", "reset")
    world.gate.faults.add("iam", "CreateRole", "lost-reply-after-effect")
    for expected in ([], ["node"]):
        with pytest.raises(ConnectionClosedError):
            iam.create_role(RoleName="node", AssumeRolePolicyDocument=document)
        assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == expected


def test_a_timeout_before_the_effect_says_nothing(world: World) -> None:
    iam = world.client("iam", read_timeout=0.3)
    world.gate.faults.add("iam", "*", "timeout-before")
    with pytest.raises(ReadTimeoutError):
        iam.create_role(RoleName="node", AssumeRolePolicyDocument=json.dumps(EC2_TRUST))
    assert iam.list_roles()["Roles"] == []


def test_botocore_gets_over_a_throttle_by_itself(world: World) -> None:
    iam = world.client("iam", retries={"total_max_attempts": 2, "mode": "standard"})
    world.gate.faults.add("iam", "ListRoles", "throttle")
    assert iam.list_roles()["ResponseMetadata"]["RetryAttempts"] == 1


def test_there_are_no_other_faults(world: World) -> None:
    wrong: Any = "flood"
    with pytest.raises(ValueError, match="no such fault: flood"):
        world.gate.faults.add("iam", "ListRoles", wrong)


def test_a_defect_behind_the_gate_is_awss_500_and_goes_to_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> dict[str, object]:
        raise KeyError("surprise")

    world.eks.answer = broken
    with caplog.at_level(logging.ERROR), pytest.raises(ClientError) as failed:
        world.client("eks").list_clusters()
    assert (code(failed), status(failed)) == ("ServerException", 500)
    assert "surprise" in caplog.text


def _without_varying(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _without_varying(value) for key, value in document.items() if key not in VARYING}
    return document


def test_a_snapshot_is_plain_json_and_comes_back_after_create_and_delete(world: World) -> None:
    world.gate.seeds.provider(ISSUER, ["sts.amazonaws.com"], {"owner": "somebody"})
    world.gate.seeds.role("foreign", EC2_TRUST, allow("ecr:*"), tags={"a": "b"})
    world.user("operator", allow("iam:*"))
    before = json.dumps(world.gate.iam_snapshot(), sort_keys=True)
    world.gate.seeds.role("mine", world.trust(), managed=["arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"])
    between = world.gate.iam_snapshot()
    assert set(between["iam_role"]) == {world.arn("role/foreign"), world.arn("role/mine")}
    mine = between["iam_role"][world.arn("role/mine")]
    assert mine["attached"] == ["arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"]
    assert mine["trust"] == world.trust()
    iam = world.client("iam")
    iam.detach_role_policy(RoleName="mine", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
    iam.delete_role(RoleName="mine")
    assert json.dumps(world.gate.iam_snapshot(), sort_keys=True) == before


def test_equal_worlds_have_equal_snapshots_but_for_what_is_made_up(world: World, other: World) -> None:
    views = []
    for each in (world, other):
        each.gate.seeds.provider(ISSUER, ["sts.amazonaws.com"])
        each.gate.seeds.role("deploy", each.trust(), allow("eks:*"))
        each.user("operator", allow("iam:*"))
        each.client("iam").create_policy(PolicyName="p", PolicyDocument=json.dumps(allow("ecr:*")))
        text = json.dumps(_without_varying(each.gate.iam_snapshot()), sort_keys=True)
        views.append(text.replace(each.account, "ACCOUNT"))
    assert views[0] == views[1]


def test_a_snapshot_holds_networks_without_the_default_one(world: World) -> None:
    assert world.gate.iam_snapshot()["ec2_vpcs"] == {}
    ec2 = world.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "ekswiz:stack", "Value": "shop"}]}]
    vpc = ec2.create_vpc(CidrBlock="192.168.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="192.168.0.0/19")["Subnet"]["SubnetId"]
    held = world.gate.iam_snapshot()
    assert list(held["ec2_vpcs"]) == [vpc]
    assert held["ec2_vpcs"][vpc]["tagSet"] == [{"key": "ekswiz:stack", "value": "shop"}]
    assert list(held["ec2_subnets"]) == [subnet]
    assert held["ec2_subnets"][subnet]["availabilityZone"].startswith(world.region)


def test_ec2_tags_on_create_need_their_permission(world: World) -> None:
    ec2 = world.client("ec2", world.user("net", allow("ec2:CreateVpc")))
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]
    with pytest.raises(ClientError, match="ec2:CreateTags on resource: arn:aws:ec2:"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)
    assert ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"].startswith("vpc-")


class Passwords:
    def __init__(self, principal: Principal) -> None:
        self.principal = principal

    def identity(self, username: str, password: str) -> Principal:
        if (username, password) != ("AWS", "good"):
            raise RefusedByGate(
                Decision(False, "registry", None, None, (), (), "unknown password"), "UNAUTHORIZED", 401
            )
        return self.principal


def test_registry_logins_are_ecrs_to_know_and_the_gates_to_record(world: World) -> None:
    with pytest.raises(RefusedByGate, match="No service hands out"):
        world.gate.registry_identity("AWS", "good")
    principal = Principal(world.arn("user/x"), world.account, "user", "x", "AIDAX")
    world.gate.know_passwords(Passwords(principal))
    assert world.gate.registry_identity("AWS", "good") is principal
    with pytest.raises(RefusedByGate) as refused:
        world.gate.registry_identity("AWS", "goof")
    assert refused.value.status == 401
    assert world.gate.records()[-1].decision.why == "unknown password"


def test_other_doors_are_judged_with_the_resources_tags(world: World) -> None:
    tagged = {"StringEquals": {"aws:ResourceTag/team": "shop"}}
    key = world.user("pusher", allow("ecr:PutImage", Condition=tagged))
    world.client("ecr", key)
    principal = world.gate._parts.keys.find(key.access_key, "", world.clock()).principal
    mine, theirs = (f"{world.ecr.start}repository/{name}" for name in ("shop", "other"))
    world.ecr.held = {mine: {"team": "shop"}, theirs: {"team": "other"}}
    assert world.gate.authorize("registry", principal, "ecr:PutImage", mine).allowed
    refused = world.gate.authorize("registry", principal, "ecr:PutImage", theirs)
    assert not refused.allowed
    assert refused.key == "aws:ResourceTag/team"
    assert world.gate.records()[-1].door == "registry"


def test_a_principal_that_is_gone_has_no_policies(world: World) -> None:
    ghost = Principal(world.arn("user/ghost"), world.account, "user", "ghost", "AIDAGHOST")
    assert world.gate.policies_of(ghost).identity == ()
    assert world.gate.unique_id(ghost.arn) is None
    assert not world.gate.authorize("aws", ghost, "iam:GetUser", ghost.arn).allowed


def test_a_groups_policies_speak_for_its_members(world: World) -> None:
    iam = world.client("iam")
    user = world.user("member")
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="p", PolicyDocument=json.dumps(allow("eks:ListClusters")))
    with pytest.raises(ClientError):
        world.client("eks", user).list_clusters()
    iam.add_user_to_group(GroupName="readers", UserName="member")
    assert world.client("eks", user).list_clusters()


def test_every_modelled_operation_has_somebody_who_answers(world: World) -> None:
    from botocore import xform_name
    from moto.ec2.responses import EC2Response
    from moto.iam.responses import IamResponse

    from ekswiz_sim.gate import actions_ec2, actions_iam

    own = world.gate._parts.iam._own
    missing = [name for name in actions_iam.MODELLED if name not in own and not hasattr(IamResponse, xform_name(name))]
    missing += [name for name in actions_ec2.MODELLED if not hasattr(EC2Response, xform_name(name))]
    assert missing == []


def test_the_caller_is_known_to_iam(world: World) -> None:
    user = world.user("operator", allow("iam:GetUser", resource=world.arn("user/operator")))
    assert world.client("iam", user).get_user()["User"]["UserName"] == "operator"


def test_ec2_resources_are_judged_with_their_tags(world: World) -> None:
    root = world.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "ekswiz:stack", "Value": "shop"}]}]
    mine = root.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    theirs = root.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    owned = {"StringEquals": {"aws:ResourceTag/ekswiz:stack": "shop"}}
    ec2 = world.client("ec2", world.user("net", allow("ec2:DeleteVpc", Condition=owned)))
    with pytest.raises(ClientError, match=rf"ec2:DeleteVpc on resource: arn:aws:ec2:.*:vpc/{theirs}"):
        ec2.delete_vpc(VpcId=theirs)
    ec2.delete_vpc(VpcId=mine)


def test_no_secret_shows_in_a_repr(deploy: World) -> None:
    session = deploy.gate.service_session(_node(deploy))
    shown = repr(session) + repr(deploy.gate.root_key) + repr(deploy.user("x"))
    for secret in (session.secret, session.token, deploy.gate.root_key.secret):
        assert secret not in shown


def _node(world: World) -> str:
    world.gate.seeds.role("node", EC2_TRUST)
    return "node"
