"""The end-to-end harness itself: it must be able to fail, and say why."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from e2e import cases, run, table, tiers
from e2e.cases import Case, Found
from e2e.ground import Ground, Said
from e2e.table import Cell
from e2e.tiers import Chosen, Tier
from ekswiz.paths import WORKFLOW_PATH
from ekswiz.tiers import Wish
from ekswiz_sim import sample
from rehearsal import failures
from rehearsal.failures import FAILURES

HERE, THERE = Tier("embedded", Wish()), Tier("kind", Wish())


def case(name: str, *wrong: str, **verdicts: str) -> Case:
    def act(tier: Tier, ground: Ground, found: Found) -> None:
        found.wrong += wrong
        found.verdicts |= {key: value.replace("TIER", tier.name) for key, value in verdicts.items()}

    return Case(name, act)


def both() -> list[Chosen]:
    return [Chosen(HERE, "", forced=False), Chosen(THERE, "", forced=False)]


def test_a_case_that_finds_something_wrong_or_breaks_is_red() -> None:
    def breaks(tier: Tier, ground: Ground, found: Found) -> None:
        raise KeyError("no such thing")

    cells, _ = run.everything(both()[:1], [case("good"), case("bad", "too late"), Case("broken", breaks)], str)
    assert [cell.state for cell in cells] == ["ok", "failed", "failed"]
    assert cells[1].why == "too late"
    assert "KeyError: 'no such thing'" in cells[2].why


def test_what_a_case_leaves_is_its_failure() -> None:
    def leaves(tier: Tier, ground: Ground, found: Found) -> None:
        (ground.tmp / "ekswiz-sim-left").mkdir()

    cells, _ = run.everything(both()[:1], [Case("untidy", leaves)], str)
    assert (cells[0].state, cells[0].why) == ("failed", "left: file ekswiz-sim-left")


def test_a_tier_that_is_not_here_is_not_run_and_fails_only_where_it_is_forced() -> None:
    columns = [Chosen(HERE, "no engine", forced=False), Chosen(THERE, "no kind", forced=True)]
    cells, verdicts = run.everything(columns, [case("any")], str)
    assert [(cell.state, cell.why) for cell in cells] == [
        ("not run", "not run: no engine"),
        ("failed", "not run: no kind"),
    ]
    assert verdicts == {}


def test_tiers_that_disagree_are_named_with_both_answers() -> None:
    _, verdicts = run.everything(both(), [case("road", a="yes", b="in TIER"), case("other", c="no")], str)
    assert table.disagreements(verdicts) == ["road: b: in embedded in embedded, in kind in kind"]
    missing = {"road": {"embedded": {"a": "yes"}, "kind": {}}}
    assert table.disagreements(missing) == ["road: a: yes in embedded, nothing in kind"]


def test_the_exit_code_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "chosen", lambda _said: both())
    for made, code in ((case("fine", a="yes"), 0), (case("bad", "wrong"), 1), (case("differs", a="TIER"), 1)):
        monkeypatch.setattr(run, "cases", lambda _kills, _seed, made=made: [made])
        assert run.main(["--report", str(tmp_path)], say=str) == code
    assert sorted(path.name for path in tmp_path.iterdir()) == ["junit.xml", "report.md", "verdicts.json"]
    assert json.loads((tmp_path / "verdicts.json").read_text())["differs"]["kind"] == {"a": "kind"}


def test_names_that_are_no_tiers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setenv(tiers.FORCED, "embedded,minikube")
    assert run.main([], say=said.append) == run.USAGE
    assert said == ["E2E_TIERS: 'minikube' is no tier; there are embedded, docker, kind, localstack"]


def test_forced_tiers_are_those_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tier, "missing", lambda tier: "" if tier.name == "embedded" else "not here")
    assert [(one.tier.name, one.why_not, one.forced) for one in tiers.chosen(" embedded, kind ")] == [
        ("embedded", "", True),
        ("kind", "not here", True),
    ]
    assert [one.tier.name for one in tiers.chosen(None)] == ["embedded", "docker", "kind", "localstack"]
    assert not any(one.forced for one in tiers.chosen(""))


def test_a_machine_without_engine_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert tiers.known()["embedded"].missing() == ""
    assert "the kind command" in tiers.known()["kind"].missing()


def test_the_reports_are_well_formed_and_whole(tmp_path: Path) -> None:
    cells = [
        Cell("embedded", "road", "ok", 12.5, note="12 s"),
        Cell("embedded", "bad", "failed", 1.0, "it said \x1b[31m<no>\x00 & left\nmore"),
        Cell("kind", "road", "not run", why="not run: no kind"),
        Cell("kind", "bad", "not run", why="not run: no kind"),
    ]
    root = ET.fromstring(table.junit(cells, ["road: a: yes in embedded, no in kind"]))
    suites = {suite.get("name"): suite for suite in root}
    assert {
        name: (suite.get("tests"), suite.get("failures"), suite.get("skipped")) for name, suite in suites.items()
    } == {
        "embedded": ("2", "1", "0"),
        "kind": ("2", "0", "2"),
        "tiers": ("1", "1", "0"),
    }
    [failure] = suites["embedded"].iter("failure")
    assert failure.get("message") == "it said ?[31m<no>? & left"
    shown = table.markdown(cells, [], "a machine")
    assert "| road | ok (12 s) | not run |" in shown
    assert "- kind: not run: no kind" in shown
    assert "- embedded, bad: it said" in shown
    assert "Verdicts: equal in all tiers that ran." in shown


@pytest.mark.parametrize("name", list(FAILURES))
def test_every_broken_deployment_still_finds_its_place_in_the_sample(name: str) -> None:
    edits = [edit for edit in FAILURES[name].edits if edit[0] != WORKFLOW_PATH]
    for path, old, new in (*edits, (failures.MANIFEST, failures.PATIENT, "")):
        text = (sample.source() / path).read_text()
        assert text.count(old) == 1
        assert old != new


def rehearsed(**changed: dict[str, Any]) -> dict[str, Any]:
    """A report in which one rollout failed as it should, and was undone."""
    why = " ".join((*failures.ALWAYS, *FAILURES["unready"].why))
    log = [*FAILURES["unready"].log, "deployment.apps/app rolled back"]
    push: dict[str, Any] = {"id": "unready", "ok": False, "why": why, "log": log}
    after: dict[str, Any] = {"id": "after-unready", "ok": True, "why": "200", "log": []}
    return {"stages": [push | changed.get("push", {}), after | changed.get("after", {})]}


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({}, ""),
        ({"push": {"ok": True}}, "unready is green"),
        ({"push": {"why": "it failed"}}, "'Kubernetes says: ' is not in 'it failed'"),
        ({"push": {"log": ["0/1 Running"]}}, "it was not rolled back"),
        ({"after": {"ok": False, "why": "another commit"}}, "afterwards: another commit"),
    ],
)
def test_a_rollout_that_is_not_explained_or_not_undone_is_wrong(changed: dict[str, Any], word: str) -> None:
    found = failures.wrong(failures.Run(rehearsed(**changed), ()), "unready")
    assert any(word in one for one in found) if word else found == []


def test_one_rehearsal_serves_every_rollout_of_a_tier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def fake(_ground: Ground, name: str, program: object) -> Said:
        asked.append(name)
        return Said(0, "", "", 1.0, report)

    monkeypatch.setattr(Ground, "run", fake)
    monkeypatch.setattr(cases, "FAILURES", {"unready": FAILURES["unready"]})
    report = rehearsed()
    rollouts, ground = cases.Rollouts(), Ground(tmp_path)
    found = Found()
    rollouts.row("unready")(HERE, ground, found)
    rollouts.row("unready")(HERE, ground, found)
    assert (found.wrong, asked) == ([], ["embedded"])
    assert found.verdicts == {"rollout": "red", "service": "ok", "down": "red"}

    report["stages"].insert(0, {"id": "push", "ok": False, "why": "no room"})
    rollouts.row("unready")(HERE, ground, found)
    assert found.wrong == ["exit code 0, first red stage push: no room"]


def test_the_rows_are_those_that_the_table_promises() -> None:
    names = [one.name for one in cases.cases(20, 1)]
    assert len(names) == len(set(names))
    assert {"whole road", "pull request of a fork", "rollout: crash-loop", "rollout: deadline", "SIGKILL x 20"} <= set(
        names
    )
    assert not any("SIGKILL" in one.name for one in cases.cases(0, 1))
