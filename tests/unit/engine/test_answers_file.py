import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekswiz.answers import Answers
from ekswiz.answers_file import load, save
from ekswiz.errors import InputError
from unit.engine.fakes import ANSWERS

VARIANTS = [
    ANSWERS,
    dataclasses.replace(ANSWERS, environment=None),
    dataclasses.replace(ANSWERS, account="000000000001", subject="classic", port=1024, context="a/b"),
]


@pytest.mark.parametrize("answers", VARIANTS)
def test_what_was_saved_is_loaded_exactly(tmp_path: Path, answers: Answers) -> None:
    save(tmp_path / "ekswiz.toml", answers)
    assert load(tmp_path / "ekswiz.toml") == answers


@settings(max_examples=60, deadline=None)
@given(
    branch=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_@+=-]{0,40}", fullmatch=True).filter(lambda b: b != "HEAD"),
    environment=st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,40}[A-Za-z0-9]", fullmatch=True),
)
def test_every_legal_answer_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory, branch: str, environment: str | None
) -> None:
    if environment and environment.lower() == "none":
        return
    path = tmp_path_factory.mktemp("file") / "ekswiz.toml"
    answers = dataclasses.replace(ANSWERS, branch=branch, environment=environment)
    save(path, answers)
    assert load(path) == answers


def test_saving_twice_changes_nothing_and_keeps_the_users_comments(tmp_path: Path) -> None:
    path = tmp_path / "ekswiz.toml"
    save(path, ANSWERS)
    path.write_text("# mine\n" + path.read_text() + "# the end\n")
    before = path.read_text()
    save(path, ANSWERS)
    assert path.read_text() == before
    save(path, dataclasses.replace(ANSWERS, branch="release"))
    assert path.read_text() == before.replace('branch = "main"', 'branch = "release"')


def broken(tmp_path: Path, old: str, new: str) -> InputError:
    path = tmp_path / "ekswiz.toml"
    save(path, ANSWERS)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError) as caught:
        load(path)
    return caught.value


def test_an_unknown_key_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    error = broken(tmp_path, "branch =", "brnach =")
    assert error.field == "brnach"
    assert "Did you mean `branch`?" in error.remedy


def test_a_number_where_a_string_belongs_is_answered_with_quotes(tmp_path: Path) -> None:
    error = broken(tmp_path, 'account = "123456789012"', "account = 123456789012")
    assert error.field == "account"
    assert "quotes" in error.remedy


def test_a_missing_answer_is_named(tmp_path: Path) -> None:
    error = broken(tmp_path, 'cluster = "platform-dev"\n', "")
    assert error.field == "cluster"


def test_a_table_is_no_answer(tmp_path: Path) -> None:
    assert broken(tmp_path, 'branch = "main"', "branch = { name = 1 }").field == "branch"


def test_a_value_that_breaks_a_rule_is_refused_by_field(tmp_path: Path) -> None:
    assert broken(tmp_path, 'branch = "main"', 'branch = "ma*n"').field == "branch"


@pytest.mark.parametrize("content", [b"a = [", b"\xff\xfe", b"a = 1\na = 2", b"\x00"])
def test_a_file_that_is_not_toml_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ekswiz.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.field == str(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load(tmp_path / "none.toml")
