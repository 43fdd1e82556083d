"""What IAM refuses by itself: trust policies, conflicts, grammar, limits, and permissions beside the permission."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .harness import HOST, ISSUER, World, allow, code, status, text

EC2_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def create(world: World, trust: Any, name: str = "deploy", **more: Any) -> Any:
    document = trust if isinstance(trust, str) else json.dumps(trust)
    return world.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)


@pytest.fixture
def provided(world: World) -> World:
    world.gate.seeds.provider(ISSUER, ["sts.amazonaws.com"])
    return world


def scope_message(world: World) -> str:
    return (
        f"Trust policy with trusted principal arn:aws:iam::{world.account}:oidc-provider/{HOST} must evaluate, using "
        f"StringEquals, StringLike or StringEqualsIgnoreCase, {HOST}:sub or {HOST}:job_workflow_ref which is not "
        "scoped to all."
    )


def conditioned(world: World, condition: dict[str, Any]) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": world.provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"}},
        {"StringLike": {f"{HOST}:sub": "*"}},
        {"StringLike": {f"{HOST}:sub": ["*", "repo:acme/shop:*"]}},
        {"StringLike": {f"{HOST}:job_workflow_ref": "*"}},
        {"StringNotEquals": {f"{HOST}:sub": "repo:acme/shop:ref:refs/heads/main"}},
        {"StringLike": {f"{HOST}:repository": "acme/shop"}},
    ],
)
def test_githubs_provider_needs_a_scoped_subject(provided: World, condition: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        create(provided, conditioned(provided, condition))
    assert (code(refused), status(refused)) == ("MalformedPolicyDocument", 400)
    assert text(refused) == scope_message(provided)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {f"{HOST}:sub": "repo:acme/shop:ref:refs/heads/main"}},
        {"StringLike": {f"{HOST}:sub": "repo:*"}},
        {"StringLike": {f"{HOST}:sub": "repo:*/*"}},
        {"StringLike": {f"{HOST}:sub": ["repo:acme/shop:*", "*"]}},
        {"StringEqualsIgnoreCase": {f"{HOST}:job_workflow_ref": "acme/shop/.github/workflows/x.yml@refs/heads/main"}},
    ],
)
def test_the_rule_is_syntactic_and_looks_at_the_first_value(provided: World, condition: dict[str, Any]) -> None:
    assert create(provided, conditioned(provided, condition))["Role"]["RoleId"].startswith("AROA")


def test_an_update_of_the_trust_meets_the_same_rule(provided: World) -> None:
    create(provided, provided.trust())
    loose = json.dumps(conditioned(provided, {"StringEquals": {f"{HOST}:aud": "sts.amazonaws.com"}}))
    with pytest.raises(ClientError) as refused:
        provided.client("iam").update_assume_role_policy(RoleName="deploy", PolicyDocument=loose)
    assert text(refused) == scope_message(provided)


@pytest.mark.parametrize(
    ("principal", "words"),
    [
        ({"Federated": f"arn:aws:iam::ACCOUNT:oidc-provider/{HOST}"}, "Invalid principal in policy"),
        ({"Federated": "arn:aws:iam::999999999999:oidc-provider/x.example"}, "Invalid principal in policy"),
        ({"Federated": "https://x"}, "Federated principals must be valid domain names or SAML metadata ARNs"),
        ({"AWS": "arn:aws:iam::ACCOUNT:role/ghost"}, 'Invalid principal in policy: "AWS":"arn:aws:iam::'),
        ({"Service": "ec2"}, 'Invalid principal in policy: "SERVICE":"ec2"'),
    ],
)
def test_a_principal_must_exist(world: World, principal: dict[str, str], words: str) -> None:
    named = {kind: who.replace("ACCOUNT", world.account) for kind, who in principal.items()}
    action = "sts:AssumeRoleWithWebIdentity" if "Federated" in named else "sts:AssumeRole"
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": named, "Action": action}]}
    with pytest.raises(ClientError) as refused:
        create(world, trust)
    assert code(refused) == "MalformedPolicyDocument"
    assert words in text(refused)


@pytest.mark.parametrize(
    "document", ["", "nonsense", "[]", "{}", '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}']
)
def test_a_document_that_is_none_is_malformed(world: World, document: str) -> None:
    with pytest.raises(ClientError) as refused:
        create(world, document or " ")
    assert code(refused) == "MalformedPolicyDocument"


def test_a_long_trust_policy_exceeds_its_quota(provided: World) -> None:
    with pytest.raises(ClientError) as refused:
        create(provided, provided.trust(workflow="x" * 2048))
    assert (code(refused), text(refused)) == ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")


@pytest.mark.parametrize(
    ("name", "words"), [("a b", "regular expression pattern"), ("x" * 65, "less than or equal to 64")]
)
def test_names_are_checked_as_iam_checks_them(world: World, name: str, words: str) -> None:
    with pytest.raises(ClientError) as refused:
        create(world, EC2_TRUST, name)
    assert code(refused) == "ValidationError"
    assert words in text(refused)


def test_a_role_is_deleted_only_when_it_is_empty(world: World) -> None:
    iam = world.client("iam")
    create(world, EC2_TRUST, "node")
    policy = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    iam.attach_role_policy(RoleName="node", PolicyArn=policy)
    iam.put_role_policy(RoleName="node", PolicyName="p", PolicyDocument=json.dumps(allow("ecr:*")))
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must detach all policies first"):
        iam.delete_role(RoleName="node")
    iam.detach_role_policy(RoleName="node", PolicyArn=policy)
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must delete policies first"):
        iam.delete_role(RoleName="node")
    iam.delete_role_policy(RoleName="node", PolicyName="p")
    iam.delete_role(RoleName="node")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="The role with name node cannot be found"):
        iam.delete_role(RoleName="node")


def test_users_and_policies_in_use_are_kept(world: World) -> None:
    iam = world.client("iam")
    world.user("operator", allow("iam:*"))
    iam.delete_user_policy(UserName="operator", PolicyName="seeded")
    with pytest.raises(iam.exceptions.DeleteConflictException, match="must delete access keys first"):
        iam.delete_user(UserName="operator")
    made = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(allow("ecr:*")))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="operator", PolicyArn=made)
    with pytest.raises(iam.exceptions.DeleteConflictException, match="Cannot delete a policy attached to entities"):
        iam.delete_policy(PolicyArn=made)
    iam.detach_user_policy(UserName="operator", PolicyArn=made)
    iam.delete_policy(PolicyArn=made)


@pytest.mark.parametrize(
    "document",
    ["{", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*"}]}', '{"Statement":[{"Effect":1}]}'],
)
def test_a_permission_policy_must_be_well_formed(world: World, document: str) -> None:
    create(world, EC2_TRUST, "node")
    with pytest.raises(ClientError) as refused:
        world.client("iam").put_role_policy(RoleName="node", PolicyName="p", PolicyDocument=document)
    assert code(refused) == "MalformedPolicyDocument"


def test_inline_policies_share_their_quota(world: World) -> None:
    create(world, EC2_TRUST, "node")
    iam = world.client("iam")
    half = json.dumps(allow(*[f"ecr:Action{number:04}" for number in range(350)]))
    iam.put_role_policy(RoleName="node", PolicyName="a", PolicyDocument=half)
    with pytest.raises(ClientError) as refused:
        iam.put_role_policy(RoleName="node", PolicyName="b", PolicyDocument=half)
    assert (code(refused), text(refused)) == (
        "LimitExceeded",
        "Maximum policy size of 10240 bytes exceeded for role node",
    )


def test_client_ids_of_a_provider_come_and_go(provided: World) -> None:
    iam = provided.client("iam")
    arn = provided.provider
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="other")
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="other")
    held = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert sorted(held["ClientIDList"]) == ["other", "sts.amazonaws.com"]
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="sts.amazonaws.com")
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["other"]
    with pytest.raises(ClientError, match="Incorrect token audience"):
        provided.assume(provided.issuer.token())
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn + "/x", ClientID="other")


def test_a_second_provider_of_the_same_url_is_refused(provided: World) -> None:
    iam = provided.client("iam")
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException, match=f"Provider with url {ISSUER} already exists"):
        iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])
    with pytest.raises(ClientError, match="Invalid Open ID Connect Provider URL"):
        iam.create_open_id_connect_provider(Url="http://plain.example", ClientIDList=["x"])


def test_tagging_in_a_create_call_needs_the_tagging_permission_too(world: World) -> None:
    user = world.user("operator", allow("iam:CreateRole", "iam:CreateOpenIDConnectProvider", "ecr:CreateRepository"))
    iam, ecr = world.client("iam", user), world.client("ecr", user)
    tags = [{"Key": "ekswiz:stack", "Value": "shop"}]
    with pytest.raises(ClientError, match="not authorized to perform: iam:TagRole on resource"):
        iam.create_role(RoleName="x", AssumeRolePolicyDocument=json.dumps(EC2_TRUST), Tags=tags)
    with pytest.raises(ClientError, match="not authorized to perform: iam:TagOpenIDConnectProvider on resource"):
        iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["x"], Tags=tags)
    with pytest.raises(ClientError, match="not authorized to perform: ecr:TagResource on resource"):
        ecr.create_repository(repositoryName="shop", tags=tags)
    assert not world.ecr.calls
    assert world.client("iam").list_roles()["Roles"] == []


def test_conditions_on_request_and_resource_tags_are_judged(world: World) -> None:
    tag = {"StringEquals": {"aws:RequestTag/ekswiz:stack": "shop"}}
    mine = {"StringEquals": {"aws:ResourceTag/ekswiz:stack": "shop"}}
    create_policy = allow("iam:CreateRole", "iam:TagRole", Condition=tag)
    delete_policy = allow("iam:DeleteRole", Condition=mine)
    both = {"Version": "2012-10-17", "Statement": create_policy["Statement"] + delete_policy["Statement"]}
    iam = world.client("iam", world.user("operator", both))
    trust = json.dumps(EC2_TRUST)
    create(world, EC2_TRUST, "foreign", Tags=[{"Key": "ekswiz:stack", "Value": "other"}])
    iam.create_role(RoleName="a", AssumeRolePolicyDocument=trust, Tags=[{"Key": "ekswiz:stack", "Value": "shop"}])
    with pytest.raises(ClientError, match="iam:CreateRole"):
        iam.create_role(RoleName="b", AssumeRolePolicyDocument=trust)
    with pytest.raises(ClientError, match="iam:DeleteRole"):
        iam.delete_role(RoleName="foreign")
    iam.delete_role(RoleName="a")


def test_a_cluster_needs_pass_role_and_the_service_linked_role(world: World) -> None:
    trust = json.loads(json.dumps(EC2_TRUST).replace("ec2.", "eks."))
    role = create(world, trust, "cluster")["Role"]["Arn"]
    wanted = {"name": "shop", "roleArn": role, "resourcesVpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]}}
    first = world.client("eks", world.user("a", allow("eks:*")))
    with pytest.raises(ClientError, match=rf"not authorized to perform: iam:PassRole on resource: {role}"):
        first.create_cluster(**wanted)
    elsewhere = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    passing = allow("iam:PassRole", Condition=elsewhere)["Statement"]
    second = {"Version": "2012-10-17", "Statement": allow("eks:*")["Statement"] + passing}
    with pytest.raises(ClientError, match="iam:PassRole"):
        world.client("eks", world.user("b", second)).create_cluster(**wanted)
    third = world.client("eks", world.user("c", allow("eks:*", "iam:PassRole")))
    with pytest.raises(ClientError, match="iam:CreateServiceLinkedRole"):
        third.create_cluster(**wanted)
    assert not world.eks.calls
    last = world.client("eks", world.user("d", allow("eks:*", "iam:PassRole", "iam:CreateServiceLinkedRole")))
    last.create_cluster(**wanted)
    assert [operation for operation, _, _ in world.eks.calls] == ["CreateCluster"]
    names = [role["RoleName"] for role in world.client("iam").list_roles()["Roles"]]
    assert "AWSServiceRoleForAmazonEKS" in names
    third.create_cluster(**wanted)


def test_access_policies_can_be_limited_by_eks_condition_keys(world: World) -> None:
    start = "arn:aws:eks::aws:cluster-access-policy/"
    only_view = {"StringEquals": {"eks:policyArn": start + "AmazonEKSViewPolicy"}}
    eks = world.client("eks", world.user("operator", allow("eks:AssociateAccessPolicy", Condition=only_view)))
    wanted = {"clusterName": "shop", "principalArn": world.arn("role/x"), "accessScope": {"type": "cluster"}}
    eks.associate_access_policy(policyArn=start + "AmazonEKSViewPolicy", **wanted)
    with pytest.raises(ClientError, match="eks:AssociateAccessPolicy"):
        eks.associate_access_policy(policyArn=start + "AmazonEKSClusterAdminPolicy", **wanted)


def test_explicit_deny_and_boundary_have_their_own_words(world: World) -> None:
    denying = allow("eks:*")
    denying["Statement"].append({"Effect": "Deny", "Action": "eks:DeleteCluster", "Resource": "*"})
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        world.client("eks", world.user("a", denying)).delete_cluster(name="shop")
    iam = world.client("iam")
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=json.dumps(allow("ecr:*")))["Policy"]["Arn"]
    create(world, EC2_TRUST, "node", PermissionsBoundary=boundary)
    iam.put_role_policy(RoleName="node", PolicyName="all", PolicyDocument=json.dumps(allow("eks:*", "ecr:*")))
    session = world.gate.service_session("node")
    world.client("ecr", session).describe_repositories()
    with pytest.raises(ClientError, match="because no permissions boundary allows the eks:ListClusters action"):
        world.client("eks", session).list_clusters()


def test_aws_managed_policies_are_the_real_ones(world: World) -> None:
    iam = world.client("iam")
    arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert "ecr:BatchGetImage" in json.dumps(document)
    with pytest.raises(ClientError) as absent:
        iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicy")
    assert (code(absent), text(absent)) == (
        "NoSuchEntity",
        "Policy arn:aws:iam::aws:policy/NoSuchPolicy was not found.",
    )
    listed = iam.list_policies(Scope="AWS", MaxItems=5)
    assert (len(listed["Policies"]), listed["IsTruncated"]) == (5, True)
