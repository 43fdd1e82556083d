"""A policy's statements as rules read them: lists made even, conditions taken apart, nothing evaluated.

A found document may be malformed in places; what can be read of it is read, and the grammar reports the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

GITHUB = "token.actions.githubusercontent.com"
WEB_IDENTITY = "sts:assumerolewithwebidentity"
WILD = frozenset("*?")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a Condition. `base` is the operator without prefix and suffix; `key` is in lower case."""

    operator: str
    key: str
    values: tuple[str, ...]

    @property
    def base(self) -> str:
        """The operator without `ForAnyValue:` and `IfExists`."""
        return self.operator.rpartition(":")[2].removesuffix("IfExists")

    @property
    def for_all(self) -> bool:
        """Whether a request without the key passes, since all of no values match."""
        return self.operator.startswith("ForAllValues:")

    @property
    def if_exists(self) -> bool:
        """Whether a request without the key passes by the operator's suffix."""
        return self.operator.endswith("IfExists")

    @property
    def negated(self) -> bool:
        """Whether a request without the key passes, since it does not match."""
        return "Not" in self.base

    @property
    def binding(self) -> bool:
        """Whether the line holds only for requests that have the key with one of the values."""
        return not (self.for_all or self.if_exists or self.negated) and self.base != "Null"


@dataclass(frozen=True, slots=True)
class Clause:
    """One statement. Actions are in lower case; `resources` is None where the statement has none."""

    label: str
    allow: bool
    actions: tuple[str, ...]
    not_action: bool
    resources: tuple[str, ...] | None
    not_resource: bool
    principals: tuple[tuple[str, str], ...]
    not_principal: bool
    lines: tuple[Line, ...]

    @property
    def providers(self) -> tuple[str, ...]:
        """GitHub's identity providers that the statement trusts: URLs without scheme, prefixes of condition keys."""
        named = (value.partition(":oidc-provider/")[2] for kind, value in self.principals if kind == "Federated")
        return tuple(name for name in named if is_github(name))

    @property
    def lets_github_in(self) -> bool:
        """Whether it allows GitHub's jobs to become the role."""
        web = any(action in {WEB_IDENTITY, "sts:*", "sts:assumerole*", "*"} for action in self.actions)
        return self.allow and web and bool(self.providers)

    def on(self, claim: str) -> tuple[Line, ...]:
        """The lines about one of the token's claims."""
        keys = {f"{provider}:{claim}".lower() for provider in self.providers}
        return tuple(line for line in self.lines if line.key in keys)

    def pins(self, claim: str) -> bool:
        """Whether a token without that claim, or with any other value of it, is kept out."""
        return any(line.binding and not all(set(value) <= WILD for value in line.values) for line in self.on(claim))


def is_github(provider: str) -> bool:
    """Whether a provider's URL, without scheme, is GitHub's: public, an enterprise's, ghe.com or a server's own."""
    host, _, path = provider.partition("/")
    cloud = host == GITHUB or (host.startswith("token.actions.") and host.endswith(".ghe.com"))
    return cloud or path == "_services/token"


def clauses(document: object) -> tuple[Clause, ...]:
    """The statements that can be read."""
    given = document.get("Statement") if isinstance(document, Mapping) else None
    listed = given if isinstance(given, list | tuple) else [given]
    return tuple(_clause(each, index) for index, each in enumerate(listed) if isinstance(each, Mapping))


def _clause(given: Mapping[str, Any], index: int) -> Clause:
    sid = given.get("Sid")
    resource = given.get("Resource", given.get("NotResource"))
    return Clause(
        label=sid if isinstance(sid, str) and sid else f"Statement[{index}]",
        allow=given.get("Effect") == "Allow",
        actions=tuple(action.lower() for action in _texts(given.get("Action", given.get("NotAction")))),
        not_action="NotAction" in given,
        resources=None if resource is None else _texts(resource),
        not_resource="NotResource" in given,
        principals=tuple(_principals(given.get("Principal", given.get("NotPrincipal")))),
        not_principal="NotPrincipal" in given,
        lines=tuple(_lines(given.get("Condition"))),
    )


def _principals(given: object) -> Iterator[tuple[str, str]]:
    if given == "*":
        yield "AWS", "*"
    if isinstance(given, Mapping):
        for kind, values in given.items():
            yield from ((str(kind), value) for value in _texts(values))


def _lines(given: object) -> Iterator[Line]:
    for operator, block in given.items() if isinstance(given, Mapping) else ():
        for key, values in block.items() if isinstance(block, Mapping) else ():
            yield Line(str(operator), str(key).lower(), _texts(values))


def _texts(given: object) -> tuple[str, ...]:
    listed = given if isinstance(given, list | tuple) else [given]
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in listed if each is not None)
