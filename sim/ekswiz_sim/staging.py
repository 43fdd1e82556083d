"""A staged copy of the user's repository: the rehearsal writes and commits there, never in the original."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from ekswiz.answers import Answers
from ekswiz.errors import InputError
from ekswiz_sim.sample import PARTS

SKIPPED = frozenset(
    {".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".tox", ".terraform"}
)
"""Folders that are never part of what is pushed."""
MAX_BYTES = 512 * 1024 * 1024
"""More than this is not a source tree: refuse instead of filling the disk."""
AUTHOR = b"ekswiz rehearsal <rehearsal@ekswiz.invalid>"


def check(source: Path, answers: Answers) -> None:
    """Refuse what cannot be rehearsed, before anything starts.

    Raises:
        InputError: No such folder, no Dockerfile, no build context, or a Dockerfile or manifests that are wrong.
    """
    if not source.is_dir():
        raise InputError("--source", f"{source} is not a folder.", "Name the repository's folder.")
    if not (source / answers.context).is_dir():
        raise InputError("--context", f"{source / answers.context} is not a folder.", "Name the image's folder.")
    if (source / answers.dockerfile).is_file():
        from ekswiz_sim.images.daemonless import read  # a builder that other checks can do without

        read(source / answers.dockerfile)
    elif answers.framework == "none":
        raise InputError(
            "--dockerfile",
            f"there is no {answers.dockerfile} in {source}, so there is no image to deploy.",
            "Add one, name another with --dockerfile, have one written with --framework, "
            "or try the bundled sample: ekswiz --sim --sample.",
        )
    if (source / answers.manifests).exists():
        from ekswiz_sim.manifests import folder  # Kubernetes' schemas; only who has manifests pays

        folder.check(source, answers)


def stage_repository(source: Path, into: Path, *, sample: bool) -> Path:
    """Stage a repository; of the sample's folder only the sample's parts."""
    if not sample:
        return stage(source, into)
    for part in PARTS:
        stage(source / part, into / part)
    return into


def stage(source: Path, into: Path) -> Path:
    """Copy what a push of `source` would hold into the new folder `into` (`.gitignore` honoured in a git checkout).

    Raises:
        InputError: `source` is no folder, or is larger than a source tree may be.
    """
    if not source.is_dir():
        raise InputError("--source", f"{source} is not a folder.", "Name the repository's folder.")
    into.mkdir(parents=True)
    copied = 0
    for path in _files(source):
        target = into / path.relative_to(source)
        copied += path.lstat().st_size
        if copied > MAX_BYTES:
            raise InputError("--source", f"{source} holds more than {MAX_BYTES >> 20} MiB.", "Name a source tree.")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(path, target, follow_symlinks=False)
        except PermissionError as error:
            _unreadable(error)
    return into


def commit(checkout: Path, message: str) -> str:
    """Commit everything in `checkout` (a repository is made on first use); returns the 40-hex commit id."""
    from dulwich import porcelain  # half a second that only a push pays

    if not (checkout / ".git").exists():
        porcelain.init(str(checkout))
    porcelain.add(str(checkout), paths=[str(path) for path in _files(checkout)])
    made = porcelain.commit(
        str(checkout),
        message=message.encode(),
        author=AUTHOR,
        committer=AUTHOR,
        commit_timestamp=int(time.time()),
        no_verify=True,  # no hooks, and no signature whatever git's configuration says
        sign=False,
    )
    return made.decode()


def _files(source: Path) -> Iterator[Path]:
    ignored = _ignore_filter(source)
    for here, folders, names in os.walk(source, onerror=_unreadable):
        links = [name for name in folders if Path(here, name).is_symlink()]
        folders[:] = sorted(set(folders) - SKIPPED - set(links))
        for name in sorted({*names, *links} - SKIPPED):
            path = Path(here, name)
            if not (path.is_symlink() or path.is_file()):
                continue  # a socket or a pipe cannot be pushed
            if ignored is None or not ignored(path.relative_to(source).as_posix()):
                yield path


def _unreadable(error: OSError) -> NoReturn:
    raise InputError("--source", f"{error.filename} cannot be read: {error.strerror}.", "Make it readable.") from error


def _ignore_filter(source: Path) -> Callable[[str], bool | None] | None:
    if not (source / ".git").exists():
        return None
    from dulwich.errors import NotGitRepository  # see commit
    from dulwich.ignore import IgnoreFilterManager
    from dulwich.repo import Repo

    try:
        with Repo(str(source)) as repo:
            return IgnoreFilterManager.from_repo(repo).is_ignored
    except NotGitRepository:
        return None
