"""Which part of the access matrix a change decides: who was meant to get in through it, and who was not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ekswiz import intent
from ekswiz.answers import Answers
from ekswiz.plan import Action, Change
from ekswiz.tui.preview.ink import Line, line

DECIDES: Mapping[str, tuple[str, ...]] = {
    "oidc_provider.github": ("assume-push", "assume-deploy"),
    "iam_role.push": ("assume-push", "push-image", "push-other-repository", "read-other-repository", "change-iam"),
    "iam_role.deploy": ("assume-deploy", "deploy", "delete-cluster", "change-iam"),
    "ecr_repository.app": ("push-image",),
    "access_entry.deploy": ("deploy", "read-secrets", "deploy-elsewhere"),
    "access_policy.deploy": ("deploy", "read-secrets", "deploy-elsewhere"),
    "deployer_rbac.deployer": ("deploy", "read-secrets", "deploy-elsewhere"),
    "namespace.app": ("deploy",),
}
"""Columns of the matrix, by the change that decides them."""
NONE = "It lets nobody in and keeps nobody out."


def lines(change: Change, answers: Answers) -> Iterator[Line]:
    """Column by column: who may, then how many may not, by name."""
    columns = DECIDES.get(change.address, ())
    if not columns:
        yield line(NONE)
        return
    if change.action is Action.DELETE:
        yield line("Afterwards nobody can do this through it:", "strong")
    expected, titles = intent.expected(answers), {column.id: column.title for column in intent.columns()}
    people = {row.id: row.title for row in intent.rows(answers)}
    for column in columns:
        yield line(f"Who may {titles[column]}", "strong")
        may = [title for row, title in people.items() if expected[row, column] == "yes"]
        yield from ((("  yes  ", "create"), (title, "plain")) for title in may)
        yield from _refused([title for row, title in people.items() if expected[row, column] != "yes"], len(people))
    yield line()
    yield line("As it is meant. A rehearsal tries each of them: r", "faint")


def _refused(titles: list[str], total: int) -> Iterator[Line]:
    if len(titles) == total:
        yield (("  no   ", "delete"), (f"none of the {total} in the matrix", "plain"))
        return
    yield from ((("  no   ", "delete"), (title, "plain")) for title in titles)
