"""What IAM itself refuses in a trust policy, before anybody tries to use it.

IAM's rule for GitHub is syntactic and looks at the first value only: `repo:*` passes. It is reproduced as it is; the
product's own lint judges every value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz.iam.grammar import validate_document
from ekswiz.iam.text import parse_document
from ekswiz_sim.aws.claims import is_github
from ekswiz_sim.gate.policies import Directory
from ekswiz_sim.seams import ServiceError

MALFORMED = "MalformedPolicyDocument"
TRUST_LIMIT = 2048
_LOGIN_DOMAINS = frozenset(
    {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}
)
_SCOPING = frozenset({"stringequals", "stringlike", "stringequalsignorecase"})


def check_trust(text: str, directory: Directory, account: str) -> None:
    """Refuse a trust policy that IAM would refuse.

    Raises:
        ServiceError: MalformedPolicyDocument or LimitExceeded, in IAM's words.
    """
    document = parsed(text)
    for statement in statements(document):
        for kind, who in _principals(statement):
            _check_principal(kind, who, directory, account)
    problems = validate_document(document, "trust")
    if problems:
        raise ServiceError(MALFORMED, problems[0])
    if len(re.sub(r"\s", "", text)) > TRUST_LIMIT:
        raise ServiceError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {TRUST_LIMIT}", 409)
    for statement in statements(document):
        _check_github(statement)


def parsed(text: str) -> Mapping[str, Any]:
    """The document.

    Raises:
        ServiceError: It is no JSON object, or names a member twice.
    """
    try:
        document = parse_document(text)
    except ValueError:
        raise ServiceError(MALFORMED, "This policy contains invalid Json") from None
    if not isinstance(document, dict):
        raise ServiceError(MALFORMED, "Syntax errors in policy.")
    return document


def statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The statements as a list; what is no statement is left to the grammar."""
    held = document.get("Statement", [])
    listed = held if isinstance(held, list) else [held]
    return [each for each in listed if isinstance(each, Mapping)]


def _principals(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    named = statement.get("Principal", statement.get("NotPrincipal", {}))
    if isinstance(named, Mapping):
        for kind, who in named.items():
            listed = who if isinstance(who, list) else [who]
            yield from ((kind, each) for each in listed if isinstance(each, str))


def _check_principal(kind: str, who: str, directory: Directory, account: str) -> None:
    if kind == "AWS" and not _exists(who, directory, account):
        raise ServiceError(MALFORMED, f'Invalid principal in policy: "AWS":"{who}"')
    if kind == "Service" and not re.fullmatch(r"[a-z0-9.-]+\.(amazonaws\.com|aws\.internal)(\.cn)?", who, re.ASCII):
        raise ServiceError(MALFORMED, f'Invalid principal in policy: "SERVICE":"{who}"')
    if kind == "Federated":
        _check_federated(who, directory, account)


def _exists(who: str, directory: Directory, account: str) -> bool:
    if who in {"*", account}:
        return True
    found = re.fullmatch(r"arn:[a-z-]+:(iam|sts)::([0-9]{12}):(.+)", who, re.ASCII)
    if not found or found[2] != account:
        return False
    if found[3] == "root":
        return True
    if found[1] == "sts":
        return directory.role(found[3].split("/")[1]) is not None if found[3].startswith("assumed-role/") else False
    return directory.unique_id(who) is not None


def _check_federated(who: str, directory: Directory, account: str) -> None:
    if who in _LOGIN_DOMAINS:
        return
    found = re.fullmatch(r"arn:[a-z-]+:iam::([0-9]{12}):oidc-provider/(.+)", who, re.ASCII)
    if not found:
        raise ServiceError(MALFORMED, "Federated principals must be valid domain names or SAML metadata ARNs")
    if found[1] != account or found[2] not in directory.providers():
        raise ServiceError(MALFORMED, f'Invalid principal in policy: "Federated":"{who}"')


def _check_github(statement: Mapping[str, Any]) -> None:
    if statement.get("Effect") != "Allow":
        return
    for kind, who in _principals(statement):
        provider = who.partition(":oidc-provider/")[2]
        if kind == "Federated" and is_github(provider) and not _scoped(statement, provider):
            raise ServiceError(
                MALFORMED,
                f"Trust policy with trusted principal {who} must evaluate, using StringEquals, StringLike or "
                f"StringEqualsIgnoreCase, {provider}:sub or {provider}:job_workflow_ref which is not scoped to all.",
            )


def _scoped(statement: Mapping[str, Any], provider: str) -> bool:
    keys = {f"{provider}:sub".lower(), f"{provider}:job_workflow_ref".lower()}
    for operator, tests in statement.get("Condition", {}).items():
        if operator.rpartition(":")[2].lower() not in _SCOPING:
            continue
        for key, values in tests.items():
            first = values if isinstance(values, str) else next(iter(values), "")
            if key.lower() in keys and str(first).strip("*?"):
                return True
    return False
