"""AWS's errors become ours here and nowhere else, as `error_table` says.

Three ways to call: `ask` reads (None where there is no such thing), `tell` changes, `pages` lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ekswiz.clients.error_table import SERVER_ERROR, THROTTLED, Kind, Row, find
from ekswiz.errors import Conflict, Expired, NotYet, Refused, TargetError, Transient, Unreadable
from ekswiz.target import Target

SIGNED_OUT = frozenset({
    "TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError", "CredentialRetrievalError",
    "LoginRefreshRequired", "LoginTokenLoadError",
})  # fmt: skip
"""botocore's errors for a session that is over, or that was never begun."""


class Absent(Transient):
    """AWS does not know the object of a changing call; right after its creation it may a little later."""

    summary = "Not found"


class InUse(Transient):
    """AWS will not delete what something still uses; what AWS removes by itself lets go a little later."""

    summary = "Still in use"


def outcome_unknown(error: Transient) -> bool:
    """Whether a call that failed may have had its effect: no answer came, or the server broke while it worked."""
    response = getattr(error.__cause__, "response", None)
    if not isinstance(response, dict) or "Error" not in response:
        return True
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return bool(status >= SERVER_ERROR and response["Error"].get("Code") not in THROTTLED)


def ask(target: Target, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
    """The answer of a reading call; None where AWS says that there is no such thing.

    Raises:
        Unreadable: The call was denied.
        NotYet: The cluster does not use access entries.
        Transient: The same call may work a little later.
        TargetError: Anything else.
    """
    return ask_client(target.aws(service), service, operation, **parameters)


def ask_client(client: Any, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
    """The same, of a client that is at hand."""
    try:
        return _call(client, service, operation, parameters)
    except Absent:
        return None
    except Refused as error:
        raise Unreadable(error.detail, error.remedy) from error


def tell(target: Target, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    """The answer of a changing call.

    Raises:
        Refused: The call was denied.
        Conflict: An object of that name exists.
        Absent: The object is not there (yet).
        Transient: The same call may work a little later.
        TargetError: Anything else.
    """
    return _call(target.aws(service), service, operation, parameters)


def pages(target: Target, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
    """Every item of a listing, across all pages; nothing where the object that is listed does not exist.

    Raises:
        Unreadable: The call was denied.
        Transient, TargetError: As for `ask`.
    """
    yield from pages_client(target.aws(service), service, operation, key, **parameters)


def pages_client(client: Any, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
    """The same, of a client that is at hand."""
    try:
        for page in client.get_paginator(operation).paginate(**parameters):
            yield from page.get(key, ())
    except Exception as error:
        ours = foreign(error, _action(service, operation))
        if ours is None:
            raise
        if isinstance(ours, Absent):
            return
        if isinstance(ours, Refused):
            raise Unreadable(ours.detail, ours.remedy) from error
        raise ours from error


def _call(client: Any, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = getattr(client, operation)(**parameters)
    except Exception as error:
        ours = foreign(error, _action(service, operation))
        if ours is None:
            raise
        raise ours from error
    return answer


def foreign(error: Exception, action: str) -> TargetError | None:
    """Our error for botocore's; None for anything else, which goes on as it is."""
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return _from_answer(response, action)
    if type(error).__module__.partition(".")[0] in ("botocore", "urllib3"):
        return _from_client(error, action)
    return None


def _from_answer(response: Mapping[str, Any], action: str) -> TargetError:
    code, text = response["Error"].get("Code", ""), response["Error"].get("Message", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"{action}: {code}: {text}"
    row = find(action, code, text, status)
    if row is None:
        return TargetError(said)
    return _MAKERS[row.kind](row, f"{row.means} {said}" if row.means else said, action)


def _denied(row: Row, said: str, action: str) -> TargetError:
    del row
    return Refused(said, f"Ask for the permission {action}; the policy that ekswiz needs lists it.")


_MAKERS: Mapping[Kind, Callable[[Row, str, str], TargetError]] = {
    "wait": lambda row, said, _: Transient(said, row.do, within=row.within),
    "absent": lambda row, said, _: Absent(said, row.do, within=row.within),
    "held": lambda row, said, _: InUse(said, row.do, within=row.within),
    "taken": lambda row, said, _: Conflict(said, row.do),
    "denied": _denied,
    "no entries": lambda row, said, _: NotYet(said, row.do),
    "not yet": lambda row, said, _: NotYet(said, row.do),
    "expired": lambda _, said, __: Expired(said),
    "stop": lambda row, said, _: TargetError(said, row.do),
}
"""Our error for each kind of row."""


def _from_client(error: Exception, action: str) -> TargetError:
    """What went wrong before AWS answered, by botocore's class name."""
    name = type(error).__name__
    if name in ("NoCredentialsError", "PartialCredentialsError", "NoAuthTokenError"):
        return TargetError(f"there are no AWS credentials for {action}.", "Sign in, or name a --profile.")
    if name in SIGNED_OUT:
        return Expired(str(error).rstrip("."))
    if name in ("ParamValidationError", "UnknownServiceError"):
        return TargetError(f"{action}: {error}")
    return Transient(f"{action}: no answer ({name}: {error}).", "Check the network and run the same command again.")


def _action(service: str, operation: str) -> str:
    """`iam`, `get_role` -> `iam:GetRole`; OIDC keeps IAM's spelling."""
    words = "".join(word.capitalize() for word in operation.split("_"))
    return f"{service}:{words.replace('OpenIdConnect', 'OpenIDConnect').replace('ClientIdTo', 'ClientIDTo')}"
