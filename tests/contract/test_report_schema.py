"""The report of real rehearsals, green and red, against its published schema; and reports that the schema refuses."""

from __future__ import annotations

import copy
import json
from typing import Any, get_args

import jsonschema
import pytest

from ekswiz.iam.decision import Layer
from ekswiz_sim import report
from rehearsal.worlds import Run, rehearsed

Path = tuple[str | int, ...]
ABSENT = object()


def plain(run: Run) -> dict[str, Any]:
    """The report as a file holds it."""
    return dict(json.loads(json.dumps(run.report)))


@pytest.fixture(scope="module")
def green() -> dict[str, Any]:
    """The road as far as a service that answers, and who gets in."""
    return plain(rehearsed(stages=("plan", "apply", "push", "answer", "access")))


@pytest.fixture(scope="module")
def red() -> dict[str, Any]:
    """An operator who may nothing: the first stage fails, the others are skipped."""
    statement = {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*"}
    return plain(rehearsed(policy=lambda _: {"Version": "2012-10-17", "Statement": [statement]}))


def altered(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy with one member changed, added, or (ABSENT) taken out."""
    made = copy.deepcopy(document)
    at: Any = made
    for step in path[:-1]:
        at = at[step]
    if value is ABSENT:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return made


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(report.schema())


def test_a_green_report_fits(green: dict[str, Any]) -> None:
    assert green["ok"], [stage for stage in green["stages"] if not stage["ok"]]
    assert green["matrix"]
    assert green["http"]
    assert green["image"]
    jsonschema.validate(green, report.schema())


def test_a_red_report_fits(red: dict[str, Any]) -> None:
    assert not red["ok"]
    assert {stage["skipped"] for stage in red["stages"]} == {True, False}
    jsonschema.validate(red, report.schema())


def test_every_layer_of_a_decision_can_be_reported() -> None:
    cell = report.schema()["properties"]["matrix"]["items"]["properties"]["layer"]

    assert set(cell["enum"]) == {*get_args(Layer), None}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 2),
        (("ok",), "yes"),
        (("subject", "commit"), "HEAD"),
        (("subject", "ref"), ABSENT),
        (("tiers", 0, "real"), ABSENT),
        (("plan",), {}),
        (("plan", "account"), "1234"),
        (("plan", "fingerprint"), "abc"),
        (("plan", "changes", 0, "action"), "create"),
        (("plan", "changes", 0, "why"), ""),
        (("plan", "changes", 0, "risks"), [{"id": "x"}]),
        (("plan", "changes", 0, "more"), 1),
        (("stages", 0, "seconds"), -1),
        (("stages", 0, "log"), "text"),
        (("stages", 0, "why"), ABSENT),
        (("http", "status"), "200"),
        (("http",), ABSENT),
        (("image", "digest"), "sha256:1"),
        (("matrix", 0, "got"), "maybe"),
        (("matrix", 0, "layer"), "magic"),
        (("matrix", 0, "by"), 3),
        (("decisions", "denied"), -1),
        (("leftovers",), None),
        (("secret",), "x"),
        # A report that calls itself green holds nothing red.
        (("stages", 0, "ok"), False),
        (("matrix", 0, "ok"), False),
        (("leftovers",), ["/tmp/ekswiz-sim-1"]),
        (("stages",), []),
    ],
)
def test_a_report_that_says_something_else_is_refused(green: dict[str, Any], path: Path, value: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(altered(green, path, value), report.schema())
