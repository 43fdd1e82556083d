from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ekswiz.doctor.checks import CHECKS
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, ok
from ekswiz.doctor.redact import redacted
from ekswiz.doctor.run import examine, run
from ekswiz.errors import InputError, Unreadable
from ekswiz.frontend import Check, Choice, Given
from ekswiz.resolve import Incomplete
from unit.doctor.provoked_cluster import node
from unit.doctor.ward import Ward, set_to
from unit.probes.hub import HERE, Hub


def test_a_pipeline_that_is_well_is_found_well(ward: Ward, hub: Hub) -> None:
    hub.usual()
    hub.put(f"{HERE}/actions/secrets", {"secrets": []})
    ward.github = hub.api()
    node(ward, "amd64")
    ward.alter("eks", "DescribeCluster", set_to("cluster", "upgradePolicy", value={"supportType": "STANDARD"}))
    ward.tool("aws", "aws-cli/2.31.0 Python/3.13")
    ward.tool("kubectl", '{"clientVersion": {"gitVersion": "v1.35.1"}}')
    ward.tool("git", "git version 2.51.0")
    ward.more["localstack"] = "http://127.0.0.1:9/_localstack/health"  # whatever this machine runs

    found = {check.id: check for check in run(CHECKS, Facts(ward.source()))}

    assert len(found) == len(CHECKS)
    assert {check.id: check for check in found.values() if check.result in ("warn", "fail")} == {}
    assert {check.id for check in found.values() if check.result == "skip"} <= {
        "docker", "kind", "localstack", "clock", "node-groups", "node-pull", "rollout", "running-images",
    }  # fmt: skip


def test_before_anything_is_applied_nothing_is_called_wrong(empty: Ward, hub: Hub) -> None:
    hub.usual()
    empty.github = hub.api()

    assert [check.id for check in run(CHECKS, Facts(empty.source())) if check.result == "fail"] == []


def test_without_answers_and_without_aws_every_check_says_what_it_waits_for(empty: Ward, hub: Hub) -> None:
    hub.usual()
    empty.github = hub.api()
    empty.failing = Incomplete("--account", "not known, and nothing here says it.", "Give the flag.")
    empty.door = _no_door

    found = {check.id: check for check in run(CHECKS, Facts(empty.source()))}

    assert found["answers"].result == "skip"
    assert found["answers"].fix == "Give the flag."
    assert [check.id for check in found.values() if check.result == "fail"] == ["aws-credentials"]
    assert found["cluster-mode"].found == "not looked at: the answers are not complete"
    assert all(check.found for check in found.values())


def _no_door() -> Any:
    raise InputError("--profile", "there is no AWS profile 'x'.", "See: aws configure list-profiles")


def test_what_is_denied_is_unknown_and_never_ok(empty: Ward) -> None:
    from unit.doctor.provoked_aws import _allow

    _allow(empty, "sts:GetCallerIdentity")

    for check in ("cluster", "cluster-version", "provider", "registry", "registry-tags", "role-push", "node-groups"):
        found = empty.check(check)
        assert found.result == "skip"
        assert "AccessDenied" in found.found
        assert found.fix


def test_things_are_read_once_however_many_checks_ask(ward: Ward, hub: Hub) -> None:
    hub.usual()
    ward.github = hub.api()
    calls: list[str] = []
    for operation in ("DescribeCluster", "DescribeAccessEntry"):
        ward.alter("eks", operation, lambda parsed, operation=operation: calls.append(operation))
    facts = Facts(ward.source())

    for check in ("cluster", "cluster-mode", "cluster-endpoint", "access-entry", "access-entry-role"):
        examine(next(each for each in CHECKS if each.id == check), facts)

    assert sorted(calls) == ["DescribeAccessEntry", "DescribeCluster"]


def test_what_failed_once_is_not_asked_again(empty: Ward) -> None:
    tries: list[int] = []

    def make() -> None:
        tries.append(1)
        raise Unreadable("iam:GetRole: AccessDenied")

    facts = Facts(empty.source())
    for _ in range(3):
        with pytest.raises(Unreadable):
            facts.once("role", make)
    assert tries == [1]


