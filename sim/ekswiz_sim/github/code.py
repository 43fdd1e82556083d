"""The REST calls about a repository's code: branches and their rules, files, git's objects, pull requests."""

from __future__ import annotations

import base64
from typing import Any

from aiohttp import web

from ekswiz_sim.github import documents, documents_pull
from ekswiz_sim.github.door import REPOSITORY, Call, Door, Refusal, nothing
from ekswiz_sim.github.git_store import Commit, blob_sha
from ekswiz_sim.github.state import Pull, now

WORKFLOWS = ".github/workflows/"


def routes(door: Door) -> list[web.RouteDef]:
    """All of them."""
    git, pulls = f"{REPOSITORY}/git", f"{REPOSITORY}/pulls"
    return [
        web.get(f"{REPOSITORY}/rules/branches/{{branch:.+}}", door.opened(_rules, public=True)),
        web.get(f"{REPOSITORY}/branches/{{branch:.+}}", door.opened(_branch, public=True)),
        web.get(f"{REPOSITORY}/contents/{{path:.+}}", door.opened(_contents, public=True)),
        web.put(f"{REPOSITORY}/contents/{{path:.+}}", door.opened(_put_contents)),
        web.get(f"{git}/ref/heads/{{branch:.+}}", door.opened(_ref, public=True)),
        web.post(f"{git}/refs", door.opened(_add_ref)),
        web.patch(f"{git}/refs/heads/{{branch:.+}}", door.opened(_move_ref)),
        web.delete(f"{git}/refs/heads/{{branch:.+}}", door.opened(_delete_ref)),
        web.get(f"{git}/commits/{{sha}}", door.opened(_commit, public=True)),
        web.post(f"{git}/commits", door.opened(_add_commit)),
        web.post(f"{git}/trees", door.opened(_add_tree)),
        web.get(pulls, door.opened(_pulls, public=True)),
        web.post(pulls, door.opened(_add_pull)),
        web.get(f"{pulls}/{{number}}", door.opened(_pull, public=True)),
        web.patch(f"{pulls}/{{number}}", door.opened(_change_pull)),
    ]


# ---- branches and files


def _named(call: Call) -> str:
    name = call.path["branch"]
    if name not in call.state.git.heads:
        raise Refusal(404, "Not Found")
    return name


def _branch(call: Call) -> web.StreamResponse:
    name = call.path["branch"]
    if name not in call.state.git.heads:
        raise Refusal(404, "Branch not found")
    return web.json_response(documents.branch(call.state, name, call.base))


def _rules(call: Call) -> web.StreamResponse:
    return web.json_response(call.page(call.state.rules.get(call.path["branch"], [])))


def _contents(call: Call) -> web.StreamResponse:
    state, path = call.state, call.path["path"]
    branch = call.query.get("ref", state.branch)
    if branch not in state.git.heads:
        raise Refusal(404, f"No commit found for the ref {branch}")
    try:
        content = state.git.contents(branch, path)
    except ValueError:
        content = None
    if content is None:
        raise Refusal(404, "Not Found")
    return web.json_response(documents.contents(state, branch, path, content, call.base))


def _put_contents(call: Call) -> web.StreamResponse:
    call.need("contents")
    state, path, branch = call.state, call.path["path"], call.text("branch", call.state.branch)
    if path.startswith(WORKFLOWS):
        call.need("workflows")
    git = state.git
    if branch not in git.heads or branch == state.branch:
        raise Refusal(404, f"Branch {branch} not found")  # a commit to the base branch itself is not modelled
    known = git.contents(branch, path)
    if known is not None and call.text("sha", "") != blob_sha(known):
        said = (
            f"{path} does not match {call.text('sha', '')}"
            if "sha" in call.body
            else 'Invalid request.\n\n"sha" wasn\'t supplied.'
        )
        raise Refusal(409 if "sha" in call.body else 422, said)
    tip = git.commits[git.heads[branch]]
    tree = git.tree({path: base64.b64decode(call.text("content"))}, tip.tree)
    made = git.commit(tree, (tip.sha,), call.text("message"))
    _advance(call, branch, made.sha)
    file = documents.contents(state, branch, path, base64.b64decode(call.text("content")), call.base)
    commit = documents.git_commit(state, made, call.base)
    return web.json_response({"content": file, "commit": commit}, status=201 if known is None else 200)


# ---- git's objects


def _ref(call: Call) -> web.StreamResponse:
    return web.json_response(documents.reference(call.state, _named(call), call.base))


def _add_ref(call: Call) -> web.StreamResponse:
    call.need("contents")
    prefix, name = "refs/heads/", call.text("ref")
    if not name.startswith(prefix):
        raise Refusal(422, "Reference name must start with 'refs/' and have at least two slashes.")
    branch, sha = name.removeprefix(prefix), call.text("sha")
    if branch in call.state.git.heads:
        raise Refusal(422, "Reference already exists")
    _known(call, sha)
    call.state.git.heads[branch] = sha
    return web.json_response(documents.reference(call.state, branch, call.base), status=201)


def _move_ref(call: Call) -> web.StreamResponse:
    call.need("contents")
    git, branch, sha = call.state.git, call.path["branch"], call.text("sha")
    if branch not in git.heads:
        raise Refusal(422, "Reference does not exist")
    _known(call, sha)
    if not (call.body.get("force") or git.is_ahead(sha, git.heads[branch])):
        raise Refusal(422, "Update is not a fast forward")
    _advance(call, branch, sha)
    return web.json_response(documents.reference(call.state, branch, call.base))


