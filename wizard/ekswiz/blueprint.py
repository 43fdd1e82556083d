"""From answers to desired resources. The only place that names resource types."""

from __future__ import annotations

from typing import Any

from ekswiz.answers import Answers
from ekswiz.resource import Resource
from ekswiz.resources.access_entry import access_entry
from ekswiz.resources.deployer_rbac import deployer_rbac
from ekswiz.resources.ecr_repository import ecr_repository
from ekswiz.resources.eks_cluster import eks_cluster
from ekswiz.resources.iam_role import deploy_role, push_role
from ekswiz.resources.legacy_access import legacy_access
from ekswiz.resources.load_balancer import exposure
from ekswiz.resources.namespace import namespace
from ekswiz.resources.oidc_provider import oidc_provider
from ekswiz.resources.repository_file import repository_files


def blueprint(answers: Answers, *, delete_images: bool = False, adopt: bool = False) -> list[Resource[Any]]:
    """What these answers ask for, in the order in which a reader meets it.

    `delete_images` is the consent to lose the images when the ECR repository is destroyed. `adopt` is the one to narrow
    older roles, which needs permissions of its own.

    Raises:
        InputError: The answers cannot be turned into policies or files; the field is named.
    """
    return [
        oidc_provider(answers),
        ecr_repository(answers, delete_images=delete_images),
        push_role(answers),
        deploy_role(answers),
        eks_cluster(answers),
        namespace(answers),
        deployer_rbac(answers),
        access_entry(answers),
        *exposure(answers),
        *repository_files(answers),
        legacy_access(answers, adopt=adopt),
    ]
