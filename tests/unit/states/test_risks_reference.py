"""The table of risks, the code that names them and the page that explains them are one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ekswiz
from ekswiz.errors import Consentless
from ekswiz.plan import Action, Change, Plan, Risk
from ekswiz.risks import CATALOGUE, EVERY, KINDS, require, table

CODE = Path(ekswiz.__file__).parent
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "risks.md"


def named() -> Iterator[tuple[str, str]]:
    """Every id that the code gives to a Risk, with its file; constants are looked up in their module."""
    for file in CODE.rglob("*.py"):
        tree = ast.parse(file.read_text())
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Risk" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value), file.name
                elif isinstance(first, ast.Name) and first.id in constants:
                    yield str(constants[first.id]), file.name


def test_every_risk_of_the_code_is_in_the_table_and_the_other_way_round() -> None:
    found = set(named())
    assert {(name, file) for name, file in found if name not in CATALOGUE} == set()
    assert set(CATALOGUE) - {name for name, _ in found} == set()
    assert len(KINDS) == len(CATALOGUE)


def test_the_page_is_the_table() -> None:
    assert table() in PAGE.read_text()


def made(*ids: str, action: Action = Action.UPDATE) -> Plan:
    risks = tuple(Risk(name, f"Sentence of {name}.") for name in ids)
    change = Change("iam_role.push", action, {}, {}, (), adopted=False, why="", cli="", permissions=(), risks=risks)
    return Plan(1, "payments", "123456789012", "eu-west-1", "now", (change,))


def test_only_risks_that_may_break_somebody_need_consent() -> None:
    require(made("branch-publishes", "adopts-object"), frozenset())
    with pytest.raises(Consentless, match="--allow-risk immutable-tags --allow-risk narrows-trust"):
        require(made("narrows-trust", "immutable-tags", "branch-publishes"), frozenset())
    require(made("narrows-trust", "immutable-tags"), frozenset({"narrows-trust", "immutable-tags"}))


def test_an_id_that_the_table_does_not_know_needs_consent_too() -> None:
    with pytest.raises(Consentless, match="brand-new"):
        require(made("brand-new"), EVERY)


@pytest.mark.parametrize("action", [Action.KEEP, Action.DELETE, Action.UNKNOWN])
def test_what_is_not_changed_needs_none(action: Action) -> None:
    require(made("narrows-trust", action=action), frozenset())


def test_a_conflict_is_not_changed_either() -> None:
    require(made("narrows-trust", "foreign-object"), frozenset())
