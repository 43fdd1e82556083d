"""aws-actions/amazon-ecr-login: a registry password from ECR, kept where docker looks for it until the job ends.

Source: https://github.com/aws-actions/amazon-ecr-login (v2: index.js, cleanup.js)
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ekswiz_sim.runner.actions.inputs import ActionFailed, refuse_others, text
from ekswiz_sim.runner.tools.aws_client import LOOPBACK, CallFailed, CannotCall, Client, send
from ekswiz_sim.seams import ActionCall, ActionResult

_FOLLOWED = ("registry-type", "registries", "mask-password", "skip-logout")
_OK = 200


def ecr_login(call: ActionCall) -> ActionResult:
    """Log docker in to the account's registry.

    Outputs: `registry` (host and port) and `docker_username_…`, `docker_password_…`. The post step logs out.
    """
    try:
        refuse_others(call, _FOLLOWED)
        _refuse_public(call)
        return _logged_in(call, _authorization(call))
    except ActionFailed as error:
        return ActionResult(ok=False, error=str(error))


def _refuse_public(call: ActionCall) -> None:
    kind = text(call, "registry-type", "private").lower()
    if kind == "public":
        raise ActionFailed("amazon-ecr-login: the rehearsal has no public registry.")
    if kind != "private":
        raise ActionFailed("Invalid input for 'registry-type', possible options are [private, public]")


def _authorization(call: ActionCall) -> Mapping[str, Any]:
    registries = [piece for piece in text(call, "registries").split(",") if piece]
    try:
        answer = Client(call.env).ecr("GetAuthorizationToken", {"registryIds": registries} if registries else {})
    except CallFailed as error:
        raise ActionFailed(error.message) from None
    except CannotCall as error:
        raise ActionFailed(str(error)) from None
    data = answer.get("authorizationData")
    if not data:
        raise ActionFailed("Amazon ECR authorization token does not contain any authorization data")
    if len(data) > 1:
        raise ActionFailed("amazon-ecr-login: the rehearsal has one registry only.")
    found: Mapping[str, Any] = data[0]
    return found


def _logged_in(call: ActionCall, data: Mapping[str, Any]) -> ActionResult:
    endpoint = str(data["proxyEndpoint"])
    registry = re.sub(r"^https?://", "", endpoint)
    call.log(f"Logging into registry {registry}")
    user, password = _decoded(str(data["authorizationToken"]))
    _try(endpoint, registry, str(data["authorizationToken"]))
    _change(call.env, registry, str(data["authorizationToken"]))
    suffix = re.sub(r"[^a-zA-Z0-9_]+", "_", registry)
    keep = text(call, "skip-logout").lower() == "true"
    return ActionResult(
        ok=True,
        outputs={
            "registry": registry,
            f"docker_username_{suffix}": user,
            f"docker_password_{suffix}": password,
        },
        masks=() if text(call, "mask-password").lower() == "false" else (password,),
        post=None if keep else lambda later: _log_out(later, registry),
    )


def _decoded(token: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ActionFailed("Amazon ECR authorization token is invalid") from None
    return user, password


def _try(endpoint: str, registry: str, token: str) -> None:
    """What `docker login` does before it keeps anything: ask the registry whether the password is good."""
    if urlsplit(endpoint).hostname not in LOOPBACK:
        raise ActionFailed(
            f"Could not login to registry {registry}: it is not on loopback, and nothing else is reached"
        )
    try:
        answer = send("GET", f"{endpoint.rstrip('/')}/v2/", {"Authorization": f"Basic {token}"})
    except CannotCall as error:
        raise ActionFailed(f"Could not login to registry {registry}: {error}") from None
    if answer.status != _OK:
        raise ActionFailed(
            f"Could not login to registry {registry}: Error response from daemon: login attempt to {endpoint}/v2/ "
            f"failed with status: {answer.status}"
        )


def _log_out(call: ActionCall, registry: str) -> None:
    call.log(f"Logging out of registry {registry}")
    _change(call.env, registry, None)


def _change(env: Mapping[str, str], registry: str, token: str | None) -> None:
    """Add or remove one registry's entry in docker's configuration; what else is in the file stays."""
    path = _config(env)
    try:
        config = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError:
        raise ActionFailed(f"Could not login to registry {registry}: {path} is not JSON") from None
    known = {name: value for name, value in config.get("auths", {}).items() if name != registry}
    if token is not None:
        known[registry] = {"auth": token}
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({**config, "auths": known}, file)


def _config(env: Mapping[str, str]) -> Path:
    """Where docker looks: DOCKER_CONFIG, else ~/.docker of the step's own home; never the home of whoever rehearses."""
    folder = env.get("DOCKER_CONFIG") or (f"{env['HOME']}/.docker" if env.get("HOME") else "")
    if not folder:
        raise ActionFailed("Neither DOCKER_CONFIG nor HOME is set: there is no place for docker's configuration.")
    return Path(folder) / "config.json"
