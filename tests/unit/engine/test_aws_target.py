import threading
from pathlib import Path

import pytest

from ekswiz.clients.aws_clients import aws_target, clients, refuse_inherited_endpoints
from ekswiz.errors import InputError
from ekswiz.target import RealClock
from unit.engine.fakes import ACCOUNT, REGION


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile of its own: nothing of the user's is read."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "credentials").write_text("[tester]\naws_access_key_id = testing\naws_secret_access_key = testing\n")
    (tmp_path / "config").write_text("[profile tester]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:9\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return "tester"


def test_a_target_of_the_right_account(profile: str, tmp_path: Path) -> None:
    from moto import mock_aws

    with mock_aws():
        target = aws_target(profile, REGION, ACCOUNT, tmp_path)
        assert (target.kind, target.partition, target.account, target.region) == ("aws", "aws", ACCOUNT, REGION)
        assert target.aws("iam") is target.aws("iam")
        assert target.aws("iam").list_roles()["Roles"] == []
        assert target.aws("eks").meta.endpoint_url == f"https://eks.{REGION}.amazonaws.com"
        assert target.github().url == "https://api.github.com"
        assert target.github() is target.github()


def test_another_account_is_refused_before_anything_is_done(profile: str, tmp_path: Path) -> None:
    from moto import mock_aws

    with mock_aws(), pytest.raises(InputError, match=f"belong to account {ACCOUNT}") as caught:
        aws_target(profile, REGION, "999999999999", tmp_path)
    assert caught.value.field == "account"


def test_an_unknown_profile_in_a_variable_is_named_with_the_variable(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(InputError, match="AWS_PROFILE: there is no AWS profile 'nobody'"):
        aws_target(None, REGION, ACCOUNT, tmp_path)


def test_an_unknown_profile_is_named(profile: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no AWS profile 'nobody'"):
        aws_target("nobody", REGION, ACCOUNT, tmp_path)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"])
def test_an_inherited_endpoint_is_refused_by_name(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:4566")
    with pytest.raises(InputError, match="would not go to AWS") as caught:
        aws_target(profile, REGION, ACCOUNT, tmp_path)
    assert caught.value.field == name


def test_an_empty_variable_or_another_one_is_no_endpoint() -> None:
    refuse_inherited_endpoints({"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URLS": "x", "AWS_REGION": "y"})


def test_clients_are_made_once_even_by_many_threads(profile: str) -> None:
    import boto3

    made = clients(boto3.Session(profile_name=profile, region_name=REGION), REGION, "http://127.0.0.1:9")
    together, found = threading.Barrier(8), set()

    def ask() -> None:
        together.wait(10)
        found.add(id(made("sts")))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert made("sts").meta.endpoint_url == "http://127.0.0.1:9"


def test_the_real_clock_wakes_up_for_a_stop() -> None:
    stop = threading.Event()
    stop.set()
    assert RealClock().wait(60, stop) is True
    assert RealClock().wait(0, threading.Event()) is False
    assert RealClock().now().tzinfo is not None
