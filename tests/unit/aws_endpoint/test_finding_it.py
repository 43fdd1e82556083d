"""Finding an endpoint: localstack-client's rules, what is no LocalStack, and never AWS itself."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from ekswiz.answers import Answers
from ekswiz.errors import InputError, RehearsalError
from ekswiz.tiers import Tiers
from ekswiz_sim import entry, tiers
from ekswiz_sim.aws.endpoint import address, container, tier
from ekswiz_sim.aws.endpoint.backend import EndpointBackend
from unit.aws_endpoint.emulator import ACCOUNT, REGION, Emulator

NEVER = threading.Event()


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "LOCALSTACK_HOST", "USE_SSL"):
        monkeypatch.delenv(name, raising=False)


def answers(**changes: Any) -> Answers:
    return Answers(**{**entry.SAMPLE, "account": ACCOUNT, "region": REGION, **changes})


def opened(emulator: Emulator, home: Path, **changes: Any) -> EndpointBackend:
    made = tier.backend(Tiers("endpoint", emulator.url), answers(**changes), home, NEVER)
    assert isinstance(made, EndpointBackend)
    return made


@pytest.fixture
def nowhere() -> str:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "http://localhost:4566"),
        ({"LOCALSTACK_HOST": "here:1"}, "http://here:1"),
        ({"LOCALSTACK_HOST": "here"}, "http://here:4566"),
        ({"LOCALSTACK_HOST": "here:1", "AWS_ENDPOINT_URL": "http://there:2/"}, "http://there:2"),
    ],
)
def test_localstack_is_where_its_own_client_looks(
    variables: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert address.localstack_url() == url


@pytest.mark.parametrize(("name", "value"), [("LOCALSTACK_HOST", "here:port"), ("AWS_ENDPOINT_URL", "nonsense")])
def test_a_variable_without_an_address_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match="is no address") as refused:
        address.localstack_url()
    assert refused.value.field == name


@pytest.mark.parametrize(
    "url",
    ["https://sts.amazonaws.com", "https://iam.eu-west-1.amazonaws.com:443", "https://X.AmazonAWS.com.cn.",
     "https://eks.eu-west-1.api.aws", "http://amazonaws.com"],
)  # fmt: skip
def test_aws_itself_is_never_called(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "_opener", lambda: pytest.fail("it was called"))
    with pytest.raises(InputError, match="is AWS itself"):
        tier.check(Tiers("endpoint", url))
    with pytest.raises(InputError, match="is AWS itself"):
        tier.check(Tiers("localstack", url))
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(InputError, match="is AWS itself") as refused:
        tier.check(Tiers("localstack"))
    assert refused.value.field == "AWS_ENDPOINT_URL"


def test_localstack_that_is_up_is_used(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALSTACK_HOST", emulator.url.removeprefix("http://"))
    assert tier.check(Tiers("localstack")) == Tiers("localstack", emulator.url)
    assert tier.check(Tiers("localstack", emulator.url)).aws_endpoint == emulator.url


@pytest.mark.parametrize("health", [None, b"{", b"[]", {}, {"services": {}}, {"services": [], "version": "1"}])
def test_what_is_no_localstack_is_said(health: Any, emulator: Emulator) -> None:
    emulator.health = health
    with pytest.raises(RehearsalError, match="is no LocalStack"):
        tier.check(Tiers("localstack", emulator.url))
    assert tier.check(Tiers("endpoint", emulator.url)).aws_endpoint == emulator.url


def test_a_named_address_where_nothing_is_starts_nothing(nowhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "check", lambda: pytest.fail("a container was looked for"))
    with pytest.raises(RehearsalError, match="nothing answers"):
        tier.check(Tiers("endpoint", nowhere))
    with pytest.raises(RehearsalError, match=r"no LocalStack answers at .* \(--aws-endpoint\)"):
        tier.check(Tiers("localstack", nowhere))
    monkeypatch.setenv("LOCALSTACK_HOST", nowhere.removeprefix("http://"))
    with pytest.raises(RehearsalError, match=r"no LocalStack answers at .* \(LOCALSTACK_HOST\)"):
        tier.check(Tiers("localstack"))


@pytest.mark.parametrize(
    ("services", "served"),
    [
        ({"iam": "available", "ec2": "running", "sts": "available"}, {"iam", "ec2"}),
        ({"iam": "running", "ec2": "disabled", "sts": "available"}, {"iam"}),
        ({"iam": "error", "ec2": "available"}, {"ec2"}),
    ],
)
def test_what_the_endpoint_has_is_used_and_the_table_says_it(
    services: dict[str, str], served: set[str], emulator: Emulator, home: Path
) -> None:
    emulator.services = services
    made = opened(emulator, home, create_cluster=True)
    assert made.served == served
    table = tiers.table("", Tiers("endpoint", emulator.url), made)
    (row,), (rest,) = ([row for row in table if row["part"] == part] for part in ("AWS", "AWS, the rest"))
    assert table.index(rest) == table.index(row) + 1
    assert row["chosen"] == "LocalStack 4.13.1 + gate"
    assert all((name.upper() in row["real"]) == (name in served) for name in ("iam", "ec2"))
    assert all((name.upper() in rest["real"]) != (name in served) for name in ("iam", "ec2"))
    assert "STS, ECR and EKS" in rest["real"]
    made.reset()


def test_a_health_document_is_not_believed_where_a_network_is_made(emulator: Emulator, home: Path) -> None:
    # It lists EC2, and answers 501.
    listed, emulator.services = emulator.document(), {"iam": "available", "sts": "available"}
    emulator.health = listed
    made = opened(emulator, home, create_cluster=True)
    assert made.served == {"iam"}
    made.reset()


def test_without_aws_own_policies_iam_stays_embedded(emulator: Emulator, home: Path) -> None:
    emulator.managed = False
    made = opened(emulator, home)
    assert made.served == {"ec2"}
    made.reset()


def test_neither_iam_nor_ec2_is_no_endpoint(emulator: Emulator, home: Path) -> None:
    emulator.services = {"s3": "available", "sts": "available"}
    with pytest.raises(RehearsalError, match="neither IAM nor EC2"):
        opened(emulator, home)


def test_another_account_is_refused_with_the_flag_that_mends_it(emulator: Emulator, home: Path) -> None:
    emulator.account = "000000000000"
    with pytest.raises(RehearsalError, match="is account 000000000000") as refused:
        opened(emulator, home)
    assert refused.value.remedy == "Rehearse with --account 000000000000."


@pytest.mark.parametrize("taken", ["user operator", "role ekswiz-sim-node"])
def test_an_account_that_somebody_uses_is_left_alone(taken: str, emulator: Emulator, home: Path) -> None:
    kind, name = taken.split()
    held = emulator.of(ACCOUNT)
    if kind == "user":
        held.call("iam", {"Action": "CreateUser", "UserName": name})
    else:
        held.call("iam", {"Action": "CreateRole", "RoleName": name, "AssumeRolePolicyDocument": "{}"})
    calls = len(emulator.calls)
    with pytest.raises(RehearsalError, match=f"has a {taken}"):
        opened(emulator, home)
    assert not [call for call in emulator.calls[calls:] if not call.startswith(("Get", "List", "Describe"))]


def test_only_the_account_is_ever_sent_as_a_key(
    emulator: Emulator, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFTHEUSER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    opened(emulator, home).reset()
    assert emulator.keys == {ACCOUNT}
