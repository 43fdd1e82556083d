"""Mutation testing of the evaluator: is every decision that the code makes one that a test would miss?

Each mutant is tried in a process of its own, by the unit tests of `ekswiz.iam`, until the first test fails. One that
none notices must be equivalent: it is listed in `equivalent.toml` with the reason, and a reason whose mutant is gone or
is noticed after all is a failure, too.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import itertools
import os
import random
import signal
import sys
import tomllib
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from chaos.figures import Figures
from chaos.mutation import Mutant, mutants
from ekswiz.answers import Answers

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROOM = ROOT / "wizard" / "ekswiz" / "iam"
MODULES = (
    "conditions", "evaluate", "findings", "grammar_condition", "matching", "operators", "principals", "trust", "truth",
    "variables",
)  # fmt: skip
TESTS = (
    "operators", "sets", "variables", "logic", "context", "trust", "resources", "actions", "grammar", "text",
    "killer_tokens", "explain", "properties",
)  # fmt: skip
SECONDS = 120
"""A mutant that takes longer hangs, which a test run notices as well."""


def sweep(_: Answers, size: int | None, seed: int, shard: tuple[int, int], name: str) -> Figures:
    figures = Figures(f"mutants of ekswiz.iam{name}", "a unit test fails, or the mutant is equivalent", seed)
    every = [mutant for module in MODULES for mutant in mutants(ROOM / f"{module}.py")]
    reasons = equivalent()
    if shard[0] == 0:
        with figures.case("every equivalent mutant that is listed exists"):
            gone = sorted(reasons.keys() - {mutant.id for mutant in every})
            assert not gone, f"{len(gone)} do not: {gone}"
    with figures.case("the unchanged program passes"):
        assert not is_noticed(Mutant("truth", "", "nothing", (ROOM / "truth.py").read_text()))
    random.Random(seed).shuffle(every)
    for mutant in every[shard[0] :: shard[1]][:size]:
        with figures.case(mutant.id):
            noticed = is_noticed(mutant)
            figures.add("killed" if noticed else "equivalent")
            listed = mutant.id in reasons
            assert noticed is not listed, "is noticed, and listed as equivalent" if noticed else "no test notices it"
    return figures


def equivalent() -> dict[str, str]:
    """Mutants that change nothing anybody can see, with the reason."""
    held = tomllib.loads((HERE / "equivalent.toml").read_text())
    return {mutant: group["why"] for group in held["group"] for mutant in group["mutants"]}


def is_noticed(mutant: Mutant) -> bool:
    """Whether a test fails, or runs out of time, with the mutant in the module's place."""
    with warnings.catch_warnings():
        # The child only imports and calls tests; what other threads of this process hold, it never asks for.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 0
        try:
            code = _tried(mutant)
        except BaseException:  # noqa: BLE001 - whatever happens in the child means that the mutant was noticed
            code = 1
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return status != 0


def _tried(mutant: Mutant) -> int:
    """In the child: 0 if all tests pass. They are called without pytest, whose start would be most of the time."""
    signal.alarm(SECONDS)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    for loaded in [module for module in sys.modules if module.startswith(("ekswiz", "unit"))]:
        del sys.modules[loaded]
    sys.meta_path.insert(0, _InItsPlace(mutant))
    os.chdir(ROOT)
    for name in TESTS:
        for test in _tests(importlib.import_module(f"unit.iam.test_{name}")):
            test()
    return 0


def _tests(module: ModuleType) -> Iterator[Callable[[], None]]:
    """Every test of a module with each of its parameters. None of them uses a fixture."""
    for name, test in vars(module).items():
        if name.startswith("test_"):
            marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
            for chosen in itertools.product(*(list(_parameters(mark)) for mark in marks)):
                yield partial(test, **{key: value for each in chosen for key, value in each.items()})


def _parameters(mark: Any) -> Iterator[dict[str, Any]]:
    names, rows = mark.args
    listed = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    for row in rows:
        yield dict(zip(listed, row if len(listed) > 1 else [row], strict=True))


class _InItsPlace(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the mutant where its module is asked for."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        wanted = f"ekswiz.iam.{self._mutant.module}"
        return importlib.util.spec_from_loader(name, self) if name == wanted else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.source, f"<mutant of {self._mutant.module}>", "exec"), module.__dict__)
