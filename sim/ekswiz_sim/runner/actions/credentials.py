"""aws-actions/configure-aws-credentials: a job's token becomes an assumed role's keys, by real calls.

The surprising thing: the real action tries a denial again, twelve times unless told otherwise, so a wrong trust policy
looks like a hang. This twin does the same with shorter pauses.
Source: https://github.com/aws-actions/configure-aws-credentials (v6: src/index.ts, src/assumeRole.ts, src/helpers.ts)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ekswiz_sim.runner.actions.inputs import ActionFailed, boolean, refuse_others, required, text
from ekswiz_sim.runner.actions.retry import with_retries
from ekswiz_sim.runner.tools.aws_client import CallFailed, CannotCall, Client, assume_with_token, send
from ekswiz_sim.seams import ActionCall, ActionResult

DEFAULT_SECONDS = 3600
DEFAULT_ATTEMPTS = 12
DEFAULT_SESSION = "GitHubActions"
SHORTEST_SESSION, LONGEST_SESSION = 2, 64
_OK = 200
_RUNNER = (
    "GITHUB_REPOSITORY", "GITHUB_WORKFLOW", "GITHUB_ACTION", "GITHUB_ACTOR", "GITHUB_SHA", "GITHUB_WORKSPACE",
)  # fmt: skip
_FOLLOWED = (
    "aws-region", "role-to-assume", "audience", "role-duration-seconds", "role-session-name", "allowed-account-ids",
    "mask-aws-account-id", "retry-max-attempts", "disable-retry", "output-credentials", "output-env-credentials",
)  # fmt: skip
# With a web identity token AWS takes no session tags, so the action drops these inputs itself.
_HARMLESS = ("role-skip-session-tagging", "transitive-tag-keys", "unset-current-credentials", "custom-tags")

NOT_PERMITTED = (
    "It looks like you might be trying to authenticate with OIDC. Did you mean to set the `id-token` permission? "
    "If you are not trying to authenticate with OIDC and the action is working successfully, you can ignore this "
    "message."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The inputs, checked."""

    region: str
    role: str
    audience: str
    seconds: int
    session: str
    accounts: tuple[str, ...]
    attempts: int
    mask_account: bool
    as_outputs: bool
    as_env: bool


def configure_credentials(call: ActionCall) -> ActionResult:
    """Assume the role with the job's token and leave its keys in the environment of later steps.

    Outputs: `aws-account-id` and `authenticated-arn`; the keys themselves with `output-credentials`.
    """
    try:
        refuse_others(call, _FOLLOWED, _HARMLESS)
        wanted = _wanted(call)
    except ActionFailed as error:
        return ActionResult(ok=False, error=str(error))
    region = {"AWS_DEFAULT_REGION": wanted.region, "AWS_REGION": wanted.region} if wanted.as_env else {}
    try:
        return _assumed(call, wanted, region)
    except ActionFailed as error:
        return ActionResult(ok=False, env=region, error=str(error))


def _wanted(call: ActionCall) -> Wanted:
    region = required(call, "aws-region")
    if not re.fullmatch(r"[a-z0-9-]+", region, re.ASCII):
        raise ActionFailed(f"Region is not valid: {region}")
    attempts = max(_integer(text(call, "retry-max-attempts"), DEFAULT_ATTEMPTS), 1)
    return Wanted(
        region=region,
        role=text(call, "role-to-assume"),
        audience=text(call, "audience", "sts.amazonaws.com"),
        seconds=_integer(text(call, "role-duration-seconds"), DEFAULT_SECONDS),
        session=_session(text(call, "role-session-name", DEFAULT_SESSION)),
        accounts=tuple(piece.strip() for piece in text(call, "allowed-account-ids").split(",") if piece.strip()),
        attempts=1 if boolean(call, "disable-retry") else attempts,
        mask_account=boolean(call, "mask-aws-account-id"),
        as_outputs=boolean(call, "output-credentials"),
        as_env=boolean(call, "output-env-credentials", default=True),
    )


def _integer(given: str, default: int) -> int:
    """As JavaScript's parseInt with a default for what is no number, and for zero."""
    found = re.match(r"[+-]?[0-9]+", given, re.ASCII)
    return (int(found[0]) if found else 0) or default


def _session(name: str) -> str:
    if not SHORTEST_SESSION <= len(name) <= LONGEST_SESSION:
        raise ActionFailed(f"Role session name must be between 2 and 64 characters, got {len(name)}: '{name}'")
    if not re.fullmatch(r"[\w+=,.@-]*", name, re.ASCII):
        raise ActionFailed(
            f"Role session name is not valid: '{name}'. Must satisfy regular expression pattern: [\\w+=,.@-]*"
        )
    return name


