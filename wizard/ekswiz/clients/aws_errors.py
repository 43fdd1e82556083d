"""AWS's errors become ours here and nowhere else: by code, and by text only where AWS gives nothing but text.

Three ways to call: `ask` reads (None where there is no such thing), `tell` changes, `pages` lists. Sources: the API
references of IAM, ECR and EKS, and the retry tables of the Terraform AWS provider for texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz.errors import Conflict, NotYet, Refused, TargetError, Transient, Unreadable
from ekswiz.target import Target

SETTLES_WITHIN = 120.0
"""Seconds in which IAM's changes are seen everywhere (Terraform waits as long)."""
APPEARS_WITHIN = 30.0
"""Seconds in which an object that was made a moment ago can be found."""

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
ABSENT = frozenset({"NoSuchEntity", "RepositoryNotFoundException", "ResourceNotFoundException",
                    "LifecyclePolicyNotFoundException"})  # fmt: skip
TAKEN = frozenset({"EntityAlreadyExists", "RepositoryAlreadyExistsException", "ResourceInUseException"})
BUSY = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException",
    "ConcurrentModification", "ConcurrentModificationException", "ServiceUnavailable", "ServiceUnavailableException",
    "ServiceFailure", "InternalFailure", "InternalError", "ServerException", "InternalServerError",
    "RequestTimeout", "RequestTimeoutException", "ResourcePropagationDelayException",
})  # fmt: skip
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
UNKNOWN_KEYS = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
                          "MissingAuthenticationToken", "IncompleteSignature"})  # fmt: skip
SERVER_ERROR = 500

UNSETTLED: tuple[tuple[str, str, str], ...] = (
    ("MalformedPolicyDocument", r"Invalid principal in policy", "IAM does not see the new OIDC provider everywhere."),
    ("InvalidParameterException", r"principalArn is invalid: invalid principal", "EKS does not see the new role yet."),
    ("ResourceInUseException", r"update .* in progress", "The cluster is being updated."),
)
"""Code, text (a pattern), and what is being waited for."""


class Absent(Transient):
    """AWS does not know the object of a changing call; right after its creation it may a little later."""

    summary = "Not found"


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
    try:
        for page in target.aws(service).get_paginator(operation).paginate(**parameters):
            yield from page.get(key, ())
    except Exception as error:
        ours = _ours(error, _action(service, operation))
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
        ours = _ours(error, _action(service, operation))
        if ours is None:
            raise
        raise ours from error
    return answer


def _ours(error: Exception, action: str) -> TargetError | None:
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
    for known, pattern, reason in UNSETTLED:
        if code == known and re.search(pattern, text):
            return Transient(f"{reason} {said}", within=SETTLES_WITHIN)
    if code == "InvalidRequestException" and "authentication mode" in text:
        change = "aws eks update-cluster-config --name NAME --access-config authenticationMode=API_AND_CONFIG_MAP"
        return NotYet(f"the cluster does not use access entries ({said}).", f"There is no way back from: {change}")
    if code in DENIED:
        return Refused(said, f"Ask for the permission {action}; the policy that ekswiz needs lists it.")
    if code in ABSENT:
        return Absent(said, "Plan again.", within=APPEARS_WITHIN)
    if code in TAKEN:
        return Conflict(said, "Take it over with --adopt, or choose another name.")
    if code in EXPIRED:
        return TargetError(f"the AWS session has expired ({said}).", "Sign in again and run the same command.")
    if code in UNKNOWN_KEYS:
        return TargetError(f"AWS does not accept these credentials ({said}).", "Check --profile and sign in again.")
    if code in BUSY or status >= SERVER_ERROR:
        return Transient(said, "AWS did not recover in time; run the same command again.")
    return TargetError(said)


def _from_client(error: Exception, action: str) -> TargetError:
    """What went wrong before AWS answered, by botocore's class name."""
    name = type(error).__name__
    if name in ("NoCredentialsError", "PartialCredentialsError", "NoAuthTokenError"):
        return TargetError(f"there are no AWS credentials for {action}.", "Sign in, or name a --profile.")
    if name in ("TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError", "CredentialRetrievalError"):
        return TargetError(f"the AWS session has expired ({error}).", "Sign in again: aws sso login.")
    if name in ("ParamValidationError", "UnknownServiceError"):
        return TargetError(f"{action}: {error}")
    return Transient(f"{action}: no answer ({name}: {error}).", "Check the network and run the same command again.")


def _action(service: str, operation: str) -> str:
    """`iam`, `get_role` -> `iam:GetRole`; OIDC keeps IAM's spelling."""
    words = "".join(word.capitalize() for word in operation.split("_"))
    return f"{service}:{words.replace('OpenIdConnect', 'OpenIDConnect').replace('ClientIdTo', 'ClientIDTo')}"
