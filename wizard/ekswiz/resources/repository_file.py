"""A file in the user's checkout: a workflow that ekswiz keeps, or a manifest that it starts and then leaves alone.

A file that ekswiz did not write is never overwritten, with no flag at all.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from ekswiz.answers import Answers
from ekswiz.deliver import files
from ekswiz.errors import Conflict, TargetError, Unreadable
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.namespace import NO_PERMISSIONS
from ekswiz.resources.shell import command
from ekswiz.target import Target

MARK = re.compile(r"# Written by ekswiz for stack (?P<stack>[a-z0-9-]+)\.", re.ASCII)
"""How the first line of a workflow file that ekswiz keeps begins."""
LARGEST = 1_000_000
"""Bytes of a file that is looked at; larger ones are certainly not ours."""


@dataclass(frozen=True, slots=True)
class FileAttributes:
    """A path inside the checkout, with `/`, and the file's text."""

    path: str
    text: str


@dataclass(slots=True)
class RepositoryFile:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: FileAttributes
    stack: str
    why: str
    tenure: Tenure
    needs: tuple[str, ...] = ()
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: NO_PERMISSIONS)
    scopes: Mapping[str, str] = field(default_factory=dict)

    def read(self, target: Target) -> Live[FileAttributes] | None:
        """The file as it is in the checkout."""
        path = self._path(target)
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreadable(f"{path}: {error.strerror}.") from error
        text = content[:LARGEST].decode("utf-8", "replace")
        return self._live(text, hashlib.sha256(content).hexdigest())

    def create(
        self,
        target: Target,
        desired: FileAttributes,
        token: str,  # noqa: ARG002 - files have no idempotency tokens
        tags: Mapping[str, str],  # noqa: ARG002 - the text says whose it is
    ) -> Live[FileAttributes]:
        """Write it whole, unless a file of that name has appeared."""
        path = self._path(target)
        scratch = self._scratch(path, desired.text)
        try:
            os.link(scratch, path)
        except FileExistsError:
            raise Conflict(f"{desired.path} exists already.", "Move it away, or change the answers.") from None
        finally:
            scratch.unlink()
        return self._live(desired.text, _digest(desired.text))

    def update(self, target: Target, live: Live[FileAttributes], desired: FileAttributes) -> Live[FileAttributes]:
        """Replace a file that ekswiz wrote by its new text, in one step."""
        if not MARK.match(live.attributes.text):
            raise Conflict(
                f"{desired.path} is yours, and ekswiz never overwrites it.", "Move it away or merge by hand."
            )
        path = self._path(target)
        self._scratch(path, desired.text).replace(path)
        return self._live(desired.text, _digest(desired.text))

    def delete(self, target: Target, live: Live[FileAttributes]) -> None:
        """Delete it if it is still what was read, and the folders that it leaves empty."""
        path = self._path(target)
        now = self.read(target)
        if now is None:
            return
        if now.unique_id != live.unique_id:
            raise Conflict(f"{self.desired.path} was changed a moment ago.", "Plan again.")
        path.unlink(missing_ok=True)
        _remove_empty(path.parent, target.checkout)

    def cli(self, action: Action) -> str:
        """Git's commands for what ekswiz leaves in the checkout."""
        return command("git", "rm" if action is Action.DELETE else "add", "--", self.desired.path)

    def risks(self, live: Live[FileAttributes] | None) -> tuple[Risk, ...]:
        """A file of the user's own stands in the way, or edits would be undone."""
        if live is None or self.tenure == "kept" or live.attributes == self.desired:
            return ()
        if not MARK.match(live.attributes.text):
            sentence = f"{self.desired.path} is yours: ekswiz never overwrites it. Move it away, or merge by hand."
            return (Risk("not-our-file", sentence),)
        return (Risk("file-edited", f"{self.desired.path} differs from what ekswiz writes; edits in it are undone."),)

    def farewell(self, target: Target, live: Live[FileAttributes]) -> Farewell:
        """Nothing else goes with it."""
        del target, live
        return Farewell()

    def _live(self, text: str, digest: str) -> Live[FileAttributes]:
        mark = MARK.match(text)
        owner = mark["stack"] if mark else self.stack if text == self.desired.text else None
        return Live(FileAttributes(self.desired.path, text), {"path": self.desired.path}, digest, owner)

    def _path(self, target: Target) -> Path:
        """Where the file is.

        Raises:
            TargetError: A symbolic link leads out of the checkout.
        """
        root = target.checkout.resolve()
        path = root / self.desired.path
        if not path.resolve().is_relative_to(root) or path.is_symlink():
            raise TargetError(f"{self.desired.path} leads out of {root}.", "Replace the symbolic link by a folder.")
        return path

    def _scratch(self, path: Path, text: str) -> Path:
        """The text beside its place, on disk. Its name is fixed, so that a crash leaves one file at most."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch = path.with_name(f".{path.name}.ekswiz-new")
            scratch.unlink(missing_ok=True)
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as stream:
                stream.write(text.encode())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise TargetError(f"{path} cannot be written: {error.strerror}.", "Make the checkout writable.") from error
        return scratch


def repository_files(answers: Answers) -> list[RepositoryFile]:
    """Every file that this stack wants in the repository; workflows last, when everything that they use is there."""
    found = sorted(files(answers), key=lambda file: file.kind != "manifest")
    return [_resource(answers, file.path, file.text, file.why, file.kind) for file in found]


def _resource(
    answers: Answers, path: str, text: str, why: str, kind: Literal["workflow", "manifest"]
) -> RepositoryFile:
    workflow = kind == "workflow"
    roles = ("iam_role.push", "iam_role.deploy", "ecr_repository.app", "access_entry.deploy")
    return RepositoryFile(
        address=f"repository_file.{PurePosixPath(path)}",
        desired=FileAttributes(path, text),
        stack=answers.stack,
        why=why,
        tenure="owned" if workflow else "kept",
        needs=roles if workflow else (),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove folders that are empty now, up to the checkout itself."""
    top = root.resolve()
    while folder != top and folder.is_relative_to(top):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
