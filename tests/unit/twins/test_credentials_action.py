"""configure-aws-credentials: the real action's calls, words and refusals."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ekswiz_sim.runner.actions import retry, twins
from ekswiz_sim.seams import ActionCall, ActionResult

from .fake_aws import FakeAws

USES = "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c"
ROLE = "arn:aws:iam::012345678901:role/ekswiz-demo-push"
Run = Callable[..., ActionResult]


@pytest.fixture
def job(aws: FakeAws, tmp_path: Path) -> dict[str, str]:
    """A job's environment with `id-token: write`."""
    return {
        "AWS_ENDPOINT_URL": aws.url, "GITHUB_REPOSITORY": "octo/shop", "GITHUB_WORKFLOW": "Deploy",
        "GITHUB_ACTION": "__step", "GITHUB_ACTOR": "octocat", "GITHUB_SHA": "a" * 40, "GITHUB_WORKSPACE": str(tmp_path),
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{aws.url}/idtoken?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-bearer",
    }  # fmt: skip


@pytest.fixture
def run(job: dict[str, str], lines: list[str], tmp_path: Path) -> Run:
    twin = twins(tmp_path)["aws-actions/configure-aws-credentials"]

    def go(stop: Callable[[], bool] = lambda: False, env: dict[str, str] | None = None, **inputs: str) -> ActionResult:
        named = {name.replace("_", "-"): value for name, value in inputs.items()}
        given = {"aws-region": "eu-central-1", "role-to-assume": ROLE, **named}
        return twin(ActionCall(USES, given, job | (env or {}), tmp_path, tmp_path, lines.append, stop))

    return go


def assumptions(aws: FakeAws) -> list[Any]:
    return [form for name, form in aws.seen if name == "AssumeRoleWithWebIdentity"]


def test_the_jobs_token_becomes_keys_for_later_steps(run: Run, aws: FakeAws, lines: list[str]) -> None:
    result = run(role_session_name="gha-7-1", allowed_account_ids="012345678901, 999999999999")
    assert (result.ok, result.error) == (True, "")
    assert result.env == {
        "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "ASIAROLE",
        "AWS_SECRET_ACCESS_KEY": "role/secret", "AWS_SESSION_TOKEN": "role-token",
    }  # fmt: skip
    assert result.outputs["aws-account-id"] == "012345678901"
    assert "Authenticated as assumedRoleId AROAX:gha-1-1" in lines
    (form,) = assumptions(aws)
    assert (form["RoleArn"], form["RoleSessionName"]) == (ROLE, "gha-7-1")
    assert (form["DurationSeconds"], form["WebIdentityToken"]) == ("3600", "ey.job.token")


def test_the_token_is_asked_for_the_audience_with_the_jobs_bearer(run: Run, aws: FakeAws) -> None:
    run(audience="https://a.example/?b&c")
    asked = next(value for name, value in aws.seen if name == "idtoken")
    assert asked == ({"api-version": "2.0", "audience": "https://a.example/?b&c"}, "Bearer job-bearer")


def test_secrets_are_masked_and_the_account_only_when_asked(run: Run) -> None:
    secret = {"ASIAROLE", "role/secret", "role-token", "ey.job.token"}
    assert set(run().masks) == secret
    assert set(run(mask_aws_account_id="false").masks) == secret
    assert "012345678901" in run(mask_aws_account_id="true").masks


def test_nothing_secret_is_logged(run: Run, lines: list[str]) -> None:
    run()
    assert not [line for line in lines if "secret" in line or "role-token" in line or "ey.job.token" in line]


def test_a_denial_is_tried_again_and_told_in_the_actions_words(run: Run, aws: FakeAws, lines: list[str]) -> None:
    aws.denials = 99
    result = run(retry_max_attempts="3")
    sentence = "Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert (result.ok, result.error, len(assumptions(aws))) == (False, sentence, 3)
    assert any(
        line.startswith(f"Retry AssumeRole: attempt 1 of 3 failed: {sentence}. Retrying after ") for line in lines
    )
    assert lines[-1] == "Retry AssumeRole: reached max retries (3); giving up."


