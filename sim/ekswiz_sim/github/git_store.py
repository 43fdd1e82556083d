"""The repository's commits and branches, as far as pull requests need them.

The base branch is the staged checkout: its files are read from there when they are asked for, so that a large
repository costs nothing. Other branches are that checkout with changes on top. Ids are digests, as git's are, of other
content than git's.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

LARGEST = 1_000_000
"""Bytes of a file that its contents are answered for; GitHub's contents API has the same limit."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: `files` are those that differ from the checkout."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str


@dataclass(slots=True)
class GitStore:
    """Trees, commits and branches. `checkout` is where the base branch's files are; None while nothing is staged."""

    base: str
    checkout: Callable[[], Path | None]
    trees: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    merged: dict[str, bytes | None] = field(default_factory=dict)
    """What merges have written into the checkout: the content of before, None where there was no file."""

    def __post_init__(self) -> None:
        self.heads[self.base] = self.commit(self.tree({}), (), "Initial commit").sha

    def tree(self, changes: Mapping[str, bytes], onto: str = "") -> str:
        """A tree of the checkout with these files instead, on top of another tree."""
        files = {**(self.trees[onto] if onto else {}), **changes}
        said = "".join(f"{path}\0{hashlib.sha256(files[path]).hexdigest()}\n" for path in sorted(files))
        sha = _sha(f"tree {said}")
        self.trees[sha] = files
        return sha

    def commit(self, tree: str, parents: tuple[str, ...], message: str) -> Commit:
        """A commit of a tree; the same one twice is one commit."""
        made = Commit(_sha(f"commit {tree} {' '.join(parents)} {message}"), tree, parents, message)
        self.commits[made.sha] = made
        return made

    def contents(self, branch: str, path: str) -> bytes | None:
        """A file on a branch; None if there is none."""
        changed = self.trees[self.commits[self.heads[branch]].tree]
        return changed[path] if path in changed else self._staged(path)

    def is_ahead(self, new: str, old: str) -> bool:
        """Whether a commit has another among its ancestors, or is it."""
        waiting, seen = [new], set[str]()
        while waiting:
            sha = waiting.pop()
            if sha == old:
                return True
            if sha not in seen:
                seen.add(sha)
                waiting += self.commits[sha].parents
        return False

    def merge(self, head: str) -> str:
        """Merge a branch into the base and delete it; its changes are written into the checkout. The merge commit."""
        tip = self.commits[self.heads.pop(head)]
        changed = self.trees[tip.tree]
        root = self.checkout()
        if root is not None:
            for path, content in changed.items():
                self.merged.setdefault(path, self._staged(path))
                _write(_inside(root, path), content)
        merged = self.commit(
            self.tree({} if root else changed), (self.heads[self.base], tip.sha), f"Merge branch {head}"
        )
        self.heads[self.base] = merged.sha
        return merged.sha

    def revert(self) -> list[str]:
        """Undo what merges wrote into the checkout; the files that it concerned."""
        root, paths = self.checkout(), sorted(self.merged)
        for path, before in self.merged.items():
            if root is not None and before is None:
                _remove(_inside(root, path), root)
            elif root is not None:
                _write(_inside(root, path), before or b"")
        self.merged.clear()
        self.heads[self.base] = self.commit(self.tree({}), (self.heads[self.base],), "Revert").sha
        return paths

    def _staged(self, path: str) -> bytes | None:
        root = self.checkout()
        if root is None:
            return None
        file = _inside(root, path)
        try:
            return file.read_bytes()[:LARGEST] if file.is_file() else None
        except OSError:
            return None


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _remove(file: Path, root: Path) -> None:
    """Remove a file, and the folders that it leaves empty."""
    file.unlink(missing_ok=True)
    for folder in file.parents:
        if folder == root or any(folder.iterdir()):
            return
        folder.rmdir()


def blob_sha(content: bytes) -> str:
    """A blob's id, which is git's own."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def encoded(content: bytes) -> str:
    """A file's content as the API writes it: base64 in lines of 60."""
    text = base64.b64encode(content).decode()
    return "".join(f"{text[start : start + 60]}\n" for start in range(0, len(text), 60))


def _inside(root: Path, path: str) -> Path:
    """A path of the repository in its checkout; one that leads out is refused.

    Raises:
        ValueError: It leads out.
    """
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or path.startswith("/") or parts[0] == ".git":
        raise ValueError(path)
    place = root.joinpath(*parts)
    if not place.resolve().is_relative_to(root.resolve()):
        raise ValueError(path)
    return place


def _sha(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
