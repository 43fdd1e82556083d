"""What the shell offers for a value while somebody types. Live where that is cheap, and silent where it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ekswiz.answers import Answers
from ekswiz.errors import EkswizError
from ekswiz.frontend import Look


def values(name: str, said: Mapping[str, Any], look: Look) -> Sequence[str]:
    """Possible values of the answer `name`, or of `profile`; empty where they cannot be known.

    `said` are the values of the command line so far, by parameter. Nothing is raised, nothing is written.
    """
    offered = LIVE.get(name)
    found: Iterable[str] = ()
    with suppress(EkswizError, OSError):
        found = offered(said, look) if offered else fixed(name)
    return tuple(found)


def fixed(name: str) -> tuple[str, ...]:
    """The words that an answer can be, where there are only some."""
    hint = get_type_hints(Answers).get(name)
    if hint is bool:
        return ("true", "false")
    return tuple(map(str, get_args(hint))) if get_origin(hint) is Literal else ()


def _regions(_said: Mapping[str, Any], _look: Look) -> Iterable[str]:
    from ekswiz.fields.regions import regions  # reads a file that other flags do not need

    return sorted(regions())


def _profiles(_said: Mapping[str, Any], look: Look) -> Iterable[str]:
    return [profile.name for profile in look.profiles() if profile.name]


def _clusters(said: Mapping[str, Any], look: Look) -> Iterable[str]:
    """The clusters of the region, asked of AWS: the only value that cannot be looked up on this machine."""
    region = said.get("answer_region")
    return [cluster.name for cluster in look.clusters(said.get("profile"), region)] if region else []


def _branches(said: Mapping[str, Any], _look: Look) -> Iterable[str]:
    from ekswiz.detect import branches

    return branches(said["source"])


def _risks(_said: Mapping[str, Any], _look: Look) -> Iterable[str]:
    from ekswiz.risks import EVERY

    return sorted(EVERY)


LIVE: Mapping[str, Callable[[Mapping[str, Any], Look], Iterable[str]]] = {
    "region": _regions,
    "profile": _profiles,
    "cluster": _clusters,
    "branch": _branches,
    "allow_risk": _risks,
}
