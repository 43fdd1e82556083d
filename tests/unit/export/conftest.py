"""Plans of real answers in a small world: from nothing, of what is there, with a cluster of its own, by the API."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chaos.lab import Lab
from ekswiz import view
from ekswiz.export import Subject
from ekswiz.plan import Change, Plan
from unit.doctor.ward import Ward, open_ward
from unit.engine.fakes import ANSWERS

NASTY = '$(touch pwned)`touch pwned`${path.root}%{ if true }\'; "quoted" <script>alert(1)</script>\nEND_OF_FILE # x'
"""A value that is code in bash, HCL, YAML and HTML, unless it is quoted."""


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Subject]]:
    with open_ward(tmp_path_factory.mktemp("ward")) as ward:

        @cache
        def made(kind: str) -> Subject:
            return _MADE[kind](ward)

        yield made


def _of(ward: Ward, **answers: Any) -> Subject:
    chosen = replace(ward.answers, **answers)
    road = replace(ward.lab.session(), answers=chosen).bind(ward.lab.target())
    return Subject(view.look(road, road.plan(), permissions=False), chosen)


def _applied(ward: Ward) -> Subject:
    with Lab(replace(ANSWERS, account="210987654321")) as lab:
        other = Ward(lab, ward.tmp, lab.answers)
        other.file("Dockerfile", "FROM scratch\n")
        other.apply()
        return _of(other)


def _new(**answers: Any) -> Subject:
    with Lab(replace(ANSWERS, create_cluster=True, account="310987654321", **answers)) as lab:
        road = lab.session().bind(lab.target())
        return Subject(view.look(road, road.plan(), permissions=False), lab.answers)


def _destroyed(ward: Ward) -> Subject:
    with Lab(replace(ANSWERS, account="410987654321")) as lab:
        Ward(lab, ward.tmp, lab.answers).apply()
        road = lab.session().bind(lab.target())
        return Subject(view.look(road, road.destroy_plan(), permissions=False), lab.answers)


_MADE: dict[str, Callable[[Ward], Subject]] = {
    "from nothing": _of,
    "applied": _applied,
    "edit policy": lambda ward: _of(ward, rights="edit", environment=None, subject="classic", boundary=BOUNDARY),
    "new cluster": lambda _: _new(),
    "auto mode": lambda _: _new(compute="auto"),
    "destroyed": _destroyed,
}
BOUNDARY = "arn:aws:iam::123456789012:policy/limits"
KINDS = ("from nothing", "applied", "edit policy", "new cluster", "auto mode")


def poisoned(subject: Subject) -> Subject:
    """The same with values that are code wherever they are not quoted."""
    plan = subject.view.plan
    changed: Plan = replace(plan, changes=tuple(_poisoned(change) for change in plan.changes))
    return replace(subject, view=replace(subject.view, plan=changed))


def _poisoned(change: Change) -> Change:
    after: dict[str, Any] = dict(change.after or {})
    for name in ("description", "text"):
        if name in after:
            after[name] = NASTY if name == "description" else f"{NASTY}\n{after[name]}"
    return replace(change, after=after if change.after is not None else None, why=NASTY)


def tool(name: str) -> Path | None:
    """A tool beside this Python or on the PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    return Path(found) if found else None
