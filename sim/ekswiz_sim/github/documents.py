"""GitHub's documents for what the REST calls answer, with every member that GitHub's OpenAPI description requires.

Of what has no meaning here (counters, avatars...) they say what GitHub says of something that was made a moment ago.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from ekswiz_sim.github.events import Repository
from ekswiz_sim.github.git_store import Commit, blob_sha, encoded
from ekswiz_sim.github.state import Environment, RepositoryState, Variable

WEB = "https://github.com"
_PLAIN = (
    "contributors", "deployments", "downloads", "events", "forks", "languages", "merges", "stargazers", "subscribers",
    "subscription", "tags", "teams", "hooks",
)  # fmt: skip
"""Members of a repository named `X_url` whose address ends in `/X`."""
_TEMPLATES = {
    "archive": "{archive_format}{/ref}", "assignees": "assignees{/user}", "blobs": "git/blobs{/sha}",
    "branches": "branches{/branch}", "collaborators": "collaborators{/collaborator}", "comments": "comments{/number}",
    "commits": "commits{/sha}", "compare": "compare/{base}...{head}", "contents": "contents/{+path}",
    "git_commits": "git/commits{/sha}", "git_refs": "git/refs{/sha}", "git_tags": "git/tags{/sha}",
    "issue_comment": "issues/comments{/number}", "issue_events": "issues/events{/number}", "issues": "issues{/number}",
    "keys": "keys{/key_id}", "labels": "labels{/name}", "milestones": "milestones{/number}",
    "notifications": "notifications{?since,all,participating}", "pulls": "pulls{/number}", "releases": "releases{/id}",
    "statuses": "statuses/{sha}", "trees": "git/trees{/sha}",
}  # fmt: skip


def repository(found: Repository, base: str) -> dict[str, Any]:
    """A repository, whole."""
    return {**repository_in(found, base), "network_count": 0, "subscribers_count": 0}


def repository_in(found: Repository, base: str) -> dict[str, Any]:
    """A repository as part of another document."""
    url = repository_url(found, base)
    page = f"{WEB}/{found.full_name}"
    addresses = {f"{name}_url": f"{url}/{name}" for name in _PLAIN}
    addresses |= {f"{name}_url": f"{url}/{text}" for name, text in _TEMPLATES.items()}
    return {
        **addresses,
        "id": int(found.id),
        "node_id": node("R", found.id),
        "name": found.name,
        "full_name": found.full_name,
        "owner": user(found.owner, int(found.owner_id), base, kind="Organization"),
        "private": found.visibility != "public",
        "visibility": found.visibility,
        "url": url,
        "html_url": page,
        "clone_url": f"{page}.git",
        "git_url": f"git://github.com/{found.full_name}.git",
        "ssh_url": f"git@github.com:{found.full_name}.git",
        "svn_url": page,
        "default_branch": found.default_branch,
        "created_at": found.created,
        "updated_at": found.created,
        "pushed_at": found.created,
        **dict.fromkeys(("archived", "disabled", "fork", "has_pages", "has_discussions"), False),
        **dict.fromkeys(("has_issues", "has_projects", "has_wiki", "has_downloads"), True),
        **dict.fromkeys(("description", "homepage", "language", "mirror_url", "license"), None),
        **dict.fromkeys(("forks", "forks_count", "open_issues", "open_issues_count", "size", "watchers"), 0),
        **dict.fromkeys(("stargazers_count", "watchers_count"), 0),
    }


def user(login: str, number: int, base: str, kind: str = "User") -> dict[str, Any]:
    """A user or organisation, in short."""
    url = f"{base}/users/{login}"
    plain = ("followers", "organizations", "received_events", "repos", "subscriptions")
    templates = {"events": "{/privacy}", "following": "{/other_user}", "gists": "{/gist_id}", "starred": "{/owner}"}
    return {
        **{f"{name}_url": f"{url}/{name}" for name in plain},
        **{f"{name}_url": f"{url}/{name}{rest}" for name, rest in templates.items()},
        "login": login,
        "id": number,
        "node_id": node("U", number),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{login}",
        "type": kind,
        "site_admin": False,
    }


def environment(found: Environment, state: RepositoryState, base: str) -> dict[str, Any]:
    """An environment with its protection rules."""
    repo = state.repository
    policy = None
    if found.policy is not None:
        custom = found.policy == "custom"
        policy = {"protected_branches": not custom, "custom_branch_policies": custom}
    return {
        "id": found.id,
        "node_id": node("EN", found.id),
        "name": found.name,
        "url": f"{repository_url(repo, base)}/environments/{found.name}",
        "html_url": f"{WEB}/{repo.full_name}/deployments/activity_log?environments_filter={found.name}",
        "created_at": found.created_at,
        "updated_at": found.created_at,
        "protection_rules": _rules(found),
        "deployment_branch_policy": policy,
    }


def branch_policy(number: int, name: str) -> dict[str, Any]:
    """A pattern of branches that may use an environment."""
    return {"id": number, "node_id": node("GA", number), "name": name, "type": "branch"}


def variable(name: str, found: Variable) -> dict[str, Any]:
    """A variable."""
    return {"name": name, "value": found.value, "created_at": found.created_at, "updated_at": found.updated_at}


def reference(state: RepositoryState, branch: str, base: str) -> dict[str, Any]:
    """A branch as git knows it."""
    url, sha = repository_url(state.repository, base), state.git.heads[branch]
    return {
        "ref": f"refs/heads/{branch}",
        "node_id": node("REF", branch),
        "url": f"{url}/git/refs/heads/{branch}",
        "object": {"type": "commit", "sha": sha, "url": f"{url}/git/commits/{sha}"},
    }


def git_commit(state: RepositoryState, found: Commit, base: str) -> dict[str, Any]:
    """A commit as git knows it."""
    url = repository_url(state.repository, base)
    return {
        **_commit_links(state, found.sha, base, "git/commits"),
        "node_id": node("C", found.sha),
        **_signatures(state),
        "message": found.message,
        "tree": {"sha": found.tree, "url": f"{url}/git/trees/{found.tree}"},
        "parents": [_commit_links(state, sha, base, "git/commits") for sha in found.parents],
        "verification": {
            "verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None,
        },
    }  # fmt: skip


def tree(state: RepositoryState, sha: str, base: str) -> dict[str, Any]:
    """A tree: the files of it that are known to differ from the checkout."""
    url = repository_url(state.repository, base)
    entries = [
        {
            "path": path, "mode": "100644", "type": "blob", "sha": blob_sha(content), "size": len(content),
            "url": f"{url}/git/blobs/{blob_sha(content)}",
        }
        for path, content in sorted(state.git.trees[sha].items())
    ]  # fmt: skip
    return {"sha": sha, "url": f"{url}/git/trees/{sha}", "tree": entries, "truncated": False}


def contents(state: RepositoryState, branch: str, path: str, content: bytes, base: str) -> dict[str, Any]:
    """A file on a branch."""
    sha, repo = blob_sha(content), state.repository
    url = f"{repository_url(repo, base)}/contents/{path}?ref={branch}"
    git, page = f"{repository_url(repo, base)}/git/blobs/{sha}", f"{WEB}/{repo.full_name}/blob/{branch}/{path}"
    return {
        "type": "file",
        "encoding": "base64",
        "size": len(content),
        "name": path.rpartition("/")[2],
        "path": path,
        "content": encoded(content),
        "sha": sha,
        "url": url,
        "git_url": git,
        "html_url": page,
        "download_url": f"https://raw.githubusercontent.com/{repo.full_name}/{branch}/{path}",
        "_links": {"self": url, "git": git, "html": page},
    }


def branch(state: RepositoryState, name: str, base: str) -> dict[str, Any]:
    """A branch with what everybody may see of its protection."""
    repo, sha = state.repository, state.git.heads[name]
    url = f"{repository_url(repo, base)}/branches/{name}"
    found, protected = state.git.commits[sha], name in state.protected
    commit = {
        **_commit_links(state, sha, base, "commits"),
        "node_id": node("C", sha),
        "comments_url": f"{repository_url(repo, base)}/commits/{sha}/comments",
        "commit": {
            **_signatures(state),
            "url": f"{repository_url(repo, base)}/git/commits/{sha}",
            "message": found.message,
            "comment_count": 0,
            "tree": {"sha": found.tree, "url": f"{repository_url(repo, base)}/git/trees/{found.tree}"},
        },
        "author": None,
        "committer": None,
        "parents": [_commit_links(state, parent, base, "commits") for parent in found.parents],
    }
    checks: dict[str, Any] = {"enforcement_level": "non_admins" if protected else "off", "contexts": [], "checks": []}
    return {
        "name": name,
        "commit": commit,
        "_links": {"self": url, "html": f"{WEB}/{repo.full_name}/tree/{name}"},
        "protected": protected,
        "protection": {"enabled": protected, "required_status_checks": checks},
        "protection_url": f"{url}/protection",
    }


def node(kind: str, of: str | int) -> str:
    """A GraphQL id, which nobody reads here."""
    return f"{kind}_{hashlib.sha256(str(of).encode()).hexdigest()[:16]}"


def repository_url(found: Repository, base: str) -> str:
    """A repository's address in the API."""
    return f"{base}/repos/{found.full_name}"


def _commit_links(state: RepositoryState, sha: str, base: str, where: str) -> dict[str, Any]:
    return {
        "sha": sha,
        "url": f"{repository_url(state.repository, base)}/{where}/{sha}",
        "html_url": f"{WEB}/{state.repository.full_name}/commit/{sha}",
    }


def _signatures(state: RepositoryState) -> dict[str, Any]:
    who = {"name": "ekswiz", "email": "ekswiz@users.noreply.github.com", "date": state.repository.created}
    return {"author": who, "committer": who}


def _rules(found: Environment) -> list[Mapping[str, Any]]:
    rules: list[Mapping[str, Any]] = []
    if found.wait_timer:
        rules.append({"type": "wait_timer", "wait_timer": found.wait_timer})
    if found.reviewers:
        reviewers = [{"type": one["type"], "reviewer": one["reviewer"]} for one in found.reviewers]
        rules.append(
            {"type": "required_reviewers", "prevent_self_review": found.prevent_self_review, "reviewers": reviewers}
        )
    if found.policy is not None:
        rules.append({"type": "branch_policy"})
    return [{"id": found.id + number, "node_id": node("GA", found.id + number), **r} for number, r in enumerate(rules)]
