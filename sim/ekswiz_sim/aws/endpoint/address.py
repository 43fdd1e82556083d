"""Where the endpoint is, what it says of itself, and which services it really has.

LocalStack is found by localstack-client's rules: `AWS_ENDPOINT_URL`, else `LOCALSTACK_HOST`, else localhost:4566. What
a health document lists is asked once more with a real call: some list what they answer with 501.
"""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz.errors import InputError, RehearsalError

HEALTH = "/_localstack/health"
AWS_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".aws.dev")
PATIENCE = 3.0
"""Seconds that a health document may take."""
LIMIT = 1 << 20
USABLE = frozenset({"available", "running"})


@dataclass(frozen=True, slots=True)
class Health:
    """What an endpoint's health document says. `services` are those that it says it has."""

    version: str
    services: frozenset[str]

    @property
    def name(self) -> str:
        """The product in words."""
        return f"LocalStack {self.version}".strip()


def localstack_url() -> str:
    """Where LocalStack is, if it is up.

    Raises:
        RehearsalError: localstack-client is not installed.
        InputError: A variable that it follows holds no address.
    """
    try:
        from localstack_client.config import get_service_endpoint  # an extra
    except ImportError as error:
        remedy = "Install it: pip install 'ekswiz[full]'; or name the address: --aws-endpoint http://localhost:4566."
        raise RehearsalError("the package localstack-client is not installed.", remedy) from error
    variable = named()
    said = os.environ.get(variable, "")
    try:
        url = str(get_service_endpoint("sts")).rstrip("/")
        host = urllib.parse.urlsplit(url).hostname
    except (RuntimeError, ValueError):
        url, host = "", None
    if not host:
        raise InputError(variable, f"{said!a} is no address.", "For example: localhost:4566")
    refuse_aws(url, variable)
    return url


def named() -> str:
    """The variable that names LocalStack's address; empty where none does."""
    return next((name for name in ("AWS_ENDPOINT_URL", "LOCALSTACK_HOST") if os.environ.get(name, "").strip()), "")


def refuse_aws(url: str, named_by: str) -> None:
    """Refuse AWS itself: a rehearsal makes and removes things.

    Raises:
        InputError: The address is one of AWS's.
    """
    host = (urllib.parse.urlsplit(url).hostname or "").rstrip(".").lower()
    if f".{host}".endswith(AWS_SUFFIXES):
        raise InputError(
            named_by, f"{host} is AWS itself; a rehearsal must not call it.", "Name an emulator's address."
        )


def health(url: str, patience: float = PATIENCE) -> Health | None:
    """What serves there says of itself; None if nothing does, or if it is no LocalStack."""
    document = _document(url + HEALTH, patience)
    services = document.get("services")
    if not isinstance(services, dict) or not document.get("version"):
        return None
    usable = frozenset(str(name) for name, state in services.items() if state in USABLE)
    return Health(str(document["version"])[:40], usable)


def answers(url: str, patience: float = PATIENCE) -> bool:
    """Whether anything speaks HTTP there."""
    try:
        with _opener().open(url, timeout=patience):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _document(url: str, patience: float) -> Mapping[str, Any]:
    try:
        with _opener().open(url, timeout=patience) as response:
            found = json.loads(response.read(LIMIT))
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return found if isinstance(found, dict) else {}


def _opener() -> urllib.request.OpenerDirector:
    """No proxy of the user's: the endpoint is on this machine or one that was named."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
