"""Where defaults come from: what the repository's folder says about itself. Reads files only, runs nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ekswiz.fields.frameworks import framework

HEADS = "refs/heads/"
_REMOTE = re.compile(
    r"(?:git@|ssh://git@|https?://(?:[^/@]+@)?)github\.com[:/](?P<owner>[^/\s]+)/(?P<repo>[^/\s]+?)(?:\.git)?/?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Detected:
    """Fields that were found, and in words where."""

    fields: dict[str, str]
    sources: dict[str, str]


def detect(source: Path) -> Detected:
    """Owner, repository and branch from git's own files; Dockerfile, context and manifests from the tree."""
    fields: dict[str, str] = {}
    sources: dict[str, str] = {}
    git = _git_folder(source)
    if git is not None:
        _note(fields, sources, _from_remote(git), "from git remote origin")
        _note(fields, sources, _from_head(git), "from the branch that is checked out")
    _note(fields, sources, _from_tree(source), "from the files in the repository")
    return Detected(fields, sources)


def _note(fields: dict[str, str], sources: dict[str, str], found: dict[str, str], where: str) -> None:
    fields.update(found)
    sources.update(dict.fromkeys(found, where))


def _git_folder(source: Path) -> Path | None:
    """Git's own folder of the checkout that `source` is in; that of a worktree or submodule is named by a file."""
    for folder in (source.resolve(), *source.resolve().parents):
        git = folder / ".git"
        if git.is_dir():
            return git
        if git.is_file():
            named = folder / "".join(_lines(git)[:1]).removeprefix("gitdir:").strip()
            return named if named.is_dir() else None
    return None


def branches(source: Path) -> list[str]:
    """The branches of the checkout that `source` is in, by name; empty outside a checkout."""
    git = _git_folder(source)
    if git is None:
        return []
    heads = _common(git) / "refs" / "heads"
    loose = {path.relative_to(heads).as_posix() for path in heads.rglob("*") if path.is_file()}
    packed = {line.partition(HEADS)[2] for line in _lines(_common(git) / "packed-refs") if HEADS in line}
    return sorted(loose | packed)


def _common(git: Path) -> Path:
    """Where the configuration is: a worktree shares its repository's."""
    shared = "".join(_lines(git / "commondir")[:1]).strip()
    return git / shared if shared else git


def _from_remote(git: Path) -> dict[str, str]:
    section = ""
    for line in _lines(_common(git) / "config"):
        text = line.strip()
        if text.startswith("["):
            section = text
        elif section == '[remote "origin"]' and text.split("=")[0].strip() == "url":
            match = _REMOTE.fullmatch(text.partition("=")[2].strip())
            return {"owner": match["owner"], "repo": match["repo"]} if match else {}
    return {}


def _from_head(git: Path) -> dict[str, str]:
    head = "".join(_lines(git / "HEAD")[:1]).strip()
    prefix = f"ref: {HEADS}"
    return {"branch": head.removeprefix(prefix)} if head.startswith(prefix) else {}


def _from_tree(source: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for context in (".", "app", "src"):
        dockerfile = source / context / "Dockerfile"
        if dockerfile.is_file():
            found = {"context": context, "dockerfile": dockerfile.relative_to(source).as_posix()}
            break
    else:
        found = _without_dockerfile(source)
    for folder in ("manifests", "k8s", "deploy", "kubernetes"):
        if (source / folder / "kustomization.yaml").is_file():
            found["manifests"] = folder
            break
    return found


def _without_dockerfile(source: Path) -> dict[str, str]:
    """What a Dockerfile could be written for, where the code leaves no doubt."""
    for context in (".", "app", "src"):
        known = framework(source / context)
        if known:
            return {"context": context, "dockerfile": str(PurePosixPath(context) / "Dockerfile"), **known}
    return {}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
