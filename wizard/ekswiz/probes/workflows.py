"""The workflow files of a checkout, as far as they can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ekswiz.errors import InputError
from ekswiz.workflow.model import Workflow
from ekswiz.workflow.security import has_id_token

FOLDER = (".github", "workflows")
ENDINGS = (".yml", ".yaml")
LARGEST = 1 << 20
"""Bytes of a workflow file; GitHub reads no larger one."""


def workflow_files(checkout: Path) -> list[Path]:
    """The workflow files, by name."""
    folder = checkout.joinpath(*FOLDER)
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in ENDINGS and path.is_file())
    except OSError:
        return []


def read(path: Path, checkout: Path) -> Workflow:
    """One workflow file.

    Raises:
        InputError: It cannot be read, or GitHub would refuse it; the message names the place.
    """
    from ekswiz.workflow.parse import decode, parse  # its YAML reader is slow to import

    name = path.relative_to(checkout).as_posix()
    try:
        content = path.read_bytes()[:LARGEST]
    except OSError as error:
        raise InputError(name, f"cannot be read: {error.strerror}.", "Make it readable.") from error
    return parse(decode(content, name), name)


def deploy_environment(checkout: Path) -> tuple[str, str]:
    """The GitHub environment of the jobs that can sign in to AWS, and where it stands; both empty unless it is one."""
    found = dict(_environments(checkout))
    return next(iter(found.items())) if len(found) == 1 else ("", "")


def _environments(checkout: Path) -> Iterator[tuple[str, str]]:
    for path in workflow_files(checkout):
        try:
            workflow = read(path, checkout)
        except InputError:
            continue
        for job in workflow.jobs.values():
            name = job.environment.name.value if job.environment else ""
            if name and "${{" not in name and has_id_token(workflow, job):
                yield name, f"from {workflow.path}"
