"""Which files a stack needs in the user's repository, and with what text.

The surprising thing: without a GitHub environment the deploy job moves to a reusable workflow file of its own. Its
token then names that file in `job_workflow_ref`, a claim that no step of the build job can get.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from ekswiz.answers import Answers
from ekswiz.deliver.file import RepositoryFile
from ekswiz.deliver.starters import starters
from ekswiz.deliver.text import quoted, render
from ekswiz.deliver.values import check_values, place, values
from ekswiz.paths import DEPENDABOT_PATH


def files(answers: Answers) -> tuple[RepositoryFile, ...]:
    """All files of this stack, workflows first. The same answers always give the same bytes.

    Raises:
        InputError: An answer holds characters that cannot be written safely into a workflow file.
    """
    return (*_workflows(answers), *_check(answers), *_dependabot(answers), *_manifests(answers), *starters(answers))


def _workflows(answers: Answers) -> tuple[RepositoryFile, ...]:
    known = values(answers)
    why = "Builds the image, pushes it to ECR and deploys it to the cluster, without stored keys."
    if answers.environment:
        return (RepositoryFile(answers.workflow, render("deploy.yml", known), why, "workflow"),)
    caller = RepositoryFile(answers.workflow, render("deploy-caller.yml", known), why, "workflow")
    reason = "Holds the deploy job alone, so that the deploy role can tell its token from the build job's."
    return caller, RepositoryFile(answers.deploy_workflow, render("deploy-to-eks.yml", known), reason, "workflow")


def _check(answers: Answers) -> tuple[RepositoryFile, ...]:
    if not answers.oidc_check:
        return ()
    why = "Shows what GitHub's token says beside what the roles ask for: AWS never names the claim that differs."
    text = render("oidc-check.yml", check_values(answers))
    return (RepositoryFile(answers.check_workflow, text, why, "workflow"),)


def _dependabot(answers: Answers) -> tuple[RepositoryFile, ...]:
    if not answers.dependabot:
        return ()
    folder = PurePosixPath(place(answers.dockerfile)).parent
    known = {"docker_directory": quoted("/" if str(folder) == "." else f"/{folder}")}
    why = "Has Dependabot propose newer actions and a newer base image."
    return (RepositoryFile(DEPENDABOT_PATH, render("dependabot.yml", known), why, "manifest"),)


def _manifests(answers: Answers) -> tuple[RepositoryFile, ...]:
    known = {"workload_name": quoted(answers.workload), "port": str(answers.port)}
    reasons = {
        "deployment.yaml": "Runs the image as Pod Security `restricted` demands, with probes and limits.",
        "service.yaml": "Gives the pods one address inside the cluster.",
        "kustomization.yaml": "Lists what is deployed.",
    }
    folder = PurePosixPath(answers.manifests)
    return tuple(
        RepositoryFile(str(folder / name), render(name.replace(".yaml", ".yml"), known), why, "manifest")
        for name, why in reasons.items()
    )
