"""`ekswiz files` and `ekswiz pins`, as commands, in a repository on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ekswiz.deliver import files, pins
from ekswiz.main import Ekswiz, ekswiz

DEPLOY = ".github/workflows/deploy.yml"
Command = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Command:
    def command(*words: str) -> Result:
        arguments = [*words, "--source", str(tmp_path)]
        arguments = ["--sim", *arguments, "--repo", "acme/shop"] if words[0] == "files" else arguments
        return CliRunner().invoke(ekswiz, arguments, obj=Ekswiz(), catch_exceptions=False)

    return command


def put(folder: Path, path: str, text: str) -> Path:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)
    return folder / path


def states(result: Result) -> dict[str, str]:
    return {each["path"]: each["state"] for each in json.loads(result.stdout)}


def ours(tmp_path: Path) -> str:
    answers = Ekswiz().answers(_given(tmp_path), sim=True)
    return next(file.text for file in files(answers) if file.path == DEPLOY)


def _given(tmp_path: Path) -> Any:
    from ekswiz.frontend import Given

    return Given({"repository": "acme/shop"}, source=tmp_path)


def test_each_file_is_told_apart(run: Command, tmp_path: Path) -> None:
    assert set(states(run("files", "--json")).values()) == {"new"}
    put(tmp_path, "manifests/service.yaml", "kind: Service\n")
    put(tmp_path, DEPLOY, ours(tmp_path))
    found = states(run("files", "--json"))
    assert (found[DEPLOY], found["manifests/service.yaml"], found["manifests/deployment.yaml"]) == (
        "same",
        "kept",
        "new",
    )
    put(tmp_path, DEPLOY, ours(tmp_path).replace("timeout-minutes: 20", "timeout-minutes: 60"))
    assert states(run("files", "--json"))[DEPLOY] == "edited"
    put(tmp_path, DEPLOY, "on: push\n")
    assert states(run("files", "--json"))[DEPLOY] == "yours"


def test_a_difference_is_shown_and_nothing_is_overwritten(run: Command, tmp_path: Path) -> None:
    own = put(tmp_path, DEPLOY, "on: push\n")
    shown = run("files", "--diff").stdout
    assert f"--- {DEPLOY}\n+++ {DEPLOY} (ekswiz)\n" in shown
    assert "\n-on: push\n" in shown
    assert own.read_text() == "on: push\n"
    run("files", "--side")
    assert own.read_text() == "on: push\n"
    assert (tmp_path / f"{DEPLOY}.ekswiz").read_text() == ours(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["deploy.yml", "deploy.yml.ekswiz"]


def test_all_files_go_to_a_folder_of_their_own(run: Command, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("files", "--out", str(out)).exit_code == 0
    assert (out / DEPLOY).read_text() == ours(tmp_path)
    assert run("files", "--out", str(out)).exit_code == 0, "the same files again are fine"
    put(out, DEPLOY, "mine\n")
    with pytest.raises(Exception, match="another file"):
        run("files", "--out", str(out))
    assert (out / DEPLOY).read_text() == "mine\n"


def test_pins_are_shown_with_their_day(run: Command) -> None:
    shown = run("pins")
    assert shown.exit_code == 0
    assert pins.SEEN in shown.stdout
    for pin in pins.PINS:
        assert pin.commit in shown.stdout


def test_every_pin_is_used_by_some_file_and_every_use_is_a_pin() -> None:
    from unit.deliver.samples import answers

    text = "".join(file.text for file in files(answers(provenance=True)))
    assert {pin.uses for pin in pins.PINS} == {
        line.partition("uses: ")[2] for line in text.splitlines() if "uses: " in line
    }


def test_other_refs_of_the_repository_are_named(run: Command, tmp_path: Path) -> None:
    steps = ["actions/checkout@v4", "acme/thing@main", f"actions/checkout@{'0' * 40}", pins.CHECKOUT.uses, "./local"]
    lines = "".join(f"      - uses: {step}\n" for step in steps)
    put(tmp_path, ".github/workflows/ci.yaml", f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{lines}")
    result = run("pins", "--exit-code", "--json")
    assert result.exit_code == 2
    others = json.loads(result.stdout)["others"]
    assert [(each["where"], each["ref"]) for each in others] == [
        (".github/workflows/ci.yaml:6", "v4"),
        (".github/workflows/ci.yaml:7", "main"),
        (".github/workflows/ci.yaml:8", "0" * 40),
    ]
    assert "can be moved" in others[0]["says"]
    assert "another commit than ours" in others[2]["says"]
