"""The Principal and NotPrincipal elements.

A wildcard stands for everybody or is refused: IAM has no pattern for a part of a name or ARN.

Source: IAM User Guide, "AWS JSON policy elements: Principal".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from ekswiz.iam.policy import Listed, ListedType, shown

ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
UNIQUE_ID = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{12,124}", re.ASCII)
AWS_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:iam::[0-9]{12}:(?:root|user/[\x21-\x7e]+|role/[\x21-\x7e]+)"
    r"|sts::[0-9]{12}:(?:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+))",
    re.ASCII,
)
PROVIDER_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(?:oidc|saml)-provider/[\x21-\x7e]+", re.ASCII)
WEB_IDENTITY = frozenset(
    {"cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com"}
)
SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII)
PATTERNS = frozenset("*?${}")
"""Neither wildcards nor policy variables stand in a principal."""
TYPES: dict[str, ListedType] = {
    "AWS": "AWS",
    "Federated": "Federated",
    "Service": "Service",
    "CanonicalUser": "CanonicalUser",
}
CANONICAL = re.compile(r"[0-9a-f]{64}", re.ASCII)


def read_principals(given: object, report: Callable[[str], None]) -> tuple[Listed, ...]:
    """The entries of the element; reports those that are no principals."""
    if given == "*":
        return (Listed("*", "*"),)
    if not isinstance(given, Mapping) or not given:
        report(f"Invalid principal in policy: {shown(given)}")
        return ()
    entries: list[Listed] = []
    for kind, values in given.items():
        listed = values if isinstance(values, list | tuple) else (values,)
        if kind not in TYPES or not listed:
            report(f"Invalid principal in policy: {shown(kind)}")
            continue
        for value in listed:
            if not isinstance(value, str) or not _is_valid(kind, value):
                report(f'Invalid principal in policy: "{kind}":{shown(value)}')
            else:
                entries.append(Listed("*", "*") if value == "*" else Listed(TYPES[kind], value))
    return tuple(entries)


@lru_cache(maxsize=1024)
def _is_valid(kind: str, value: str) -> bool:
    if kind == "AWS":
        if value == "*" or ACCOUNT.fullmatch(value) or UNIQUE_ID.fullmatch(value):
            return True
        return bool(AWS_ARN.fullmatch(value)) and not set(value) & PATTERNS
    if kind == "Federated":
        return value in WEB_IDENTITY or (bool(PROVIDER_ARN.fullmatch(value)) and not set(value) & PATTERNS)
    return bool((SERVICE if kind == "Service" else CANONICAL).fullmatch(value))
