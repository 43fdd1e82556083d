"""What ECR holds: repositories, their images, and the registry's settings."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ekswiz_sim.aws.ecr_validation import invalid
from ekswiz_sim.registry.storage import Storage
from ekswiz_sim.seams import ServiceError

Params = Mapping[str, Any]
Answer = dict[str, Any]


@dataclass(slots=True)
class StoredImage:
    """One manifest of a repository. `blobs` are its config and layers, `children` the manifests of an index."""

    digest: str
    media_type: str
    size: int
    pushed_at: float
    blobs: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()
    artifact: str | None = None
    subject: str | None = None
    tags: list[str] = field(default_factory=list)
    pulled_at: float | None = None


@dataclass(slots=True)
class Repository:
    """One repository. `blobs` are the layers that were completed in it, whether or not an image uses them."""

    name: str
    arn: str
    created_at: float
    mutability: str = "MUTABLE"
    exclusions: tuple[str, ...] = ()
    scan_on_push: bool = False
    encryption: Mapping[str, str] = field(default_factory=lambda: {"encryptionType": "AES256"})
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    lifecycle: str | None = None
    images: dict[str, StoredImage] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)

    def tagged(self, tag: str) -> StoredImage | None:
        """The image that bears a tag."""
        return next((image for image in self.images.values() if tag in image.tags), None)

    def immutable(self, tag: str) -> bool:
        """Whether this tag may not move to another image."""
        excluded = any(fnmatch.fnmatchcase(tag, pattern) for pattern in self.exclusions)
        return self.mutability.startswith("IMMUTABLE") != excluded


@dataclass(slots=True)
class State:
    """The registry of one account in one region."""

    storage: Storage
    account: str
    region: str
    host: Callable[[], str]
    now: Callable[[], float] = time.time
    partition: str = "aws"
    repositories: dict[str, Repository] = field(default_factory=dict)
    scanning: Answer = field(default_factory=lambda: {"scanType": "BASIC", "rules": []})
    settings: dict[str, str] = field(
        default_factory=lambda: {"BASIC_SCAN_TYPE_VERSION": "AWS_NATIVE", "BLOB_MOUNTING": "DISABLED"}
    )

    def arn(self, name: str) -> str:
        """ARN of a repository, existing or not."""
        return f"arn:{self.partition}:ecr:{self.region}:{self.account}:repository/{name}"

    def repository(self, params: Params) -> Repository:
        """The repository that a request names.

        Raises:
            ServiceError: RepositoryNotFoundException; another account's registry has nothing that we know of.
        """
        name, registry = params["repositoryName"], params.get("registryId") or self.account
        found = self.repositories.get(name) if registry == self.account else None
        if found is None:
            raise not_found(name, registry)
        return found

    def by_arn(self, arn: str) -> Repository:
        """The repository behind an ARN.

        Raises:
            ServiceError: RepositoryNotFoundException, or InvalidParameterException for what is no repository's ARN.
        """
        prefix = self.arn("")
        if not arn.startswith(prefix):
            raise invalid("resourceArn", "Invalid ARN")
        return self.repository({"repositoryName": arn.removeprefix(prefix)})

    def forget_blobs(self, repository: Repository, digests: frozenset[str]) -> None:
        """Take blobs from a repository that none of its images uses, and from disk if no other one holds them."""
        used = {blob for image in repository.images.values() for blob in (image.digest, *image.blobs)}
        for digest in digests - used:
            repository.blobs.discard(digest)
            if not any(digest in other.blobs for other in self.repositories.values()):
                self.storage.remove(digest)


def not_found(name: str, account: str) -> ServiceError:
    """ECR's answer for a repository that is not there."""
    return ServiceError(
        "RepositoryNotFoundException",
        f"The repository with name '{name}' does not exist in the registry with id '{account}'",
    )


def page(items: Sequence[Any], params: Params, default: int = 100) -> tuple[list[Any], Answer]:
    """One page of a listing and the `nextToken` member, if more follows."""
    start, size = _offset(params.get("nextToken")), params.get("maxResults") or default
    end = start + size
    token = base64.b64encode(json.dumps({"from": end}).encode()).decode()
    return list(items[start:end]), {"nextToken": token} if end < len(items) else {}


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        start = json.loads(base64.b64decode(token, validate=True))["from"]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise invalid("nextToken", "The specified token is invalid") from error
    if not isinstance(start, int) or start < 0:
        raise invalid("nextToken", "The specified token is invalid")
    return start
