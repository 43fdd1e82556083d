"""A plan is data: what exists, what should exist, and why.

The surprising thing: an action's value *is* its sign, so what a user reads and what a program compares are one thing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

Json = Mapping[str, Any]
"""A JSON object: string keys, JSON values."""

PLAN_VERSION = 1


class Action(Enum):
    """What a change does to its object; the value is the sign that users see."""

    CREATE = "+"
    UPDATE = "~"
    DELETE = "-"
    REPLACE = "±"
    KEEP = "="
    UNKNOWN = "?"

    @property
    def word(self) -> str:
        """The English verb for the sign: create, update, delete, replace, keep, unknown."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Ref:
    """An output of another change, known only after that change was applied."""

    address: str
    output: str

    def to_json(self) -> dict[str, str]:
        """The one marker that stands for this value in a plan's JSON."""
        return {"$ref": self.address, "output": self.output}


@dataclass(frozen=True, slots=True)
class Risk:
    """Something a person should agree to before the change is made."""

    id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Change:
    """One object's way from `before` to `after`.

    `address` is `<type>.<name>`. `needs` are applied first (and deleted later). `adopted` objects existed before
    ekswiz: destroy never deletes them. `cli` is a command that does the same. `permissions` are IAM actions.
    """

    address: str
    action: Action
    before: Json | None
    after: Json | None
    needs: tuple[str, ...]
    adopted: bool
    why: str
    cli: str
    permissions: tuple[str, ...]
    risks: tuple[Risk, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """This change as JSON values."""
        return {**asdict(self), "action": self.action.value, "before": encode(self.before), "after": encode(self.after)}


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of a stack, in the order in which they can be applied."""

    version: int
    stack: str
    account: str
    region: str
    made_at: str
    changes: tuple[Change, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over every address and its prior state: changes when the world moved."""
        seen = [[c.address, encode(c.before)] for c in self.changes]
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that would alter something."""
        return tuple(c for c in self.changes if c.action not in (Action.KEEP, Action.UNKNOWN))

    def to_json(self) -> dict[str, Any]:
        """This plan as JSON values, with its fingerprint."""
        return {**asdict(self), "changes": [c.to_json() for c in self.changes], "fingerprint": self.fingerprint}


def encode(value: Any) -> Any:
    """Turn a value that may hold `Ref`s, tuples and mappings into plain JSON values."""
    if isinstance(value, Ref):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(k): encode(v) for k, v in value.items()}
    if isinstance(value, Sequence | frozenset | set) and not isinstance(value, str | bytes):
        return [encode(v) for v in (sorted(value) if isinstance(value, frozenset | set) else value)]
    return value
