"""The form of `sub` in the repository's tokens: the roles trust GitHub's default, in the form that the answers name.

The surprising thing: a repository of the classic form may move to the immutable one at any time, which is why roles of
such a repository trust both; only a customization of the claims, or the classic form where the answers say immutable,
keeps its jobs out. Source: GitHub REST API, "Set the customization template for an OIDC subject claim for a
repository".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ekswiz.answers import Answers
from ekswiz.clients.github_rest import get, send
from ekswiz.errors import Unreadable
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.github import REPOSITORY, gh, repo
from ekswiz.resources.namespace import NO_PERMISSIONS
from ekswiz.target import Target

IMMUTABLE = "immutable"
"""Output that is "yes" where the repository has the immutable form, whether that is asked for or not."""


@dataclass(frozen=True, slots=True)
class SubjectAttributes:
    """`claims` are the claim keys of a customized `sub`. `immutable` is what is asked for, or what lacks of it."""

    use_default: bool
    claims: tuple[str, ...]
    immutable: bool


@dataclass(slots=True)
class GitHubSubject:
    """See `ekswiz.resource.Resource`. A setting that is always there, and shared by all workflows: never deleted."""

    address: str
    desired: SubjectAttributes
    path: str
    needs: tuple[str, ...] = (REPOSITORY,)
    why: str = "The roles let in exactly this form of GitHub's `sub` claim: with another, every deployment is refused."
    tenure: Tenure = "shared"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: NO_PERMISSIONS)
    scopes: Mapping[str, str] = field(default_factory=dict)

    def read(self, target: Target) -> Live[SubjectAttributes] | None:
        """The form as it is. One that is more than what is asked for counts as what is asked for."""
        found = get(target, self.path)
        if found is None:
            raise Unreadable("GitHub does not show the form of this repository's `sub`.", self._need())
        immutable = bool(found.get("use_immutable_subject", False))
        default = bool(found["use_default"])
        claims = () if default else tuple(found.get("include_claim_keys", ()))
        live = SubjectAttributes(default, claims, immutable and self.desired.immutable)
        return Live(live, {IMMUTABLE: "yes" if immutable else ""}, self.path, None)

    def create(
        self, target: Target, desired: SubjectAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[SubjectAttributes]:
        """The same as an update: the setting is always there."""
        del token, tags
        return self._put(target, desired, immutable=desired.immutable)

    def update(
        self, target: Target, live: Live[SubjectAttributes], desired: SubjectAttributes
    ) -> Live[SubjectAttributes]:
        """Back to GitHub's default; the immutable form is never taken away."""
        return self._put(target, desired, immutable=desired.immutable or bool(live.outputs.get(IMMUTABLE)))

    def delete(self, target: Target, live: Live[SubjectAttributes]) -> None:
        """Never: a repository cannot be without it."""

    def cli(self, action: Action) -> str:
        """The GitHub CLI's command."""
        if action not in (Action.CREATE, Action.UPDATE):
            return gh("GET", self.path)
        flags = ["-F", "use_default=true", *(["-F", "use_immutable_subject=true"] if self.desired.immutable else [])]
        return gh("PUT", self.path, *flags)

    def risks(self, live: Live[SubjectAttributes] | None) -> tuple[Risk, ...]:
        """Other roles may trust the form that the repository has now."""
        if live is None or live.attributes == self.desired:
            return ()
        sentence = "`sub` changes in the tokens of all workflows of the repository: what trusts its present form stops."
        return (Risk("subject-changes", sentence),)

    def farewell(self, target: Target, live: Live[SubjectAttributes]) -> Farewell:
        """It stays as it is."""
        del target, live
        return Farewell(keep="Kept: a repository always has a form of `sub`.")

    def _put(self, target: Target, desired: SubjectAttributes, *, immutable: bool) -> Live[SubjectAttributes]:
        body = {"use_default": True, **({"use_immutable_subject": True} if immutable else {})}
        send(target, "PUT", self.path, body)
        return Live(desired, {IMMUTABLE: "yes" if immutable else ""}, self.path, None)

    def _need(self) -> str:
        return "Sign in as somebody who administers the repository."


def github_subject(answers: Answers) -> GitHubSubject:
    """The form of `sub` that the roles trust."""
    return GitHubSubject(
        address="github_subject.main",
        desired=SubjectAttributes(use_default=True, claims=(), immutable=answers.subject == "immutable"),
        path=f"{repo(answers)}/actions/oidc/customization/sub",
    )
