"""Which files a stack needs in the user's repository, and with what text.

The surprising thing: without a GitHub environment the deploy job moves to a reusable workflow file of its own. Its
token then names that file in `job_workflow_ref`, a claim that no step of the build job can get.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from ekswiz.answers import Answers
from ekswiz.deliver import pins
from ekswiz.deliver.text import glob, quoted, render
from ekswiz.paths import DEPLOY_WORKFLOW_PATH, WORKFLOW_PATH

CHINA = "aws-cn"
SCHEMES = {"inside": "", "internal": "internal", "public": "internet-facing"}
"""Schemes of AWS's load balancers by how the service is reached; none inside the cluster."""


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """One file: its path inside the repository (with `/`), its text and why it is there.

    A "manifest" is a starting point for a repository that has none; a "workflow" is kept as ekswiz writes it.
    """

    path: str
    text: str
    why: str
    kind: Literal["workflow", "manifest"]


def files(answers: Answers) -> tuple[RepositoryFile, ...]:
    """All files of this stack, workflows first. The same answers always give the same bytes.

    Raises:
        InputError: An answer holds characters that cannot be written safely into a workflow file.
    """
    return (*_workflows(answers), *_manifests(answers))


def _workflows(answers: Answers) -> tuple[RepositoryFile, ...]:
    values = _values(answers)
    why = "Builds the image, pushes it to ECR and deploys it to the cluster, without stored keys."
    if answers.environment:
        return (RepositoryFile(WORKFLOW_PATH, render("deploy.yml", values), why, "workflow"),)
    caller = RepositoryFile(WORKFLOW_PATH, render("deploy-caller.yml", values), why, "workflow")
    reason = "Holds the deploy job alone, so that the deploy role can tell its token from the build job's."
    return caller, RepositoryFile(DEPLOY_WORKFLOW_PATH, render("deploy-to-eks.yml", values), reason, "workflow")


def _manifests(answers: Answers) -> tuple[RepositoryFile, ...]:
    values = {"workload_name": quoted(answers.workload), "port": str(answers.port)}
    reasons = {
        "deployment.yaml": "Runs the image as Pod Security `restricted` demands, with probes and limits.",
        "service.yaml": "Gives the pods one address inside the cluster.",
        "kustomization.yaml": "Lists what is deployed.",
    }
    folder = PurePosixPath(answers.manifests)
    return tuple(
        RepositoryFile(str(folder / name), render(name.replace(".yaml", ".yml"), values), why, "manifest")
        for name, why in reasons.items()
    )


def _values(answers: Answers) -> Mapping[str, str]:
    """Every placeholder of the workflow templates. What stands in YAML is quoted; the rest stands in comments."""
    return {
        "stack": answers.stack,
        "branch": answers.branch,
        "push_role": answers.push_role,
        "deploy_role": answers.deploy_role,
        "branch_glob": quoted(glob(answers.branch)),
        "guard": f"github.ref == {quoted(f'refs/heads/{answers.branch}')}",
        "group": quoted(f"ekswiz-{answers.stack}"),
        "deploy_group": quoted(f"ekswiz-{answers.stack}-deploy"),
        "environment": quoted(answers.environment or ""),
        "push_arn": quoted(_role_arn(answers, answers.push_role)),
        "deploy_arn": quoted(_role_arn(answers, answers.deploy_role)),
        "audience": quoted("sts.amazonaws.com.cn" if answers.partition == CHINA else "sts.amazonaws.com"),
        "scheme": quoted(SCHEMES[answers.expose]),
        **_literals(answers),
        "deploy_path": DEPLOY_WORKFLOW_PATH,
        "checkout": pins.CHECKOUT.uses,
        "credentials": pins.CREDENTIALS.uses,
        "ecr_login": pins.ECR_LOGIN.uses,
    }


def _literals(answers: Answers) -> Mapping[str, str]:
    plain = {
        "account": answers.account,
        "region": answers.region,
        "ecr_repository": answers.ecr_repository,
        "context": answers.context,
        "dockerfile": answers.dockerfile,
        "cluster": answers.cluster,
        "namespace": answers.namespace,
        "workload_name": answers.workload,
        "manifests": answers.manifests,
    }
    return {name: quoted(value) for name, value in plain.items()}


def _role_arn(answers: Answers, role: str) -> str:
    return f"arn:{answers.partition}:iam::{answers.account}:role/{role}"
