"""From answers to desired resources. The only place that names resource types."""

from __future__ import annotations

from typing import Any

from ekswiz.answers import Answers
from ekswiz.resource import Resource
from ekswiz.resources.access_entry import access_entry
from ekswiz.resources.access_policy import access_policy
from ekswiz.resources.cluster import before_entries, cluster
from ekswiz.resources.deployer_rbac import deployer_rbac
from ekswiz.resources.ecr_repository import ecr_repository
from ekswiz.resources.github_branch import github_branch
from ekswiz.resources.github_environment import github_environment
from ekswiz.resources.github_pull_request import github_pull_request
from ekswiz.resources.github_repository import github_repository
from ekswiz.resources.github_subject import github_subject
from ekswiz.resources.github_variables import github_variables
from ekswiz.resources.iam_role import deploy_role, push_role
from ekswiz.resources.legacy_access import legacy_access
from ekswiz.resources.load_balancer import exposure
from ekswiz.resources.namespace import namespace
from ekswiz.resources.network import network
from ekswiz.resources.oidc_provider import oidc_provider
from ekswiz.resources.operator_access import with_operator_access
from ekswiz.resources.repository_file import repository_files


def blueprint(
    answers: Answers, *, delete_images: bool = False, adopt: bool = False, delete_protected: bool = False
) -> list[Resource[Any]]:
    """What these answers ask for, in the order in which a reader meets it.

    `delete_images` is the consent to lose the images when the ECR repository is destroyed. `adopt` is the one to narrow
    older roles, which needs permissions of its own. `delete_protected` is the one to switch a new cluster's deletion
    protection off when it is destroyed.

    Raises:
        InputError: The answers cannot be turned into policies or files; the field is named.
    """
    entry = access_entry(answers)
    entry.needs = (*entry.needs, *before_entries(answers))
    return with_operator_access(
        answers,
        [
            oidc_provider(answers),
            ecr_repository(answers, delete_images=delete_images),
            push_role(answers),
            deploy_role(answers),
            *(network(answers) if answers.create_cluster else ()),
            *cluster(answers, delete_protected=delete_protected),
            namespace(answers),
            *_rights(answers),
            entry,
            *exposure(answers),
            *_delivery(answers),
            legacy_access(answers, adopt=adopt),
        ],
    )


def _rights(answers: Answers) -> list[Resource[Any]]:
    """What the deploy role may do in the namespace: by a Role of ours, or by AWS's edit policy on its entry."""
    return [access_policy(answers)] if answers.rights == "edit" else [deployer_rbac(answers)]


def _delivery(answers: Answers) -> list[Resource[Any]]:
    """What is set up at GitHub, if anything, and the files: in the checkout, or as a pull request."""
    if answers.github == "files":
        return [*repository_files(answers)]
    by_request = answers.github == "pull_request"
    return [
        github_repository(answers),
        github_branch(answers),
        github_subject(answers),
        *github_environment(answers),
        github_variables(answers),
        *([github_pull_request(answers)] if by_request else repository_files(answers)),
    ]
