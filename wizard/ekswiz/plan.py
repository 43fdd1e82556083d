"""A plan is data: what exists, what should exist, and why.

The surprising thing: an action's value *is* its sign, so what a user reads and what a program compares are one thing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any, TypeVar

Json = Mapping[str, Any]
"""A JSON object: string keys, JSON values."""

PLAN_VERSION = 1
T = TypeVar("T")


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
        values = {field.name: encode(getattr(self, field.name)) for field in fields(self)}
        return {**values, "action": self.action.value, "risks": [asdict(risk) for risk in self.risks]}

    @classmethod
    def from_json(cls, document: Json) -> Change:
        """The change that `to_json` wrote. `before` is what was read, so only `after` can hold a `Ref`.

        Raises:
            ValueError: The document is no change, and why.
        """
        _same_keys(document, cls)
        before, after = document["before"], document["after"]
        return cls(
            address=_typed(document, "address", str),
            action=Action(document["action"]),
            before=None if before is None else _typed(document, "before", dict),
            after=None if after is None else decode(_typed(document, "after", dict)),
            needs=_texts(document, "needs"),
            adopted=_typed(document, "adopted", bool),
            why=_typed(document, "why", str),
            cli=_typed(document, "cli", str),
            permissions=_texts(document, "permissions"),
            risks=tuple(_risk(item) for item in _typed(document, "risks", list)),
        )


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
        import hashlib  # `ekswiz --help` pays for none of it

        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that would alter something."""
        return tuple(c for c in self.changes if c.action not in (Action.KEEP, Action.UNKNOWN))

    def to_json(self) -> dict[str, Any]:
        """This plan as JSON values, with its fingerprint."""
        return {**asdict(self), "changes": [c.to_json() for c in self.changes], "fingerprint": self.fingerprint}

    @classmethod
    def from_json(cls, document: Json) -> Plan:
        """The plan that `to_json` wrote; members that are no plan's (a cost beside it) are left to their owners.

        Raises:
            ValueError: The document is no plan of this version, and why.
        """
        if document.get("version") != PLAN_VERSION:
            raise ValueError(f"its version is {document.get('version')!r}, not {PLAN_VERSION}")
        found = cls(
            version=PLAN_VERSION,
            **{name: _typed(document, name, str) for name in ("stack", "account", "region", "made_at")},
            changes=tuple(Change.from_json(item) for item in _typed(document, "changes", list)),
        )
        if document.get("fingerprint") != found.fingerprint:
            raise ValueError("its fingerprint does not fit its changes")
        return found


def encode(value: Any) -> Any:
    """Turn a value that may hold `Ref`s, tuples and mappings into plain JSON values."""
    if isinstance(value, Ref):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(k): encode(v) for k, v in value.items()}
    if isinstance(value, Sequence | frozenset | set) and not isinstance(value, str | bytes):
        return [encode(v) for v in (sorted(value) if isinstance(value, frozenset | set) else value)]
    return value


def decode(value: Any) -> Any:
    """Turn JSON values back: each marker of a `Ref` becomes one."""
    if isinstance(value, Mapping):
        if set(value) == {"$ref", "output"} and all(isinstance(item, str) for item in value.values()):
            return Ref(value["$ref"], value["output"])
        return {key: decode(item) for key, item in value.items()}
    return [decode(item) for item in value] if isinstance(value, list) else value


def _same_keys(document: Any, kind: type[Any]) -> None:
    if not isinstance(document, Mapping):
        raise ValueError(f"a {kind.__name__.lower()} is an object, not {type(document).__name__}")  # noqa: TRY004 - one error
    difference = sorted({field.name for field in fields(kind)} ^ set(document))
    if difference:
        raise ValueError(f"a {kind.__name__.lower()} lacks or does not know {', '.join(difference)}")


def _typed(document: Json, key: str, kind: type[T]) -> T:
    value = document.get(key)
    if not isinstance(value, kind):
        raise ValueError(f"{key} is {type(value).__name__}, not {kind.__name__}")  # noqa: TRY004 - as above
    return value


def _texts(document: Json, key: str) -> tuple[str, ...]:
    values = _typed(document, key, list)
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{key} holds something else than strings")
    return tuple(values)


def _risk(document: Any) -> Risk:
    _same_keys(document, Risk)
    return Risk(_typed(document, "id", str), _typed(document, "sentence", str))
