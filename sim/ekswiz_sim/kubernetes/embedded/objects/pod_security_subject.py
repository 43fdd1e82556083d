"""What the checks of the Pod Security Standards look at, and the words of what they find."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ekswiz_sim.kubernetes.embedded.store import Obj


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: the forbidden thing, and where."""

    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})"


@dataclass(frozen=True, slots=True)
class Subject:
    """A pod, or the template of one."""

    spec: Obj
    annotations: Mapping[str, str]

    @property
    def containers(self) -> list[Obj]:
        """All of it, the first that start first."""
        fields = ("initContainers", "containers", "ephemeralContainers")
        return [one for field in fields for one in self.spec.get(field) or []]

    @property
    def own_users(self) -> bool:
        """Whether its users are not the node's; some checks are relaxed for that."""
        return self.spec.get("hostUsers") is False

    @property
    def windows(self) -> bool:
        """Whether it says that it is for Windows, which has none of what some checks ask for."""
        return (self.spec.get("os") or {}).get("name") == "windows"

    def setters(self, bad: Callable[[Obj], bool]) -> list[str]:
        """`pod` and the containers whose security context is bad, as the texts name them."""
        found = ["pod"] if bad(context(self.spec)) else []
        others = [one for one in self.containers if bad(context(one))]
        return found + ([named(others)] if others else [])


def context(owner: Obj) -> Obj:
    """The security context of a PodSpec or a container."""
    found: Obj = owner.get("securityContext") or {}
    return found


def quoted(values: Iterable[object]) -> str:
    """A list of names as the texts write it."""
    return ", ".join(json.dumps(one) for one in values)


def plural(count: int, one: str, many: str = "") -> str:
    """A word in the number that fits."""
    return one if count == 1 else many or f"{one}s"


def named(found: Sequence[Obj]) -> str:
    """Containers by name."""
    return f"{plural(len(found), 'container')} {quoted(one.get('name', '') for one in found)}"
