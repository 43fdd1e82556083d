"""Thousands of random expressions, by our evaluator and by GitHub's own `@actions/expressions` under node.

The package is GitHub's editor support; the runner is another program in another language. Where the two are known to
differ, ours follows the runner, and the difference is explained here. `make node` fetches the package; without it, or
without node, this is skipped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.expressions.generator import CONTEXT, Generator
from ekswiz.workflow.expressions import evaluate
from ekswiz.workflow.syntax import ExpressionError
from ekswiz.workflow.values import to_string

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
COUNT = 6000
SEED = 20261123

EXPLAINED: Mapping[str, tuple[str, str]] = {
    "lazy case": (
        r"case\(.*",
        "`case` evaluates only the value that it chooses; the package evaluates all of them, and their errors with it.",
    ),
    "hexadecimal": (
        r".*0x[89A-Fa-f][0-9A-Fa-f]{7}",
        "The runner reads hexadecimal as 32 bits in two's complement (.NET's Int32), JavaScript as any number.",
    ),
    "digits": (
        r".*(?:1e20|1e-7|\d{17}|0\.30000000000000004)",
        "The runner writes numbers with 15 significant digits (.NET's G15: 1E+20), JavaScript with 17 (1e20).",
    ),
    "quotes": (
        r".*''[^']*''",
        "The package undoes only the first doubled quote of a string.",
    ),
    "no number in JSON": (
        r".*(?:NaN|Infinity|1e400)",
        "The runner's JSON knows NaN and Infinity (Newtonsoft's reader and writer), JavaScript's does not.",
    ),
    "trailing comma": (
        r".*,\s*\)",
        "The package takes a comma before the closing bracket of a call, the runner's parser does not.",
    ),
    "case of letters": (
        r".*[ßıİſ]",
        "The runner compares by simple upper case (ordinal), JavaScript by full upper case (ß is SS).",
    ),
}
"""Why the two may differ: what such an expression looks like, and the reason."""


def package() -> Path:
    """The package's entry, if it is there."""
    folders = [Path(os.environ.get("EKSWIZ_NODE_MODULES", ROOT / ".node" / "node_modules"))]
    entry = folders[0] / "@actions" / "expressions" / "dist" / "index.js"
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not entry.is_file():
        pytest.skip(f"@actions/expressions is not in {folders[0]}: make node")
    return entry


def theirs(expressions: list[str]) -> list[Any]:
    asked = json.dumps({"context": CONTEXT, "expressions": expressions})
    done = subprocess.run(
        ["node", str(HERE / "evaluate.mjs"), str(package())], input=asked, capture_output=True, text=True, check=True
    )
    return [_comparable(each) for each in json.loads(done.stdout)]


def _comparable(answer: Mapping[str, Any]) -> Any:
    return "error" if "error" in answer else (_theirs(answer["value"]), answer["text"])


def _theirs(value: Any) -> Any:
    if isinstance(value, dict) and "number" in value:
        return ("number", float(value["number"]) + 0.0)
    if isinstance(value, dict):
        return ("object", [(key, _theirs(item)) for key, item in value["object"]])
    return [_theirs(item) for item in value] if isinstance(value, list) else value


def _ours(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ("number", float(value) + 0.0)
    if isinstance(value, dict):
        return ("object", [(key, _ours(item)) for key, item in value.items()])
    return [_ours(item) for item in value] if isinstance(value, list) else value


def ours(source: str) -> Any:
    try:
        value = evaluate(source, CONTEXT)
    except ExpressionError:
        return "error"
    return _ours(value), to_string(value)


def reason(source: str, own: Any, other: Any) -> str | None:
    """The first explanation that fits a difference."""
    for name, (pattern, _) in EXPLAINED.items():
        if name == "lazy case" and other != "error":
            continue
        if name == "trailing comma" and own != "error":
            continue
        if re.search(pattern, source, re.DOTALL):
            return name
    return None


def test_thousands_of_expressions_are_the_same_or_their_difference_is_explained() -> None:
    expressions = Generator(SEED).many(COUNT)
    answers = theirs(expressions)
    assert len(answers) == len(expressions) >= 5000
    differing = [
        (source, own, other)
        for source, other in zip(expressions, answers, strict=True)
        if repr(own := ours(source)) != repr(other)
    ]
    unexplained = [difference for difference in differing if reason(*difference) is None]
    assert unexplained == []
    # the explanations are exceptions, and most expressions have a value
    assert len(differing) < COUNT // 50
    assert sum(answer != "error" for answer in answers) > COUNT // 2


@pytest.mark.parametrize("name", sorted(EXPLAINED))
def test_every_explanation_is_needed(name: str) -> None:
    # given an expression that shows it alone
    source = {
        "lazy case": "case(true, 1, fromJSON('{'))",
        "hexadecimal": "0xFFFFFFFF < 0",
        "digits": "format('{0}', 1e20)",
        "quotes": "'''a'''",
        "no number in JSON": "toJSON(NaN)",
        "trailing comma": "toJSON(1,)",
        "case of letters": "'ß' == 'SS'",
    }[name]
    (other,) = theirs([source])
    assert repr(ours(source)) != repr(other)
    assert reason(source, ours(source), other) == name


def test_the_same_seed_makes_the_same_expressions() -> None:
    assert Generator(1).many(50) == Generator(1).many(50)
    assert Generator(1).many(50) != Generator(2).many(50)
