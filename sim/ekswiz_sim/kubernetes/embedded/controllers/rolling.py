"""The arithmetic of a rollout: how many pods may be added and taken away now. Pure functions of the objects."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from ekswiz_sim.kubernetes.embedded.store import Obj


def resolve(value: int | str, total: int, *, up: bool) -> int:
    """An int-or-percent of `total`, rounded as the field demands."""
    if isinstance(value, str) and value.endswith("%"):
        share = Fraction(int(value[:-1]) * total, 100)
        return math.ceil(share) if up else math.floor(share)
    return int(value)


def bounds(deployment: Obj) -> tuple[int, int]:
    """How many pods may be too many and too few.

    Both zero (maxSurge, maxUnavailable) would stand still, so then one may be unavailable.
    """
    spec = deployment["spec"]
    replicas, strategy = spec["replicas"], spec.get("strategy") or {}
    if strategy.get("type") == "Recreate" or not replicas:
        return 0, 0
    rolling = strategy.get("rollingUpdate") or {}
    more = resolve(rolling.get("maxSurge", "25%"), replicas, up=True)
    less = resolve(rolling.get("maxUnavailable", "25%"), replicas, up=False)
    if not more and not less:
        less = 1
    return more, min(less, replicas)


def surge(deployment: Obj) -> int:
    """How many pods above the wanted number may exist."""
    return bounds(deployment)[0]


def unavailable(deployment: Obj) -> int:
    """How many of the wanted pods may be missing."""
    return bounds(deployment)[1]


def wanted(replica_set: Obj) -> int:
    """Replicas that the ReplicaSet asks for."""
    return int(replica_set["spec"]["replicas"])


def available(replica_set: Obj) -> int:
    """Replicas that it has available."""
    return int((replica_set.get("status") or {}).get("availableReplicas", 0))


def total(sets: Iterable[Obj], field: str) -> int:
    """The sum of a status field."""
    return sum(int((one.get("status") or {}).get(field, 0)) for one in sets)


def new_size(deployment: Obj, sets: Sequence[Obj], current: int) -> int:
    """The size for the newest ReplicaSet, which has `current` replicas now; `sets` are all of them."""
    replicas = int(deployment["spec"]["replicas"])
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate" or current > replicas:
        return replicas
    room = replicas + surge(deployment) - sum(map(wanted, sets))
    return current + max(0, min(room, replicas - current))


def old_sizes(deployment: Obj, newest: Obj, olds: Sequence[Obj]) -> dict[str, int]:
    """Sizes for old ReplicaSets by name, oldest first: broken pods go first, then as many as may be missing."""
    least = int(deployment["spec"]["replicas"]) - unavailable(deployment)
    budget = sum(map(wanted, [newest, *olds])) - least - (wanted(newest) - available(newest))
    sizes = {one["metadata"]["name"]: wanted(one) for one in olds}
    if budget <= 0:
        return sizes
    for one in olds:
        broken = min(budget, max(0, wanted(one) - available(one)))
        sizes[one["metadata"]["name"]] -= broken
        budget -= broken
    spare = sum(map(available, [newest, *olds])) - least
    for one in olds:
        gone = max(0, min(spare, sizes[one["metadata"]["name"]]))
        sizes[one["metadata"]["name"]] -= gone
        spare -= gone
    return sizes


def proportional(deployment: Obj, sets: Sequence[Obj]) -> dict[str, int]:
    """Sizes by name after the Deployment was scaled amid a rollout: each ReplicaSet keeps its share."""
    allowed = int(deployment["spec"]["replicas"]) + surge(deployment)
    have = sum(map(wanted, sets))
    change = allowed - have
    order = sorted(sets, key=lambda one: (wanted(one), one["metadata"]["creationTimestamp"]), reverse=True)
    sizes = {one["metadata"]["name"]: wanted(one) for one in order}
    for one in order if have else []:
        sizes[one["metadata"]["name"]] += math.trunc(Fraction(wanted(one) * change, have))
    left = allowed - sum(sizes.values())
    step = 1 if left > 0 else -1
    for name in itertools.cycle(sizes) if sizes else ():
        if not left:
            break
        if sizes[name] + step >= 0:
            sizes[name] += step
            left -= step
    return sizes
