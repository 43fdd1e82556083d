"""The repository at GitHub: it must be the very one that the roles trust. It is looked at, never changed.

Source: GitHub REST API, "Get a repository".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ekswiz.answers import Answers
from ekswiz.clients.github_rest import get
from ekswiz.errors import Conflict, Unreadable
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.github import REPOSITORY, gh, repo
from ekswiz.resources.namespace import NO_PERMISSIONS
from ekswiz.target import Target


@dataclass(frozen=True, slots=True)
class RepositoryAttributes:
    """Names in GitHub's own case; ids are decimal numbers as text."""

    name: str
    id: str
    owner_id: str
    default_branch: str
    visibility: str
    archived: bool


@dataclass(slots=True)
class GitHubRepository:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: RepositoryAttributes
    path: str
    needs: tuple[str, ...] = ()
    why: str = "The roles trust this repository by its numbers: one that took over its name would not get in."
    tenure: Tenure = "external"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: NO_PERMISSIONS)
    scopes: Mapping[str, str] = field(default_factory=dict)

    def read(self, target: Target) -> Live[RepositoryAttributes] | None:
        """The repository.

        Raises:
            Unreadable: Another repository bears the name, or the answers write it in another way than GitHub.
        """
        found = get(target, self.path)
        if found is None:
            return None
        live = RepositoryAttributes(
            name=str(found["full_name"]),
            id=str(found["id"]),
            owner_id=str(found["owner"]["id"]),
            default_branch=str(found.get("default_branch", "")),
            visibility=str(found.get("visibility", "private" if found.get("private") else "public")),
            archived=bool(found.get("archived", False)),
        )
        differing = list(self._differing(live))
        if differing:
            raise Unreadable(
                f"this is not the repository of the answers: {'; '.join(differing)}.",
                "Correct the answers: its tokens would not be let in as it is.",
            )
        return Live(live, {"page": str(found.get("html_url", ""))}, live.id, None)

    def _differing(self, live: RepositoryAttributes) -> Iterator[str]:
        said = {"name": self.desired.name, "id": self.desired.id, "owner_id": self.desired.owner_id}
        for name, value in said.items():
            found = getattr(live, name)
            if found != value:
                yield f"{name} is {found} at GitHub and {value} in the answers"

    def create(
        self, target: Target, desired: RepositoryAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[RepositoryAttributes]:
        """Never: ekswiz uses a repository that is there."""
        del target, token, tags
        raise Conflict(f"{desired.name} is yours to make.", f"gh repo create {desired.name}")

    def update(
        self, target: Target, live: Live[RepositoryAttributes], desired: RepositoryAttributes
    ) -> Live[RepositoryAttributes]:
        """Never, as above."""
        del target, desired
        return live

    def delete(self, target: Target, live: Live[RepositoryAttributes]) -> None:
        """Never, as above."""

    def cli(self, action: Action) -> str:
        """The command that shows it."""
        del action
        return gh("GET", self.path)

    def risks(self, live: Live[RepositoryAttributes] | None) -> tuple[Risk, ...]:
        """No workflow runs in an archived repository."""
        if live is None or not live.attributes.archived:
            return ()
        return (Risk("archived-repository", f"{live.attributes.name} is archived: no workflow runs, nothing changes."),)

    def farewell(self, target: Target, live: Live[RepositoryAttributes]) -> Farewell:
        """It is never deleted."""
        del target, live
        return Farewell(keep="Kept: the repository is yours.")


def github_repository(answers: Answers) -> GitHubRepository:
    """The repository of the answers."""
    return GitHubRepository(
        address=REPOSITORY,
        desired=RepositoryAttributes(
            answers.repository, answers.repo_id, answers.owner_id, answers.branch, visibility="", archived=False
        ),
        path=repo(answers),
    )
