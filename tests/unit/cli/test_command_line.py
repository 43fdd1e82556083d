"""The command line over a product that says what a test wants: exit codes, and what goes to which stream."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ekswiz import main
from ekswiz.answers import Answers
from ekswiz.errors import (
    Conflict,
    EkswizError,
    Exit,
    InputError,
    JournalError,
    Locked,
    Refused,
    RehearsalError,
    StalePlan,
)
from ekswiz.events import Event
from ekswiz.frontend import Choice
from ekswiz.permitted import Answer, Need, Permissions, Source, Verdict
from ekswiz.plan import Action, Change, Plan
from ekswiz.state import Estimate, Status, Unfinished
from ekswiz.target import Flag

ANSWERS = Answers(
    stack="payments", account="111122223333", region="eu-west-1", owner="acme", repo="payments", owner_id="1",
    repo_id="2", branch="main", cluster="c", namespace="payments", ecr_repository="payments", workload="payments",
)  # fmt: skip
CHANGE = Change(
    address="iam_role.push", action=Action.CREATE, before=None, after={"name": "x"}, needs=(), adopted=False,
    why="Pushes images ± …", cli="aws iam create-role", permissions=("iam:CreateRole",),
)  # fmt: skip
PLAN = Plan(1, "payments", "111122223333", "eu-west-1", "2026-01-01T00:00:00+00:00", (CHANGE,))
SETTLED = replace(PLAN, changes=(replace(CHANGE, action=Action.KEEP, before={"name": "x"}),))
Run = Callable[..., int]


def event(kind: Any, message: str = "") -> Event:
    return Event(kind, 0.0, CHANGE.address, 0.5, message)


@dataclass
class Product:
    """An `Application`, and the stack that it opens."""

    answers: Answers = ANSWERS
    made: Plan = PLAN
    events: Sequence[Event] = ()
    error: EkswizError | Exception | None = None
    ok: bool = True
    carried_out: list[Plan] = field(default_factory=list)
    signalled: signal.Signals | None = None
    choice: Choice = field(default_factory=Choice)
    verdict: Answer = "allowed"
    source: Source = "AWS says"

    @contextmanager
    def road(self, given: Any, choice: Any) -> Iterator[Product]:
        if self.error:
            raise self.error
        self.choice = choice
        yield self

    def plan(self) -> Plan:
        return self.made

    destroy_plan = plan

    def eta(self, plan: Plan) -> Estimate:
        return Estimate(12.0)

    def permissions(self, plan: Plan) -> Permissions:
        need = Need("iam:CreateRole", "*", (CHANGE.address,))
        return Permissions("arn:aws:iam::111122223333:user/me", self.source, (Verdict(need, self.verdict),))

    def status(self) -> Status:
        return Status("payments", ANSWERS.account, ANSWERS.region, "", 1, ())

    def unfinished(self) -> Unfinished | None:
        return None

    def apply(self, plan: Plan, stop: Flag) -> Iterator[Event]:
        self.carried_out.append(plan)
        if self.signalled:
            signal.raise_signal(self.signalled)
        yield from self.events

    destroy = apply

    def rehearse(self, given: Any, stop: Flag, *, port: int = 0) -> Rehearsal:
        if self.error:
            raise self.error
        return Rehearsal(self)

    def sim_status(self) -> Mapping[str, Any] | None:
        return None


@dataclass
class Rehearsal:
    product: Product
    closed: bool = False

    def __iter__(self) -> Iterator[Event]:
        if self.product.signalled:
            signal.raise_signal(self.product.signalled)
        yield Event("stage", 0.0, "plan", 0.1, "+1 create", {"phase": "finished", "ok": self.product.ok})

    def close(self) -> None:
        self.closed = True

    @property
    def report(self) -> Mapping[str, Any]:
        return {"ok": self.product.ok, "text": "± …"}


@pytest.fixture
def product(monkeypatch: pytest.MonkeyPatch) -> Product:
    made = Product()
    monkeypatch.setattr(main, "Ekswiz", lambda: made)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    return made


APPLY = ("apply", "--yes", "--account", ANSWERS.account)
DESTROY = ("destroy", "--yes", "--account", ANSWERS.account)


def test_a_plan_is_json_on_stdout_and_nothing_else(product: Product, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["plan", "--json"]) == 0

    said = capsys.readouterr()
    shown = json.loads(said.out)
    assert shown["cost"]["currency"] == "USD"
    assert shown["estimate"] == {"seconds": 12.0, "unknown": []}
    assert {key: shown[key] for key in PLAN.to_json()} == json.loads(json.dumps(PLAN.to_json()))
    assert said.err == ""


@pytest.mark.parametrize("command", [APPLY, DESTROY])
def test_what_aws_will_deny_is_not_begun(
    product: Product, command: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    product.verdict = "denied"

    assert main.run(command) == Exit.PREFLIGHT

    assert product.carried_out == []
    assert "missing iam:CreateRole on *" in capsys.readouterr().err


def test_what_is_only_computed_to_be_denied_is_tried(product: Product) -> None:
    product.verdict, product.source = "denied", "computed, not tried"

    assert main.run(APPLY) == Exit.OK

    assert product.carried_out == [PLAN]


def test_consents_reach_the_session(product: Product) -> None:
    main.run(
        [*APPLY, "--allow-risk", "narrows-trust", "--allow-risk", "drops-managed-policies", "--adopt", "--take-over"]
    )

    assert product.choice == Choice(
        adopt=True, take_over=True, allow_risks=frozenset({"narrows-trust", "drops-managed-policies"})
    )


@pytest.mark.parametrize(("made", "code"), [(PLAN, Exit.PENDING), (SETTLED, Exit.OK)])
def test_plan_with_exit_code_says_whether_changes_are_pending(product: Product, made: Plan, code: Exit) -> None:
    product.made = made

    assert main.run(["plan", "--exit-code"]) == code
    assert main.run(["plan"]) == Exit.OK


@pytest.mark.parametrize("command", [APPLY, DESTROY])
@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (("started", "applied"), Exit.OK),
        (("started", "failed"), Exit.FAILED),
        (("started", "applied", "failed", "skipped"), Exit.PARTIAL),
        (("started", "applied", "stopped"), Exit.STOPPED),
    ],
)
def test_the_exit_code_of_a_change(product: Product, command: Sequence[str], kinds: Sequence[str], code: Exit) -> None:
    product.events = [event(kind) for kind in kinds]

    assert main.run([*command]) == code


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED), (signal.SIGHUP, Exit.TERMINATED)],
)
@pytest.mark.parametrize("command", [APPLY, DESTROY, ("--sim", "--headless")])
def test_the_exit_code_of_a_signal(
    product: Product, command: Sequence[str], number: signal.Signals, code: Exit
) -> None:
    product.signalled, product.events, product.ok = number, [event("stopped")], False

    assert main.run([*command]) == code


@pytest.mark.parametrize("command", [APPLY, DESTROY])
def test_events_are_json_lines_on_stdout_and_the_rest_is_narration(
    product: Product, capsys: pytest.CaptureFixture[str], command: Sequence[str]
) -> None:
    product.events = [event("started"), event("applied", "± …")]

    assert main.run([*command, "--json"]) == 0

    said = capsys.readouterr()
    assert [json.loads(line)["type"] for line in said.out.splitlines()] == ["started", "applied"]
    assert said.out.isascii()
    assert "1 of 1 changes made." in said.err


def test_a_report_on_stdout_is_json_and_the_narration_is_on_stderr(
    product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["--sim", "--headless", "--json", "-"]) == 0

    said = capsys.readouterr()
    assert json.loads(said.out) == {"ok": True, "text": "± …"}
    assert said.err.startswith("ok    plan")


def test_a_report_in_a_file_is_utf_8(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "report.json"

    assert main.run(["rehearse", "--json", str(file)]) == 0

    assert json.loads(file.read_text(encoding="utf-8"))["text"] == "± …"


def test_a_red_rehearsal_is_6(product: Product) -> None:
    product.ok = False

    assert main.run(["--sim", "--headless"]) == Exit.RED
    assert main.run(["rehearse"]) == Exit.RED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("--region", "no."), Exit.USAGE),
        (StalePlan("moved."), Exit.STALE),
        (RehearsalError("no."), Exit.PREFLIGHT),
        (Locked("held."), Exit.FAILED),
        (JournalError("torn."), Exit.FAILED),
        (Refused("denied."), Exit.FAILED),
        (Conflict("there."), Exit.FAILED),
        (PermissionError(13, "Permission denied", "/x"), Exit.FAILED),
        (ZeroDivisionError("division"), Exit.FAILED),
    ],
)
def test_an_error_is_one_sentence_and_its_exit_code(
    product: Product, capsys: pytest.CaptureFixture[str], error: Exception, code: Exit
) -> None:
    product.error = error

    for command in (["plan"], [*APPLY], ["--sim"]):
        assert main.run(command) == code
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("ekswiz: ")
        assert said.err.count("\n") == 1


def test_the_traceback_of_a_mistake_is_there_for_who_asks(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    product.error = ZeroDivisionError("division")
    monkeypatch.setenv(main.TRACEBACK, "1")

    with pytest.raises(ZeroDivisionError):
        main.run(["plan"])


@pytest.mark.parametrize("arguments", [["frob"], ["--frob"], ["plan", "--frob"], ["--port", "x"], ["sim"]])
def test_a_command_line_that_is_none_is_64(product: Product, arguments: list[str]) -> None:
    assert main.run(arguments) == Exit.USAGE


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["--version"], [], ["plan", "--help"], ["sim", "up", "-h"]])
def test_help_and_the_start_are_0_and_on_stdout(
    product: Product, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main.run(arguments) == Exit.OK

    said = capsys.readouterr()
    assert "ekswiz" in said.out
    assert said.err == ""


def test_without_a_world_status_is_1_and_json_all_the_same(
    product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["sim", "status", "--json"]) == Exit.FAILED
    assert json.loads(capsys.readouterr().out) == {}


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_without_a_terminal_and_yes_nothing_is_changed(
    product: Product, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main.run([command]) == Exit.USAGE

    assert "--yes" in capsys.readouterr().err
    assert product.carried_out == []


@pytest.mark.parametrize("account", [(), ("--account", "999999999999")])
def test_yes_needs_the_account_that_it_is_meant_for(product: Product, account: Sequence[str]) -> None:
    assert main.run(["apply", "--yes", *account]) == Exit.USAGE
    assert product.carried_out == []


def test_flags_may_stand_before_the_command(product: Product) -> None:
    product.events = [event("applied")]

    assert main.run(["--account", ANSWERS.account, "apply", "--yes"]) == Exit.OK
    assert product.carried_out == [PLAN]
