"""The GitHub environment of the deploy job: only our branch may use it, as the deploy role's trust policy says, too.

An environment that is there already is used as it is, and changed only by adding our branch where branches are listed.
Environments bear no tags: a repository variable says which one this stack has made. Source: GitHub REST API,
"Deployment environments", "Deployment branch policies".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from ekswiz.answers import Answers
from ekswiz.clients.github_rest import Missing, at, get, pages, send
from ekswiz.errors import Unreadable
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.github import (
    REPOSITORY,
    delete_variable,
    gh,
    gh_delete_variable,
    gh_put_variable,
    put_variable,
    read_variable,
    repo,
    variable_name,
)
from ekswiz.resources.namespace import NO_PERMISSIONS
from ekswiz.resources.shell import command, lines
from ekswiz.target import Target

Admits = Literal["listed", "protected", "all"]
"""Which branches may use an environment: those that it lists, protected ones, or every one."""
LISTED: Mapping[str, bool] = {"protected_branches": False, "custom_branch_policies": True}
ADMITS, OTHERS = "admits", "others"
"""Outputs: how an environment chooses branches, and the patterns that it lists besides ours, a line each."""


@dataclass(frozen=True, slots=True)
class EnvironmentAttributes:
    """`branches` are the patterns of branches that may use it; of somebody else's environment just ours, if it may."""

    name: str
    branches: tuple[str, ...]


