"""The account, the roles, the registry, and the stack in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ekswiz.doctor.facts import Door
from ekswiz.errors import Expired, TargetError
from ekswiz.frontend import Identity
from unit.doctor.provoked import provokes
from unit.doctor.ward import Ward, set_to
from unit.probes.hub import Hub

PUSH, DEPLOY = "ekswiz-payments-push", "ekswiz-payments-deploy"
PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
DIGEST = "sha256:" + "a" * 64


def _identity(ward: Ward, **changes: Any) -> None:
    """Somebody else than the operator, as STS would say it."""
    usual = {"account": ward.answers.account, "arn": f"arn:aws:iam::{ward.answers.account}:user/operator"}
    ward.door = lambda: Door(ward.target(), Identity(**{**usual, **changes}))


def _fails(ward: Ward, error: Exception) -> None:
    def door() -> Door:
        raise error

    ward.door = door


@provokes("aws-credentials", "fail", "there are no AWS credentials", "Sign in", world="any")
def no_credentials(ward: Ward, hub: Hub) -> None:
    _fails(
        ward, TargetError("there are no AWS credentials for sts:GetCallerIdentity.", "Sign in, or name a --profile.")
    )


@provokes("aws-credentials", "fail", "Token has expired", "Sign in again", world="any")
def session_that_is_over(ward: Ward, hub: Hub) -> None:
    _fails(ward, Expired("Token has expired and refresh failed"))


@provokes("aws-session", "warn", "5 min left", "aws sso login", world="any")
def session_that_ends_soon(ward: Ward, hub: Hub) -> None:
    _identity(ward, seconds_left=310.0)


@provokes("aws-account", "fail", "the credentials are account 999999999999's", "--profile", world="any")
def another_account(ward: Ward, hub: Hub) -> None:
    _identity(ward, account="999999999999")


@provokes("root-user", "warn", "the account's root user", "root-user-best-practices", world="empty")
def root_user(ward: Ward, hub: Hub) -> None:
    ward.lab.keys = ward.lab.root_keys


def _clock(ward: Ward, hub: Hub, ahead: timedelta) -> None:
    """STS is asked without a signature: any server says what time it is."""
    target = ward.target()
    target.aws("sts").meta._endpoint_url = hub.url
    identity = Identity(ward.answers.account, "arn:aws:iam::123456789012:user/operator")
    ward.door = lambda: Door(target, identity)
    ward.now = lambda: datetime.now(UTC) + ahead


@provokes("clock", "fail", "s off", "timedatectl", world="any")
def clock_that_is_minutes_off(ward: Ward, hub: Hub) -> None:
    _clock(ward, hub, timedelta(minutes=7))


@provokes("clock", "warn", "s off", "timedatectl", world="any")
def clock_that_drifts(ward: Ward, hub: Hub) -> None:
    _clock(ward, hub, -timedelta(seconds=90))


def _allow(ward: Ward, *actions: str) -> None:
    iam = ward.lab.root("iam")
    arn = f"arn:aws:iam::{ward.answers.account}:policy/ekswiz-operator"
    iam.detach_user_policy(UserName="operator", PolicyArn=arn)
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    iam.put_user_policy(UserName="operator", PolicyName="some", PolicyDocument=json.dumps(allowed))


@provokes("permissions", "fail", "iam:CreateRole", "ekswiz hand-off", world="empty")
def permissions_that_lack(ward: Ward, hub: Hub) -> None:
    _allow(ward, "iam:Get*", "iam:List*", "iam:Simulate*", "ecr:*", "eks:*")


@provokes("permissions", "skip", "unknown whether you have them", "--self-check", world="empty")
def permissions_nobody_tells(ward: Ward, hub: Hub) -> None:
    _allow(ward, "iam:GetRole", "iam:GetOpenIDConnectProvider", "iam:ListRoles", "ecr:*", "eks:*")


@provokes("plan", "warn", "cannot be read", "ekswiz operator-policy", world="empty")
def objects_that_cannot_be_read(ward: Ward, hub: Hub) -> None:
    _allow(ward, "iam:*", "eks:*")


@provokes("plan", "fail", "platform-dev", "", world="any")
def plan_that_cannot_be_made(ward: Ward, hub: Hub) -> None:
    ward.alter("eks", "DescribeCluster", set_to("cluster", "endpoint", value="http://127.0.0.1:9"))


@provokes("foreign-objects", "fail", "ecr_repository.app", "--adopt", world="empty")
def repository_of_somebody_else(ward: Ward, hub: Hub) -> None:
    ward.lab.root("ecr").create_repository(repositoryName=ward.answers.ecr_repository)


@provokes("older-access", "warn", "old-ci", "ekswiz apply --adopt")
def older_role(ward: Ward, hub: Hub) -> None:
    statement = _web_identity({"StringEquals": {f"{ward.answers.issuer}:aud": "sts.amazonaws.com"}})
    statement["Condition"]["StringLike"] = {f"{ward.answers.issuer}:sub": f"repo:{ward.answers.repository}:*"}
    iam = ward.lab.root("iam")
    iam.create_role(RoleName="old-ci", AssumeRolePolicyDocument=_document(statement))
    iam.put_role_policy(RoleName="old-ci", PolicyName="all", PolicyDocument=json.dumps(OPEN))
    iam.attach_role_policy(RoleName="old-ci", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")


@provokes("drift", "warn", "iam_role.push (changed)", "ekswiz status")
def role_that_was_changed(ward: Ward, hub: Hub) -> None:
    ward.lab.root("iam").update_role(RoleName=PUSH, MaxSessionDuration=7200)


# ---- provider and roles


@provokes("provider", "fail", "no OIDC provider", "ekswiz apply")
def provider_that_is_gone(ward: Ward, hub: Hub) -> None:
    ward.lab.root("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)


@provokes("provider-audience", "fail", "https://github.com/acme, not sts.amazonaws.com", "add-client-id", world="empty")
def provider_with_another_audience(ward: Ward, hub: Hub) -> None:
    url = f"https://{ward.answers.issuer}"
    ward.lab.root("iam").create_open_id_connect_provider(Url=url, ClientIDList=["https://github.com/acme"])


@provokes("provider-audience", "fail", "which is the most", "Remove one", world="empty")
def provider_that_is_full(ward: Ward, hub: Hub) -> None:
    provider_with_another_audience(ward, hub)
    full = [f"https://github.com/{number}" for number in range(100)]
    ward.alter("iam", "GetOpenIDConnectProvider", set_to("ClientIDList", value=full))


def _web_identity(condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _trust(ward: Ward, role: str, **changes: Any) -> None:
    """The role's own trust policy with other values."""
    iam = ward.lab.root("iam")
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    keys = trust["Statement"][0]["Condition"]["StringEquals"]
    for name, value in changes.items():
        keys.pop(f"{ward.answers.issuer}:{name}", None)
        if value is not None:
            keys[f"{ward.answers.issuer}:{name}"] = value
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))


