"""Refusals as the API says them: a Status object with code, reason, text and causes.

Texts are Kubernetes' own, because people and tools search for them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

CauseReason = Literal[
    "FieldValueRequired",
    "FieldValueInvalid",
    "FieldValueNotSupported",
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueTooLong",
    "FieldManagerConflict",
]


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that is wrong, and why."""

    field: str
    reason: CauseReason
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"

    def as_json(self) -> Obj:
        """The `StatusCause` of the wire."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def required(field: str, detail: str = "") -> Cause:
    """A field that must be there."""
    return Cause(field, "FieldValueRequired", "Required value" + (f": {detail}" if detail else ""))


def invalid(field: str, value: Any, detail: str) -> Cause:
    """A value that is not accepted."""
    return Cause(field, "FieldValueInvalid", f"Invalid value: {_shown(value)}: {detail}")


def unsupported(field: str, value: Any, supported: tuple[str, ...]) -> Cause:
    """A value that is not one of a list."""
    listed = ", ".join(json.dumps(one) for one in supported)
    return Cause(field, "FieldValueNotSupported", f"Unsupported value: {_shown(value)}: supported values: {listed}")


def duplicate(field: str, value: Any) -> Cause:
    """A value that occurs twice."""
    return Cause(field, "FieldValueDuplicate", f"Duplicate value: {_shown(value)}")


def prohibited(field: str, detail: str) -> Cause:
    """A field that may not be set or changed here."""
    return Cause(field, "FieldValueForbidden", f"Forbidden: {detail}")


def _shown(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class ApiError(Exception):
    """A request that is refused. `code` is the HTTP status, `reason` Kubernetes' machine-readable word."""

    def __init__(self, code: int, reason: str, message: str, details: Obj | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def status(self) -> Obj:
        """The Status object of the answer."""
        body: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        body["message"] = self.message
        if self.reason:
            body["reason"] = self.reason
        if self.details:
            body["details"] = self.details
        return {**body, "code": self.code}


def _details(kind: Kind, name: str | None, **more: Any) -> Obj:
    details: Obj = {}
    if name:
        details["name"] = name
    if kind.group:
        details["group"] = kind.group
    return {**details, "kind": kind.plural, **more}


def not_found(kind: Kind, name: str) -> ApiError:
    """404 for an object."""
    return ApiError(404, "NotFound", f'{kind.qualified} "{name}" not found', _details(kind, name))


def unknown_path() -> ApiError:
    """404 for a URL that is no part of the API."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def forbidden(kind: Kind, name: str | None, why: str, causes: list[Cause] | None = None) -> ApiError:
    """403 by authorization or admission."""
    subject = f'{kind.qualified} "{name}"' if name else kind.qualified
    more = {"causes": [cause.as_json() for cause in causes]} if causes else {}
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", _details(kind, name, **more))


def already_exists(kind: Kind, name: str) -> ApiError:
    """409 on create."""
    return ApiError(409, "AlreadyExists", f'{kind.qualified} "{name}" already exists', _details(kind, name))


def modified(kind: Kind, name: str) -> ApiError:
    """409: the resource version of the request is not the stored one."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(kind, name, why)


def conflict(kind: Kind, name: str, why: str) -> ApiError:
    """409 with a reason of its own."""
    message = f'Operation cannot be fulfilled on {kind.qualified} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(kind, name))


def invalid_object(kind: Kind, name: str, causes: list[Cause]) -> ApiError:
    """422 with every field that is wrong."""
    subject = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    unique = list(dict.fromkeys(causes))
    text = str(unique[0]) if len(unique) == 1 else "[" + ", ".join(str(cause) for cause in unique) + "]"
    details = _details(kind, name, causes=[cause.as_json() for cause in unique])
    return ApiError(422, "Invalid", f'{subject} "{name}" is invalid: {text}', {**details, "kind": kind.kind})


def expired(message: str) -> ApiError:
    """410: a resource version is older than what the server remembers."""
    return ApiError(410, "Expired", message)


def not_allowed() -> ApiError:
    """405."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def unsupported_media(accepted: tuple[str, ...]) -> ApiError:
    """415: a body in a format that the server does not read."""
    listed = ", ".join(accepted)
    message = f"the body of the request was in an unknown format - accepted media types include: {listed}"
    return ApiError(415, "UnsupportedMediaType", message, {})


def unavailable(message: str) -> ApiError:
    """503."""
    return ApiError(503, "ServiceUnavailable", message)