def _advance(call: Call, branch: str, sha: str) -> None:
    """Move a branch, and the open pull requests from it."""
    call.state.git.heads[branch] = sha
    for pull in call.state.pulls.values():
        if pull.head == branch and pull.state == "open":
            pull.head_sha = sha


def _delete_ref(call: Call) -> web.StreamResponse:
    call.need("contents")
    git, branch = call.state.git, call.path["branch"]
    if branch not in git.heads:
        raise Refusal(422, "Reference does not exist")
    del git.heads[branch]
    for pull in call.state.pulls.values():
        if pull.head == branch and pull.state == "open":
            _close(pull)
    return nothing()


def _known(call: Call, sha: str) -> Commit:
    found = call.state.git.commits.get(sha)
    if found is None:
        raise Refusal(422, "Object does not exist")
    return found


def _commit(call: Call) -> web.StreamResponse:
    found = call.state.git.commits.get(call.path["sha"])
    if found is None:
        raise Refusal(404, "Not Found")
    return web.json_response(documents.git_commit(call.state, found, call.base))


def _add_commit(call: Call) -> web.StreamResponse:
    call.need("contents")
    git, tree = call.state.git, call.text("tree")
    if tree not in git.trees:
        raise Refusal(422, "Tree SHA does not exist")
    parents = tuple(str(sha) for sha in call.body.get("parents", ()))
    for parent in parents:
        if parent not in git.commits:
            raise Refusal(422, "Parent SHA does not exist or is not a commit object")
    made = git.commit(tree, parents, call.text("message"))
    return web.json_response(documents.git_commit(call.state, made, call.base), status=201)


def _add_tree(call: Call) -> web.StreamResponse:
    call.need("contents")
    git, onto = call.state.git, call.text("base_tree", "")
    if onto and onto not in git.trees:
        raise Refusal(404, "Not Found")
    entries = call.body.get("tree")
    if not isinstance(entries, list) or not entries:
        raise Refusal(422, "Invalid tree info")
    changes = dict(_entry(one) for one in entries)
    if any(path.startswith(WORKFLOWS) for path in changes):
        call.need("workflows")
    sha = git.tree(changes, onto)
    return web.json_response(documents.tree(call.state, sha, call.base), status=201)


def _entry(one: Any) -> tuple[str, bytes]:
    """A file of a new tree; this simulator takes files with their content only."""
    path, content = one.get("path"), one.get("content")
    if not isinstance(path, str) or not isinstance(content, str) or path.startswith("/") or ".." in path.split("/"):
        raise Refusal(422, "tree.path contains a malformed path component, or the entry has no content")
    return path, content.encode()


# ---- pull requests


def _pulls(call: Call) -> web.StreamResponse:
    state, head, base = call.query.get("state", "open"), call.query.get("head", ""), call.query.get("base", "")
    owner = call.state.repository.owner
    found = [
        pull
        for pull in call.state.pulls.values()
        if state in ("all", pull.state) and head in ("", f"{owner}:{pull.head}") and base in ("", pull.base)
    ]
    # By default the newest stands first, whatever it is sorted by.
    found.sort(key=lambda pull: pull.number, reverse=call.query.get("direction", "desc") == "desc")
    return web.json_response(
        [documents_pull.pull(call.state, pull, call.base, whole=False) for pull in call.page(found)]
    )


def _add_pull(call: Call) -> web.StreamResponse:
    call.need("pull_requests")
    git, owner = call.state.git, call.state.repository.owner
    head, base = call.text("head").removeprefix(f"{owner}:"), call.text("base")
    for name, branch in (("head", head), ("base", base)):
        if branch not in git.heads:
            raise Refusal(422, "Validation Failed", {"resource": "PullRequest", "field": name, "code": "invalid"})
    if git.is_ahead(git.heads[base], git.heads[head]):
        raise _invalid(f"No commits between {base} and {head}")
    if any(one.state == "open" and (one.head, one.base) == (head, base) for one in call.state.pulls.values()):
        raise _invalid(f"A pull request already exists for {owner}:{head}.")
    number = len(call.state.pulls) + 1
    made = Pull(number, call.text("title"), call.text("body", ""), head, base, git.heads[head], now())
    call.state.pulls[number] = made
    return web.json_response(documents_pull.pull(call.state, made, call.base, whole=True), status=201)


def _invalid(message: str) -> Refusal:
    return Refusal(422, "Validation Failed", {"resource": "PullRequest", "code": "custom", "message": message})


def _numbered(call: Call) -> Pull:
    number = call.path["number"]
    found = call.state.pulls.get(int(number)) if number.isdecimal() else None
    if found is None:
        raise Refusal(404, "Not Found")
    return found


def _pull(call: Call) -> web.StreamResponse:
    return web.json_response(documents_pull.pull(call.state, _numbered(call), call.base, whole=True))


def _change_pull(call: Call) -> web.StreamResponse:
    call.need("pull_requests")
    found = _numbered(call)
    found.title, found.body = call.text("title", found.title), call.text("body", found.body)
    wanted = call.text("state", found.state)
    if wanted == "closed" and found.state == "open":
        _close(found)
    elif wanted == "open" and found.merged_at:
        raise _invalid("The pull request cannot be reopened.")
    elif wanted == "open":
        found.state, found.closed_at = "open", None
    return web.json_response(documents_pull.pull(call.state, found, call.base, whole=True))


def _close(pull: Pull) -> None:
    pull.state, pull.closed_at = "closed", now()
