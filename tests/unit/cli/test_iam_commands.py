"""`ekswiz iam explain | lint | access` on the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ekswiz.access.compute import Cell
from ekswiz.access.see import Seen
from ekswiz.answers import Answers
from ekswiz.errors import Exit, InputError
from ekswiz.frontend import Choice, Given
from ekswiz.iam import documents
from ekswiz.lint.finding import Role
from ekswiz.lint.judge import RULES, lint_document
from ekswiz.main import ekswiz
from unit.engine.fakes import ANSWERS


class Application:
    """Answers or none; roles as they were put in."""

    def __init__(self, answers: Answers | None = ANSWERS, seen: Seen | None = None) -> None:
        self._answers, self._seen = answers, seen
        self.asked: list[Any] = []

    def answers(self, given: Given, *, sim: bool) -> Answers:
        if self._answers is None:
            raise InputError("--owner", "is missing.")
        return self._answers

    def roles(self, given: Given, choice: Choice, names: Sequence[str]) -> Seen:
        self.asked.append(tuple(names))
        assert self._seen is not None
        return self._seen


def run(*arguments: str, application: Application | None = None) -> Result:
    return CliRunner().invoke(ekswiz, arguments, obj=application or Application(), standalone_mode=False)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(name: str, content: Any) -> str:
        file = tmp_path / name
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(file)

    return written


POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "InOneRegion", "Effect": "Allow", "Action": "ecr:*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    },
}  # fmt: skip


@pytest.mark.parametrize(("region", "allowed"), [("eu-west-1", True), ("us-east-1", False)])
def test_explain_says_what_decided(write: Any, region: str, allowed: bool) -> None:
    asked = ("iam", "explain", "--policy", write("p", POLICY), "--action", "ecr:PutImage")
    asked += ("--context", write("c", {"aws:RequestedRegion": region}))
    result = run(*asked)
    assert result.output.startswith("allowed: InOneRegion" if allowed else "denied: InOneRegion would allow")
    assert f"StringEquals aws:RequestedRegion: asks eu-west-1; got {region}" in result.output
    assert result.return_value == Exit.OK
    assert run(*asked, "--exit-code").return_value == (Exit.OK if allowed else Exit.FAILED)
    made = json.loads(run(*asked, "--json").output)
    assert made["allowed"] is allowed
    (statement,) = made["statements"]
    assert (statement["by"], statement["stage"]) == ("InOneRegion", "applies" if allowed else "condition")
    assert statement["conditions"] == [
        {
            "operator": "StringEquals",
            "key": "aws:RequestedRegion",
            "expected": ["eu-west-1"],
            "got": [region],
            "holds": allowed,
        }
    ]


def test_explain_takes_every_kind_of_policy(write: Any) -> None:
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    shut = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    user = "arn:aws:iam::123456789012:user/jane"
    theirs = {"Version": "2012-10-17", "Statement": {**allow["Statement"], "Principal": {"AWS": user}}}  # type: ignore[dict-item]
    asked = ("iam", "explain", "--policy", write("a", allow), "--action", "ecr:PutImage", "--principal", user)
    assert run(*asked).output.startswith("allowed")
    assert "permissions boundary" in run(*asked, "--boundary", write("b", shut)).output
    assert "session policies" in run(*asked, "--session", write("s", shut)).output
    assert "resource  Allow" in run(*asked, "--resource-policy", write("r", theirs)).output


def test_explain_judges_a_trust_policy(write: Any) -> None:
    trust = documents.push_trust(ANSWERS)
    asked = ("iam", "explain", "--trust", write("t", trust), "--action", "sts:AssumeRoleWithWebIdentity")
    result = run(*asked, "--principal", documents.provider_arn(ANSWERS))
    assert "denied: BuildJobOfTheBranch would allow" in result.output
    assert result.output.count("got absent") == 6
    without = run(*asked)
    assert isinstance(without.exception, InputError)
    assert "--principal" in str(without.exception)


@pytest.mark.parametrize("text", ["", "{", '{"Statement": 1, "Statement": 2}', "[" * 5000])
def test_a_file_that_cannot_be_read_in_one_way_only_is_named(write: Any, text: str) -> None:
    for arguments in (("iam", "explain", "--action", "s3:Get", "--policy"), ("lint",)):
        result = run(*arguments, write("broken.json", text))
        assert isinstance(result.exception, InputError)
        assert "broken.json" in str(result.exception)


def test_a_context_is_an_object(write: Any, tmp_path: Path) -> None:
    asked = ("iam", "explain", "--policy", write("p", POLICY), "--action", "ecr:PutImage", "--context")
    for name in (write("c", "[]"), str(tmp_path / "none")):
        assert isinstance(run(*asked, name).exception, InputError)


def test_lint_of_files(write: Any) -> None:
    bad = write("bad.json", {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    result = run("lint", bad)
    assert result.return_value == Exit.PREFLIGHT
    assert "error   action-everything" in result.output
    assert "fix: " in result.output
    held = json.loads(run("lint", bad, "--json").output)
    assert [finding["rule"] for finding in held["findings"]] == ["action-everything"]
    (drawn,) = json.loads(run("lint", bad, "--sarif").output)["runs"]
    assert drawn["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == bad
    assert len(drawn["tool"]["driver"]["rules"]) == len(RULES)


def test_lint_is_strict_if_asked(write: Any) -> None:
    wide = write("w", {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}})
    assert run("lint", wide).return_value == Exit.OK
    assert run("lint", wide, "--strict").return_value == Exit.PREFLIGHT


def test_lint_knows_the_repository_if_answers_are_at_hand(write: Any) -> None:
    trust = json.loads(json.dumps(documents.push_trust(ANSWERS)))
    equals = trust["Statement"][0]["Condition"]["StringEquals"]
    equals[f"{ANSWERS.issuer}:sub"] = "repo:acme/payments-api:ref:refs/heads/main"
    file = write("t", trust)
    assert "subject-old-form" in run("lint", file).output
    without = run("lint", file, application=Application(None))
    assert without.return_value == Exit.OK
    assert "No answers are at hand" in without.stderr
    assert isinstance(run("lint", file, "--branch", "x", application=Application(None)).exception, InputError)


def test_lint_of_what_ekswiz_writes_finds_nothing() -> None:
    result = run("lint")
    assert result.output == "Nothing found.\n"
    assert result.return_value == Exit.OK


def test_every_rule_is_printed() -> None:
    printed = run("lint", "--rules").output
    assert all(rule.id in printed and rule.fix in printed for rule in RULES)


ROLE = Role("arn:aws:iam::123456789012:role/ci", {})


def seen(*cells: Cell) -> Seen:
    findings = lint_document({}, "identity", "ci")
    return Seen(ANSWERS, (ROLE,), findings, cells, ("IAM Access Analyzer was not asked: no.",))


def test_access_shows_a_table_and_what_is_too_much() -> None:
    application = Application(
        seen=seen(
            Cell("ci", "build-job", "assume", "yes", "yes", "S", "S allows it"),
            Cell("ci", "build-job", "deploy", "no", "yes", "Admin", "Admin holds in app."),
            Cell("ci", "build-job", "push-image", "yes", "no", None, "no statement allows it"),
            Cell("ci", "other-branch", "assume", "no", "?", None, "unknown"),
        )
    )
    result = run("access", "ci", application=application)
    assert application.asked == [("ci",)]
    assert result.return_value == Exit.RED
    assert "Computed, not tried" in result.output
    assert "yes !" in result.output
    assert "ci: build-job/deploy: yes: Admin holds in app." in result.output
    assert "Meant, and not possible with these roles:\n  build-job/push-image" in result.output
    assert "S allows it" not in result.output
    assert "S allows it" in run("access", "ci", "--all", application=application).output
    held: Mapping[str, Any] = json.loads(run("access", "--json", application=application).output)
    assert held["basis"] == "computed, not tried"
    assert [cell["surplus"] for cell in held["cells"]] == [False, True, False, False]
    assert held["unmet"] == [{"row": "build-job", "column": "push-image"}]


def test_access_and_lint_of_a_role_are_calm_where_nothing_is_wrong() -> None:
    calm = Seen(ANSWERS, (ROLE,), (), (Cell("ci", "build-job", "assume", "yes", "yes", "S", "S"),), ())
    assert run("access", application=Application(seen=calm)).return_value == Exit.OK
    result = run("lint", "--role", "ci", application=Application(seen=calm))
    assert result.output == "Nothing found.\n"
    noisy = run("lint", "--role", "ci", application=Application(seen=seen()))
    assert noisy.return_value == Exit.PREFLIGHT
    assert "malformed" in noisy.output
