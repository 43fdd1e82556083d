"""GitHub's documents for pull requests; see `documents`."""

from __future__ import annotations

from typing import Any

from ekswiz_sim.github.documents import WEB, node, repository_in, repository_url, user
from ekswiz_sim.github.state import Pull, RepositoryState


def pull(state: RepositoryState, found: Pull, base: str, *, whole: bool) -> dict[str, Any]:
    """A pull request; in a listing without what only a single one says."""
    author = user(state.repository.owner, int(state.repository.owner_id), base, kind="Organization")
    document = {
        **_links(state, found, base),
        "id": int(state.repository.id) * 1000 + found.number,
        "node_id": node("PR", f"{state.repository.id}/{found.number}"),
        "number": found.number,
        "state": found.state,
        "locked": False,
        "title": found.title,
        "body": found.body,
        "user": author,
        "labels": [],
        **dict.fromkeys(("assignee", "milestone", "auto_merge"), None),
        "created_at": found.created_at,
        "updated_at": found.closed_at or found.created_at,
        "closed_at": found.closed_at,
        "merged_at": found.merged_at,
        "merge_commit_sha": found.merge_commit,
        "head": _end(state, found.head, found.head_sha, base),
        "base": _end(state, found.base, state.git.heads[found.base], base),
        "author_association": "OWNER",
        "draft": False,
    }
    return document | (_alone(found) if whole else {})


def _links(state: RepositoryState, found: Pull, base: str) -> dict[str, Any]:
    """A pull request's addresses, as members and as links."""
    root, page = repository_url(state.repository, base), f"{WEB}/{state.repository.full_name}/pull/{found.number}"
    url, issue = f"{root}/pulls/{found.number}", f"{root}/issues/{found.number}"
    parts = {
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{root}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{root}/statuses/{found.head_sha}",
    }
    links = {"self": url, "html": page, **parts}
    return {
        **{f"{name}_url": link for name, link in parts.items()},
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "_links": {name: {"href": link} for name, link in links.items()},
    }


def _alone(found: Pull) -> dict[str, Any]:
    return {
        "merged": found.merged_at is not None,
        "mergeable": None,
        "mergeable_state": "unknown",
        "merged_by": None,
        "maintainer_can_modify": False,
        **dict.fromkeys(("additions", "deletions", "changed_files", "comments", "review_comments"), 0),
        "commits": 1,
    }


def _end(state: RepositoryState, name: str, sha: str, base: str) -> dict[str, Any]:
    repo = state.repository
    owner = user(repo.owner, int(repo.owner_id), base, kind="Organization")
    return {"label": f"{repo.owner}:{name}", "ref": name, "sha": sha, "user": owner, "repo": repository_in(repo, base)}
