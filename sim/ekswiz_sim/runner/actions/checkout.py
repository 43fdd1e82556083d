"""actions/checkout: the staged repository at the event's commit, with its history, and without credentials.

What is checked out comes from the commit, never from files that lie in the staged folder uncommitted.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ekswiz_sim.runner.actions.inputs import ActionFailed, boolean, refuse_others, text
from ekswiz_sim.seams import ActionCall, ActionResult

if TYPE_CHECKING:
    from dulwich.repo import Repo

_SHA = re.compile(r"[0-9a-f]{40}", re.ASCII)
_FOLLOWED = ("ref", "repository", "path", "clean", "persist-credentials")
_HARMLESS = ("token", "fetch-depth", "fetch-tags", "show-progress", "set-safe-directory", "github-server-url", "filter")
GIT_FAILED = "The process '/usr/bin/git' failed with exit code"


def checkout(staged: Path, call: ActionCall) -> ActionResult:
    """Put the commit's files and history into the workspace.

    Inputs: `ref` (default: the event's commit), `path`, `clean`, `repository` (this one only).
    Outputs: `ref` and `commit`, as the real action's.
    """
    try:
        refuse_others(call, _FOLLOWED, _HARMLESS)
        _refuse_other_repository(call)
        boolean(call, "persist-credentials", default=True)
        target = _target(call)
        call.log(f"Syncing repository: {call.env.get('GITHUB_REPOSITORY', '')}")
        commit = _copy(staged, target, call)
    except ActionFailed as error:
        return ActionResult(ok=False, error=str(error))
    call.log(f"HEAD is now at {commit[:7]}")
    return ActionResult(ok=True, outputs={"ref": text(call, "ref", call.env.get("GITHUB_REF", "")), "commit": commit})


def _refuse_other_repository(call: ActionCall) -> None:
    asked, own = text(call, "repository"), call.env.get("GITHUB_REPOSITORY", "")
    if asked and asked.lower() != own.lower():
        raise ActionFailed(f"fatal: repository 'https://github.com/{asked}/' not found (a rehearsal has {own} only)")


def _target(call: ActionCall) -> Path:
    target = (call.workspace / text(call, "path", ".")).resolve()
    if not target.is_relative_to(call.workspace.resolve()):
        raise ActionFailed(f"Repository path '{target}' is not under '{call.workspace}'")
    return target


def _copy(staged: Path, target: Path, call: ActionCall) -> str:
    with _opened(staged) as source:
        commit = _resolved(source, call)
    call.log("Deleting the contents of the workspace")
    if boolean(call, "clean", default=True):
        _empty(target)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copytree(staged / ".git", target / ".git", dirs_exist_ok=True)
    call.log("Checking out the ref")
    with _opened(target) as copy:
        _write(copy, commit)
    return commit


@contextmanager
def _opened(folder: Path) -> Iterator[Repo]:
    from dulwich.errors import NotGitRepository  # heavy, and only a checkout needs it
    from dulwich.repo import Repo

    try:
        repo = Repo(str(folder))
    except NotGitRepository:
        raise ActionFailed(f"fatal: not a git repository: {folder.name}. {GIT_FAILED} 128") from None
    with closing(repo):
        yield repo


def _resolved(repo: Repo, call: ActionCall) -> str:
    """The commit behind the `ref` input: a commit id, a full ref, a branch or a tag; else the event's commit."""
    from dulwich.objects import Commit, ObjectID

    asked = text(call, "ref", call.env.get("GITHUB_SHA", ""))
    found = asked.encode() if _SHA.fullmatch(asked) else _behind(repo, asked)
    if found is None:
        raise ActionFailed(f"A branch or tag with the name '{asked}' could not be found")
    if ObjectID(found) not in repo.object_store or not isinstance(repo[found], Commit):
        raise ActionFailed(f"fatal: remote error: upload-pack: not our ref {found.decode()}. {GIT_FAILED} 128")
    return found.decode()


def _behind(repo: Repo, name: str) -> bytes | None:
    from dulwich.objects import Tag
    from dulwich.refs import Ref

    candidates = [name] if name.startswith("refs/") else [f"refs/heads/{name}", f"refs/tags/{name}"]
    for candidate in candidates:
        found = repo.refs.as_dict().get(Ref(candidate.encode()))
        if found is not None:
            item = repo[found]
            return item.object[1] if isinstance(item, Tag) else found
    return None


def _empty(folder: Path) -> None:
    for path in list(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _write(repo: Repo, commit: str) -> None:
    """Files and index of the commit, and a HEAD that points at it and at no branch."""
    from dulwich.index import build_index_from_tree
    from dulwich.objects import Commit, ObjectID
    from dulwich.refs import HEADREF

    found = repo[ObjectID(commit.encode())]
    assert isinstance(found, Commit)  # _resolved looked
    build_index_from_tree(repo.path, repo.index_path(), repo.object_store, found.tree)
    # Not through the symbolic ref: a push to the copy's branch is nothing that a checkout does.
    (Path(repo.controldir()) / HEADREF.decode()).write_text(f"{commit}\n", encoding="ascii")
