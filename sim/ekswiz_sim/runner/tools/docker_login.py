"""`docker login` and `logout`: credentials in config.json, tried at the registry before they are kept."""

from __future__ import annotations

import base64
import binascii
import contextlib
import http
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ekswiz_sim.images.client import Client, RegistryError
from ekswiz_sim.images.reference import DOCKER_HUB
from ekswiz_sim.runner.tools.docker_options import Command, Given, Stop

LOGIN = Command(
    "login",
    "login [OPTIONS] [SERVER]",
    {"username": "value", "password": "value", "password-stdin": "flag"},
    {"u": "username", "p": "password"},
    most=1,
)
LOGOUT = Command("logout", "logout [SERVER]", most=1)
OK = 200


def login(given: Given) -> None:
    """Log in to a registry.

    Raises:
        Stop: No user or password, or the registry refuses them.
    """
    login_by(given, _try)


def login_by(given: Given, attempt: Callable[[str, str, str], None]) -> None:
    """Log in after `attempt` has tried host, user and password without raising Stop."""
    host = _host(given)
    user, password = _credentials(given)
    attempt(host, user, password)
    _save(host, base64.b64encode(f"{user}:{password}".encode()).decode())
    sys.stderr.write(
        f"\nWARNING! Your credentials are stored unencrypted in '{_path()}'.\n"
        "Configure a credential helper to remove this warning. See\n"
        "https://docs.docker.com/go/credential-store/\n\n"
    )
    print("Login Succeeded")  # noqa: T201 - the command's output


def _try(host: str, user: str, password: str) -> None:
    try:
        client = Client(host, (user, password))
        answer = client.request("GET", "/v2/")
        client.close()
    except RegistryError as error:
        raise Stop(f"Error response from daemon: {error}") from error
    if answer.status != OK:
        phrase = http.HTTPStatus(answer.status).phrase
        text = f"login attempt to http://{host}/v2/ failed with status: {answer.status} {phrase}"
        raise Stop(f"Error response from daemon: {text}")


def logout(given: Given) -> None:
    """Forget a login."""
    host = _host(given)
    config = _read()
    if host in config.get("auths", {}):
        print(f"Removing login credentials for {host}")  # noqa: T201 - the command's output
        del config["auths"][host]
        _write(config)
    else:
        print(f"Not logged in to {host}")  # noqa: T201 - the command's output


def credentials(host: str) -> tuple[str, str] | None:
    """The login for a registry; None without one."""
    entry = _read().get("auths", {}).get(host, {})
    with contextlib.suppress(binascii.Error, UnicodeDecodeError, TypeError, AttributeError):
        user, colon, password = base64.b64decode(entry.get("auth", ""), validate=True).decode().partition(":")
        if colon:
            return user, password
    return None


def _host(given: Given) -> str:
    server = given.arguments[0] if given.arguments else DOCKER_HUB
    return server.removeprefix("http://").removeprefix("https://").partition("/")[0]


def _credentials(given: Given) -> tuple[str, str]:
    user, password = given.one("username"), given.one("password")
    if given.on("password-stdin"):
        if password:
            raise Stop("conflicting options: cannot specify both --password and --password-stdin")
        if not user:
            raise Stop("the --password-stdin option requires --username to be set")
        password = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    elif password:
        sys.stderr.write("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n")
    if not user or (not password and not given.on("password-stdin")):
        raise Stop("Error: Cannot perform an interactive login from a non TTY device")
    if not password:
        raise Stop("Error: Password required")
    return user, password


def _path() -> Path:
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


def _read() -> dict[str, Any]:
    try:
        document = json.loads(_path().read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise Stop(f"Error loading config file: {_path()}: {error}") from error
    return document if isinstance(document, dict) else {}


def _save(host: str, auth: str) -> None:
    config = _read()
    config.setdefault("auths", {})[host] = {"auth": auth}
    _write(config)


def _write(config: dict[str, Any]) -> None:
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".config.{os.getpid()}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(config, file, indent="\t")
    new.replace(path)
