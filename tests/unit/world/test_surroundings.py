from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from ekswiz_sim.aws import sessions
from ekswiz_sim.surroundings import Surroundings

KEYS = {"AccessKeyId": "AKIAWORLD", "SecretAccessKey": "secret"}


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with a profile, an endpoint and service models of their own."""
    from botocore.loaders import Loader

    aws = tmp_path / ".aws"
    monkeypatch.setattr(Loader, "CUSTOMER_DATA_PATH", str(aws / "models"))  # else set by the first import, for good
    (aws / "models" / "iam" / "2010-05-08").mkdir(parents=True)
    (aws / "models" / "iam" / "2010-05-08" / "service-2.json").write_text('{"metadata": {}}')
    (aws / "config").write_text("[default]\nregion = us-east-1\nendpoint_url = https://elsewhere.example\n")
    (aws / "credentials").write_text("[default]\naws_access_key_id = AKIAUSER\naws_secret_access_key = user\n")
    for name, value in {
        "HOME": str(tmp_path),
        "AWS_PROFILE": "absent",
        "AWS_ACCESS_KEY_ID": "AKIAVARIABLE",
        "AWS_SECRET_ACCESS_KEY": "variable",
        "AWS_ENDPOINT_URL": "https://elsewhere.example",
        "AWS_CA_BUNDLE": "/nonexistent",
        "AWS_MAX_ATTEMPTS": "many",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_a_session_knows_nothing_of_the_user(user: Path) -> None:
    made = sessions.session(KEYS, "eu-west-1")

    client = made.create_client("iam", endpoint_url="http://127.0.0.1:1")

    assert made.get_credentials().access_key == "AKIAWORLD"
    assert made.profile is None
    assert made.full_config["profiles"] == {}
    assert client.meta.region_name == "eu-west-1"
    assert client.meta.service_model.operation_names


def test_a_session_without_keys_finds_none(user: Path) -> None:
    client = sessions.session(None, "eu-west-1")

    assert client.get_config_variable("profile") is None
    assert client.get_config_variable("ca_bundle") is None


def test_the_user_s_variables_are_gone_while_a_world_lives_and_then_back(user: Path, tmp_path: Path) -> None:
    surroundings = Surroundings(tmp_path / "world.log")

    assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_CONFIG_FILE"] == os.devnull
    surroundings.restore()
    surroundings.restore()

    assert os.environ["AWS_PROFILE"] == "absent"
    assert "AWS_CONFIG_FILE" not in os.environ


def test_warnings_go_to_the_world_s_log_and_not_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "world.log"
    surroundings = Surroundings(file)

    logging.getLogger("ekswiz_sim.test").warning("something is odd")
    surroundings.restore()
    logging.getLogger("ekswiz_sim.test").warning("not any more")

    assert file.read_text().endswith("ekswiz_sim.test WARNING something is odd\n")


def test_a_world_that_has_nothing_to_complain_about_has_no_log(tmp_path: Path) -> None:
    Surroundings(tmp_path / "world.log").restore()

    assert list(tmp_path.iterdir()) == []
