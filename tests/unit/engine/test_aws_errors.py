import pytest

from ekswiz.clients.aws_errors import Absent, ask_client, pages, tell
from ekswiz.errors import Conflict, EkswizError, Expired, NotYet, Refused, TargetError, Transient, Unreadable
from ekswiz.target import Target
from unit.engine.fakes import aws_error, bare_target

TABLE = [
    ("AccessDenied", "no", 403, Refused),
    ("AccessDeniedException", "no", 403, Refused),
    ("NoSuchEntity", "gone", 404, Absent),
    ("RepositoryNotFoundException", "gone", 400, Absent),
    ("ResourceNotFoundException", "No cluster found for name: x.", 404, Absent),
    ("EntityAlreadyExists", "there", 409, Conflict),
    ("RepositoryAlreadyExistsException", "there", 400, Conflict),
    ("ResourceInUseException", "The specified access entry resource is already in use on this cluster.", 409, Conflict),
    ("ResourceInUseException", "Cluster has update 1 in progress", 409, Transient),
    ("MalformedPolicyDocument", "Invalid principal in policy: ...", 400, Transient),
    ("MalformedPolicyDocument", "Syntax errors in policy.", 400, TargetError),
    ("InvalidParameterException", "The specified principalArn is invalid: invalid principal.", 400, Transient),
    ("InvalidParameterException", "The name is wrong.", 400, TargetError),
    ("InvalidRequestException", "The cluster's authentication mode must be set to one of [API]", 400, NotYet),
    ("ConcurrentModification", "twice", 409, Transient),
    ("Throttling", "Rate exceeded", 400, Transient),
    ("ThrottlingException", "Rate exceeded", 429, Transient),
    ("ServiceUnavailable", "", 503, Transient),
    ("Whatever", "", 500, Transient),
    ("ExpiredToken", "The security token included in the request is expired", 403, Expired),
    ("InvalidClientTokenId", "", 403, TargetError),
    ("RepositoryNotEmptyException", "images", 400, TargetError),
]


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_role(self, **_: object) -> None:
        raise self.error

    def get_paginator(self, _: str) -> "Failing":
        return self

    def paginate(self, **_: object) -> None:
        raise self.error


def target(error: Exception) -> Target:
    import dataclasses

    return dataclasses.replace(bare_target(), aws=lambda service: Failing(error))


@pytest.mark.parametrize(("code", "text", "status", "kind"), TABLE)
def test_a_code_becomes_one_of_our_errors_with_awss_words(code: str, text: str, status: int, kind: type) -> None:
    with pytest.raises(EkswizError) as caught:
        tell(target(aws_error(code, text, "GetRole", status)), "iam", "get_role")
    assert type(caught.value) is kind
    assert code in caught.value.detail
    assert "iam:GetRole" in caught.value.detail


def test_a_read_of_nothing_is_none_and_a_denied_one_unreadable() -> None:
    assert ask_client(Failing(aws_error("NoSuchEntity", "", "GetRole")), "iam", "get_role") is None
    assert list(pages(target(aws_error("NoSuchEntity", "", "ListX")), "iam", "list_x", "X")) == []
    with pytest.raises(Unreadable, match="iam:GetRole"):
        ask_client(Failing(aws_error("AccessDenied", "", "GetRole")), "iam", "get_role")
    with pytest.raises(Unreadable, match="iam:ListRoles"):
        list(pages(target(aws_error("AccessDenied", "", "ListRoles")), "iam", "list_roles", "Roles"))


def test_a_lost_connection_may_be_tried_again_and_missing_credentials_not() -> None:
    from botocore.exceptions import NoCredentialsError, ReadTimeoutError

    with pytest.raises(Transient, match="ReadTimeoutError"):
        tell(target(ReadTimeoutError(endpoint_url="x")), "iam", "get_role")
    with pytest.raises(TargetError, match="no AWS credentials") as caught:
        tell(target(NoCredentialsError()), "iam", "get_role")
    assert not isinstance(caught.value, Transient)


def test_a_mistake_of_ours_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError):
        tell(target(ZeroDivisionError()), "iam", "get_role")


def test_expired_sessions_say_what_to_do() -> None:
    with pytest.raises(TargetError, match="expired") as caught:
        tell(target(aws_error("ExpiredTokenException", "", "GetRole")), "iam", "get_role")
    assert "Sign in again" in caught.value.remedy
