"""`Look` as the composition root makes it: of this machine, and of a simulated account before and while it is up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ekswiz import main, main_look
from ekswiz.errors import TargetError, Transient
from ekswiz.frontend import Choice, Given
from ekswiz.main_look import Looking


@pytest.fixture
def looking(bare: Path) -> Looking:
    return Looking()


@pytest.fixture
def at_rest(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No world is up."""
    monkeypatch.setenv("EKSWIZ_STATE_DIR", str(bare / "state"))


def test_a_simulated_account_is_known_before_it_is_up(looking: Looking, at_rest: None, tmp_path: Path) -> None:
    given = Given({"repository": "acme/payments-api"}, source=tmp_path)
    draft = looking.draft(given, sim=True)

    identity, (cluster,) = looking.identity(None, "eu-west-1"), looking.clusters(None, "eu-west-1")
    repository = looking.repository("acme", "payments-api")

    assert identity.account == draft.values["account"] == "111122223333"
    assert (cluster.name, cluster.status) == (draft.values["cluster"], "ACTIVE")
    assert (repository.owner_id, repository.default_branch) == (draft.values["owner_id"], "main")
    assert [profile.name for profile in looking.profiles()] == ["operator"]


def test_before_a_simulated_account_is_up_no_check_of_the_sample_fails(looking: Looking, at_rest: None) -> None:
    given = Given(source=Path("/nowhere"), sample=True)
    checks = {check.id: check for check in looking.checks(given, Choice(sim=True))}

    assert {check.id: check.found for check in checks.values() if check.result == "fail"} == {}
    assert checks["aws-credentials"].found == "not looked at: no simulated account is up yet"


def test_without_sim_it_is_this_machine_that_is_looked_at(looking: Looking, bare: Path) -> None:
    (bare / ".aws" / "config").write_text("[profile dev]\nregion = eu-west-1\n")
    looking.draft(Given(source=bare), sim=True)
    looking.draft(Given(source=bare), sim=False)

    assert [profile.name for profile in looking.profiles()] == ["dev"]
    with pytest.raises(TargetError, match="no AWS credentials"):
        looking.identity(None, "eu-west-1")


def test_a_repository_is_looked_for_at_github(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    from ekswiz.probes import github_api

    monkeypatch.setattr(github_api.GitHubApi.__init__, "__defaults__", ("http://127.0.0.1:9", github_api.SignIn()))

    with pytest.raises(Transient, match="GitHub does not answer"):
        looking.repository("acme", "payments-api")


def test_before_anything_is_known_the_doctor_says_so_and_fails(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main.run(["doctor", "--json", "--source", str(bare)])

    found = {check["id"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert code == 5
    assert found["aws-credentials"]["result"] == "fail"
    assert "--region" in found["aws-credentials"]["found"]
    assert found["answers"]["result"] == "skip"


def test_an_answers_file_that_is_broken_is_red(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bare / "ekswiz.toml").write_text('region = "eu-west-99"\n')

    main.run(["doctor", "--json", "--source", str(bare)])

    found = {check["id"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert found["answers"]["result"] == "fail"
    assert "eu-west-99" in found["answers"]["found"]


# ---- in a world that is up


@dataclass
class Up:
    """A world that is up, made from the sample, and what the command says in it."""

    folder: Path
    capsys: Callable[[], str]

    def json(self, *words: str) -> tuple[int, Any]:
        self.capsys()
        code = main.run([*words])
        return code, json.loads(self.capsys())


@pytest.fixture
def up(bare: Path, at_rest: None, capsys: pytest.CaptureFixture[str]) -> Iterator[Up]:
    home = os.environ["HOME"]
    subprocess.run([Path(sys.executable).with_name("ekswiz"), "sim", "up", "--sample"], check=True, capture_output=True)
    try:
        yield Up(Path(home), lambda: capsys.readouterr().out)
    finally:
        assert main.run(["sim", "down"]) == 0


def test_the_world_that_is_up_is_looked_at_handed_over_and_found_well(up: Up, tmp_path: Path) -> None:
    looking = Looking()
    draft = looking.draft(Given(source=tmp_path), sim=True)
    assert draft.sources["cluster"] == "of the world that is up"

    identity = looking.identity(None, draft.values["region"])
    (cluster,) = looking.clusters(None, draft.values["region"])
    repository = looking.repository("ACME", "Hello-EKS")
    assert (identity.account, identity.arn.rpartition("/")[2]) == ("111122223333", "operator")
    assert (cluster.name, cluster.mode, cluster.nodes) == ("platform", "API_AND_CONFIG_MAP", None)
    assert (repository.owner, repository.repo, repository.immutable_subject) == ("acme", "hello-eks", True)

    code, found = up.json("--sim", "doctor", "--json")
    results = {check["id"]: check["result"] for check in found["checks"]}
    assert code == 0
    assert (results["cluster"], results["repository"], results["subject-form"]) == ("ok", "ok", "ok")
    assert results["role-push"] == "skip"

    assert main.run(["--sim", "hand-off", str(tmp_path / "out")]) == 0
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".md", ".sh"]
    _, state = up.json("--sim", "doctor", "--json", "--redact")
    assert "111122223333" not in json.dumps(state)
    left = {check["id"]: check for check in state["checks"]}["interrupted-run"]
    assert (left["result"], left["fix"]) == ("warn", "Go on: ekswiz resume")

    assert main.run(["--sim", "resume", "--yes"]) == 0
    code, found = up.json("--sim", "doctor", "--json")
    results = {check["id"]: check["result"] for check in found["checks"]}
    assert code == 0
    for check in ("role-push", "role-deploy", "access-entry-role", "workflow", "registry", "group-binding", "drift"):
        assert results[check] == "ok", check


def test_checks_follow_the_choice_and_not_the_last_draft(up: Up, tmp_path: Path) -> None:
    looking = Looking()

    account = next(check for check in looking.checks(Given(source=tmp_path), Choice(sim=True)) if check.id == "answers")

    assert account.result == "ok"
    assert main_look._is_up()
