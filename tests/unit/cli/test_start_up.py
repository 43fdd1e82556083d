"""What a command line loads: help, version and completion wait for nothing that they do not need."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ekswiz import __version__
from ekswiz.helping import COMMANDS
from ekswiz.main import HOMES, ekswiz

HEAVY = {
    "aiohttp", "asyncio", "boto3", "botocore", "cryptography", "dulwich", "ekswiz_sim", "http.client", "jsonschema",
    "kubernetes", "moto", "platformdirs", "pydantic", "ruamel.yaml", "ssl", "textual", "tomlkit", "urllib.request",
    "yaml",
}  # fmt: skip
SEEMINGLY_CHEAP = {
    "decimal", "difflib", "importlib.metadata", "json", "queue", "select", "shlex", "signal", "subprocess", "tempfile",
}  # fmt: skip
"""Modules of Python itself that cost as much as all that help needs of ekswiz."""
ROOT = {
    "ekswiz", "ekswiz.cli", "ekswiz.errors", "ekswiz.failure", "ekswiz.given", "ekswiz.helping", "ekswiz.main",
    "ekswiz.main_look", "ekswiz.occasion", "ekswiz.options", "ekswiz.root", "ekswiz.streams", "ekswiz.tier_options",
    "ekswiz.tiers",
}  # fmt: skip
"""What every command line needs of ekswiz."""
ANSWERS = {
    "ekswiz.answers", "ekswiz.fields", "ekswiz.fields.machines", "ekswiz.fields.networks", "ekswiz.fields.regions",
    "ekswiz.fields.rules", "ekswiz.paths",
}  # fmt: skip
"""What help needs, to print the answers' defaults."""
RUN = """
import sys
import click
before = set(sys.modules)
from ekswiz import main
try:
    main.run(sys.argv[1:])
finally:
    print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""


def ran(*words: str, **variables: str) -> tuple[str, set[str]]:
    """What a command line printed in a process of its own, and the modules that it loaded beyond click's."""
    environ = {**os.environ, **variables}
    done = subprocess.run([sys.executable, "-c", RUN, *words], capture_output=True, text=True, env=environ, check=False)
    return done.stdout, set(done.stderr.splitlines()[-1].split())


def ours(loaded: set[str]) -> set[str]:
    return {name for name in loaded if name.partition(".")[0] == "ekswiz"}


NEEDED: Mapping[str, set[str]] = {
    "--help": ANSWERS,
    "--version": set(),
    "plan --help": ANSWERS | {"ekswiz.cli_change"},
    "resume --help": ANSWERS | {"ekswiz.cli_state"},
    "rehearse --help": ANSWERS | {"ekswiz.cli_rehearse", "ekswiz.occasion_options"},
    "doctor --help": ANSWERS | {"ekswiz.cli_doctor"},
    "lint --help": ANSWERS | {"ekswiz.cli_iam"},
    "sim up --help": ANSWERS | {"ekswiz.cli_sim"},
}


@pytest.mark.parametrize("line", NEEDED)
def test_help_loads_its_own_command_and_nothing_heavy(line: str) -> None:
    printed, loaded = ran(*line.split())

    assert printed.startswith(("Usage: ekswiz", "ekswiz "))
    assert loaded & HEAVY == set()
    assert ours(loaded) - ROOT - NEEDED[line] == set()


@pytest.mark.parametrize("line", ["--help", "--version", "plan --help"])
def test_what_only_commands_need_is_left_to_them(line: str) -> None:
    _, loaded = ran(*line.split())

    assert loaded & SEEMINGLY_CHEAP == set()


def test_who_completes_a_commands_name_loads_no_command() -> None:
    asked = {"_EKSWIZ_COMPLETE": "zsh_complete", "COMP_WORDS": "ekswiz ", "COMP_CWORD": "1"}
    printed, loaded = ran(**asked)

    assert ours(loaded) - ROOT == set()
    assert loaded & HEAVY == set()
    told = dict(zip(printed.splitlines()[1::3], printed.splitlines()[2::3], strict=True))
    assert told == {name: text for about in COMMANDS.values() for name, text in about.items()}


def test_who_completes_a_flag_loads_its_command_alone() -> None:
    asked = {"_EKSWIZ_COMPLETE": "bash_complete", "COMP_WORDS": "ekswiz plan --subj", "COMP_CWORD": "2"}
    printed, loaded = ran(**asked)

    assert printed.splitlines() == ["plain,--subject"]
    assert ours(loaded) - ROOT == {"ekswiz.cli_change"}


def test_each_command_lives_where_the_table_says() -> None:
    found = {name: getattr(command.callback, "__module__", None) for name, command in ekswiz.every().items()}

    assert found == HOMES


@pytest.mark.parametrize(("said", "meant"), [("plann", "plan"), ("operator-polic", "operator-policy")])
def test_a_mistyped_command_is_compared_with_all_of_them(said: str, meant: str) -> None:
    done = subprocess.run([sys.executable, "-m", "ekswiz", said], capture_output=True, text=True, check=False)

    assert done.returncode == 64
    assert f"No such command '{said}'" in done.stderr
    assert f"'{meant}'" in done.stderr


def test_json_is_heard_before_the_command_is_loaded() -> None:
    printed, _ = ran("lint", "--json", "--nonsense")

    assert json.loads(printed)["error"]["field"] == "--nonsense"


def test_the_version_is_that_of_the_distribution() -> None:
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    printed, _ = ran("--version")

    assert re.findall(r'^version = "(.+)"$', text, re.MULTILINE) == [__version__]
    assert printed == f"ekswiz {__version__}\n"
