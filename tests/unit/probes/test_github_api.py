from __future__ import annotations

import time
from pathlib import Path

import pytest

from ekswiz.errors import InputError, TargetError, Transient, Unreadable
from ekswiz.probes.github_api import GitHubApi, SignIn, sign_in
from ekswiz.probes.repository import repository
from unit.probes.hub import HERE, REPOSITORY, SUBJECT, Hub


def test_a_repository_is_seen_in_its_exact_case_with_its_ids(hub: Hub) -> None:
    hub.usual()
    hub.put("/repos/ACME/Payments-API", REPOSITORY)
    hub.put("/repos/ACME/Payments-API/branches/main", {"protected": True})

    found = repository(hub.api(), "ACME", "Payments-API")

    assert (found.owner, found.repo, found.owner_id, found.repo_id) == ("acme", "payments-api", "123456", "456789")
    assert (found.default_branch, found.private, found.protected) == ("main", True, True)


@pytest.mark.parametrize(
    ("said", "created", "expected"),
    [
        ({"use_immutable_subject": True}, "2024-01-01T00:00:00Z", True),
        ({"use_immutable_subject": False}, "2026-08-01T00:00:00Z", False),
        ({}, "2026-08-01T00:00:00Z", True),
        ({}, "2024-01-01T00:00:00Z", None),
        (None, "2024-01-01T00:00:00Z", None),
    ],
)
def test_the_form_of_sub_is_read_and_not_guessed(
    hub: Hub, said: dict[str, bool] | None, created: str, expected: bool | None
) -> None:
    hub.usual(created_at=created)
    hub.answers.pop(SUBJECT)
    if said is not None:
        hub.put(SUBJECT, said)

    assert repository(hub.api(), "acme", "payments-api").immutable_subject is expected


def test_the_token_goes_along_and_the_version_that_knows_subjects_is_asked(hub: Hub) -> None:
    hub.usual()
    repository(hub.api(), "acme", "payments-api")

    versions = {path: headers["X-Github-Api-Version"] for path, headers in hub.asked}
    assert versions[SUBJECT] == "2026-03-10"
    assert versions[HERE] == "2022-11-28"
    assert {headers["Authorization"] for _, headers in hub.asked} == {"Bearer t0ken"}


def test_without_a_sign_in_no_token_is_sent(hub: Hub) -> None:
    hub.usual()
    repository(hub.api(""), "acme", "payments-api")

    assert all("Authorization" not in headers for _, headers in hub.asked)


def test_a_token_is_never_sent_over_plain_http_to_another_machine() -> None:
    api = GitHubApi("http://github.example.com", SignIn("t0ken", "from GH_TOKEN"))

    assert "Authorization" not in api._headers("2022-11-28")


def test_a_token_is_not_carried_to_another_host(hub: Hub) -> None:
    hub.put(HERE, {}, status=301, Location="http://127.0.0.2:1/elsewhere")

    with pytest.raises(TargetError, match="301"):
        hub.api().get("repos", "acme", "payments-api")


def test_a_renamed_repository_is_followed(hub: Hub) -> None:
    hub.usual()
    hub.put("/repos/acme/old", {}, status=301, Location=f"{hub.url}{HERE}")

    assert repository(hub.api(), "acme", "old").repo == "payments-api"


def test_the_token_stays_out_of_what_is_printed(hub: Hub) -> None:
    assert "t0ken" not in repr(hub.api().who)


@pytest.mark.parametrize(
    ("status", "headers", "error", "sentence", "remedy"),
    [
        (401, {}, Unreadable, "the token from GH_TOKEN", "gh auth login"),
        (403, {}, Unreadable, "403", "somebody who may read this"),
        (403, {"X_GitHub_SSO": "required; url=https://x"}, Unreadable, "403", "single sign-on: gh auth refresh"),
        (
            403,
            {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "4102444800"},
            Transient,
            "no more calls until",
            "Wait",
        ),
        (429, {}, Transient, "429", "a little later"),
        (502, {}, Transient, "502", "a little later"),
        (418, {}, TargetError, "teapot", "githubstatus"),
    ],
)
def test_each_refusal_has_a_sentence_and_a_remedy(  # noqa: PLR0917 - one column each
    hub: Hub, status: int, headers: dict[str, str], error: type[Exception], sentence: str, remedy: str
) -> None:
    hub.put(HERE, {"message": "teapot"}, status=status, **headers)

    with pytest.raises(error) as caught:
        repository(hub.api(), "acme", "payments-api")

    assert sentence in caught.value.detail  # type: ignore[attr-defined]
    assert remedy in caught.value.remedy  # type: ignore[attr-defined]
    assert "t0ken" not in str(caught.value)


def test_a_repository_that_is_not_there_is_told_apart_from_one_that_is_not_shown(hub: Hub) -> None:
    with pytest.raises(TargetError, match="or does not show it to you"):
        repository(hub.api(), "acme", "payments-api")
    with pytest.raises(TargetError, match=r"no public repository.*gh auth login"):
        repository(hub.api(""), "acme", "payments-api")


def test_nobody_at_the_other_end_is_said() -> None:
    with pytest.raises(Transient, match="GitHub does not answer"):
        GitHubApi("http://127.0.0.1:9", SignIn()).get("user")


def test_what_is_not_github_is_said(hub: Hub) -> None:
    hub.put("/user", b"<html>sign in to the proxy</html>")

    with pytest.raises(TargetError, match="not GitHub's API"):
        hub.api().get("user")


def test_names_that_are_none_are_refused_before_anybody_is_asked(hub: Hub) -> None:
    with pytest.raises(InputError, match="owner"):
        repository(hub.api(), "../x", "payments-api")
    assert hub.asked == []


def _gh(folder: Path, script: str) -> dict[str, str]:
    (folder / "gh").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "gh").chmod(0o755)
    return {"PATH": f"{folder}:/bin:/usr/bin"}


def test_a_variable_wins_over_gh(tmp_path: Path) -> None:
    environment = {**_gh(tmp_path, "echo of-gh"), "GITHUB_TOKEN": "of-variable"}

    assert sign_in(environment) == SignIn("of-variable", "from GITHUB_TOKEN")


def test_gh_is_asked_for_its_token(tmp_path: Path) -> None:
    assert sign_in(_gh(tmp_path, "echo of-gh")) == SignIn("of-gh", "through gh")


@pytest.mark.parametrize("script", ["exit 1", "true", "echo nothing; exit 4"])
def test_a_gh_that_nobody_signed_in_to_is_no_sign_in(tmp_path: Path, script: str) -> None:
    assert sign_in(_gh(tmp_path, script)) == SignIn()


def test_a_gh_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ekswiz.clients import github_sign_in

    monkeypatch.setattr(github_sign_in, "GH_TIMEOUT", 0.2)
    began = time.monotonic()

    assert sign_in(_gh(tmp_path, "exec sleep 30")) == SignIn()
    assert time.monotonic() - began < 5


def test_without_gh_nobody_is_signed_in() -> None:
    assert sign_in({"PATH": "/nowhere"}) == SignIn()
