"""The contract of a resource type: one type, one file under `resources/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from ekswiz.plan import Action, Risk
    from ekswiz.target import Target

A = TypeVar("A")
Verb = Literal["read", "create", "update", "delete"]


Tenure = Literal["owned", "shared", "kept", "external", "offered"]
"""Whose an object is.

"owned": ours alone; a foreign object of its name is a conflict. "shared": may exist before and be used by others:
adopted, and changed only by adding. "kept": created if absent, else left as it is. "external": must exist; never
touched. "offered": others', and in the way: always shown, changed only with the user's `--adopt`, never deleted.
"""


@dataclass(frozen=True, slots=True)
class Farewell:
    """What to say before an object of ours is deleted: why it must stay (if it must), and what goes with it.

    `holds`: if it stays, so does everything that it needs; a cluster cannot live without its network and its role.
    """

    keep: str = ""
    risks: tuple[Risk, ...] = ()
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Live(Generic[A]):
    """An object as it was read.

    `outputs` are values that others refer to (arn, id, url). `unique_id` proves identity across re-creation
    (RoleId, createdAt, Kubernetes uid). `owner` is the `ekswiz:stack` tag or label, None where there is none.
    """

    attributes: A
    outputs: Mapping[str, str]
    unique_id: str
    owner: str | None


class Resource(Protocol[A]):
    """What ekswiz knows about one desired object. `desired` is a frozen dataclass whose fields may hold `Ref`s."""

    address: str
    desired: A
    needs: tuple[str, ...]
    why: str
    tenure: Tenure
    replaces: frozenset[str]
    """Names of fields that cannot change in place."""
    permissions: Mapping[Verb, tuple[str, ...]]
    """IAM actions that each verb needs."""
    scopes: Mapping[str, str]
    """The ARN, or pattern of ARNs, on which each of these actions is asked for."""

    def read(self, target: Target) -> Live[A] | None:
        """The live object; None if it or its parent is absent.

        Raises:
            Unreadable: The read was denied; the plan shows "?".
        """
        ...

    def create(self, target: Target, desired: A, token: str, tags: Mapping[str, str]) -> Live[A]:
        """Create the object with its tags in the same call. `token` is this intent's idempotency token."""
        ...

    def update(self, target: Target, live: Live[A], desired: A) -> Live[A]:
        """Bring the live object to `desired` in place."""
        ...

    def delete(self, target: Target, live: Live[A]) -> None:
        """Delete the live object; gone already is success."""
        ...

    def cli(self, action: Action) -> str:
        """A command line that does the same."""
        ...

    def risks(self, live: Live[A] | None) -> tuple[Risk, ...]:
        """What a person should agree to before this is applied."""
        ...

    def farewell(self, target: Target, live: Live[A]) -> Farewell:
        """What to know before this object, which is ours, is deleted."""
        ...
