"""Sweep: delete, modify and re-create every object behind the stack's back. The plan must report exactly that."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from chaos.death import clean
from chaos.figures import Figures
from chaos.lab import Lab
from chaos.meddling import delete, lives, modify, recreate, signs, touched
from chaos.normal import differences, normal
from contract.mutators import COUPLED, INSIDE, kind, ways
from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.engine.planner import FOREIGN
from ekswiz.plan import Plan
from ekswiz.resource import Resource


def cases(answers: Answers) -> list[tuple[str, str]]:
    """Every (what, address)."""
    found = []
    for resource in blueprint(answers):
        if resource.tenure in ("external", "offered"):  # nobody's to make: there is nothing of ours to delete
            continue
        found += [("delete", resource.address), ("recreate", resource.address)]
        found += [(f"modify {attribute}", resource.address) for attribute in ways(resource)]
    return found


def check(answers: Answers, what: str, address: str) -> None:
    """One meddling, one plan, one repair."""
    with Lab(answers) as lab:
        clean(lab, "apply")
        whole = normal(lab.snapshot())
        desired = blueprint(answers, delete_images=True, delete_protected=True)
        mine = next(r for r in desired if r.address == address)
        how = what.partition(" ")
        actions: dict[str, Callable[[], None]] = {
            "delete": lambda: _deleted(lab, desired, mine),
            "recreate": lambda: _recreated(lab, desired, mine),
            "modify": lambda: _modified(lab, desired, mine, how[2]),
        }
        actions[how[0]]()
        if how[0] != "recreate" and mine.tenure != "kept":
            clean(lab, "apply")
            found = differences(whole, normal(lab.snapshot()))
            assert not found, f"not repaired: {' | '.join(found[:4])}"


def _deleted(lab: Lab, desired: list[Resource[Any]], mine: Resource[Any]) -> None:
    root = lab.as_root()
    before = lives(root, desired)
    delete(root, desired, mine.address)
    gone = set(before) - set(lives(root, desired))
    assert mine.address in gone
    _exactly(lab.plan(), dict.fromkeys(gone, "+"), touched(desired, gone))


def _modified(lab: Lab, desired: list[Resource[Any]], mine: Resource[Any], attribute: str) -> None:
    modify(lab.as_root(), desired, mine.address, attribute)
    sign = "±" if attribute in mine.replaces else "~"
    plan = lab.plan()
    if mine.tenure == "kept":
        assert signs(plan) == {}, f"a kept object is not ours to change: {signs(plan)}"
        return
    _exactly(plan, {mine.address: sign}, touched(desired, {mine.address}) if sign == "±" else set())
    change = next(c for c in plan.changes if c.address == mine.address)
    before, after = change.to_json()["before"], change.to_json()["after"]
    moved = {name for name in after if before.get(name) != after[name]}
    assert attribute in moved, f"the plan says {sorted(moved)}"
    assert moved <= {attribute} | COUPLED.get((kind(mine), attribute), frozenset()), f"the plan says {sorted(moved)}"


def _recreated(lab: Lab, desired: list[Resource[Any]], mine: Resource[Any]) -> None:
    """Somebody else's object in the place of ours is a conflict, or (shared, kept) is used as it is."""
    root = lab.as_root()
    delete(root, desired, mine.address)
    if not recreate(root, desired, mine.address):
        return
    theirs = lives(root, desired).get(mine.address)
    plan = lab.plan()
    if theirs is None:  # found by its tags alone: a stranger's object is not taken for ours, whatever its name
        assert signs(plan).get(mine.address) == "+"
        return
    change = next(c for c in plan.changes if c.address == mine.address)
    assert change.adopted, "not seen as somebody else's"
    if mine.tenure == "owned":
        assert FOREIGN in {risk.id for risk in change.risks}, [risk.id for risk in change.risks]
    lab.run_destroy()
    left = lives(root, desired).get(mine.address)
    if left is None and set(INSIDE.get(kind(mine), ())) - set(lives(root, desired)):
        return
    assert left is not None, "destroy removed somebody else's object"
    assert left.unique_id == theirs.unique_id
    assert left.attributes == theirs.attributes, "destroy changed somebody else's object"


def _exactly(plan: Plan, must: dict[str, str], may: set[str]) -> None:
    found = signs(plan)
    extra = {address: sign for address, sign in found.items() if address not in must}
    assert {address: sign for address, sign in found.items() if address in must} == must, f"{found}, not {must}"
    assert set(extra) <= may, f"the plan also changes {extra}"


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """Every kind of meddling with every object (`size` None), or `size` of them."""
    every = cases(answers)
    if size is not None:
        every = random.Random(seed).sample(every, min(size, len(every)))
    figures = Figures(f"drift: delete, modify, foreign re-create{name}", "the plan reports exactly that", seed)
    for number, (what, address) in enumerate(every):
        if number % shard[1] == shard[0]:
            with figures.case(f"{what} {address}"):
                check(answers, what, address)
                figures.add(what.partition(" ")[0])
    return figures