def _examination(id: str, look: Any) -> Examination:
    return Examination(id, id, "Because.", look)


def test_a_check_is_said_as_soon_as_it_is_known(empty: Ward) -> None:
    gate = threading.Event()

    def slow(_: Facts) -> Finding:
        gate.wait(10)
        return ok("late")

    found = run([_examination("slow", slow), _examination("quick", lambda _: ok("early"))], Facts(empty.source()))

    assert next(found).id == "quick"
    gate.set()
    assert next(found).id == "slow"


def test_whoever_stops_listening_is_not_kept_waiting(empty: Ward) -> None:
    began = threading.Semaphore(0)
    gate = threading.Event()

    def slow(_: Facts) -> Finding:
        began.release()
        gate.wait(10)
        return ok("late")

    many = [_examination("quick", lambda _: ok("early")), *(_examination(f"s{n}", slow) for n in range(40))]
    found = run(many, Facts(empty.source()))
    assert next(found).id == "quick"
    found.close()  # type: ignore[attr-defined]
    gate.set()

    assert sum(began.acquire(blocking=False) for _ in range(40)) < 40


def test_a_mistake_of_ours_is_one_red_line_and_not_the_end(empty: Ward) -> None:
    def wrong(_: Facts) -> Finding:
        raise KeyError("status")

    found = examine(_examination("wrong", wrong), Facts(empty.source()))

    assert (found.result, found.found) == ("fail", "a mistake in ekswiz: KeyError: 'status'")
    assert "report it" in found.fix


def test_what_comes_first_is_named(empty: Ward) -> None:
    def early(_: Facts) -> Finding:
        raise Unasked("there is no cluster yet")

    assert (
        examine(_examination("early", early), Facts(empty.source())).found == "not looked at: there is no cluster yet"
    )


# ---- redaction


VALUES = {
    "account": "123456789012", "owner": "acme", "repo": "payments-api", "cluster": "platform-dev", "branch": "main",
    "stack": "pay", "namespace": "pay-live", "ecr_repository": "team/payments-api", "profile": "dev-admin",
}  # fmt: skip


def _clean(text: str) -> str:
    check = Check("x", "X", "fail", text, "why", text)
    found = redacted(check, VALUES, home="/home/mira")
    assert found.found == found.fix
    return found.found


@pytest.mark.parametrize(
    ("said", "clean"),
    [
        ("acme/payments-api, private", "<owner>/<repo>, private"),
        ("role ekswiz-pay-deploy in pay-live of pay", "role <deploy-role> in <namespace> of <stack>"),
        ("team/payments-api", "<ecr-repository>"),
        ("arn:aws:sts::123456789012:assumed-role/A/m@a.io", "arn:aws:sts::<account>:assumed-role/<role>/<session>"),
        ("arn:aws:iam::999999999999:user/mira", "arn:aws:iam::<account>:user/<name>"),
        ("made for AROA1234567890EXAMPLE", "made for <id>"),
        ("/home/mira/.local/state", "~/.local/state"),
        ("open to 203.0.113.7 and 0.0.0.0/0", "open to <ip> and 0.0.0.0/0"),
        ("branch main, --profile dev-admin", "branch main, --profile <profile>"),
        ("acmes and repayments are other words", "acmes and repayments are other words"),
        ("sha256:aaaaaaaaaaaa", "sha256:aaaaaaaaaaaa"),
    ],
)  # fmt: skip
def test_names_numbers_and_paths_are_taken_out(said: str, clean: str) -> None:
    assert _clean(said) == clean


def test_no_value_of_the_answers_is_left_in_any_check(ward: Ward, hub: Hub) -> None:
    hub.usual()
    ward.github = hub.api()
    values = {name: str(getattr(ward.answers, name)) for name in ("account", "owner", "repo", "cluster", "owner_id")}
    values["stack"] = ward.answers.stack

    for check in run(CHECKS, Facts(ward.source())):
        found = redacted(check, values, home=str(ward.tmp))
        text = json.dumps([found.found, found.fix])
        for value in (*values.values(), "operator"):
            assert not any(f"{left}{value}{right}" in text for left in ' /:"' for right in ' /:,"'), (check.id, text)


