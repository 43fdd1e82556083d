"""Every pair of options, judged by the linters that people run: zizmor, and actionlint with shellcheck."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ekswiz.deliver import files
from ekswiz.workflow.lint import Expectations, lint
from ekswiz.workflow.parse import parse

from .pairs import OPTIONS, made, pairwise

TOOLS = Path(sys.executable).parent
COMBINATIONS = [made(combination) for combination in pairwise()]

EXPLAINED: Mapping[str, str] = {}
"""What zizmor says at its two strictest personas, by rule: why it stays."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every combination's files, each in a repository of its own; the repositories' folders."""
    root = tmp_path_factory.mktemp("combinations")
    for number, answers in enumerate(COMBINATIONS):
        for file in files(answers):
            path = root / str(number) / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text)
    return sorted(root.iterdir())


def judged(folders: list[Path]) -> list[Path]:
    return sorted(path for folder in folders for path in (folder / ".github").rglob("*.yml"))


def zizmor(folders: list[Path], persona: str) -> list[Any]:
    command = [str(TOOLS / "zizmor"), "--offline", "--no-progress", "--quiet", f"--persona={persona}", "--format=json"]
    done = subprocess.run(
        [*command, "--no-exit-codes", *map(str, folders)],
        capture_output=True, text=True, check=True, env={"HOME": str(folders[0]), "PATH": os.defpath},
    )  # fmt: skip
    return list(json.loads(done.stdout))


def test_every_pair_of_values_occurs_and_there_are_enough_files(written: list[Path]) -> None:
    combinations = pairwise()
    for one in OPTIONS:
        for other in OPTIONS:
            met = {(repr(each[one]), repr(each[other])) for each in combinations}
            wanted = len(OPTIONS[one]) if one == other else len(OPTIONS[one]) * len(OPTIONS[other])
            assert len(met) == wanted
    assert len(judged(written)) >= 40


def test_zizmor_finds_nothing_at_the_persona_that_everybody_uses(written: list[Path]) -> None:
    assert zizmor(written, "regular") == []


@pytest.mark.parametrize("persona", ["pedantic", "auditor"])
def test_what_the_stricter_personas_find_is_explained(written: list[Path], persona: str) -> None:
    found = Counter(finding["ident"] for finding in zizmor(written, persona))
    assert {rule: count for rule, count in found.items() if rule not in EXPLAINED} == {}


def test_zizmor_read_every_file(written: list[Path], tmp_path: Path) -> None:
    # given one of the files with an expression in a script
    path = judged(written)[0].relative_to(written[0])
    broken = tmp_path / path
    broken.parent.mkdir(parents=True)
    broken.write_text("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${{ github.head_ref }}\n")
    # then the same command finds it
    assert "template-injection" in {finding["ident"] for finding in zizmor([tmp_path], "regular")}


def test_actionlint_with_shellcheck_finds_nothing(written: list[Path]) -> None:
    workflows = [str(path) for path in judged(written) if path.parent.name == "workflows"]
    assert (TOOLS / "shellcheck").exists()
    done = subprocess.run(
        [str(TOOLS / "actionlint"), "-shellcheck", str(TOOLS / "shellcheck"), *workflows],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_shellcheck_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "w.yml"
    file.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: rm -rf $UNQUOTED/x\n")
    command = [str(TOOLS / "actionlint"), "-shellcheck", str(TOOLS / "shellcheck"), str(file)]
    assert "SC2086" in subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_every_finding_that_is_switched_off_says_why(written: list[Path]) -> None:
    switched_off = [
        line.partition("# zizmor: ignore")[2]
        for path in judged(written)
        for line in path.read_text().splitlines()
        if "zizmor: ignore" in line
    ]
    assert {line.partition("]")[0] for line in switched_off} == {"[concurrency-limits", "[self-repository"}
    assert all(len(line.partition("]")[2].strip()) > 20 for line in switched_off)


def test_our_own_lint_finds_nothing() -> None:
    for answers in COMBINATIONS:
        expected = Expectations(answers.branch, {"build": None, "deploy": answers.environment})
        for file in files(answers):
            if file.kind == "workflow":
                wanted = expected if "jobs:\n  build:" in file.text and answers.environment else Expectations()
                assert lint(parse(file.text, file.path), wanted) == (), (file.path, answers)
