"""Short ways to write policies and ask about them."""

from __future__ import annotations

from typing import Any

from ekswiz.iam.decision import Decision
from ekswiz.iam.evaluate import evaluate

ACCOUNT = "123456789012"
BUCKET = "arn:aws:s3:::example/key"


def policy(*statements: dict[str, Any], version: str | None = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)} if version else {"Statement": list(statements)}


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def ask(
    *statements: dict[str, Any],
    action: str = "s3:GetObject",
    resource: str = BUCKET,
    version: str | None = "2012-10-17",
    context: Any = None,
    **more: Any,
) -> Decision:
    return evaluate(action, resource, context or {}, identity=[policy(*statements, version=version)], **more)


def when(operator: str, key: str, value: Any, *, context: Any = None, effect: str = "Allow") -> bool:
    """Whether the statement with this one condition decides the request (an Allow allows, a Deny denies)."""
    condition = {"Condition": {operator: {key: value}}}
    if effect == "Allow":
        return ask(allow(**condition), context=context).allowed
    return not ask(allow(), deny(**condition), context=context).allowed
