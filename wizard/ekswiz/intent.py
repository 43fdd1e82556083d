"""Who should be able to do what, from the answers alone.

This room knows nothing of policies or of how they are judged: it describes principals as the GitHub jobs that they are,
by the claims their tokens carry, and says what each was meant to be able to do. A rehearsal then tries every cell.

The surprising thing: most rows carry two sets of claims. A deviation ("another branch") is tried against the push role
with the token that a *build* job would have there, and against the deploy role with the one a *deploy* job would have,
so that one condition decides and not the difference between the jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from ekswiz.answers import Answers

Job = Literal["build", "deploy"]
Cell = Literal["yes", "no", "n/a"]
Claims = Mapping[str, str]

AUDIENCE = "sts.amazonaws.com"
OTHER_BRANCH = "ekswiz-probe"
OTHER_ENVIRONMENT = "ekswiz-probe"
OTHER_WORKFLOW = ".github/workflows/ekswiz-probe.yml"
OTHER_ID = "990000001"
OTHER_OWNER_ID = "990000002"
EXPIRED = -600
"""Lifetime in seconds of a token that ran out ten minutes ago."""


@dataclass(frozen=True, slots=True)
class Column:
    """An action that somebody may or may not be able to carry out."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """A principal: a GitHub job, by the claims of its tokens.

    `build` and `deploy` are complete sets of the claims that identify it, in the form of a build or a deploy job; at
    least one of them is there unless `origin` is "none". `origin`: "minted" can come from GitHub, "forged" cannot,
    "none" means that GitHub hands this job no token at all. `audience`, `key` and `lifetime` (seconds from now) are the
    token's own flaws. `wins` are the roles that it was meant to get.
    """

    id: str
    title: str
    build: Claims | None = None
    deploy: Claims | None = None
    origin: Literal["minted", "forged", "none"] = "minted"
    audience: str = AUDIENCE
    key: Literal["good", "foreign"] = "good"
    lifetime: int = 300
    wins: frozenset[Literal["push", "deploy"]] = frozenset()
    why: str = ""

    def claims_for(self, column: str) -> Claims | None:
        """The claims to try this column's role with: the deploy job's form for the deploy role, else the build job's.

        None where GitHub hands out no token.
        """
        first, second = (self.deploy, self.build) if column in DEPLOY_COLUMNS else (self.build, self.deploy)
        return first if first is not None else second


COLUMNS: tuple[Column, ...] = (
    Column("assume-push", "become the push role"),
    Column("assume-deploy", "become the deploy role"),
    Column("push-image", "push an image to the service's repository"),
    Column("push-other-repository", "push an image to another repository"),
    Column("read-other-repository", "pull an image from another repository"),
    Column("deploy", "roll out in the service's namespace"),
    Column("read-secrets", "read secrets in the service's namespace"),
    Column("deploy-elsewhere", "roll out in another namespace"),
    Column("delete-cluster", "delete the cluster"),
    Column("change-iam", "change IAM"),
)
DEPLOY_COLUMNS = frozenset({"assume-deploy", "deploy", "read-secrets", "deploy-elsewhere", "delete-cluster"})
"""Columns that are tried first with the deploy job's form of a row's claims."""

_GRANTS: Mapping[str, Literal["push", "deploy"]] = {
    "assume-push": "push",
    "push-image": "push",
    "assume-deploy": "deploy",
    "deploy": "deploy",
}


@dataclass(frozen=True, slots=True)
class Run:
    """A workflow run as far as its tokens tell: the intended one, until a field is replaced."""

    owner: str
    repo: str
    owner_id: str
    repo_id: str
    ref: str
    subject: Literal["immutable", "classic"]
    environment: str | None
    workflow: str
    deploy_workflow: str
    event: str = "push"
    extra: Mapping[str, str] = field(default_factory=dict)

    def claims(self, job: Job) -> Claims:
        """The identifying claims of one of its jobs, as GitHub writes them."""
        repository = f"{self.owner}/{self.repo}"
        environment = self.environment if job == "deploy" else None
        file = self.deploy_workflow if job == "deploy" else self.workflow
        found = {
            "sub": f"{self._prefix()}:{self._context(environment)}",
            "repository": repository,
            "repository_id": self.repo_id,
            "repository_owner": self.owner,
            "repository_owner_id": self.owner_id,
            "ref": self.ref,
            "ref_type": "tag" if self.ref.startswith("refs/tags/") else "branch",
            "event_name": self.event,
            "workflow_ref": f"{repository}/{self.workflow}@{self.ref}",
            "job_workflow_ref": f"{repository}/{file}@{self.ref}",
        }
        return MappingProxyType(found | ({"environment": environment} if environment else {}) | dict(self.extra))

    def _prefix(self) -> str:
        if self.subject == "classic":
            return f"repo:{self.owner}/{self.repo}"
        return f"repo:{self.owner}@{self.owner_id}/{self.repo}@{self.repo_id}"

    def _context(self, environment: str | None) -> str:
        """GitHub's precedence: environment, then pull request, then ref."""
        if environment:
            return f"environment:{environment}"
        return "pull_request" if self.event == "pull_request" else f"ref:{self.ref}"


def intended(answers: Answers) -> Run:
    """The one run that is meant to deploy: a push to the branch."""
    return Run(
        owner=answers.owner,
        repo=answers.repo,
        owner_id=answers.owner_id,
        repo_id=answers.repo_id,
        ref=answers.ref,
        subject=answers.subject,
        environment=answers.environment,
        workflow=answers.workflow,
        deploy_workflow=answers.deploy_workflow,
    )


def rows(answers: Answers) -> tuple[Row, ...]:
    """Every principal of the access matrix for these answers."""
    run = intended(answers)
    return (*_intended_rows(run), *_other_runs(run, answers), *_other_repositories(run), *_flawed_tokens(run, answers))


