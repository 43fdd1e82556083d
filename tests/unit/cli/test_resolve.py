from __future__ import annotations

from pathlib import Path

import pytest

from ekswiz.errors import InputError
from ekswiz.frontend import Given
from ekswiz.resolve import resolve


def _given(source: Path, **fields: str) -> Given:
    return Given(fields, source=source)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git = tmp_path / ".git"
    git.mkdir()
    (git / "config").write_text('[core]\n\tbare = false\n[remote "origin"]\n\turl = git@github.com:acme/payments.git\n')
    (git / "HEAD").write_text("ref: refs/heads/release\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path


def test_a_git_checkout_says_owner_repository_and_branch(checkout: Path) -> None:
    answers = resolve(_given(checkout), sim=True, sample={})

    assert (answers.owner, answers.repo, answers.branch) == ("acme", "payments", "release")
    assert (answers.stack, answers.namespace, answers.ecr_repository) == ("payments", "payments", "payments")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/payments",
        "https://github.com/acme/payments.git",
        "https://token@github.com/acme/payments.git",
        "ssh://git@github.com/acme/payments.git",
    ],
)
def test_every_form_of_remote_is_understood(checkout: Path, url: str) -> None:
    (checkout / ".git" / "config").write_text(f'[remote "origin"]\n\turl = {url}\n')

    assert resolve(_given(checkout), sim=True, sample={}).repository == "acme/payments"


def test_a_flag_wins_over_what_was_detected(checkout: Path) -> None:
    assert resolve(_given(checkout, branch="main"), sim=True, sample={}).branch == "main"


def test_a_file_wins_over_what_was_detected_and_a_flag_over_the_file(checkout: Path) -> None:
    from dataclasses import replace

    from ekswiz import answers_file

    first = resolve(_given(checkout), sim=True, sample={})
    answers_file.save(checkout / "ekswiz.toml", replace(first, branch="trunk", environment=None))

    read = resolve(_given(checkout), sim=True, sample={})
    assert (read.branch, read.environment) == ("trunk", None)
    assert resolve(_given(checkout, branch="main"), sim=True, sample={}).branch == "main"


def test_outside_a_rehearsal_nothing_is_invented_about_an_account(checkout: Path) -> None:
    with pytest.raises(InputError) as caught:
        resolve(_given(checkout), sim=False, sample={})

    message = str(caught.value)
    for flag in ("--account", "--region", "--cluster", "--owner-id", "--repo-id", "EKSWIZ_ACCOUNT"):
        assert flag in message


def test_without_git_and_flags_the_repository_is_asked_for_by_its_flag(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--repo.*EKSWIZ_REPO"):
        resolve(_given(tmp_path), sim=True, sample={})


def test_half_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="OWNER/NAME"):
        resolve(_given(tmp_path, repository="acme"), sim=True, sample={})


def test_an_answers_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--answers"):
        resolve(Given({}, file=tmp_path / "nope.toml", source=tmp_path), sim=True, sample={})


def test_environment_none_means_no_environment(checkout: Path) -> None:
    assert resolve(_given(checkout, environment="none"), sim=True, sample={}).environment is None


@pytest.mark.parametrize("port", ["http", "-1", "", "٣"])
def test_a_port_that_is_no_number_is_refused(checkout: Path, port: str) -> None:
    with pytest.raises(InputError, match="port"):
        resolve(_given(checkout, port=port), sim=True, sample={})