# ---- the command


class _Application:
    """As much of the application as the command asks for."""

    def __init__(self, checks: list[Check]) -> None:
        self.look = self
        self._checks = checks
        self.asked: list[tuple[Given, Choice]] = []

    def checks(self, given: Given, choice: Choice) -> Iterator[Check]:
        self.asked.append((given, choice))
        yield from self._checks

    def draft(self, given: Given, *, sim: bool) -> Any:
        from ekswiz.frontend import Draft

        return Draft({"owner": "acme", "repo": "payments-api", "account": "123456789012"}, {})


GOOD = Check("cluster", "Cluster", "ok", "platform-dev, ACTIVE", "It is asked for.")
BAD = Check("role-push", "Push role", "fail", "there is no role of acme", "The build job needs it.", "ekswiz apply")
ODD = Check("aws-cli", "AWS CLI", "warn", "version 1", "It signs you in.", "Install version 2")
NOT = Check("kind", "kind", "skip", "not installed", "Only the full rehearsal.", "Install it")


def _run(*arguments: str, checks: list[Check]) -> tuple[int, str, _Application]:
    from click.testing import CliRunner

    from ekswiz import cli_doctor

    application = _Application(checks)
    result = CliRunner().invoke(cli_doctor.ekswiz, arguments, obj=application)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output, application


def test_the_command_fails_if_anything_is_wrong_and_says_why_and_what_to_do() -> None:
    code, output, _ = _run("doctor", checks=[BAD, ODD, GOOD, NOT])

    assert code == 5
    assert "ok  Cluster" in output
    assert output.index("!!  AWS CLI") < output.index("xx  Push role")
    assert "    why  The build job needs it.\n    do   ekswiz apply   [role-push]" in output
    assert output.endswith("4 checks: 1 ok, 1 to look at, 1 wrong, 1 not looked at.\n")


def test_the_command_succeeds_if_nothing_is_wrong() -> None:
    assert _run("doctor", checks=[GOOD, ODD, NOT])[0] == 0


def test_what_was_not_looked_at_for_one_reason_is_one_line() -> None:
    waiting = [
        replace(GOOD, id=f"c{n}", title=f"C{n}", result="skip", found="not looked at: no answers") for n in (1, 2)
    ]

    assert "--  2 checks                     not looked at: no answers\n    C1, C2" in _run("doctor", checks=waiting)[1]


def test_the_checks_as_json_do_not_depend_on_the_order_in_which_they_were_known() -> None:
    code, output, _ = _run("doctor", "--json", checks=[BAD, GOOD])

    found = json.loads(output)
    assert output == _run("doctor", "--json", checks=[GOOD, BAD])[1]
    assert (code, found["version"], found["ok"]) == (5, 1, False)
    assert found["counts"] == {"ok": 1, "warn": 0, "fail": 1, "skip": 0}
    assert [check["id"] for check in found["checks"]] == ["cluster", "role-push"]
    assert set(found["checks"][0]) == {"id", "title", "result", "found", "why", "fix"}


def test_redaction_is_asked_for() -> None:
    assert "of acme" in _run("doctor", "--json", checks=[BAD])[1]
    assert "of <owner>" in _run("doctor", "--json", "--redact", checks=[BAD])[1]


def test_flags_reach_the_checks() -> None:
    _, _, application = _run("--sim", "doctor", "--profile", "dev", "--cluster", "c", checks=[GOOD])

    ((given, choice),) = application.asked
    assert (given.fields["cluster"], choice.profile, choice.sim) == ("c", "dev", True)


def test_the_reference_page_is_current() -> None:
    import runpy
    from pathlib import Path

    root = Path(__file__).resolve().parents[3]
    page = runpy.run_path(str(root / "tests" / "house" / "doctor_reference.py"))

    assert page["FILE"].read_text(encoding="utf-8") == page["text"]()
