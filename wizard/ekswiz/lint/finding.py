"""What a rule is, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ekswiz.iam.policy import Json, Kind
from ekswiz.lint.clauses import Clause

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""error: somebody gets in, or nobody does. warning: wider or more fragile than it needs to be. note: worth knowing."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the document. None and "" are "not known": rules then say only what is certain.

    `subject_prefixes` are the exact beginnings of this repository's `sub`; `immutable` whether GitHub writes its ids
    into it. `ci` says that a permission policy is that of a role which GitHub's jobs assume.
    """

    account: str = ""
    repository: str = ""
    subject_prefixes: tuple[str, ...] = ()
    immutable: bool | None = None
    ci: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A document under a rule's eyes. `clauses` are the statements as far as they can be read."""

    content: object
    kind: Kind
    name: str
    clauses: tuple[Clause, ...]
    facts: Facts

    def where(self, clause: Clause) -> str:
        """Where a statement stands, for people."""
        return f"{self.name}: {clause.label}"


Said = Iterator[tuple[str, str]]
"""Pairs of where and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `kinds` are those of documents that it reads; empty for rules about whole roles."""

    id: str
    severity: Severity
    why: str
    fix: str
    kinds: frozenset[Kind] = frozenset()
    check: Callable[[Document], Said] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the rule's id, how bad, where, what is wrong in one sentence, why it matters, what to do.

    `source` is "ekswiz", or "AWS says" where IAM Access Analyzer found it.
    """

    rule: str
    severity: Severity
    where: str
    sentence: str
    why: str
    fix: str
    source: str = "ekswiz"

    def to_json(self) -> Mapping[str, Any]:
        """As JSON values."""
        return asdict(self)

    def line(self) -> str:
        """Three lines for a terminal."""
        said = "" if self.source == "ekswiz" else f" ({self.source})"
        return f"{self.severity:<8}{self.rule}{said}  {self.where}\n        {self.sentence}\n        fix: {self.fix}"


@dataclass(frozen=True, slots=True)
class Way:
    """A role's way into a cluster. `policies` pairs an access policy's ARN with its namespaces, none for all."""

    cluster: str
    groups: tuple[str, ...] = ()
    policies: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """Everything that decides who may become a role and what it may do then.

    `inline` and `managed` are documents by name or ARN; `audiences` the client ids of the providers that its trust
    policy names; `unread` says in words what could not be read.
    """

    arn: str
    trust: Json
    inline: Mapping[str, Json] = field(default_factory=dict)
    managed: Mapping[str, Json] = field(default_factory=dict)
    boundary: Json | None = None
    session_seconds: int = 3600
    audiences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ways: tuple[Way, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The role's name."""
        return self.arn.rpartition("/")[2]