@provokes("role-push", "fail", "there is no role ekswiz-payments-push", "ekswiz apply")
def role_that_is_gone(ward: Ward, hub: Hub) -> None:
    iam = ward.lab.root("iam")
    iam.delete_role_policy(RoleName=PUSH, PolicyName="ekswiz")
    iam.delete_role(RoleName=PUSH)


@provokes("role-push", "fail", "refuses the build job", "ekswiz plan")
def role_for_another_branch(ward: Ward, hub: Hub) -> None:
    _trust(ward, PUSH, ref="refs/heads/trunk")


@provokes("role-deploy", "fail", "refuses the deploy job", "ekswiz plan")
def role_for_the_classic_form(ward: Ward, hub: Hub) -> None:
    _trust(ward, DEPLOY, sub="repo:acme/payments-api:environment:production")


@provokes("role-deploy", "warn", "is not the one that ekswiz writes", "ekswiz plan")
def role_that_asks_for_less(ward: Ward, hub: Hub) -> None:
    _trust(ward, DEPLOY, job_workflow_ref=None)


@provokes("role-deploy", "fail", "lets in other repositories", "ekswiz plan")
def role_that_lets_others_in(ward: Ward, hub: Hub) -> None:
    keys = {f"{ward.answers.issuer}:sub": "repo:acme*"}
    ward.lab.root("iam").update_assume_role_policy(
        RoleName=DEPLOY, PolicyDocument=_document(_web_identity({"StringLike": keys}))
    )


@provokes("role-rights", "fail", "AmazonEKSClusterPolicy on ekswiz-payments-deploy", "ekswiz apply")
def role_with_more_rights(ward: Ward, hub: Hub) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    ward.lab.root("iam").attach_role_policy(RoleName=DEPLOY, PolicyArn=arn)


@provokes("role-policies", "fail", "in ekswiz-payments-deploy, trust policy", "ekswiz lint --role")
def role_whose_policies_are_wide(ward: Ward, hub: Hub) -> None:
    keys = {f"{ward.answers.issuer}:sub": "repo:acme*"}
    ward.lab.root("iam").update_assume_role_policy(
        RoleName=DEPLOY, PolicyDocument=_document(_web_identity({"StringLike": keys}))
    )


@provokes("boundary", "fail", "there is no policy arn:aws:iam::123456789012:policy/limit", "ekswiz.toml", world="empty")
def boundary_that_is_not_there(ward: Ward, hub: Hub) -> None:
    from dataclasses import replace

    ward.answers = replace(ward.answers, boundary="arn:aws:iam::123456789012:policy/limit")


# ---- registry


@provokes("registry", "fail", "there is no ECR repository payments-api", "ekswiz apply")
def registry_that_is_gone(ward: Ward, hub: Hub) -> None:
    ward.lab.root("ecr").delete_repository(repositoryName=ward.answers.ecr_repository, force=True)


