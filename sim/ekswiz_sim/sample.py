"""The bundled sample: a small FastAPI service with its manifests, to rehearse without a repository of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from ekswiz.errors import RehearsalError

PARTS = ("app", "manifests")
SAMPLE: Mapping[str, str] = {
    "stack": "hello-eks",
    "owner": "acme",
    "repo": "hello-eks",
    "owner_id": "1001",
    "repo_id": "2002",
    "branch": "main",
    "account": "111122223333",
    "region": "eu-west-1",
    "cluster": "platform",
    "namespace": "hello-eks",
    "ecr_repository": "hello-eks",
    "workload": "app",
    "context": "app",
    "dockerfile": "app/Dockerfile",
    "manifests": "manifests",
}
"""Answers for the sample. The account is AWS's own example; owner and ids are made up."""


def source() -> Path:
    """The folder that holds the sample's parts: inside the installed package, or the source tree in a checkout.

    Raises:
        RehearsalError: It is in neither place.
    """
    package = Path(str(files("ekswiz_sim")))
    for folder in (package / "data" / "sample", package.parents[1]):
        if all((folder / part).is_dir() for part in PARTS):
            return folder
    raise RehearsalError("the bundled sample is not part of this installation.", "Install ekswiz again.")
