"""Decision: whether a request is allowed, and what decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layer = Literal["signature", "token", "trust", "permission", "boundary", "guard-rail", "registry", "entry", "rbac"]
"""Which of the doors decided, in the order in which a deployment meets them."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer with its reason.

    `by` names the statement that decided (its Sid, or policy and index); None is an implicit deny. `key` is the
    condition key that failed, with the values the policy expected and the values the request had.
    `why` is one sentence for people.
    """

    allowed: bool
    layer: Layer
    by: str | None
    key: str | None
    expected: tuple[str, ...]
    got: tuple[str, ...]
    why: str
