"""What a stack wants at GitHub, and what all of it shares: the repository's path and the names of its variables.

GitHub's objects bear no tags. A repository variable whose name holds the stack's says whose they are: it is made before
what it speaks of and removed after it, so that a run that dies between the two leaves nothing that nobody owns.
"""

from __future__ import annotations

from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.github_rest import Missing, at, get, send
from ekswiz.errors import Conflict
from ekswiz.resources.shell import command
from ekswiz.target import Target

REPOSITORY = "github_repository.main"
"""Address of the repository, which everything else at GitHub needs."""


def repo(answers: Answers) -> str:
    """Path of the repository in the API: `/repos/OWNER/REPO`."""
    return at("repos", answers.owner, answers.repo)


def variable_name(stack: str, thing: str) -> str:
    """A variable of this stack, e.g. `EKSWIZ_PAYMENTS_API_STACK`. GitHub knows no hyphens in them, stacks no `_`."""
    return f"EKSWIZ_{stack.replace('-', '_').upper()}_{thing}"


def read_variable(target: Target, repository: str, name: str) -> str | None:
    """The value of a repository variable; None if there is none."""
    found: dict[str, Any] | None = get(target, f"{repository}{at('actions', 'variables', name)}")
    return None if found is None else str(found["value"])


def put_variable(target: Target, repository: str, name: str, value: str) -> None:
    """Make a repository variable, or change it where it is there already."""
    body = {"name": name, "value": value}
    try:
        send(target, "POST", f"{repository}{at('actions', 'variables')}", body)
    except Conflict:
        send(target, "PATCH", f"{repository}{at('actions', 'variables', name)}", body)


def delete_variable(target: Target, repository: str, name: str) -> None:
    """Remove a repository variable; gone already is fine."""
    try:
        send(target, "DELETE", f"{repository}{at('actions', 'variables', name)}")
    except Missing:
        return


def gh(method: str, path: str, *flags: str) -> str:
    """A call by the GitHub CLI. `gh api` alone: its other commands came later, and speak of more than was planned."""
    verb = () if method == "GET" else ("--method", method)
    return command("gh", "api", *verb, path.removeprefix("/"), *flags)


def gh_put_variable(repository: str, name: str, value: str, *, new: bool) -> str:
    """The GitHub CLI's command that makes a repository variable, or changes it."""
    make = gh("POST", f"{repository}/actions/variables", "-f", f"name={name}", "-f", f"value={value}")
    change = gh("PATCH", f"{repository}/actions/variables/{name}", "-f", f"value={value}")
    return make if new else f"{change} >/dev/null 2>&1 || {make}"


def gh_delete_variable(repository: str, name: str) -> str:
    """The GitHub CLI's command that removes a repository variable."""
    return gh("DELETE", f"{repository}/actions/variables/{name}")
