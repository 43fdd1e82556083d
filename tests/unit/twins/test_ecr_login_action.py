"""amazon-ecr-login and setup-buildx: what docker finds afterwards, and what is left after the job."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ekswiz_sim.runner.actions import twins
from ekswiz_sim.seams import ActionCall, ActionResult

from .fake_aws import FakeAws

AUTH = base64.b64encode(b"AWS:pass:word").decode()
Call = Callable[..., ActionCall]


@pytest.fixture
def call(env: dict[str, str], lines: list[str], tmp_path: Path) -> Call:
    def make(changes: dict[str, str] | None = None, **inputs: str) -> ActionCall:
        named = {name.replace("_", "-"): value for name, value in inputs.items()}
        return ActionCall("x/y@z", named, env | (changes or {}), tmp_path, tmp_path, lines.append, lambda: False)

    return make


def login(call: ActionCall) -> ActionResult:
    return twins(call.workspace)["aws-actions/amazon-ecr-login"](call)


def config(folder: Path) -> object:
    return json.loads((folder / "config.json").read_text())


def test_docker_finds_the_password_and_later_steps_the_registry(call: Call, aws: FakeAws, tmp_path: Path) -> None:
    result = login(call({"DOCKER_CONFIG": str(tmp_path / "docker")}))
    registry = aws.url.removeprefix("http://")
    assert (result.ok, result.outputs["registry"], result.masks) == (True, registry, ("pass:word",))
    assert config(tmp_path / "docker") == {"auths": {registry: {"auth": AUTH}}}
    suffix = registry.replace(".", "_").replace(":", "_")
    assert result.outputs[f"docker_username_{suffix}"] == "AWS"
    assert (tmp_path / "docker" / "config.json").stat().st_mode & 0o777 == 0o600


def test_the_registry_was_asked_before_anything_was_kept(call: Call, aws: FakeAws, env: dict[str, str]) -> None:
    aws.registry_status = 401
    result = login(call())
    assert not result.ok
    assert "failed with status: 401" in result.error
    assert ("login", f"Basic {AUTH}") in aws.seen
    assert not (Path(env["HOME"]) / ".docker").exists()


def test_the_post_step_logs_out_and_leaves_other_entries(call: Call, env: dict[str, str], lines: list[str]) -> None:
    folder = Path(env["HOME"]) / ".docker"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"auths": {"other": {"auth": "eA=="}}, "experimental": "on"}')
    result = login(call())
    assert result.post is not None
    result.post(call())
    assert config(folder) == {"auths": {"other": {"auth": "eA=="}}, "experimental": "on"}
    assert lines[-1].startswith("Logging out of registry 127.0.0.1:")


def test_a_login_that_shall_stay_has_no_post_step(call: Call) -> None:
    assert login(call(skip_logout="true")).post is None


def test_ecrs_refusal_is_the_steps_error(call: Call) -> None:
    result = login(call({"AWS_SECRET_ACCESS_KEY": "wrong"}))
    assert (result.ok, result.error) == (False, "The request signature does not match")


def test_a_registry_beyond_loopback_gets_no_password(call: Call, aws: FakeAws) -> None:
    aws.proxy = "https://012345678901.dkr.ecr.eu-central-1.amazonaws.com"
    assert "not on loopback" in login(call()).error


@pytest.mark.parametrize(
    ("changes", "inputs", "words"),
    [
        ({}, {"registry_type": "public"}, "no public registry"),
        ({}, {"registry_type": "other"}, "Invalid input for 'registry-type'"),
        ({}, {"http_proxy": "http://p"}, "does not model the input http-proxy"),
        ({"AWS_ACCESS_KEY_ID": ""}, {}, "Unable to locate credentials"),
        ({"HOME": ""}, {}, "Neither DOCKER_CONFIG nor HOME is set"),
    ],
)
def test_refusals_are_named(call: Call, changes: dict[str, str], inputs: dict[str, str], words: str) -> None:
    result = login(call(changes, **inputs))
    assert not result.ok
    assert words in result.error


def test_setting_a_builder_up_is_said_to_do_nothing(call: Call, lines: list[str]) -> None:
    result = twins(Path())["docker/setup-buildx-action"](call())
    assert result.ok
    assert "without BuildKit" in lines[0]
