"""What `--help` says, as one text. `EKSWIZ_SNAPSHOTS=update pytest ...` writes it; a reviewer reads the difference."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import MISSING, fields
from difflib import unified_diff
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ekswiz import helping
from ekswiz.answers import Answers
from ekswiz.main import ekswiz
from ekswiz.options import FIELDS

SEEN = Path(__file__).with_name("help.txt")
ROOT = ekswiz
ROOT.every()
COLUMNS = 80


def commands(command: click.Command, path: str = "ekswiz") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from commands(command.commands[name], f"{path} {name}")


EVERY = dict(commands(ROOT))


def printed(path: str) -> str:
    done = CliRunner().invoke(ROOT, [*path.split()[1:], "--help"], prog_name="ekswiz", terminal_width=COLUMNS)
    assert done.exit_code == 0, done.output
    return done.output


def test_every_help_reads_as_when_it_was_last_looked_at() -> None:
    found = "\n".join(f"$ {path} --help\n{printed(path)}" for path in EVERY)
    if os.environ.get("EKSWIZ_SNAPSHOTS") == "update":
        SEEN.write_text(found, encoding="utf-8")
    before = SEEN.read_text(encoding="utf-8")
    difference = unified_diff(before.splitlines(), found.splitlines(), "seen before", "now", lineterm="")
    assert found == before, "make it anew with EKSWIZ_SNAPSHOTS=update, and look at it:\n" + "\n".join(difference)


@pytest.mark.parametrize("path", EVERY)
def test_it_fits_into_80_columns_and_cuts_nothing(path: str) -> None:
    lines = printed(path).splitlines()
    assert [line for line in lines if len(line) > COLUMNS] == []
    assert [line for line in lines if line.endswith("...") and not line.startswith("Usage: ")] == []


@pytest.mark.parametrize("path", EVERY)
def test_every_option_says_what_it_is(path: str) -> None:
    for parameter in EVERY[path].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.opts}"
            assert parameter.help.endswith((".", ")", ":")), f"{path} {parameter.opts}: {parameter.help}"


@pytest.mark.parametrize("path", helping.EXAMPLES)
def test_examples_are_taken_by_the_command(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("report.json", "push.json", "trust.json", "today.plan"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    for example in helping.EXAMPLES[path]:
        words = shlex.split(re.sub(r'^eval "\$\((.*)\)"$', r"\1", example).split(" > ")[0])
        assert words[0] == "ekswiz"
        parse(ROOT, words[1:])


def parse(command: click.Command, words: list[str], parent: click.Context | None = None) -> None:
    """As far as click goes before anything is done."""
    with command.make_context(command.name, list(words), parent=parent) as ctx:
        if isinstance(command, click.Group) and (rest := [*ctx._protected_args, *ctx.args]):
            _, inner, left = command.resolve_command(ctx, rest)
            assert inner is not None
            parse(inner, left, ctx)


def test_examples_are_checked_for_real() -> None:
    with pytest.raises(click.UsageError):
        parse(ROOT, ["plan", "--owner", "acme"])


def test_the_root_lists_every_command_once() -> None:
    listed = [name for about in helping.COMMANDS.values() for name in about]
    assert sorted(listed) == sorted(ROOT.commands)


def test_every_answer_is_in_one_group() -> None:
    grouped = [name for title, names in helping.GROUPS.items() if title.startswith("Answers") for name in names]
    assert sorted(grouped) == sorted(name for name, *_ in FIELDS)


def test_each_variable_is_what_the_rule_says() -> None:
    for parameter in EVERY["ekswiz plan"].params:
        if (parameter.name or "").startswith("answer_"):
            assert parameter.envvar == "EKSWIZ_" + parameter.opts[0].removeprefix("--").replace("-", "_").upper()


def words(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_defaults_that_help_names_are_those_that_hold() -> None:
    asked = {name for name, *_ in FIELDS} - {*helping.FOUND}
    found = {each.name: each.default for each in fields(Answers) if each.name in asked}
    held = {name: words(value) for name, value in found.items() if value is not MISSING and value != ""}
    assert held == helping.USUAL


@pytest.mark.parametrize(("columns", "widest"), [("60", 58), ("200", 78), ("20", 50), ("0", 78), ("wide", 78)])
def test_help_is_as_wide_as_there_is_room(monkeypatch: pytest.MonkeyPatch, columns: str, widest: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    text = CliRunner().invoke(ROOT, ["doctor", "--help"], prog_name="ekswiz").output
    assert widest - 12 < max(map(len, text.splitlines())) <= widest
