"""The first draft of the answers: what `resolve` finds, and what AWS's files and the workflows add."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ekswiz import resolve
from ekswiz.frontend import Draft, Given
from ekswiz.probes.aws_files import default_region
from ekswiz.probes.workflows import deploy_environment


def draft(given: Given, *, sim: bool, sample: Mapping[str, str], world: Mapping[str, str]) -> Draft:
    """Defaults with their sources.

    `world` are the answers of the simulated world that is up, which hold for everything in it; empty if none is up.

    Raises:
        InputError: The answers file cannot be used, or what was said is half a repository.
    """
    found = resolve.draft(given, sim=sim, sample=sample)
    if sim and world:
        return Draft({**found.values, **world}, {**found.sources, **dict.fromkeys(world, "of the world that is up")})
    values, sources = dict(found.values), dict(found.sources)
    if "region" not in values:
        _note(values, sources, "region", default_region(os.environ))
    if "environment" not in values and not given.sample:
        _note(values, sources, "environment", deploy_environment(given.source))
    return Draft(values, sources)


def _note(values: dict[str, str], sources: dict[str, str], name: str, found: tuple[str, str]) -> None:
    if found[0]:
        values[name], sources[name] = found