@provokes("registry-tags", "warn", "MUTABLE", "put-image-tag-mutability")
def tags_that_move(ward: Ward, hub: Hub) -> None:
    where = {"repositoryName": ward.answers.ecr_repository}
    ward.lab.root("ecr").put_image_tag_mutability(**where, imageTagMutability="MUTABLE")


@provokes("registry-scan", "warn", "nothing scans a push", "ekswiz apply")
def nothing_scans(ward: Ward, hub: Hub) -> None:
    ward.lab.root("ecr").put_image_scanning_configuration(
        repositoryName=ward.answers.ecr_repository, imageScanningConfiguration={"scanOnPush": False}
    )


@provokes("registry-lifecycle", "warn", "none: images are kept", "ekswiz apply")
def no_lifecycle(ward: Ward, hub: Hub) -> None:
    ward.lab.root("ecr").delete_lifecycle_policy(repositoryName=ward.answers.ecr_repository)


def _lifecycle(ward: Ward, **selection: Any) -> None:
    chosen = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1, **selection}
    rules = {"rules": [{"rulePriority": 1, "selection": chosen, "action": {"type": "expire"}}]}
    where = {"repositoryName": ward.answers.ecr_repository}
    ward.lab.root("ecr").put_lifecycle_policy(**where, lifecyclePolicyText=json.dumps(rules))


@provokes("registry-lifecycle", "warn", "a rule selects tagged images", "untagged images alone")
def lifecycle_that_counts(ward: Ward, hub: Hub) -> None:
    _lifecycle(ward)


@provokes("registry-lifecycle", "fail", "which is running", "untagged images alone")
def lifecycle_that_expires_what_runs(ward: Ward, hub: Hub) -> None:
    ward.lab.push_image()
    where = {"repositoryName": ward.answers.ecr_repository}
    running = ward.lab.root("ecr").describe_images(**where)["imageDetails"][0]["imageDigest"]
    _run_image(ward, running)
    for _ in range(2):
        _push_another(ward)
    _lifecycle(ward)


@provokes("registry-lifecycle", "fail", "which is running", "untagged images alone")
def lifecycle_by_age_and_tag(ward: Ward, hub: Hub) -> None:
    ward.lab.push_image()
    where = {"repositoryName": ward.answers.ecr_repository}
    _run_image(ward, ward.lab.root("ecr").describe_images(**where)["imageDetails"][0]["imageDigest"])
    _lifecycle(
        ward, tagStatus="tagged", tagPrefixList=["t"], countType="sinceImagePushed", countUnit="days", countNumber=3
    )
    ward.now = lambda: datetime.now(UTC) + timedelta(days=9)


def _push_another(ward: Ward) -> None:
    """A younger image with content of its own."""
    content = json.dumps({"n": len(ward.lab.ecr.image_tags(ward.answers.ecr_repository))}).encode()
    config = ward.lab.storage.put(content)
    ward.lab.ecr.add_blob(ward.answers.ecr_repository, config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": len(content), "digest": config},
        "layers": [],
    }
    tag = f"n{len(ward.lab.ecr.image_tags(ward.answers.ecr_repository))}"
    ward.lab.root("ecr").put_image(
        repositoryName=ward.answers.ecr_repository, imageTag=tag, imageManifest=json.dumps(manifest)
    )


def _run_image(ward: Ward, digest: str) -> None:
    from unit.doctor.provoked_cluster import pod

    image = f"{ward.answers.account}.dkr.ecr.eu-west-1.amazonaws.com/{ward.answers.ecr_repository}@{digest}"
    pod(ward, {"ready": True, "imageID": image, "state": {"running": {}}})


@provokes("running-images", "fail", "runs and is not in the repository", "start the workflow again")
def image_that_is_gone(ward: Ward, hub: Hub) -> None:
    _run_image(ward, DIGEST)


@provokes("architecture", "fail", "nodes are arm64, the workflow builds amd64", "--platform linux/amd64,linux/arm64")
def nodes_of_another_kind(ward: Ward, hub: Hub) -> None:
    from unit.doctor.provoked_cluster import node

    node(ward, "arm64")


@provokes("architecture", "warn", "some nodes cannot run it", "--platform linux/amd64,linux/arm64")
def nodes_of_two_kinds(ward: Ward, hub: Hub) -> None:
    from unit.doctor.provoked_cluster import node

    node(ward, "arm64", "one")
    node(ward, "amd64", "two")


@provokes("architecture", "fail", "nodes are arm64, the image is for amd64", "docker buildx")
def image_of_another_kind(ward: Ward, hub: Hub) -> None:
    from unit.doctor.provoked_cluster import node

    node(ward, "arm64")
    ward.lab.push_image()
    where = {"repositoryName": ward.answers.ecr_repository}
    _run_image(ward, ward.lab.root("ecr").describe_images(**where)["imageDetails"][0]["imageDigest"])
    index = {"manifests": [{"platform": {"architecture": "amd64"}}, {"platform": {"architecture": "unknown"}}]}
    ward.alter("ecr", "BatchGetImage", lambda parsed: parsed["images"][0].update(imageManifest=json.dumps(index)))