def columns() -> tuple[Column, ...]:
    """Every action of the access matrix."""
    return COLUMNS


def expected(answers: Answers) -> Mapping[tuple[str, str], Cell]:
    """For every (row id, column id): whether it was meant to be possible."""
    return {
        (row.id, column.id): "yes" if _GRANTS.get(column.id) in row.wins else "no"
        for row in rows(answers)
        for column in COLUMNS
    }


def _intended_rows(run: Run) -> tuple[Row, ...]:
    build, deploy = run.claims("build"), run.claims("deploy")
    return (
        Row("build-job", "build job of a push to the branch", build=build, wins=frozenset({"push"})),
        Row("deploy-job", "deploy job of a push to the branch", deploy=deploy, wins=frozenset({"deploy"})),
        Row(
            "deploy-steps-in-build-job",
            "deploy steps moved into a job like the build job",
            build=build,
            deploy=replace(run, environment=None, deploy_workflow=run.workflow).claims("deploy"),
            wins=frozenset({"push"}),
            why="Code that runs in the build must not reach the cluster.",
        ),
    )


def _both(id: str, title: str, run: Run, why: str = "") -> Row:
    return Row(id, title, build=run.claims("build"), deploy=run.claims("deploy"), why=why)


def _other_runs(run: Run, answers: Answers) -> tuple[Row, ...]:
    """The same repository, but not the intended push."""
    branch = replace(run, ref=f"refs/heads/{_another(OTHER_BRANCH, answers.branch)}")
    pull = replace(run, ref="refs/pull/7/merge", event="pull_request")
    pull = replace(pull, extra={"head_ref": OTHER_BRANCH, "base_ref": answers.branch})
    other_file = replace(run, workflow=OTHER_WORKFLOW, deploy_workflow=OTHER_WORKFLOW)
    elsewhere = replace(run, environment=_another(OTHER_ENVIRONMENT, answers.environment))
    return (
        _both("other-branch", "push to another branch", branch),
        Row(
            "pull-request",
            "pull request from the same repository",
            build=pull.claims("build"),
            deploy=replace(pull, environment=None).claims("deploy"),
            why="A pull request runs code that nobody has reviewed yet.",
        ),
        *_environment_rows(run, pull),
        Row("fork-pull-request", "pull request from a fork", origin="none", why="GitHub hands forks no token."),
        _both(
            "tag-named-like-branch",
            "push of a tag that bears the branch's name",
            replace(run, ref=f"refs/tags/{answers.branch}"),
        ),
        Row(
            "other-environment",
            "job in another environment",
            build=replace(elsewhere, deploy_workflow=run.workflow).claims("deploy"),
            deploy=elsewhere.claims("deploy"),
        ),
        _both("other-workflow-file", "another workflow file on the same branch", other_file),
    )


def _environment_rows(run: Run, pull: Run) -> tuple[Row, ...]:
    """Where the environment is in `sub` and the branch is not."""
    if run.environment is None:
        return ()
    return (
        Row(
            "pull-request-environment",
            "pull request whose deploy job names the environment",
            deploy=pull.claims("deploy"),
            why="With an environment the subject no longer tells a pull request from a push; the ref does.",
        ),
    )


def _other_repositories(run: Run) -> tuple[Row, ...]:
    """The same workflow, in a repository that is not the intended one."""
    other = replace(run, repo=_neighbour(run.repo), repo_id=OTHER_ID)
    alike = replace(run, owner=f"{run.owner}-evil", owner_id=OTHER_OWNER_ID, repo_id=OTHER_ID)
    recycled = replace(run, owner_id=OTHER_OWNER_ID, repo_id=OTHER_ID)
    recreated = replace(run, repo_id=OTHER_ID)
    moved = replace(run, owner_id=OTHER_OWNER_ID)
    case = replace(run, owner=run.owner.swapcase(), repo=run.repo.swapcase())
    return (
        _both("other-repository", "another repository of the same owner", other),
        _both("look-alike-owner", "an owner whose name starts with ours", alike),
        _both("recycled-name", "the same names, registered again by somebody else", recycled),
        _both("recreated-repository", "the repository, deleted and created anew", recreated),
        _both("recycled-owner", "the same repository id under a re-registered owner", moved),
        *(
            [replace(_both("case-variant", "the same names in other case", case), origin="forged")]
            if case != run
            else []
        ),
    )


def _flawed_tokens(run: Run, answers: Answers) -> tuple[Row, ...]:
    """The intended claims in a token that must not count, and in the other form of `sub`."""
    good = _both("", "", run)
    classic = answers.subject == "classic"
    other_form = replace(run, subject="immutable" if classic else "classic")
    return (
        replace(good, id="expired-token", title="the right claims, expired", lifetime=EXPIRED),
        replace(
            good, id="foreign-key", title="the right claims, signed by another key", key="foreign", origin="forged"
        ),
        replace(
            good,
            id="wrong-audience",
            title="the right claims, for another audience",
            audience=f"https://github.com/{answers.owner}",
        ),
        replace(
            _both("other-subject-form", "the right claims in the other form of sub", other_form),
            wins=frozenset({"push", "deploy"}) if classic else frozenset(),
            why="A classic repository may move to the immutable form at any time; the way back does not exist.",
        ),
    )


def _another(name: str, taken: str | None) -> str:
    """`name`, or one beside it where the answers use that very name."""
    return f"{name}-2" if name == taken else name


def _neighbour(repo: str) -> str:
    """Another legal repository name that starts with ours."""
    return f"{repo[:93]}-other" if len(repo) < 95 else f"x{repo[1:]}"  # noqa: PLR2004 - GitHub's limit is 100
