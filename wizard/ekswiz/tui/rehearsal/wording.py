"""Short words for the rows and columns of the access matrix; the long ones are in `intent`."""

from __future__ import annotations

from collections.abc import Mapping

from ekswiz import intent
from ekswiz.answers import Answers
from ekswiz.tui.rehearsal.progress import Cell

ROWS: Mapping[str, str] = {
    "build-job": "build job",
    "deploy-job": "deploy job",
    "deploy-steps-in-build-job": "steps moved",
    "other-branch": "other branch",
    "pull-request": "pull request",
    "pull-request-environment": "PR with env",
    "fork-pull-request": "fork's PR",
    "tag-named-like-branch": "tag = branch",
    "other-environment": "other env",
    "other-workflow-file": "other workflow",
    "other-repository": "other repo",
    "look-alike-owner": "look-alike",
    "recycled-name": "recycled name",
    "recreated-repository": "re-made repo",
    "recycled-owner": "recycled owner",
    "case-variant": "other case",
    "expired-token": "expired token",
    "foreign-key": "foreign key",
    "wrong-audience": "wrong audience",
    "other-subject-form": "other sub form",
}
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("role", ("assume-push", "assume-deploy")),
    ("images", ("push-image", "push-other-repository", "read-other-repository")),
    ("cluster", ("deploy", "read-secrets", "deploy-elsewhere", "delete-cluster")),
    ("IAM", ("change-iam",)),
)
"""Columns in their groups, in the order of `intent.columns()`."""
BRIEF: Mapping[str, str] = {
    "assume-push": "psh",
    "assume-deploy": "dep",
    "push-image": "own",
    "push-other-repository": "oth",
    "read-other-repository": "get",
    "deploy": "run",
    "read-secrets": "sec",
    "deploy-elsewhere": "els",
    "delete-cluster": "del",
    "change-iam": "chg",
}
MIDDLE: Mapping[str, str] = {
    "assume-push": "push",
    "assume-deploy": "depl.",
    "push-image": "own",
    "push-other-repository": "other",
    "read-other-repository": "pull",
    "deploy": "roll",
    "read-secrets": "secr.",
    "deploy-elsewhere": "other",
    "delete-cluster": "del.",
    "change-iam": "edit",
}
FULL: Mapping[str, str] = {
    "assume-push": "push",
    "assume-deploy": "deploy",
    "push-image": "push",
    "push-other-repository": "push oth",
    "read-other-repository": "pull oth",
    "deploy": "roll out",
    "read-secrets": "secrets",
    "deploy-elsewhere": "other ns",
    "delete-cluster": "delete",
    "change-iam": "change",
}
MARGIN = 42
"""Columns for what was expected and got."""
LAYERS: Mapping[str, str] = {
    "token": "GitHub's token itself",
    "trust": "the role's trust policy",
    "permission": "the role's permissions",
    "boundary": "the permissions boundary",
    "registry": "the registry",
    "entry": "the cluster's access entry",
    "rbac": "Kubernetes RBAC",
}


def row(name: str) -> str:
    """A row's label, at most 14 characters."""
    return ROWS.get(name, name.replace("-", " ")[:14])


def titles(answers: Answers) -> dict[str, str]:
    """What every row and column means, in words."""
    return {**{one.id: one.title for one in intent.rows(answers)}, **{one.id: one.title for one in intent.columns()}}


def sentence(cell: Cell | None, place: tuple[str, str], known: Mapping[str, str], width: int = 0) -> str:
    """A cell in words; in a line of `width` columns with the row's short name where the long one does not fit."""
    who, what = known.get(place[0], row(place[0])), known.get(place[1], place[1])
    if width and len(who) + len(what) > width - MARGIN:
        who = row(place[0])
    if cell is None:
        return f"not tried yet: {who} / {what}"
    got = f"got {cell.got}" if cell.tried else "nothing to try with"
    sign = "ok" if cell.ok else "! "
    return f"{sign} expected {cell.expected}, {got}: {who} / {what}"