def _assumed(call: ActionCall, wanted: Wanted, region: Mapping[str, str]) -> ActionResult:
    token = _token(call, wanted)
    keys = with_retries(call, wanted.attempts, "AssumeRole", lambda: _assume(call, wanted, token))
    call.log(f"Authenticated as assumedRoleId {keys['AssumedRoleId']}")
    env = {
        **region,
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }
    who = with_retries(call, wanted.attempts, "validateCredentials", lambda: _caller(call, wanted, env))
    _check_account(wanted, who["Account"])
    masks = (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], token)
    about = {"aws-account-id": who["Account"], "authenticated-arn": who["Arn"]} if wanted.as_env else {}
    return ActionResult(
        ok=True,
        outputs={**about, **(_as_outputs(keys) if wanted.as_outputs else {})},
        env=env if wanted.as_env else {},
        masks=(*masks, who["Account"], who["Arn"]) if wanted.mask_account else masks,
    )


def _as_outputs(keys: Mapping[str, str]) -> dict[str, str]:
    return {
        "aws-access-key-id": keys["AccessKeyId"],
        "aws-secret-access-key": keys["SecretAccessKey"],
        "aws-session-token": keys["SessionToken"],
        "aws-expiration": keys["Expiration"],
    }


def _token(call: ActionCall, wanted: Wanted) -> str:
    """The job's token, for the audience; without `id-token: write` there is none, and nothing else is tried here."""
    if not wanted.role:
        raise ActionFailed(
            "Credentials could not be loaded, please check your action inputs: role-to-assume is not set"
        )
    if not call.env.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN"):
        call.log(NOT_PERMITTED)
        raise ActionFailed(
            "Credentials could not be loaded, please check your action inputs: "
            "Could not load credentials from any providers"
        )
    try:
        return with_retries(call, wanted.attempts, "getIDToken", lambda: _ask(call, wanted.audience))
    except ActionFailed as error:
        raise ActionFailed(f"getIDToken call failed: {error}") from None


def _ask(call: ActionCall, audience: str) -> str:
    url = call.env.get("ACTIONS_ID_TOKEN_REQUEST_URL")
    if not url:
        raise ActionFailed("Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable")
    bearer = {"Authorization": f"Bearer {call.env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}", "Accept": "application/json"}
    try:
        answer = send("GET", f"{url}&audience={quote(audience, safe='')}", bearer)
        body = json.loads(answer.text)
    except (CannotCall, ValueError) as error:
        raise ActionFailed(f"Error message: Failed to get ID Token. {error}") from None
    if answer.status != _OK or not isinstance(body.get("value"), str):
        raise ActionFailed(
            "Error message: Failed to get ID Token. \n \n"
            f"        Error Code : {answer.status}\n \n        Error Message: {body.get('message', '')}"
        )
    return str(body["value"])


def _assume(call: ActionCall, wanted: Wanted, token: str) -> dict[str, str]:
    if not all(call.env.get(name) for name in _RUNNER):
        raise ActionFailed("Missing required environment variables. Are you running in GitHub Actions?")
    if not wanted.role.startswith("arn:aws"):
        raise ActionFailed("Source Account ID is needed if the Role Name is provided and not the Role Arn.")
    call.log("Assuming role with OIDC")
    parameters = {
        "RoleArn": wanted.role,
        "RoleSessionName": wanted.session,
        "DurationSeconds": str(wanted.seconds),
        "WebIdentityToken": token,
    }
    try:
        return assume_with_token(call.env, parameters)
    except CallFailed as error:
        raise ActionFailed(f"Could not assume role with OIDC: {error.message}") from None
    except CannotCall as error:
        raise ActionFailed(f"Could not assume role with OIDC: {error}") from None


def _caller(call: ActionCall, wanted: Wanted, keys: Mapping[str, str]) -> dict[str, str]:
    try:
        return Client({**call.env, **keys}, wanted.region).caller()
    except (CallFailed, CannotCall) as error:
        reason = error.message if isinstance(error, CallFailed) else str(error)
        raise ActionFailed(f"Credentials could not be loaded, please check your action inputs: {reason}") from None


def _check_account(wanted: Wanted, account: str) -> None:
    if wanted.accounts and account not in wanted.accounts:
        raise ActionFailed(
            f"The account ID of the provided credentials ({account}) does not match any of the expected account IDs: "
            f"{', '.join(wanted.accounts)}"
        )
