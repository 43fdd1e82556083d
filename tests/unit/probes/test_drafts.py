from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from ekswiz import answers_file
from ekswiz.errors import InputError
from ekswiz.frontend import Draft, Given
from ekswiz.probes.draft import draft
from ekswiz.probes.save import save
from ekswiz.resolve import Incomplete, resolve
from unit.engine.fakes import ANSWERS


@pytest.fixture
def checkout(bare: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text('[remote "origin"]\n\turl = git@github.com:acme/payments-api.git\n')
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


def _draft(source: Path, *, sim: bool = False, **fields: str) -> Draft:
    return draft(Given(fields, source=source), sim=sim, sample={}, world={})


def test_every_value_says_where_it_comes_from(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("EKSWIZ_CLUSTER", "platform-dev")
    (checkout / "ekswiz.toml").write_text('namespace = "pay"\n')

    found = _draft(checkout, cluster="platform-dev", account="123456789012")

    assert found.values["repo"] == "payments-api"
    assert found.sources == {
        "owner": "from git remote origin",
        "repo": "from git remote origin",
        "branch": "from the branch that is checked out",
        "namespace": "from ekswiz.toml",
        "region": "from AWS_REGION",
        "cluster": "from EKSWIZ_CLUSTER",
        "account": "from --account",
    }
    assert found.values.keys() == found.sources.keys()


def test_a_flag_wins_over_the_file_and_the_file_over_what_is_detected(checkout: Path) -> None:
    (checkout / "ekswiz.toml").write_text('branch = "trunk"\nregion = "eu-west-1"\n')

    found = _draft(checkout, region="us-east-1")

    assert (found.values["branch"], found.values["region"]) == ("trunk", "us-east-1")
    assert (found.sources["branch"], found.sources["region"]) == ("from ekswiz.toml", "from --region")


def test_an_environment_is_taken_from_the_workflow_that_deploys(checkout: Path) -> None:
    folder = checkout / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "broken.yml").write_text("on: [")
    (folder / "test.yml").write_text("on: push\njobs:\n  t: {runs-on: x, environment: nope, steps: [{run: ls}]}\n")
    (folder / "deploy.yml").write_text(
        "on: push\npermissions: {id-token: write}\njobs:\n  d: {runs-on: x, environment: live, steps: [{run: ls}]}\n"
    )

    found = _draft(checkout)

    assert found.values["environment"] == "live"
    assert found.sources["environment"] == "from .github/workflows/deploy.yml"


def test_outside_a_rehearsal_no_account_is_invented(checkout: Path) -> None:
    assert "account" not in _draft(checkout).values
    invented = _draft(checkout, sim=True)
    assert invented.sources["account"] == "invented for the rehearsal"


def test_the_answers_of_the_world_that_is_up_hold(checkout: Path) -> None:
    world = {"cluster": "platform", "account": "111122223333"}

    found = draft(Given({}, source=checkout), sim=True, sample={}, world=world)

    assert found.values["cluster"] == "platform"
    assert found.sources["cluster"] == "of the world that is up"


def test_a_file_that_cannot_be_used_is_named(checkout: Path) -> None:
    (checkout / "ekswiz.toml").write_text("account = 123456789012\n")

    with pytest.raises(InputError, match=r"account.*Put it in quotes"):
        _draft(checkout)


# ---- saving


def test_what_is_saved_half_way_is_read_again(checkout: Path) -> None:
    first = _draft(checkout, account="123456789012")
    values = {**first.values, "port": "9000", "operator_access": "true", "environment": "none", "profile": "dev"}
    path = save(Draft(values, {}), checkout / "ekswiz.toml")

    again = _draft(checkout)

    assert path == checkout / "ekswiz.toml"
    assert again.values == {**first.values, "port": "9000", "operator_access": "true", "environment": "none"}
    assert answers_file.read(path)["port"] == 9000
    with pytest.raises(Incomplete, match="--region"):
        resolve(Given({}, source=checkout), sim=False, sample={})


def test_complete_answers_survive_the_file_unchanged(checkout: Path) -> None:
    values = {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in asdict(ANSWERS).items()
    }
    save(Draft(values, {}), checkout / "ekswiz.toml")

    assert answers_file.load(checkout / "ekswiz.toml") == ANSWERS
    assert resolve(Given({}, source=checkout), sim=False, sample={}) == ANSWERS


def test_what_cannot_be_used_yet_is_left_out_so_that_the_file_stays_readable(checkout: Path) -> None:
    save(Draft({"owner": "acme", "account": "12", "port": "many", "zones": "9"}, {}), checkout / "ekswiz.toml")

    assert answers_file.read(checkout / "ekswiz.toml") == {"owner": "acme"}


def test_comments_and_what_else_stands_in_the_file_stay(checkout: Path) -> None:
    file = checkout / "ekswiz.toml"
    file.write_text('# ours\nnamespace = "pay" # the old one\n')
    save(Draft({"owner": "acme"}, {}), file)

    assert file.read_text() == '# ours\nnamespace = "pay" # the old one\nowner = "acme"\n'


def test_a_file_that_is_none_of_ours_is_not_overwritten(checkout: Path) -> None:
    file = checkout / "ekswiz.toml"
    file.write_text("[not toml")

    with pytest.raises(InputError, match="is not TOML"):
        save(Draft({"owner": "acme"}, {}), file)
    assert file.read_text() == "[not toml"


def test_a_place_that_cannot_be_written_is_named_and_nothing_is_left_there(checkout: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written.*Choose another place"):
        save(Draft({"owner": "acme"}, {}), checkout / "none" / "ekswiz.toml")
    file = checkout / "folder"
    file.mkdir()
    with pytest.raises(InputError):
        save(Draft({"owner": "acme"}, {}), file)
    assert sorted(path.name for path in checkout.iterdir()) == [".git", "folder"]
