"""The catalogue of errors: every kind is on its page and provoked by a test, and nothing else is ever raised at a user.

(The second half of the page, what AWS answers, is met row by row on the wire in `tests/contract/test_error_table.py`.)
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import ekswiz
from ekswiz import changing, failure, main, schemas
from ekswiz.engine.patience import patiently
from ekswiz.errors import EkswizError, Exit, Preflight, Stopped, Transient
from ekswiz.fields import regions
from ekswiz.permitted import Need, Permissions, Verdict
from ekswiz.state import Estimate
from ekswiz.view import View
from house.pages.rest import OTHERS, kinds
from unit.cli.test_command_line import PLAN
from unit.engine.fakes import VirtualClock

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "errors.md"
HERE = "unit.cli.test_error_catalogue"
PROVOKED = {
    "errors.EkswizError": f"{HERE}.test_an_installation_that_is_not_whole",
    "errors.InputError": "unit.cli.test_resolve.test_half_a_repository_is_refused",
    "resolve.Incomplete": "unit.from_account.test_rebuild.test_what_no_object_tells_is_asked_for_by_its_flag",
    "workflow.syntax.ExpressionError": "unit.runner.test_parts.test_hash_files_follows_patterns_and_exclusions",
    "errors.TargetError": "contract.test_error_table.test_each_row_is_met_on_the_wire",
    "errors.Unreadable": "unit.engine.test_aws_errors.test_a_read_of_nothing_is_none_and_a_denied_one_unreadable",
    "errors.NotYet": "unit.engine.test_kubernetes_access.test_a_cluster_without_address_or_future_is_not_there",
    "errors.Refused": "contract.test_error_table.test_the_gates_faults_are_in_the_table",
    "errors.Transient": "contract.test_error_table.test_the_gates_faults_are_in_the_table",
    "errors.Expired": "contract.test_error_table.test_the_gates_faults_are_in_the_table",
    "clients.aws_errors.Absent": "contract.test_error_table.test_each_row_is_met_on_the_wire",
    "clients.aws_errors.InUse": "contract.test_error_table.test_each_row_is_met_on_the_wire",
    "clients.kube_api.Missing": "unit.engine.test_kubernetes_access.test_a_status_becomes_one_of_our_errors",
    "clients.github_rest.Missing": "unit.github_api.test_client.test_a_refusal_says_what_to_do",
    "errors.Conflict": "contract.test_error_table.test_each_row_is_met_on_the_wire",
    "errors.StalePlan": "unit.engine.test_apply.test_a_plan_for_another_account_is_refused",
    "errors.Consentless": "unit.states.test_risks_reference.test_only_risks_that_may_break_somebody_need_consent",
    "errors.Preflight": f"{HERE}.test_what_aws_denies_is_not_begun",
    "errors.Locked": "unit.engine.test_lock.test_a_second_run_is_told_who_holds_the_stack",
    "errors.JournalError": "unit.engine.test_journal.test_another_stacks_journal_is_refused",
    "errors.Disorder": "unit.engine.test_planner.test_a_circle_is_named",
    "errors.Stopped": f"{HERE}.test_a_stop_ends_the_wait_between_two_calls",
    "errors.RehearsalError": "unit.containers.test_finding_the_engine.test_an_engine_on_another_machine_is_refused",
}
"""Every error class, and a test in which the product raises it. The test must name the class."""


def named(kind: type[Exception]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("ekswiz.")


def values(function: Any) -> Iterator[Any]:
    """Everything that a test function refers to: its globals by name, and the parameters that it is called with."""
    function = inspect.unwrap(function)
    yield from (mark.args for mark in getattr(function, "pytestmark", ()))
    yield from (function.__globals__[name] for name in names(function.__code__) if name in function.__globals__)


def names(code: Any) -> Iterator[str]:
    """The names in a function's code, that of functions in it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from names(constant)


