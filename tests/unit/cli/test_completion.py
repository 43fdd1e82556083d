"""Completion as a real bash asks for it, and the scripts for the other shells."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ekswiz import main

EKSWIZ = Path(sys.executable).with_name("ekswiz")
BASH = shutil.which("bash")
ASK = """
cd "$1"; shift; last="${!#}"
eval "$(ekswiz completion bash)"
COMP_WORDS=(ekswiz "$@"); COMP_CWORD=$#
_ekswiz_completion ekswiz "$last" ""
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    heads = tmp_path / "shop" / ".git" / "refs" / "heads"
    (heads / "feature").mkdir(parents=True)
    (heads / "feature" / "x").write_text("0" * 40)
    (heads.parents[1] / "HEAD").write_text("ref: refs/heads/main\n")
    (heads.parents[1] / "packed-refs").write_text(f"# pack-refs with: peeled\n{'1' * 40} refs/heads/main\n")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile dev-admin]\nregion = eu-west-1\n")
    return tmp_path / "shop"


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("pl", ["plan"]),
        ("plan --subj", ["--subject"]),
        ("plan --subject im", ["immutable"]),
        ("plan --region eu-west", ["eu-west-1", "eu-west-2", "eu-west-3"]),
        ("plan --branch f", ["feature/x"]),
        ("plan --branch m", ["main"]),
        ("plan --create-cluster t", ["true"]),
        ("plan --profile d", ["dev-admin"]),
        ("plan --allow-risk replaces-l", ["replaces-lifecycle"]),
        ("plan --account 1", [""]),
        ("--sim sim u", ["up"]),
    ],
)
def test_bash_is_offered(words: str, offered: list[str], checkout: Path) -> None:
    environ = {"PATH": f"{EKSWIZ.parent}:{os.environ['PATH']}", "HOME": str(checkout.parent)}
    asked = [str(BASH), "-c", ASK, "ask", str(checkout), *words.split()]
    done = subprocess.run(asked, env=environ, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == offered


@pytest.mark.skipif(BASH is None, reason="there is no bash")
def test_what_cannot_be_looked_up_is_not_offered_and_says_nothing(checkout: Path) -> None:
    environ = {"PATH": f"{EKSWIZ.parent}:{os.environ['PATH']}", "HOME": str(checkout.parent), "AWS_PROFILE": "gone"}
    words = ["plan", "--region", "eu-west-1", "--cluster", ""]
    done = subprocess.run(
        [str(BASH), "-c", ASK, "ask", str(checkout), *words], env=environ, capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_are_the_shells_own(shell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main.run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_EKSWIZ_COMPLETE" in script
    found = shutil.which(shell)
    if found:
        file = tmp_path / "script"
        file.write_text(script)
        subprocess.run([found, "-n", str(file)], check=True)


@pytest.mark.parametrize("name", ["plan", "report"])
def test_schemas_are_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].startswith("https://json-schema.org/")


def test_another_schema_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["schema", "plann"]) == 64
    assert "'plan', 'report'" in capsys.readouterr().err
