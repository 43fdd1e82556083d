"""From a live stack to answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from ekswiz.errors import EkswizError, InputError
from ekswiz.from_account.cluster import read_cluster
from ekswiz.from_account.files import in_checkout, paths, read_files, read_port
from ekswiz.from_account.found import Found
from ekswiz.from_account.github import at_github, read_github
from ekswiz.from_account.roles import read_roles, stacks
from ekswiz.target import Target


def rebuild(target: Target, stack: str | None) -> Found:
    """What the account, the cluster and the repository tell about a stack. Reads only.

    Args:
        target: Where the stack is.
        stack: Its name; None where the account has one stack only.

    Raises:
        InputError: There is no such stack, there are several and none was named, or its roles are not as ekswiz
            writes them.
        TargetError: AWS cannot be read.
    """
    found = Found()
    read_roles(target, stack or _only(target), found)
    read_cluster(target, found)
    read_github(target, found)
    _files(target, found)
    return found


def _only(target: Target) -> str:
    there = stacks(target)
    if len(there) == 1:
        return there[0]
    if not there:
        detail = f"account {target.account} has no stack of ekswiz."
        raise InputError("--from-account", detail, "Name another --profile, or begin: ekswiz plan")
    raise InputError("--stack", f"account {target.account} has several: {', '.join(there)}.", "Name one.")


def _files(target: Target, found: Found) -> None:
    """Workflow files first: they say where the manifests are."""
    read: Callable[[tuple[str, ...]], dict[str, str]] = _reader(target, found)
    try:
        texts = read(paths(found))
        read_files(texts, found)
        if "manifests" in found.values:
            deployment = str(PurePosixPath(found.values["manifests"]) / "deployment.yaml")
            read_port(read((deployment,)), found)
    except EkswizError as error:
        found.notes.append(f"the workflow files were not read: {error.detail}")


def _reader(target: Target, found: Found) -> Callable[[tuple[str, ...]], dict[str, str]]:
    if found.values.get("github") == "pull_request":
        return lambda paths: at_github(target, found, paths)
    return lambda paths: in_checkout(target.checkout, paths)
