"""Combinations of the options of the generated files in which every pair of values occurs at least once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ekswiz.answers import Answers, validate

from .samples import answers

Combination = dict[str, Any]

OPTIONS: Mapping[str, Sequence[Any]] = {
    "framework": ("none", "fastapi", "flask", "django", "node", "go", "static"),
    "environment": ("production", None, "prod eu.1 - blue"),
    "branch": ("main", "release/1.x+hot=@fix"),
    "expose": ("inside", "internal", "public"),
    "platform": ("amd64", "arm64"),
    "provenance": (False, True),
    "path_filter": (False, True),
    "service": (
        {},
        {"folder": "services/api", "context": "services/api", "dockerfile": "services/api/Dockerfile"},
        {"folder": "services/c++", "manifests": "services/c++/k8s"},
        {"manifests": ".", "context": "app", "dockerfile": "app/Dockerfile"},
    ),
    "test_command": ("", "make test", "python -m pytest -q tests/unit"),
    "oidc_check": (False, True),
    "dependabot": (False, True),
    "subject": ("immutable", "classic"),
    "stack": ("demo", "0", "a" * 40),
}


def pairwise(options: Mapping[str, Sequence[Any]] = OPTIONS) -> list[Combination]:
    """A short list in which any two options meet in all their values: each time the combination that adds the most."""
    names = list(options)
    missing = set(_pairs(options))
    found: list[Combination] = []
    while missing:
        seed = min(missing)
        chosen: dict[str, int] = dict(seed)
        for name in sorted(names, key=lambda one: -len(options[one])):
            if name not in chosen:
                chosen[name] = max(range(len(options[name])), key=lambda value: _gain(chosen, name, value, missing))
        missing -= {pair for pair in missing if all(chosen[name] == value for name, value in pair)}
        found.append({name: options[name][chosen[name]] for name in names})
    return found


def made(combination: Combination) -> Answers:
    """The answers of a combination, validated."""
    plain = {name: value for name, value in combination.items() if name != "service"}
    return validate(answers(**plain, **combination["service"]))


def _pairs(options: Mapping[str, Sequence[Any]]) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    for one, other in itertools.combinations(sorted(options), 2):
        for first, second in itertools.product(range(len(options[one])), range(len(options[other]))):
            yield (one, first), (other, second)


def _gain(chosen: Mapping[str, int], name: str, value: int, missing: set[Any]) -> int:
    return sum(tuple(sorted(((name, value), pair))) in missing for pair in chosen.items())
