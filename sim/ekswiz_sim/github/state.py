"""What a repository at GitHub holds besides its files: settings, environments, variables, pull requests."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ekswiz_sim.github.events import Repository
from ekswiz_sim.github.git_store import GitStore

EVERY_RIGHT = frozenset({"actions", "actions_variables", "administration", "contents", "pull_requests", "workflows"})
"""What a fine-grained token can be given, as GitHub names it in `X-Accepted-GitHub-Permissions`."""


@dataclass(slots=True)
class Variable:
    """A variable of a repository or environment."""

    value: str
    created_at: str
    updated_at: str


@dataclass(slots=True)
class Environment:
    """An environment. `policy` is None (every branch), "protected" or "custom"; `branches` are its patterns by id."""

    id: int
    name: str
    created_at: str
    policy: str | None = None
    branches: dict[int, str] = field(default_factory=dict)
    wait_timer: int = 0
    prevent_self_review: bool = False
    reviewers: list[dict[str, Any]] = field(default_factory=list)
    variables: dict[str, Variable] = field(default_factory=dict)


@dataclass(slots=True)
class Pull:
    """A pull request. `head` is a branch of the repository itself."""

    number: int
    title: str
    body: str
    head: str
    base: str
    head_sha: str
    created_at: str
    state: str = "open"
    merged_at: str | None = None
    merge_commit: str | None = None
    closed_at: str | None = None


@dataclass(slots=True)
class RepositoryState:
    """All that the REST calls read and change. `rights` are those of the one token that is accepted."""

    repository: Repository
    branch: str = "main"
    checkout: Callable[[], Path | None] = lambda: None
    rights: frozenset[str] = EVERY_RIGHT
    protected: set[str] = field(default_factory=set)
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    use_default: bool = True
    claims: tuple[str, ...] = ()
    immutable: bool = True
    environments: dict[str, Environment] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    git: GitStore = field(init=False)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def __post_init__(self) -> None:
        self.git = GitStore(self.branch, self._staged)
        self.immutable = self.repository.subject == "immutable"

    def _staged(self) -> Path | None:
        """The checkout as it is when it is asked for: it is staged after the servers are up."""
        return self.checkout()

    def new_id(self) -> int:
        """A number that no other object has."""
        return next(self._ids)

    def environment(self, name: str) -> Environment | None:
        """An environment; GitHub does not tell upper from lower case in their names."""
        return self.environments.get(name.lower())

    def admitted(self, environment: Environment) -> tuple[str, ...] | None:
        """Patterns of the branches that may use an environment, as workflow filters; None for every one.

        GitHub reads an environment's patterns as Ruby's fnmatch does, to which `+` and `!` are nothing special.
        """
        if environment.policy is None:
            return None
        names = self.protected if environment.policy == "protected" else environment.branches.values()
        return tuple(sorted(re.sub(r"([+!])", r"\\\1", name) for name in names))

    def merge(self, number: int) -> None:
        """Merge a pull request, as a person would do."""
        pull = self.pulls[number]
        pull.merge_commit = self.git.merge(pull.head)
        pull.state, pull.merged_at, pull.closed_at = "closed", now(), now()

    def merge_open(self) -> list[int]:
        """Merge every open pull request into the base branch; their numbers."""
        found = [pull.number for pull in self.pulls.values() if pull.state == "open" and pull.base == self.branch]
        for number in found:
            self.merge(number)
        return found

    def snapshot(self) -> Mapping[str, Any]:
        """Everything that can be removed again, as plain JSON. A closed pull request stays at GitHub for ever."""
        return {
            "subject": [self.use_default, list(self.claims), self.immutable],
            "environments": {one.name: _settings(one) for one in self.environments.values()},
            "variables": {name: one.value for name, one in self.variables.items()},
            "branches": sorted(set(self.git.heads) - {self.branch}),
            "pulls": sorted(pull.number for pull in self.pulls.values() if pull.state == "open"),
        }


def now() -> str:
    """The time as GitHub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _settings(found: Environment) -> dict[str, Any]:
    return {
        "policy": found.policy,
        "branches": sorted(found.branches.values()),
        "reviewers": list(found.reviewers),
        "wait_timer": found.wait_timer,
        "variables": {name: one.value for name, one in found.variables.items()},
    }
