"""The Kubernetes API as plain JSON, and its errors as ours. The only place that speaks to an `ApiClient`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from ekswiz.errors import Conflict, Refused, TargetError, Transient, Unreadable
from ekswiz.target import Target

TIMEOUT = (5.0, 30.0)
"""Seconds to connect and to read."""
SETTLES_WITHIN = 60.0
MERGE_PATCH = "application/merge-patch+json"
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, TOO_MANY, SERVER_ERROR = 401, 403, 404, 409, 429, 500


class Missing(Transient):
    """The object of a changing call is not there."""

    summary = "Not found"


def get(target: Target, cluster: str, path: str) -> dict[str, Any] | None:
    """One object; None where there is no such thing.

    Raises:
        NotYet: The cluster does not exist.
        Unreadable: The API server denies it, or does not know us.
        Transient, TargetError: As for `send`.
    """
    try:
        return send(target, cluster, "GET", path)
    except Missing:
        return None
    except Refused as error:
        raise Unreadable(error.detail, error.remedy) from error


def send(target: Target, cluster: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """The answer to one request. A PATCH is a merge patch.

    Raises:
        NotYet: The cluster does not exist.
        Refused: The API server denies it (403), or does not know us (401).
        Conflict: An object of that name exists.
        Missing: There is no such object.
        Transient: The same request may work a little later.
        TargetError: Anything else.
    """
    api = target.kubernetes(cluster)
    headers = {"Accept": "application/json", "User-Agent": "ekswiz"}
    headers["Content-Type"] = MERGE_PATCH if method == "PATCH" else "application/json"
    authorization = api.configuration.get_api_key_with_prefix("authorization")
    if authorization:
        headers["authorization"] = authorization
    try:
        answer = api.rest_client.request(
            method, f"{api.configuration.host}{path}", headers=headers, body=body, _request_timeout=TIMEOUT
        )
        text = answer.read()
    except Exception as error:
        ours = _ours(error, cluster, f"{method} {path}")
        if ours is None:
            raise
        raise ours from error
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's success range; this client leaves it to us
        raise _from_status(answer.status, text, cluster, f"{method} {path}")
    found: dict[str, Any] = json.loads(text)
    return found


def at(*segments: str) -> str:
    """A path of the API from its segments, each escaped: `at("api", "v1", "namespaces", name)`."""
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def _ours(error: Exception, cluster: str, request: str) -> TargetError | None:
    """Our error for the client's; None for anything else, which goes on as it is."""
    status = getattr(error, "status", None)
    reason = getattr(error, "reason", None) or error
    if "CERTIFICATE_VERIFY_FAILED" in str(reason):
        return TargetError(
            f"the API server of cluster {cluster} is not who it should be ({reason}).", "Check the proxy."
        )
    if status in (None, 0) and _unreachable(error):
        return Transient(
            f"the API server of cluster {cluster} does not answer ({type(error).__name__}: {reason}).",
            "A private endpoint is reached only from inside its network.",
            within=SETTLES_WITHIN,
        )
    if not isinstance(status, int):
        return None
    return _from_status(status, getattr(error, "body", None), cluster, request)


def _unreachable(error: Exception) -> bool:
    """Whether the request failed on the way: the client says so in several libraries' words."""
    return type(error).__module__.partition(".")[0] in ("urllib3", "kubernetes") or isinstance(error, OSError)


def _from_status(status: int, body: Any, cluster: str, request: str) -> TargetError:
    reason, message = _status(body)
    said = f"cluster {cluster}, {request}: {status} {reason}: {message}"
    if status == UNAUTHORIZED:
        return Refused(
            f"cluster {cluster} does not know who you are (401).",
            "Somebody who administers it must give you an access entry: aws eks create-access-entry.",
        )
    if status == FORBIDDEN:
        return Refused(said, "Ask an administrator of the cluster for this right.")
    if status == NOT_FOUND:
        return Missing(said, "Plan again.", within=10.0)
    if status == CONFLICT and reason == "AlreadyExists" and "being deleted" not in message:
        return Conflict(said, "Take it over with --adopt, or choose another name.")
    if status in (CONFLICT, TOO_MANY) or status >= SERVER_ERROR:
        return Transient(said, "Run the same command again.", within=SETTLES_WITHIN)
    return TargetError(said)


def _status(body: Any) -> tuple[str, str]:
    """Reason and message of a Kubernetes `Status`."""
    try:
        status = json.loads(body or "{}")
    except (TypeError, ValueError):
        return "", str(body)[:200]
    if not isinstance(status, dict):
        return "", str(body)[:200]
    return str(status.get("reason", "")), str(status.get("message", ""))
