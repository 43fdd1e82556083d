from __future__ import annotations

import base64
import json

import pytest

from ekswiz_sim.aws.ecr import HANDLERS
from ekswiz_sim.aws.ecr_validation import operations
from ekswiz_sim.seams import Principal, RefusedByGate, ServiceError
from unit.ecr.shapes import CALLER, Api


def password(api: Api, principal: Principal = CALLER) -> str:
    data = api.ecr.call("GetAuthorizationToken", {}, principal)["authorizationData"][0]
    return base64.b64decode(data["authorizationToken"]).decode().removeprefix("AWS:")


def test_a_login_is_its_callers_for_twelve_hours(api: Api) -> None:
    data = api("GetAuthorizationToken")["authorizationData"][0]
    secret = base64.b64decode(data["authorizationToken"]).decode().removeprefix("AWS:")

    assert data["proxyEndpoint"] == "http://127.0.0.1:5000"
    assert data["expiresAt"] == api.clock[0] + 12 * 3600
    assert api.ecr.identity("AWS", secret) == CALLER
    api.clock[0] += 12 * 3600
    with pytest.raises(RefusedByGate) as refused:
        api.ecr.identity("AWS", secret)
    assert refused.value.message == "Your authorization token has expired. Reauthenticate and try again."
    assert refused.value.status == 403


def test_each_login_is_another_and_belongs_to_who_asked(api: Api) -> None:
    other = Principal("arn:aws:iam::123456789012:user/other", "123456789012", "user", "other", "AIDA2")

    first, second = password(api), password(api, other)

    assert first != second
    assert api.ecr.identity("AWS", first) == CALLER
    assert api.ecr.identity("AWS", second) == other


def test_one_flipped_character_anywhere_is_refused(api: Api) -> None:
    secret = password(api)

    for at in range(len(secret)):
        flipped = secret[:at] + ("A" if secret[at] != "A" else "B") + secret[at + 1 :]
        with pytest.raises(RefusedByGate) as refused:
            api.ecr.identity("AWS", flipped)
        assert (refused.value.status, refused.value.decision.layer) == (401, "registry")


@pytest.mark.parametrize("user", ["", "aws", "root", "AWS "])
def test_another_user_is_refused(api: Api, user: str) -> None:
    secret = password(api)

    with pytest.raises(RefusedByGate):
        api.ecr.identity(user, secret)


def test_no_password_is_in_the_snapshot(api: Api) -> None:
    secret = password(api)

    assert secret not in json.dumps(api.ecr.snapshot())


def test_another_accounts_registry_gives_no_login(api: Api) -> None:
    error = api.refused("GetAuthorizationToken", registryIds=["999999999999"])

    assert "999999999999 is not part of this world" in error.message


def test_what_is_not_modelled_is_refused_by_name(api: Api) -> None:
    others = operations() - HANDLERS.keys() - {"GetAuthorizationToken"}

    for operation in (*others, "NoSuchOperation"):
        with pytest.raises(ServiceError) as refused:
            api.ecr.call(operation, {}, CALLER)
        assert refused.value.message == f"ecr:{operation} is not modelled by this registry"


@pytest.mark.parametrize(
    ("operation", "params", "arns"),
    [
        ("GetAuthorizationToken", {}, ["*"]),
        ("DescribeRegistry", {}, ["*"]),
        ("CreateRepository", {"repositoryName": "a/b"}, ["{}a/b"]),
        ("DescribeRepositories", {}, ["{}*"]),
        ("DescribeRepositories", {"repositoryNames": ["one", "two"]}, ["{}one", "{}two"]),
        ("TagResource", {"resourceArn": "arn:x"}, ["arn:x"]),
    ],
)
def test_what_an_operation_is_authorised_on(
    api: Api, operation: str, params: dict[str, object], arns: list[str]
) -> None:
    prefix = "arn:aws:ecr:eu-central-1:123456789012:repository/"

    assert list(api.ecr.arns(operation, params)) == [arn.format(prefix) for arn in arns]


def test_parameters_are_checked_before_anything_happens(api: Api) -> None:
    missing = api.refused("CreateRepository")
    wrong = api.refused("CreateRepository", repositoryName="app", imageTagMutability="SOMETIMES")
    unknown = api.refused("CreateRepository", repositoryName="app", colour="red")
    kind = api.refused("CreateRepository", repositoryName=["app"])

    assert missing.message == "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must not be null'"
    assert "Member must satisfy enum value set: [MUTABLE, IMMUTABLE" in wrong.message
    assert "'colour'" in unknown.message
    assert "must be a string" in kind.message