@dataclass(slots=True)
class GitHubEnvironment:
    """See `ekswiz.resource.Resource`. `mark` is the repository variable that names the environment we made."""

    address: str
    desired: EnvironmentAttributes
    repository: str
    mark: str
    stack: str
    needs: tuple[str, ...] = (REPOSITORY,)
    why: str = "Tells the deploy job from all others in GitHub's token: the build job cannot become the deploy role."
    tenure: Tenure = "shared"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: NO_PERMISSIONS)
    scopes: Mapping[str, str] = field(default_factory=dict)

    def read(self, target: Target) -> Live[EnvironmentAttributes] | None:
        """The environment with the branches that may use it.

        Raises:
            Unreadable: GitHub writes its name in another case, which the roles would not know in a token.
        """
        found = get(target, self._path)
        if found is None:
            return None
        if found["name"] != self.desired.name:
            said = f"GitHub writes this environment {found['name']}, and the answers {self.desired.name}."
            raise Unreadable(said, f"Write it as GitHub does: --environment {found['name']}")
        owner = self.stack if read_variable(target, self.repository, self.mark) == found["name"] else None
        admits = _admits(found)
        listed = tuple(str(one["name"]) for one in self._policies(target)) if admits == "listed" else ()
        ours = self.desired.branches[0]
        others = tuple(sorted(set(listed) - {ours}))
        branches = self._branches(admits, listed, others, own=owner is not None)
        outputs = {"name": str(found["name"]), ADMITS: admits, OTHERS: "\n".join(others)}
        return Live(EnvironmentAttributes(str(found["name"]), branches), outputs, str(found["id"]), owner)

    def create(
        self,
        target: Target,
        desired: EnvironmentAttributes,
        token: str,  # noqa: ARG002 - making it twice is the same as once
        tags: Mapping[str, str],  # noqa: ARG002 - environments have none
    ) -> Live[EnvironmentAttributes]:
        """Say whose it will be, then make it and name the branch."""
        put_variable(target, self.repository, self.mark, desired.name)
        made = send(target, "PUT", self._path, {"deployment_branch_policy": LISTED})
        self._admit(target, desired.branches)
        return Live(desired, {"name": str(made["name"]), ADMITS: "listed", OTHERS: ""}, str(made["id"]), self.stack)

    def update(
        self, target: Target, live: Live[EnvironmentAttributes], desired: EnvironmentAttributes
    ) -> Live[EnvironmentAttributes]:
        """Let our branch in. In an environment of ours nothing else gets in."""
        outputs = dict(live.outputs)
        if live.owner is not None:
            outputs = self._restrict(target, outputs)
        self._admit(target, [name for name in desired.branches if name not in live.attributes.branches])
        return Live(desired, outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[EnvironmentAttributes]) -> None:
        """Delete it, then the variable that said whose it was; gone already is fine."""
        del live
        with suppress(Missing):
            send(target, "DELETE", self._path)
        delete_variable(target, self.repository, self.mark)

    def cli(self, action: Action) -> str:
        """The GitHub CLI's commands."""
        if action is Action.DELETE:
            return lines(gh("DELETE", self._path), gh_delete_variable(self.repository, self.mark))
        if action in (Action.KEEP, Action.UNKNOWN):
            return gh("GET", self._path)
        policies = f"{self._path}/deployment-branch-policies"
        admit = [gh("POST", policies, "-f", f"name={branch}") for branch in self.desired.branches]
        if action is Action.UPDATE:
            known = gh("GET", policies, "--jq", ".branch_policies[].name")
            every = zip(self.desired.branches, admit, strict=True)
            return lines(*(f"{known} | {command('grep', '-Fxq', branch)} || {make}" for branch, make in every))
        mark = gh_put_variable(self.repository, self.mark, self.desired.name, new=True)
        wanted = [f"deployment_branch_policy[{key}]={str(value).lower()}" for key, value in LISTED.items()]
        return lines(mark, gh("PUT", self._path, *(word for one in wanted for word in ("-F", one))), *admit)

    def risks(self, live: Live[EnvironmentAttributes] | None) -> tuple[Risk, ...]:
        """Who else may use it, and who will not be able to any more."""
        return () if live is None else tuple(self._risks(live))

    def farewell(self, target: Target, live: Live[EnvironmentAttributes]) -> Farewell:
        """What is kept in it goes with it."""
        found = pages(target, f"{self._path}/variables", "variables")
        held = [f"its {len(found)} variables"] if found else []
        sentence = f"With environment {live.attributes.name} go {', '.join([*held, 'its secrets'])} and its history."
        return Farewell(risks=(Risk("environment-contents", sentence),))

    def _risks(self, live: Live[EnvironmentAttributes]) -> Iterator[Risk]:
        name, branch = self.desired.name, self.desired.branches[0]
        admits, others = live.outputs[ADMITS], live.outputs[OTHERS].replace("\n", ", ")
        if live.owner is not None:
            if others:
                yield Risk("drops-branches", f"Branches that match {others} cannot use environment {name} any more.")
            return
        if admits == "protected":
            yield Risk("environment-shut", f"Environment {name} lets in protected branches only: {branch} must be one.")
        elif admits == "all" or others:
            who = "every branch" if admits == "all" else f"branches that match {others}"
            yield Risk("environment-open", f"Environment {name} lets in {who}, too; the role asks for {branch} itself.")

    def _branches(
        self, admits: Admits, listed: tuple[str, ...], others: tuple[str, ...], *, own: bool
    ) -> tuple[str, ...]:
        """The patterns that count: all of our own environment; of others' only whether ours gets in."""
        ours = self.desired.branches
        if own:
            return (*(ours if ours[0] in listed else ()), *others) if admits == "listed" else (admits,)
        return ours if admits != "listed" or ours[0] in listed else ()

    def _restrict(self, target: Target, outputs: Mapping[str, str]) -> dict[str, str]:
        """Bring our environment back to listed branches, without those that we did not list."""
        if outputs[ADMITS] != "listed":
            found = get(target, self._path) or {}
            send(target, "PUT", self._path, {**_rules(found), "deployment_branch_policy": LISTED})
        others = outputs[OTHERS].split("\n")
        for policy in self._policies(target):
            if policy["name"] in others:
                with suppress(Missing):
                    send(target, "DELETE", f"{self._path}{at('deployment-branch-policies', policy['id'])}")
        return {**outputs, ADMITS: "listed", OTHERS: ""}

    def _admit(self, target: Target, branches: Sequence[str]) -> None:
        known = {one["name"] for one in self._policies(target)}
        for name in branches:
            if name not in known:
                send(target, "POST", f"{self._path}/deployment-branch-policies", {"name": name, "type": "branch"})

    def _policies(self, target: Target) -> list[Any]:
        found = pages(target, f"{self._path}/deployment-branch-policies", "branch_policies")
        return [one for one in found if one.get("type", "branch") == "branch"]

    @property
    def _path(self) -> str:
        return f"{self.repository}{at('environments', self.desired.name)}"


def github_environment(answers: Answers) -> list[GitHubEnvironment]:
    """The deploy job's environment, if it has one. Branches are patterns there; a name that we take has none in it."""
    if answers.environment is None:
        return []
    return [
        GitHubEnvironment(
            address="github_environment.deploy",
            desired=EnvironmentAttributes(answers.environment, (answers.branch,)),
            repository=repo(answers),
            mark=variable_name(answers.stack, "ENVIRONMENT"),
            stack=answers.stack,
        )
    ]


def _admits(found: Mapping[str, Any]) -> Admits:
    policy = found.get("deployment_branch_policy")
    if policy is None:
        return "all"
    return "protected" if policy.get("protected_branches") else "listed"


def _rules(found: Mapping[str, Any]) -> dict[str, Any]:
    """The rules that an environment has, as a PUT takes them: what is left out there would be taken off."""
    body: dict[str, Any] = {}
    for rule in found.get("protection_rules", ()):
        if rule["type"] == "wait_timer":
            body["wait_timer"] = rule["wait_timer"]
        elif rule["type"] == "required_reviewers":
            body["prevent_self_review"] = bool(rule.get("prevent_self_review", False))
            body["reviewers"] = [{"type": one["type"], "id": one["reviewer"]["id"]} for one in rule["reviewers"]]
    return body
