"""Answers in AWS's shapes: members and errors, in the protocol that each service speaks.

The same refusal has another code and status at each service; the table below is the only place that knows.
Source: the "Common error types" page of each service's API reference.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from ekswiz_sim.gate.models import QUERY, REST_JSON, model
from ekswiz_sim.gate.wire import Reply
from ekswiz_sim.seams import ServiceError

XML = "text/xml"
_NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "ec2": "http://ec2.amazonaws.com/doc/2016-11-15/",
}
_EC2_INVALID = ("AuthFailure", 401)
# kind of refusal -> family of services -> (code, HTTP status)
_CODES: Mapping[str, Mapping[str, tuple[str, int]]] = {
    "missing": {
        "query": ("MissingAuthenticationToken", 403),
        "ec2": ("AuthFailure", 401),
        "json": ("MissingAuthenticationTokenException", 400),
        "rest": ("MissingAuthenticationTokenException", 403),
    },
    "incomplete": {
        "query": ("IncompleteSignature", 400),
        "ec2": _EC2_INVALID,
        "json": ("IncompleteSignatureException", 400),
        "rest": ("IncompleteSignatureException", 403),
    },
    "invalid": {
        "query": ("InvalidClientTokenId", 403),
        "ec2": _EC2_INVALID,
        "json": ("UnrecognizedClientException", 400),
        "rest": ("UnrecognizedClientException", 403),
    },
    "signature": {
        "query": ("SignatureDoesNotMatch", 403),
        "ec2": ("SignatureDoesNotMatch", 403),
        "json": ("InvalidSignatureException", 400),
        "rest": ("InvalidSignatureException", 403),
    },
    "stale": {
        "query": ("SignatureDoesNotMatch", 403),
        "ec2": ("RequestExpired", 400),
        "json": ("InvalidSignatureException", 400),
        "rest": ("InvalidSignatureException", 403),
    },
    "expired": {
        "query": ("ExpiredToken", 403),
        "ec2": ("RequestExpired", 400),
        "json": ("ExpiredTokenException", 400),
        "rest": ("ExpiredTokenException", 403),
    },
    "denied": {
        "query": ("AccessDenied", 403),
        "ec2": ("UnauthorizedOperation", 403),
        "json": ("AccessDeniedException", 400),
        "rest": ("AccessDeniedException", 403),
    },
    "throttle": {
        "query": ("Throttling", 400),
        "ec2": ("RequestLimitExceeded", 503),
        "json": ("ThrottlingException", 400),
        "rest": ("ThrottlingException", 429),
    },
    "500": {
        "query": ("InternalFailure", 500),
        "ec2": ("InternalError", 500),
        "json": ("ServerException", 500),
        "rest": ("ServerException", 500),
    },
    "503": {
        "query": ("ServiceUnavailable", 503),
        "ec2": ("Unavailable", 503),
        "json": ("ServiceUnavailableException", 503),
        "rest": ("ServiceUnavailableException", 503),
    },
}


def _family(service: str) -> str:
    if service == "ec2":
        return "ec2"
    if service in QUERY:
        return "query"
    return "rest" if service in REST_JSON else "json"


def refusal(service: str, kind: str, message: str) -> ServiceError:
    """The service's own error for a kind of refusal."""
    code, status = _CODES[kind][_family(service)]
    return ServiceError(code, message, status)


def error(service: str, failed: ServiceError) -> Reply:
    """An error in the service's protocol, so that botocore raises the right exception class."""
    if service in QUERY:
        return _error_xml(service, failed)
    body = {"message": failed.message, **failed.members}
    if service in REST_JSON:
        headers = {"x-amzn-ErrorType": failed.code, "x-amzn-RequestId": str(uuid.uuid4())}
        return Reply(failed.status, json.dumps(body).encode(), "application/json", headers)
    content = json.dumps({"__type": failed.code, **body}).encode()
    return Reply(failed.status, content, "application/x-amz-json-1.1", {"x-amzn-RequestId": str(uuid.uuid4())})


def _error_xml(service: str, failed: ServiceError) -> Reply:
    code, message, request_id = escape(failed.code), escape(failed.message), uuid.uuid4()
    if service == "ec2":
        inner = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        text = f"<Response>{inner}<RequestID>{request_id}</RequestID></Response>"
    else:
        fault = "Receiver" if failed.status >= 500 else "Sender"  # noqa: PLR2004 - HTTP's own border
        inner = f"<Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        text = (
            f'<ErrorResponse xmlns="{_NAMESPACES[service]}">{inner}<RequestId>{request_id}</RequestId></ErrorResponse>'
        )
    return Reply(failed.status, text.encode(), XML, {"x-amzn-RequestId": str(request_id)})


def success(service: str, operation: str, members: Mapping[str, Any]) -> Reply:
    """Output members in the service's protocol."""
    if service in QUERY:
        return _success_xml(service, operation, members)
    shape = model(service).operation_model(operation).output_shape
    body = json.dumps(_json(shape, members) if shape else {}).encode()
    kind = "application/json" if service in REST_JSON else "application/x-amz-json-1.1"
    return Reply(200, body, kind, {"x-amzn-RequestId": str(uuid.uuid4())})


def _json(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure":
        return {
            member.serialization.get("name", name): _json(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [_json(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: _json(shape.value, item) for key, item in value.items()}
    if shape.type_name == "blob":
        return base64.b64encode(value).decode() if isinstance(value, bytes) else value
    if shape.type_name == "timestamp" and isinstance(value, datetime):
        return value.timestamp()
    return value


def _success_xml(service: str, operation: str, members: Mapping[str, Any]) -> Reply:
    shape = model(service).operation_model(operation).output_shape
    request_id = uuid.uuid4()
    result = f"<{operation}Result>{_xml(shape, members)}</{operation}Result>" if shape else ""
    meta = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    name = f"{operation}Response"
    text = f'<{name} xmlns="{_NAMESPACES[service]}">{result}{meta}</{name}>'
    return Reply(200, text.encode(), XML, {"x-amzn-RequestId": str(request_id)})


def _xml(shape: Any, value: Any) -> str:
    if shape.type_name == "structure":
        return "".join(
            f"<{name}>{_xml(member, value[name])}</{name}>"
            for name, member in shape.members.items()
            if value.get(name) is not None
        )
    if shape.type_name == "list":
        return "".join(f"<member>{_xml(shape.member, item)}</member>" for item in value)
    if shape.type_name == "timestamp":
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if shape.type_name == "boolean":
        return "true" if value else "false"
    return escape(str(value))
