"""Answers to test with, and readers of what is made from them."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML

from ekswiz.answers import Answers
from ekswiz.deliver import RepositoryFile, files


def answers(**changes: Any) -> Answers:
    plain: dict[str, Any] = {
        "stack": "demo", "account": "012345678901", "region": "eu-central-1", "owner": "octo", "repo": "shop",
        "owner_id": "123456", "repo_id": "456789", "branch": "main", "cluster": "one", "namespace": "shop",
        "ecr_repository": "octo/shop", "workload": "web",
    }  # fmt: skip
    return Answers(**{**plain, **changes})


def parsed(file: RepositoryFile) -> Any:
    return YAML(typ="safe", pure=True).load(file.text)


def workflow(path: str, of: Answers) -> Any:
    """A workflow by the usual end of its path, wherever it lies for these answers."""
    places = {"deploy.yml": of.workflow, "deploy-to-eks.yml": of.deploy_workflow, "oidc-check.yml": of.check_workflow}
    wanted = places.get(path, path)
    return parsed(next(file for file in files(of) if file.path.endswith(wanted)))
