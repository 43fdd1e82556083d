"""A deployment's way through the gate, with real boto3 clients."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from .harness import HOST, ISSUER, World, allow, code, credentials, text


def test_an_operator_makes_provider_and_role_and_a_workflow_wins_credentials(world: World) -> None:
    # given: an operator who may change IAM
    iam = world.client("iam", world.user("operator", allow("iam:*")))
    # when
    iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])
    made = iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=json.dumps(world.trust()))
    document = json.dumps(allow("eks:DescribeCluster"))
    iam.put_role_policy(RoleName="deploy", PolicyName="describe", PolicyDocument=document)
    answer = world.assume(world.issuer.token())
    # then
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{world.account}:assumed-role/deploy/gha-1-1"
    assert answer["AssumedRoleUser"]["AssumedRoleId"] == f"{made['Role']['RoleId']}:gha-1-1"
    assert answer["SubjectFromWebIdentityToken"] == "repo:acme/shop:ref:refs/heads/main"
    assert answer["Audience"] == "sts.amazonaws.com"
    assert answer["Provider"].endswith(f"oidc-provider/{HOST}")
    caller = world.client("sts", credentials(answer)).get_caller_identity()
    assert caller["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert caller["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    assert caller["Account"] == world.account


def test_a_session_may_do_what_its_role_may_and_nothing_else(deploy: World) -> None:
    deploy.eks.answer = lambda _, params: {"cluster": {"name": params["name"], "createdAt": 1700000000.5}}
    eks = deploy.client("eks", credentials(deploy.assume(deploy.issuer.token())))

    cluster = eks.describe_cluster(name="shop")["cluster"]
    with pytest.raises(ClientError) as refused:
        eks.delete_cluster(name="shop")

    assert cluster["name"] == "shop"
    assert cluster["createdAt"].timestamp() == 1700000000.5
    assert [operation for operation, _, _ in deploy.eks.calls] == ["DescribeCluster"]
    who = f"arn:aws:sts::{deploy.account}:assumed-role/deploy/gha-1-1"
    assert code(refused) == "AccessDeniedException"
    assert text(refused) == (
        f"User: {who} is not authorized to perform: eks:DeleteCluster on resource: "
        f"arn:aws:eks:eu-west-1:{deploy.account}:cluster/shop because no identity-based policy allows the "
        "eks:DeleteCluster action"
    )


@pytest.mark.parametrize(
    ("service", "operation", "params", "expected"),
    [
        ("iam", "create_role", {"RoleName": "x", "AssumeRolePolicyDocument": "{}"}, "AccessDenied"),
        ("ecr", "create_repository", {"repositoryName": "shop"}, "AccessDeniedException"),
        ("eks", "list_clusters", {}, "AccessDeniedException"),
        ("ec2", "describe_vpcs", {}, "UnauthorizedOperation"),
    ],
)
def test_every_protocol_denies_with_its_own_code(
    world: World, service: str, operation: str, params: dict[str, str], expected: str
) -> None:
    nobody = world.user("nobody")
    with pytest.raises(ClientError) as refused:
        getattr(world.client(service, nobody), operation)(**params)
    assert code(refused) == expected
    assert f"user/nobody is not authorized to perform: {service}:" in text(refused)
    assert "because no identity-based policy allows the" in text(refused)


def test_botocore_raises_the_services_own_exception_class(world: World) -> None:
    from ekswiz_sim.seams import ServiceError

    def missing(*_: object) -> dict[str, object]:
        raise ServiceError("ResourceNotFoundException", "No cluster found for name: shop.", 404, clusterName="shop")

    world.eks.answer = missing
    eks = world.client("eks")
    with pytest.raises(eks.exceptions.ResourceNotFoundException) as failed:
        eks.describe_cluster(name="shop")
    assert failed.value.response["clusterName"] == "shop"
    iam = world.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException) as absent:
        iam.get_role(RoleName="ghost")
    assert text(absent) == "The role with name ghost cannot be found."


def test_eks_parameters_come_from_path_query_and_body(world: World) -> None:
    eks = world.client("eks")
    arn = world.arn("role/deploy")
    eks.create_access_entry(clusterName="shop", principalArn=arn, kubernetesGroups=["deployers"], tags={"a": "b"})
    eks.describe_access_entry(clusterName="shop", principalArn=arn)
    eks.list_access_entries(clusterName="shop", maxResults=7)
    seen = [(operation, dict(params)) for operation, params, _ in world.eks.calls]
    token = seen[0][1].pop("clientRequestToken")
    assert token
    assert seen == [
        (
            "CreateAccessEntry",
            {"clusterName": "shop", "principalArn": arn, "kubernetesGroups": ["deployers"], "tags": {"a": "b"}},
        ),
        ("DescribeAccessEntry", {"clusterName": "shop", "principalArn": arn}),
        ("ListAccessEntries", {"clusterName": "shop", "maxResults": 7}),
    ]


def test_ecr_speaks_json_with_its_target(world: World) -> None:
    world.ecr.answer = lambda _, params: {"repository": {"repositoryName": params["repositoryName"], "createdAt": 5}}
    made = world.client("ecr").create_repository(repositoryName="shop", tags=[{"Key": "a", "Value": "b"}])
    assert made["repository"]["repositoryName"] == "shop"
    assert made["repository"]["createdAt"].timestamp() == 5
    assert world.ecr.calls[0][1] == {"repositoryName": "shop", "tags": [{"Key": "a", "Value": "b"}]}


def test_ec2_answers_through_moto_once_judged(world: World) -> None:
    user = world.user("net", allow("ec2:DescribeVpcs"))
    vpcs = world.client("ec2", user).describe_vpcs()["Vpcs"]
    assert [vpc["OwnerId"] for vpc in vpcs] == [world.account]


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [("s3", "list_buckets", {}), ("iam", "list_virtual_mfa_devices", {}), ("sts", "get_session_token", {})],
)
def test_what_is_not_modelled_is_refused_by_name_even_for_root(
    world: World, service: str, operation: str, params: dict[str, str]
) -> None:
    with pytest.raises(ClientError, match="not modelled"):
        getattr(world.client(service), operation)(**params)


def test_every_decision_is_on_record_with_its_statement_and_context(deploy: World) -> None:
    seen = len(deploy.gate.records())
    eks = deploy.client("eks", credentials(deploy.assume(deploy.issuer.token())))
    eks.describe_cluster(name="shop")
    trusted, judged = deploy.gate.records(seen)
    assert (trusted.door, trusted.decision.layer, trusted.decision.allowed) == ("sts", "trust", True)
    assert trusted.context[f"{HOST}:repository_id"] == ["456789"]
    assert (judged.door, judged.action, judged.decision.allowed) == ("aws", "eks:DescribeCluster", True)
    assert judged.decision.by == "seeded.Statement[0]"
    assert judged.context["aws:PrincipalArn"] == [deploy.arn("role/deploy")]
    assert judged.context["aws:userid"][0].startswith("AROA")
    assert judged.seq == seen + 2


def test_an_always_allowing_judge_is_noticed(deploy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from ekswiz.iam import evaluate as evaluate_module
    from ekswiz.iam.decision import Decision

    yes = Decision(True, "permission", "test", None, (), (), "always")
    monkeypatch.setattr(evaluate_module, "evaluate", lambda *_, **__: yes)
    eks = deploy.client("eks", credentials(deploy.assume(deploy.issuer.token())))
    eks.delete_cluster(name="shop")
    assert deploy.gate.records()[-1].decision.by == "test"


def test_worlds_in_one_process_do_not_see_each_other(world: World, other: World) -> None:
    world.gate.seeds.provider(ISSUER, ["sts.amazonaws.com"])
    mine = world.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    theirs = other.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert (len(mine), len(theirs)) == (1, 0)
    with pytest.raises(ClientError) as refused:
        other.client("sts", world.gate.root_key).get_caller_identity()
    assert code(refused) == "InvalidClientTokenId"
