"""The runner's small parts by themselves: masks, commands, files, hashes, matrices."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ekswiz.workflow.model import Fields, Node
from ekswiz.workflow.nodes import read
from ekswiz.workflow.syntax import ExpressionError
from ekswiz_sim.runner.commands import CommandReader, parse_command
from ekswiz_sim.runner.files import FileCommandError, make_files, read_pairs, read_path, read_summary
from ekswiz_sim.runner.hashing import hash_files
from ekswiz_sim.runner.masks import Masker
from ekswiz_sim.runner.matrix import expand
from ekswiz_sim.runner.shell import UnknownShell, shell_template

QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    ("secrets", "text", "expected"),
    [
        (["abc"], "xabcx abc", "x***x ***"),
        (["abc", "bcd"], "abcd", "***"),
        (["abc", "abcdef"], "abcdef abc", "*** ***"),
        (["ab"], "ababab", "***"),
        (["", "  "], "nothing  here", "nothing  here"),
        (["one\nlong"], "one and\nlong", "*** and\n***"),
        (['"quoted"'], "quoted", "***"),
        (["tab\there"], "tab\\there", "***"),
        (["a b&c"], "a%20b%26c", "***"),
        (["  padded "], "[padded]", "[***]"),
    ],
)
def test_masks(secrets: list[str], text: str, expected: str) -> None:
    masker = Masker()
    for secret in secrets:
        masker.add(secret)
    assert masker.mask(text) == expected


@pytest.mark.parametrize("before", ["", "u:", "user:", "us:"])
def test_a_secret_inside_base64_is_masked(before: str) -> None:
    masker = Masker()
    masker.add("correct-horse-battery")
    shown = masker.mask(base64.b64encode(f"{before}correct-horse-battery and more".encode()).decode())
    assert "***" in shown
    assert b"horse" not in base64.b64decode(shown.replace("***", "") + "==", validate=False)


@QUIET
@given(st.lists(st.text(min_size=1, max_size=6), max_size=4), st.text(max_size=40))
def test_no_secret_is_left_in_any_text(secrets: list[str], text: str) -> None:
    masker = Masker()
    for secret in secrets:
        masker.add(secret)
    shown = masker.mask(text)
    for secret in secrets:
        if secret.strip() and not set(secret) & set("*"):
            assert all(secret not in part for part in shown.split("***"))


@pytest.mark.parametrize(
    ("line", "name", "properties", "data"),
    [
        ("::error::x", "error", {}, "x"),
        ("::ERROR file=a.py,line=1::x", "error", {"file": "a.py", "line": "1"}, "x"),
        ("  ::notice title=a%2Cb%3Ac%25::x%0Ay", "notice", {"title": "a,b:c%"}, "x\ny"),
        ("::add-mask::a::b", "add-mask", {}, "a::b"),
        ("::endgroup::", "endgroup", {}, ""),
        ("##[error]x", "error", {}, "x"),
        ("before ##[warning file=a;line=2]x", "warning", {"file": "a", "line": "2"}, "x"),
        ("::set-output name=x::a=b", "set-output", {"name": "x"}, "a=b"),
        ("::debug::%252C", "debug", {}, "%2C"),
    ],
)
def test_a_command_is_recognised(line: str, name: str, properties: dict[str, str], data: str) -> None:
    command = parse_command(line)
    assert command is not None
    assert (command.name, dict(command.properties), command.data) == (name, properties, data)


@pytest.mark.parametrize("line", ["", "::", "::x", "::nope::x", "x ::error::y", "::error:x", "[error]x", ":: error::x"])
def test_other_lines_are_no_commands(line: str) -> None:
    assert parse_command(line) is None


@QUIET
@given(st.lists(st.text(alphabet=":#[]=,%stop-commanderr \r\n", max_size=30), max_size=6))
def test_any_output_is_taken(lines: list[str]) -> None:
    written: list[str] = []
    reader = CommandReader(Masker(), "a", "s", written.append)
    for line in lines:
        reader.line(line)
    assert len(written) >= len([line for line in lines if "::" not in line and "##[" not in line])


@QUIET
@given(st.dictionaries(st.from_regex(r"[A-Za-z_]\w{0,8}", fullmatch=True), st.text(max_size=30), max_size=4))
def test_heredocs_carry_any_value(tmp_path: Path, pairs: dict[str, str]) -> None:
    file = tmp_path / "out"
    text = "".join(f"{name}<<~mark~\n{value}\n~mark~\n" for name, value in pairs.items())
    file.write_bytes(text.encode("utf-8", errors="replace"))
    usable = {name: value for name, value in pairs.items() if "~mark~" not in value.split("\n")}
    expected = {name: value.encode("utf-8", errors="replace").decode() for name, value in pairs.items()}
    if usable == pairs:
        assert read_pairs(file) == expected


@QUIET
@given(st.binary(max_size=60))
def test_any_bytes_are_pairs_or_an_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "out"
    file.write_bytes(content)
    try:
        pairs = read_pairs(file)
    except FileCommandError:
        return
    assert all(pairs)


def test_files_that_a_step_removed_are_empty(tmp_path: Path) -> None:
    made = make_files(tmp_path)
    for file in (made.env, made.path, made.summary):
        file.unlink()
    assert (read_pairs(made.env), read_path(made.path), read_summary(made.summary)) == ({}, (), "")


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileCommandError):
        read_pairs(tmp_path)


def test_a_summary_has_a_limit(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("x" * (1024 * 1024 + 1024))
    with pytest.raises(FileCommandError, match="supports content up to a size of 1024k, got 1025k"):
        read_summary(file)


def test_hash_files_follows_patterns_and_exclusions(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for name, text in (("a.lock", "1"), ("d/b.lock", "2"), ("d/c.txt", "3")):
        (tmp_path / name).write_text(text)
    assert hash_files(tmp_path, ["*.nope"]) == ""
    every = hash_files(tmp_path, ["**/*.lock"])
    assert every == hash_files(tmp_path, ["a.lock", "./d/b.lock"]) == hash_files(tmp_path, ["**", "!**/*.txt"])
    assert every != hash_files(tmp_path, ["a.lock"])
    assert hash_files(tmp_path, ["d"]) == hash_files(tmp_path, ["d/**"]) != ""
    with pytest.raises(ExpressionError):
        hash_files(tmp_path, ["["])


def matrix(text: str) -> Node:
    node = read(text, "m.yml")
    assert isinstance(node, Fields)
    return node


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a: [1, 2]}", [{"a": 1.0}, {"a": 2.0}]),
        ("{a: [x, y], b: [true]}", [{"a": "x", "b": True}, {"a": "y", "b": True}]),
        ("{a: [1, 2], exclude: [{a: 2}]}", [{"a": 1.0}]),
        ("{include: [{a: 1}, {a: 2}]}", [{"a": 1.0}, {"a": 2.0}]),
        ("{a: [1], include: [{b: 2}]}", [{"a": 1.0, "b": 2.0}]),
        ("{a: [1], include: [{a: 1, b: 2}, {a: 3}]}", [{"a": 1.0, "b": 2.0}, {"a": 3.0}]),
        ("{a: [{x: 1}], exclude: [{a: {x: 2}}]}", [{"a": {"x": 1.0}}]),
        ("{a: ['${{ github.ref }}']}", [{"a": "main"}]),
    ],
)
def test_matrix_legs(text: str, expected: list[object]) -> None:
    assert expand(matrix(text), {"github": {"ref": "main"}}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{a: []}",
        "{a: [1], exclude: [{a: 1}]}",
        f"{{a: {list(range(20))}, b: {list(range(20))}}}",
        "{include: [1]}",
        "{}",
    ],
)
def test_a_matrix_without_legs_or_with_too_many_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        expand(matrix(text), {})


def test_shells_are_githubs() -> None:
    assert shell_template("")[0] == "bash -e {0}"
    assert shell_template("bash")[0] == "bash --noprofile --norc -e -o pipefail {0}"
    for shell in ("pwsh", "zsh", "bash 'open {0}"):
        with pytest.raises(UnknownShell):
            shell_template(shell)
