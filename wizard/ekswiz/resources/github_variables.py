"""Where the service goes, as variables of the repository, for workflows of the user's own. They are not secret.

The generated workflow needs none of them: what it does stands in the file, so that the file that was rehearsed is the
file that runs. Source: GitHub REST API, "GitHub Actions variables".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ekswiz.answers import Answers
from ekswiz.clients.github_rest import at, pages
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.github import (
    REPOSITORY,
    delete_variable,
    gh,
    gh_delete_variable,
    gh_put_variable,
    put_variable,
    repo,
    variable_name,
)
from ekswiz.resources.namespace import NO_PERMISSIONS
from ekswiz.resources.shell import lines
from ekswiz.target import Target


@dataclass(frozen=True, slots=True)
class VariablesAttributes:
    """Values by the variable's name."""

    values: Mapping[str, str]


@dataclass(slots=True)
class GitHubVariables:
    """See `ekswiz.resource.Resource`. `mark` is one variable more, whose value is the stack that made them."""

    address: str
    desired: VariablesAttributes
    repository: str
    mark: str
    stack: str
    needs: tuple[str, ...] = (REPOSITORY,)
    why: str = "Tells your other workflows where the service is (account, region, cluster...); nothing of it is secret."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: NO_PERMISSIONS)
    scopes: Mapping[str, str] = field(default_factory=dict)

    def read(self, target: Target) -> Live[VariablesAttributes] | None:
        """Those of our names that are there; None if none is. Others' variables are others' business."""
        found = {
            str(one["name"]): str(one["value"])
            for one in pages(target, f"{self.repository}{at('actions', 'variables')}", "variables")
        }
        values = {name: found[name] for name in self.desired.values if name in found}
        owner = found.get(self.mark)
        return Live(VariablesAttributes(values), {}, self.repository, owner) if values or owner else None

    def create(
        self,
        target: Target,
        desired: VariablesAttributes,
        token: str,  # noqa: ARG002 - GitHub has no idempotency tokens
        tags: Mapping[str, str],  # noqa: ARG002 - the first of them says whose they are
    ) -> Live[VariablesAttributes]:
        """Make all of them, the one that says whose they are first."""
        put_variable(target, self.repository, self.mark, self.stack)
        for name, value in desired.values.items():
            put_variable(target, self.repository, name, value)
        return Live(desired, {}, self.repository, self.stack)

    def update(
        self, target: Target, live: Live[VariablesAttributes], desired: VariablesAttributes
    ) -> Live[VariablesAttributes]:
        """Those that differ."""
        for name, value in desired.values.items():
            if live.attributes.values.get(name) != value:
                put_variable(target, self.repository, name, value)
        return Live(desired, {}, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[VariablesAttributes]) -> None:
        """All of them, the one that says whose they are last."""
        for name in (*live.attributes.values, self.mark):
            delete_variable(target, self.repository, name)

    def cli(self, action: Action) -> str:
        """The GitHub CLI's commands."""
        repository = self.repository
        if action is Action.DELETE:
            return lines(*(gh_delete_variable(repository, name) for name in (*self.desired.values, self.mark)))
        if action in (Action.KEEP, Action.UNKNOWN):
            return gh("GET", f"{repository}/actions/variables")
        new = action is Action.CREATE
        values = {**({self.mark: self.stack} if new else {}), **self.desired.values}
        return lines(*(gh_put_variable(repository, name, value, new=new) for name, value in values.items()))

    def risks(self, live: Live[VariablesAttributes] | None) -> tuple[Risk, ...]:
        """Values that somebody changed."""
        now = live.attributes.values if live else {}
        edited = sorted(name for name, value in now.items() if value != self.desired.values[name])
        if not edited:
            return ()
        return (Risk("variables-edited", f"What was changed in {', '.join(edited)} is undone."),)

    def farewell(self, target: Target, live: Live[VariablesAttributes]) -> Farewell:
        """Workflows that read them get nothing."""
        del target, live
        return Farewell()


def github_variables(answers: Answers) -> GitHubVariables:
    """The stack's variables."""
    arn = f"arn:{answers.partition}:iam::{answers.account}:role"
    things = {
        "AWS_ACCOUNT_ID": answers.account,
        "AWS_REGION": answers.region,
        "ECR_REPOSITORY": answers.ecr_repository,
        "EKS_CLUSTER": answers.cluster,
        "EKS_NAMESPACE": answers.namespace,
        "PUSH_ROLE_ARN": f"{arn}/{answers.push_role}",
        "DEPLOY_ROLE_ARN": f"{arn}/{answers.deploy_role}",
    }
    values = {variable_name(answers.stack, thing): value for thing, value in things.items()}
    return GitHubVariables(
        address="github_variables.main",
        desired=VariablesAttributes(values),
        repository=repo(answers),
        mark=variable_name(answers.stack, "STACK"),
        stack=answers.stack,
        needs=(REPOSITORY, "iam_role.push", "iam_role.deploy"),
    )