def holds(value: Any, wanted: type[Exception]) -> bool:
    """Whether a value is the class, or a collection with it somewhere inside."""
    if isinstance(value, dict):
        return any(holds(each, wanted) for each in (*value, *value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return any(holds(each, wanted) for each in value)
    return value is wanted


def test_every_kind_is_provoked_and_every_provocation_is_of_a_kind() -> None:
    assert sorted(PROVOKED) == sorted(map(named, kinds()))


@pytest.mark.parametrize("kind", kinds(), ids=named)
def test_the_test_that_provokes_a_kind_is_there_and_names_it(kind: type[EkswizError]) -> None:
    path, _, name = PROVOKED[named(kind)].rpartition(".")
    module = importlib.import_module(path)

    function: Callable[..., Any] = getattr(module, name)
    referred = [*values(function)]
    helpers = [value for value in referred if inspect.isfunction(value) and value.__module__ == path]

    assert any(holds(each, kind) for each in (*referred, *(inner for each in helpers for inner in values(each))))


def test_every_kind_is_on_the_page_with_its_summary_and_exit_code() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for kind in kinds():
        assert f"| `{kind.__name__}` | {kind.summary} | `{int(kind.exit_code)}` |" in page
    for name, summary, code, _ in OTHERS:
        assert f"| `{name}` | {summary} | `{int(code)}` |" in page


def test_nobody_raises_a_bare_exception() -> None:
    """What is raised is one of the catalogue, or never leaves its room: an error of Python's own library."""
    root, bare = Path(ekswiz.__file__).parent, {"Exception", "BaseException", "RuntimeError"}
    raised = {
        (file.relative_to(root).as_posix(), node.exc.func.id)
        for file in root.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name)
    }

    assert [each for each in sorted(raised) if each[1] in bare] == []


# ---- the kinds that are no class of ours, and those that only a front end raises


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    """A command with `--json`: code, error, and what standard error says."""
    code = main.run([*words])
    said = capsys.readouterr()
    shown = json.loads(said.out)
    jsonschema.validate(shown, schemas.schema("error"))
    return code, shown["error"], said.err


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code, error, told = run(capsys, "plan", "--json", "--regoin", "x")

    assert (code, error["kind"], error["field"]) == (Exit.USAGE, failure.USAGE, "--regoin")
    assert error["detail"] in told


def test_the_operating_system_refuses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def absent(*_: Any, **__: Any) -> Any:
        return (tmp_path / "nothing").read_text()

    monkeypatch.setattr(main.Ekswiz, "answers", absent)
    code, error, told = run(capsys, "answers", "--json")

    assert (code, error["kind"]) == (Exit.FAILED, failure.SYSTEM)
    assert error["detail"] in told
    assert str(tmp_path / "nothing") in told


def test_a_mistake_of_ours(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def divide(*_: Any, **__: Any) -> Any:
        return 1 // 0

    monkeypatch.setattr(main.Ekswiz, "answers", divide)
    code, error, told = run(capsys, "answers", "--json")

    assert (code, error["kind"]) == (Exit.FAILED, failure.MISTAKE)
    assert "ZeroDivisionError" in error["detail"]
    assert main.TRACEBACK in told


def test_ctrl_c_at_a_question(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(main.Ekswiz, "answers", interrupted)
    code, error, told = run(capsys, "answers", "--json")

    assert (code, error["kind"]) == (Exit.INTERRUPTED, failure.INTERRUPTED)
    assert "Nothing more was changed." in told


def test_an_installation_that_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "find_spec", lambda _: None)

    with pytest.raises(EkswizError, match="botocore is not installed"):
        regions._data()


def test_what_aws_denies_is_not_begun() -> None:
    need = Need("iam:CreateRole", "*", ("iam_role.push",))
    checked = Permissions("arn:aws:iam::111122223333:user/me", "AWS says", (Verdict(need, "denied"),))

    with pytest.raises(Preflight, match=r"iam:CreateRole.*ekswiz operator-policy"):
        changing._refuse_missing(View(PLAN, (), Estimate(1.0), checked))


def test_a_stop_ends_the_wait_between_two_calls() -> None:
    stop = threading.Event()

    def busy() -> None:
        stop.set()
        raise Transient("not yet.", within=60.0)

    with pytest.raises(Stopped):
        patiently(busy, VirtualClock(), stop, lambda _: None)
