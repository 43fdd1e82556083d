"""`ekswiz export` and `ekswiz answers` on the command line, and answers by standard input."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ekswiz import answers_file, cli_answers, cli_export
from ekswiz.answers import Answers
from ekswiz.errors import InputError
from ekswiz.export import FORMS, Subject
from ekswiz.from_account import Found
from ekswiz.frontend import Choice, Given
from ekswiz.plan import Plan
from ekswiz.resolve import Incomplete, resolve
from ekswiz.state import Estimate
from unit.engine.fakes import ANSWERS

FOUND = Found({"stack": "payments"}, {"stack": "role ekswiz-payments-deploy"}, ["GitHub was not looked at."])


@dataclass
class Road:
    """A plan that is there."""

    subject: Subject

    @property
    def answers(self) -> Answers:
        return self.subject.answers

    def plan(self) -> Plan:
        return self.subject.view.plan

    def eta(self, plan: Plan) -> Estimate:
        return self.subject.view.estimate


class Application:
    """The answers and the plan of a stack."""

    def __init__(self, subject: Subject | None = None) -> None:
        self.asked: list[Any] = []
        self._subject = subject

    def answers(self, given: Given, *, sim: bool) -> Answers:
        return resolve(given, sim=sim, sample={})

    @contextmanager
    def road(self, given: Given, choice: Choice) -> Iterator[Road]:
        assert self._subject is not None
        yield Road(self._subject)

    def from_account(self, given: Given, choice: Choice, stack: str | None) -> tuple[Answers, Found]:
        self.asked.append((choice.sim, choice.profile, stack))
        return ANSWERS, FOUND


def run(*arguments: str, stdin: str = "", application: Application | None = None) -> Result:
    command: Any = cli_export.ekswiz if arguments[0] == "export" else cli_answers.ekswiz
    return CliRunner().invoke(command, arguments, input=stdin, obj=application or Application(), standalone_mode=False)


Subjects = Callable[[str], Subject]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_goes_to_a_folder_and_its_paths_are_told(subjects: Subjects, form: str, tmp_path: Path) -> None:
    said = run("export", form, str(tmp_path / "out"), application=Application(subjects("from nothing")))

    assert said.exception is None, said.output
    written = sorted(str(path) for path in (tmp_path / "out").iterdir())
    assert sorted(said.stdout.splitlines()) == written
    assert written
    assert all(Path(path).read_text().endswith("\n") for path in written)


def test_without_a_folder_the_main_file_is_the_output_and_others_are_named(subjects: Subjects) -> None:
    application = Application(subjects("from nothing"))

    said = run("export", "cloudformation", application=application)

    assert said.stdout.startswith("# Written by ekswiz")
    assert said.stderr.startswith("Also needed: ekswiz-payments.kubernetes.yaml.")
    assert run("export", "markdown", application=application).stdout.startswith("## Plan for payments in account")


def test_only_known_forms_are_taken() -> None:
    assert tuple(cli_export.FORMS) == FORMS
    said = run("export", "cdk")

    assert "'cdk' is not one of 'bash', 'terraform'" in str(said.exception)


@pytest.mark.parametrize("content", ["", "[]", "{}", "\xff", '{"stages": '])
def test_a_report_that_is_none_is_named(subjects: Subjects, tmp_path: Path, content: str) -> None:
    file = tmp_path / "report.json"
    file.write_text(content, encoding="latin-1")

    said = run("export", "html", "--report", str(file), application=Application(subjects("from nothing")))

    assert isinstance(said.exception, InputError)
    assert said.exception.field == "--report"
    assert "ekswiz rehearse --json FILE" in said.exception.remedy


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")

    assert "is a file" in str(run("export", "bash", str(tmp_path / "out")).exception)


# ---- answers


def test_the_answers_are_a_file_that_is_read_again(tmp_path: Path) -> None:
    said = run("answers", "--from-account", "--stack", "hello-eks", "--profile", "audit")

    assert answers_file.build(tomllib.loads(said.stdout), "") == ANSWERS
    assert said.stderr == "note: GitHub was not looked at.\n"


def test_what_was_asked_for_is_handed_on() -> None:
    application = Application()

    run("answers", "--from-account", "--stack", "hello-eks", "--profile", "audit", application=application)

    assert application.asked == [(False, "audit", "hello-eks")]


def test_as_json_each_source_is_said() -> None:
    found = json.loads(run("answers", "--from-account", "--json").stdout)

    assert found["answers"]["stack"] == ANSWERS.stack
    assert found["sources"] == {"stack": "role ekswiz-payments-deploy"}
    assert found["notes"] == ["GitHub was not looked at."]


def test_standard_input_is_an_answers_file() -> None:
    said = run("answers", "-f", "-", stdin=answers_file.text(replace(ANSWERS, branch="next")))

    assert said.exception is None
    assert tomllib.loads(said.stdout)["branch"] == "next"


@pytest.mark.parametrize("flag", ["-f", "--answers"])
def test_a_flag_wins_over_standard_input(flag: str) -> None:
    said = run("answers", flag, "-", "--branch", "other", stdin=answers_file.text(ANSWERS))

    assert tomllib.loads(said.stdout)["branch"] == "other"


@pytest.mark.parametrize("text", ["stack = 7\n", "stack =", "colour = 'red'\n"])
def test_standard_input_that_is_none_is_refused(text: str) -> None:
    assert isinstance(run("answers", "-f", "-", stdin=text).exception, InputError)


def test_an_empty_standard_input_says_what_is_missing(tmp_path: Path) -> None:
    said = run("answers", "-f", "-", "--source", str(tmp_path))

    assert isinstance(said.exception, Incomplete)
    assert "--account" in str(said.exception)


def test_every_answer_survives_the_way_through_text() -> None:
    again = tomllib.loads(run("answers", "-f", "-", stdin=answers_file.text(ANSWERS)).stdout)

    assert answers_file.build(again, "") == ANSWERS
