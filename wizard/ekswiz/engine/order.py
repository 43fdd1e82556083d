"""Dependency order: everything after what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ekswiz.errors import Disorder
from ekswiz.resource import Resource


def ordered(desired: Sequence[Resource[Any]]) -> list[Resource[Any]]:
    """The resources, each after those it needs; otherwise in the order given.

    Raises:
        Disorder: Two have one address, one needs an address that is not there, or they need each other in a circle.
    """
    by_address = {resource.address: resource for resource in desired}
    if len(by_address) != len(desired):
        raise Disorder(f"these addresses occur twice: {', '.join(sorted(_doubled(desired)))}.")
    for resource in desired:
        missing = set(resource.needs) - set(by_address)
        if missing:
            raise Disorder(f"{resource.address} needs {', '.join(sorted(missing))}, which is not there.")
    try:
        sorted_ones = list(TopologicalSorter({r.address: r.needs for r in desired}).static_order())
    except CycleError as error:
        raise Disorder(f"these need each other in a circle: {' -> '.join(error.args[1])}.") from error
    return [by_address[address] for address in sorted_ones]


def dependants(needs: Mapping[str, Sequence[str]], of: Iterable[str]) -> set[str]:
    """All addresses that need one of `of`, directly or through others."""
    found: set[str] = set()
    waiting = list(of)
    while waiting:
        address = waiting.pop()
        new = {name for name, needed in needs.items() if address in needed} - found
        found |= new
        waiting += new
    return found


def _doubled(desired: Sequence[Resource[Any]]) -> set[str]:
    addresses = [resource.address for resource in desired]
    return {address for address in addresses if addresses.count(address) > 1}