def test_a_role_that_becomes_visible_is_assumed(run: Run, aws: FakeAws) -> None:
    aws.denials = 2
    assert run().ok


def test_twelve_tries_unless_told_otherwise_and_one_without_retries(
    run: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LONGEST", 0.001)
    aws.denials = 99
    run(retry_max_attempts="zero")
    assert len(assumptions(aws)) == 12
    run(disable_retry="true")
    assert len(assumptions(aws)) == 13


def test_a_stop_ends_the_tries(run: Run, aws: FakeAws) -> None:
    aws.denials = 99
    stopped = threading.Event()
    started = time.monotonic()
    threading.Timer(0.1, stopped.set).start()
    result = run(stopped.is_set, retry_max_attempts="1000")
    assert (result.ok, result.error) == (False, "The operation was canceled.")
    assert time.monotonic() - started < 5


def test_another_account_is_refused(run: Run) -> None:
    result = run(allowed_account_ids="111111111111")
    assert not result.ok
    assert result.error == (
        "The account ID of the provided credentials (012345678901) does not match any of the expected account IDs: "
        "111111111111"
    )
    assert "AWS_ACCESS_KEY_ID" not in result.env


def test_without_the_permission_there_is_no_token_and_a_hint(run: Run, aws: FakeAws, lines: list[str]) -> None:
    result = run(env={"ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""})
    assert result.error.endswith("Could not load credentials from any providers")
    assert "Did you mean to set the `id-token` permission?" in lines[0]
    assert aws.seen == []


def test_outside_a_runner_it_refuses(run: Run) -> None:
    result = run(env={"GITHUB_ACTION": ""}, retry_max_attempts="1")
    assert result.error == "Missing required environment variables. Are you running in GitHub Actions?"


def test_a_refused_bearer_is_told_with_its_code(run: Run, aws: FakeAws) -> None:
    aws.token_status = 401
    result = run(retry_max_attempts="2")
    assert result.error.startswith("getIDToken call failed: Error message: Failed to get ID Token.")
    assert "Error Code : 401" in result.error


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"aws_region": ""}, "Input required and not supplied: aws-region"),
        ({"aws_region": "eu_central"}, "Region is not valid: eu_central"),
        ({"role_session_name": "x"}, "Role session name must be between 2 and 64 characters, got 1: 'x'"),
        ({"role_session_name": "a b"}, "Role session name is not valid: 'a b'."),
        ({"role_session_name": "ä" * 3}, "Role session name is not valid"),
        ({"mask_aws_account_id": "yes"}, "Input does not meet YAML 1.2"),
        ({"role_to_assume": "just-a-name", "retry_max_attempts": "1"}, "Source Account ID is needed"),
        ({"role_chaining": "true"}, "does not model the input role-chaining"),
        ({"aws_access_key_id": "AKIA", "aws_secret_access_key": "x"}, "aws-access-key-id, aws-secret-access-key"),
        ({"web_identity_token_file": "/etc/token"}, "web-identity-token-file"),
    ],
)
def test_bad_and_unmodelled_inputs_are_named(run: Run, aws: FakeAws, inputs: dict[str, str], words: str) -> None:
    result = run(**inputs)
    assert not result.ok
    assert words in result.error
    assert assumptions(aws) == []


def test_unmodelled_inputs_at_their_defaults_are_no_matter(run: Run) -> None:
    assert run(role_chaining="false", aws_profile="").ok


def test_keys_go_to_outputs_instead_when_asked(run: Run) -> None:
    result = run(output_credentials="true", output_env_credentials="false")
    assert result.env == {}
    assert result.outputs["aws-session-token"] == "role-token"


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"])
def test_nothing_beyond_loopback_is_ever_asked(run: Run, name: str) -> None:
    result = run(env={name: "https://evil.example/?x=1"}, retry_max_attempts="1")
    assert "is not on loopback" in result.error
