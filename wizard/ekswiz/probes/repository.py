"""A repository as GitHub knows it: exact names, ids, default branch, and the form of its tokens' `sub`.

Source: GitHub REST API, "Get a repository", "Get a branch", "Get the customization template for an OIDC subject claim
for a repository"; GitHub, "Immutable subject claims", in force for repositories made after 2026-07-15.
"""

from __future__ import annotations

from typing import Any

from ekswiz.answers import check_field
from ekswiz.errors import EkswizError, TargetError
from ekswiz.frontend import RepositorySeen
from ekswiz.probes.github_api import SIGN_IN, GitHubApi

SUBJECT_VERSION = "2026-03-10"
"""The first version of the API that says which form of `sub` a repository has."""
IMMUTABLE_SINCE = "2026-07-16"
"""Repositories created from this day on have the immutable form, whatever else GitHub says."""


def repository(api: GitHubApi, owner: str, repo: str) -> RepositorySeen:
    """The repository, in its exact case.

    Raises:
        InputError: The names cannot be a repository's.
        TargetError: GitHub does not have it or does not show it, or does not answer.
    """
    check_field("owner", owner)
    check_field("repo", repo)
    found = api.get("repos", owner, repo)
    if found is None:
        raise _unknown(api, f"{owner}/{repo}")
    branch = str(found.get("default_branch", ""))
    return RepositorySeen(
        owner=str(found["owner"]["login"]),
        repo=str(found["name"]),
        owner_id=str(found["owner"]["id"]),
        repo_id=str(found["id"]),
        default_branch=branch,
        private=bool(found.get("private", True)),
        protected=_protected(api, owner, repo, branch),
        immutable_subject=_immutable(api, owner, repo, found),
    )


def subject(api: GitHubApi, owner: str, repo: str) -> dict[str, Any] | None:
    """The repository's customization of `sub`; None where GitHub does not say (it asks for a sign-in)."""
    try:
        return api.get("repos", owner, repo, "actions", "oidc", "customization", "sub", version=SUBJECT_VERSION)
    except EkswizError:
        return None


def _unknown(api: GitHubApi, name: str) -> TargetError:
    if api.who.token:
        return TargetError(
            f"GitHub has no repository {name}, or does not show it to you (signed in {api.who.source}).",
            "Correct the name, or sign in as somebody who sees it: gh auth login",
        )
    return TargetError(f"GitHub has no public repository {name}.", f"If it is private, sign in: {SIGN_IN}")


def _protected(api: GitHubApi, owner: str, repo: str, branch: str) -> bool | None:
    try:
        found = api.get("repos", owner, repo, "branches", branch) if branch else None
    except EkswizError:
        return None
    return bool(found["protected"]) if found and "protected" in found else None


def _immutable(api: GitHubApi, owner: str, repo: str, found: dict[str, Any]) -> bool | None:
    said = (subject(api, owner, repo) or {}).get("use_immutable_subject")
    if isinstance(said, bool):
        return said
    return True if str(found.get("created_at", "")) >= IMMUTABLE_SINCE else None
