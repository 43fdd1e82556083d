"""GitHub's REST API as plain JSON, and its errors as ours. Resources speak to GitHub through this.

The surprising thing: 404 means "there is none" as well as "your token may not see it"; a repository that can be read
tells the two apart. Source: GitHub REST API, "Troubleshooting", "Rate limits".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ekswiz.clients.github_client import Answer
from ekswiz.clients.github_sign_in import SIGN_IN
from ekswiz.errors import Conflict, Refused, TargetError, Transient, Unreadable
from ekswiz.target import Target

SETTLES_WITHIN = 60.0
LONGEST_LIMIT = 300.0
"""Seconds of a rate limit that are waited for; a longer one is the user's to decide."""
PAGE = 100
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE, TOO_MANY, SERVER_ERROR = 401, 403, 404, 409, 422, 429, 500
RIGHTS = "x-accepted-github-permissions"
"""Header in which GitHub names the rights that a fine-grained token would need."""


class Missing(TargetError):
    """The object of a changing call is not there, or not shown to this token."""

    summary = "Not found"


def at(*segments: str | int) -> str:
    """A path of the API from its segments, each escaped: `at("repos", owner, repo)`."""
    return "".join(f"/{quote(str(segment), safe='')}" for segment in segments)


def get(target: Target, path: str) -> Any:
    """The document of a path; None where GitHub has none, or does not show it to us.

    Raises:
        Unreadable: The token is refused, or may not read this.
        Transient, TargetError: As for `send`.
    """
    try:
        return send(target, "GET", path)
    except Missing:
        return None
    except Refused as error:
        raise Unreadable(error.detail, error.remedy) from error


def pages(target: Target, path: str, member: str = "") -> list[Any]:
    """All items of a listing, which is an array or has one in its `member`; empty where there is no such thing."""
    found: list[Any] = []
    for number in range(1, 1000):
        document = get(target, f"{path}{'&' if '?' in path else '?'}per_page={PAGE}&page={number}")
        if document is None:
            break
        items = document[member] if member else document
        found += items
        if len(items) < PAGE:
            break
    return found


def send(target: Target, method: str, path: str, body: Any = None) -> Any:
    """The answer to one call; None where it has no body.

    Raises:
        Refused: The token is not accepted, or may not do this.
        Missing: There is no such object, or the token does not see it.
        Conflict: An object of that name exists.
        Transient: The same call may work a little later.
        TargetError: Anything else.
    """
    client = target.github()
    answer: Answer = client.call(method, path, body)
    if 200 <= answer.status < 300:  # noqa: PLR2004 - HTTP's success range
        return answer.body
    raise _refusal(answer, f"{method} {path.partition('?')[0]}", client.source)


def _refusal(answer: Answer, call: str, source: str) -> TargetError:
    said = f"GitHub answers {answer.status} to {call}: {_message(answer.body)}"
    limited = _limited(answer)
    if limited is not None:
        again = "Wait, then run the same command again."
        return Transient(f"{said}.", again, within=limited if limited <= LONGEST_LIMIT else 0.0)
    if answer.status == UNAUTHORIZED:
        return Refused(f"{said} (the token {source}).", f"Sign in: {SIGN_IN}")
    if answer.headers.get("x-github-sso", "").startswith("required"):
        return Refused(f"{said}.", "Let the token pass your organisation's single sign-on: gh auth refresh")
    if answer.status == FORBIDDEN:
        return Refused(f"{said} (the token {source}).", _rights(answer))
    if answer.status == NOT_FOUND:
        return Missing(f"{said}.", "It is not there, or the token may not see it.")
    if answer.status in (CONFLICT, UNPROCESSABLE) and "already exists" in _message(answer.body).lower():
        return Conflict(f"{said}.", "Plan again.")
    if answer.status in (CONFLICT, TOO_MANY) or answer.status >= SERVER_ERROR:
        return Transient(f"{said}.", "Run the same command again.", within=SETTLES_WITHIN)
    return TargetError(f"{said}.")


def _rights(answer: Answer) -> str:
    wanted = answer.headers.get(RIGHTS, "")
    if wanted:
        return f"The token needs: {wanted.replace(';', ' or ').replace('=', ': ')}."
    return "Sign in as somebody who administers the repository: gh auth refresh --scopes repo,workflow"


def _limited(answer: Answer) -> float | None:
    """Seconds until GitHub takes calls again; None if that is not why it refused."""
    if answer.status not in (FORBIDDEN, TOO_MANY):
        return None
    after = answer.headers.get("retry-after", "")
    if after.isdecimal():
        return float(after) + 1.0
    if answer.headers.get("x-ratelimit-remaining") == "0":
        reset = answer.headers.get("x-ratelimit-reset", "")
        left = int(reset) - datetime.now(UTC).timestamp() if reset.isdecimal() else LONGEST_LIMIT + 1.0
        return max(1.0, left + 1.0)
    return None


def _message(body: Any) -> str:
    """GitHub's message with what it says about single fields."""
    if not isinstance(body, dict):
        return "no reason given"
    errors = body.get("errors")
    listed = errors if isinstance(errors, list) else [errors] if errors else []
    details = [str(one.get("message", one.get("code", ""))) if isinstance(one, dict) else str(one) for one in listed]
    return ": ".join(filter(None, [str(body.get("message", "")), "; ".join(filter(None, details))])).rstrip(".")
