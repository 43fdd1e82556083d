"""One flipped character of a signature shuts each door of a whole world; the same request without it gets in."""

from __future__ import annotations

import base64
import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.worlds import Place

SIGNATURE = re.compile(r"Signature=([0-9a-f]{64})")
AT = (0, 31, 63)
"""Which of a signature's 64 hexadecimal characters is flipped."""


def flipped(text: str, at: int, digits: str = "0123456789abcdef") -> str:
    """The text with one character replaced by another digit."""
    other = digits[(digits.index(text[at]) + 1) % len(digits)]
    return text[:at] + other + text[at + 1 :]


def with_flip(text: str, at: int) -> str:
    """A header or URL whose AWS signature has one other character."""
    found = SIGNATURE.search(text)
    assert found
    return text[: found.start(1)] + flipped(found[1], at) + text[found.end(1) :]


@pytest.fixture
def flip(here: Place) -> Iterator[Callable[[str, int], Any]]:
    """A root client of a service whose every request has a flipped signature, until the test ends."""
    undo: list[Callable[[], None]] = []

    def client(service: str, at: int) -> Any:
        made = here.world.root(service)

        def change(request: Any, **_: Any) -> None:
            request.headers["Authorization"] = with_flip(request.headers["Authorization"].decode(), at)

        made.meta.events.register_last("before-send", change, unique_id="flip")
        undo.append(lambda: made.meta.events.unregister("before-send", unique_id="flip"))
        return made

    yield client
    for step in undo:
        step()


@pytest.mark.parametrize("at", AT)
@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
        ("iam", "list_roles", "SignatureDoesNotMatch"),
        ("ecr", "get_authorization_token", "InvalidSignatureException"),
        ("eks", "list_clusters", "InvalidSignatureException"),
    ],
)
def test_an_aws_call(here: Place, flip: Any, service: str, operation: str, *, code: str, at: int) -> None:
    assert getattr(here.world.root(service), operation)()["ResponseMetadata"]["HTTPStatusCode"] == 200

    with pytest.raises(ClientError) as refused:
        getattr(flip(service, at), operation)()

    assert refused.value.response["Error"]["Code"] == code


def knock(here: Place, token: str) -> int:
    """The status that the cluster answers to this bearer token."""
    endpoint = here.world.cluster_endpoint(here.answers.cluster)
    context = ssl.create_default_context(cadata=endpoint.ca_pem.decode())
    headers = {"Authorization": f"Bearer {token}"}
    return status(urllib.request.Request(f"{endpoint.url}/api/v1/namespaces", headers=headers), context)


def status(request: urllib.request.Request, context: ssl.SSLContext | None = None) -> int:
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("at", AT)
def test_an_eks_token(here: Place, at: int) -> None:
    keys = here.world.facts()["operator"]
    token = here.world.eks_token(here.answers.cluster, keys)
    assert knock(here, token) == 200

    start, _, coded = token.partition(".")
    url = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
    other = base64.urlsafe_b64encode(with_flip(url, at).encode()).decode().rstrip("=")
    since = len(here.world.records())

    assert knock(here, f"{start}.{other}") == 401
    assert [record.decision.layer for record in here.world.records(since)] == ["signature"]


def test_a_registry_login(here: Place) -> None:
    data = here.world.root("ecr").get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")

    def login(word: str) -> int:
        basic = base64.b64encode(f"{user}:{word}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        return status(urllib.request.Request(f"{data['proxyEndpoint']}/v2/", headers=headers))

    assert login(password) == 200
    for at in (0, len(password) // 2, len(password) - 1):
        other = password[:at] + ("A" if password[at] != "A" else "B") + password[at + 1 :]
        assert login(other) == 401, at


def test_a_web_identity_token(here: Place) -> None:
    here.apply()
    try:
        given = here.answers
        ref = f"refs/heads/{given.branch}"
        workflow = f"{given.owner}/{given.repo}/.github/workflows/deploy.yml@{ref}"
        token = here.world.token({"sub": f"{given.subject_prefix}:ref:{ref}", "ref": ref, "job_workflow_ref": workflow})

        def assume(word: str) -> Any:
            return here.world.anonymous("sts").assume_role_with_web_identity(
                RoleArn=f"arn:aws:iam::{given.account}:role/{given.push_role}",
                RoleSessionName="probe",
                WebIdentityToken=word,
            )

        assert assume(token)["Credentials"]
        head, body, signature = token.split(".")
        at = len(signature) // 2
        other = signature[:at] + ("A" if signature[at] != "A" else "B") + signature[at + 1 :]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        wider = base64.urlsafe_b64encode(json.dumps({**claims, "actor": "x"}).encode()).decode().rstrip("=")
        for forged in (f"{head}.{body}.{other}", f"{head}.{wider}.{signature}"):
            with pytest.raises(ClientError) as refused:
                assume(forged)
            assert refused.value.response["Error"]["Code"] == "InvalidIdentityToken"
    finally:
        here.destroy()
