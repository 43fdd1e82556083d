"""A policy document after reading: what the evaluator works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ekswiz.iam.operators import Operator
from ekswiz.iam.variables import Template

Json = Mapping[str, Any]
Kind = Literal["identity", "boundary", "session", "resource", "trust"]
ListedType = Literal["*", "AWS", "Federated", "Service", "CanonicalUser"]
Quantifier = Literal["one", "any", "all"]


LONGEST_VALUE = 20_480
"""Characters of one value: as many as the longest policy that any service stores (an S3 bucket policy)."""


def shown(value: object) -> str:
    """A value of a document in a message, at most 100 characters: a hostile one must not fill a log."""
    if isinstance(value, str):
        return repr(value if len(value) <= 100 else value[:97] + "...")  # noqa: PLR2004  # as documented
    return "null" if value is None else f"a {type(value).__name__}"


@dataclass(frozen=True, slots=True)
class Test:
    """One line of a Condition: operator, key, values. `operator` None is `Null`."""

    name: str
    operator: Operator | None
    quantifier: Quantifier
    if_exists: bool
    key: str
    values: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a Principal or NotPrincipal element."""

    type: ListedType
    value: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `resources` and `principals` are None where the document's kind has none.

    `by` is the Sid, or where it has none the policy's label and the statement's index.
    """

    by: str
    allow: bool
    actions: tuple[str, ...]
    not_actions: bool = False
    resources: tuple[Template, ...] | None = None
    not_resources: bool = False
    principals: tuple[Listed, ...] | None = None
    not_principals: bool = False
    tests: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A well-formed policy document."""

    label: str
    statements: tuple[Statement, ...]
