"""How the branch that may deploy is protected. It is looked at, never changed: who reviews what is a team's decision.

Sources: GitHub REST API, "Get a branch", "Get rules for a branch".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.github_rest import at, get, pages
from ekswiz.errors import Conflict, Unreadable
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.github import REPOSITORY, gh, repo
from ekswiz.resources.namespace import NO_PERMISSIONS
from ekswiz.target import Target

GUARDS = frozenset({"pull_request", "update", "merge_queue", "required_status_checks"})
"""Rules without which a push to the branch needs nobody else."""


@dataclass(frozen=True, slots=True)
class BranchAttributes:
    """`rules` are the types of the rules in force, whether of a ruleset or of the branch's own protection."""

    name: str
    protected: bool
    rules: tuple[str, ...]


@dataclass(slots=True)
class GitHubBranch:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: BranchAttributes
    path: str
    needs: tuple[str, ...] = (REPOSITORY,)
    why: str = "Whoever can push to this branch can deploy: how it is protected is how the cluster is protected."
    tenure: Tenure = "external"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: NO_PERMISSIONS)
    scopes: Mapping[str, str] = field(default_factory=dict)

    def read(self, target: Target) -> Live[BranchAttributes] | None:
        """The branch with what protects it."""
        found = get(target, f"{self.path}{at('branches', self.desired.name)}")
        if found is None:
            return None
        try:
            rules = pages(target, f"{self.path}{at('rules', 'branches', self.desired.name)}")
        except Unreadable:
            rules = []
        kinds = tuple(sorted({*_kinds(rules), *_classic(found)}))
        protected = bool(found.get("protected")) or bool(GUARDS & set(kinds))
        return Live(BranchAttributes(str(found["name"]), protected, kinds), {}, str(found["name"]), None)

    def create(
        self, target: Target, desired: BranchAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[BranchAttributes]:
        """Never: the branch is the user's."""
        del target, token, tags
        raise Conflict(f"{desired.name} is yours to make.", f"git push origin {desired.name}")

    def update(self, target: Target, live: Live[BranchAttributes], desired: BranchAttributes) -> Live[BranchAttributes]:
        """Never, as above."""
        del target, desired
        return live

    def delete(self, target: Target, live: Live[BranchAttributes]) -> None:
        """Never, as above."""

    def cli(self, action: Action) -> str:
        """The command that shows it."""
        del action
        return gh("GET", f"{self.path}{at('rules', 'branches', self.desired.name)}")

    def risks(self, live: Live[BranchAttributes] | None) -> tuple[Risk, ...]:
        """A branch that anybody with write access may push to, or none at all."""
        name = self.desired.name
        if live is None:
            return (Risk("no-branch", f"The repository has no branch {name} at GitHub: push it first."),)
        if live.attributes.protected:
            return ()
        return (Risk("branch-open", f"{name} is not protected: whoever can write to the repository can deploy."),)

    def farewell(self, target: Target, live: Live[BranchAttributes]) -> Farewell:
        """It is never deleted."""
        del target, live
        return Farewell(keep="Kept: the branch is yours.")


def github_branch(answers: Answers) -> GitHubBranch:
    """The branch that may deploy."""
    return GitHubBranch(
        address="github_branch.deploy", desired=BranchAttributes(answers.branch, True, ()), path=repo(answers)
    )


def _kinds(rules: Iterable[Mapping[str, Any]]) -> set[str]:
    return {str(rule["type"]) for rule in rules}


def _classic(found: Mapping[str, Any]) -> set[str]:
    """What of the branch's own protection everybody may see."""
    checks = (found.get("protection") or {}).get("required_status_checks") or {}
    return {"required_status_checks"} if checks.get("contexts") or checks.get("checks") else set()
