"""Amazon ECR: the AWS calls, over the same state that the container registry serves.

The registry's door (`ekswiz_sim.registry`) reads and writes through this class too: a pushed image is in DescribeImages
at once, and a repository that ECR does not have cannot be pushed to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ekswiz_sim.aws import ecr_images, ecr_manifests, ecr_policies, ecr_registry, ecr_repositories
from ekswiz_sim.aws.ecr_state import Answer, Params, Repository, State, StoredImage
from ekswiz_sim.aws.ecr_tokens import Logins
from ekswiz_sim.aws.ecr_validation import check, operations
from ekswiz_sim.registry.storage import Storage
from ekswiz_sim.seams import Principal, ServiceError

Handler = Callable[[State, Params], Answer]
HANDLERS: Mapping[str, Handler] = {
    "CreateRepository": ecr_repositories.create,
    "DescribeRepositories": ecr_repositories.describe,
    "DeleteRepository": ecr_repositories.delete,
    "PutImageTagMutability": ecr_repositories.put_mutability,
    "PutImageScanningConfiguration": ecr_repositories.put_scanning,
    "TagResource": ecr_repositories.tag,
    "UntagResource": ecr_repositories.untag,
    "ListTagsForResource": ecr_repositories.list_tags,
    "SetRepositoryPolicy": ecr_policies.set_policy,
    "GetRepositoryPolicy": ecr_policies.get_policy,
    "DeleteRepositoryPolicy": ecr_policies.delete_policy,
    "PutLifecyclePolicy": ecr_policies.put_lifecycle,
    "GetLifecyclePolicy": ecr_policies.get_lifecycle,
    "DeleteLifecyclePolicy": ecr_policies.delete_lifecycle,
    "ListImages": ecr_images.list_images,
    "DescribeImages": ecr_images.describe_images,
    "BatchGetImage": ecr_images.batch_get,
    "BatchDeleteImage": ecr_images.batch_delete,
    "BatchCheckLayerAvailability": ecr_images.check_layers,
    "PutImage": ecr_manifests.put,
    "DescribeRegistry": ecr_registry.describe,
    "GetRegistryScanningConfiguration": ecr_registry.get_scanning,
    "PutRegistryScanningConfiguration": ecr_registry.put_scanning,
    "GetAccountSetting": ecr_registry.get_setting,
    "PutAccountSetting": ecr_registry.put_setting,
}


class Ecr:
    """ECR of one account in one region. Implements `seams.Service`; safe to call from several threads.

    Args:
        storage: Where blobs and manifests are.
        account: Twelve digits.
        region: AWS region.
        registry_host: host:port of the container registry, asked at each use (the port is known after it listens).
        now: Clock in epoch seconds, for timestamps and the twelve hours of a login.
    """

    def __init__(
        self,
        storage: Storage,
        account: str,
        region: str,
        registry_host: Callable[[], str],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._state = State(storage, account, region, registry_host, now)
        self._logins = Logins(now)
        self._lock = threading.RLock()

    def call(self, operation: str, params: Mapping[str, Any], principal: Principal) -> Mapping[str, Any]:
        """Answer one operation in botocore's words.

        Raises:
            ServiceError: ECR's refusal, or UnknownOperationException for what is not modelled.
        """
        handler = HANDLERS.get(operation)
        if operation not in operations() or (handler is None and operation != "GetAuthorizationToken"):
            text = f"ecr:{operation} is not modelled by this registry"
            raise ServiceError("UnknownOperationException", text)
        given = {name: value for name, value in params.items() if value is not None}
        check(operation, given)
        with self._lock:
            return handler(self._state, given) if handler else self._token(given, principal)

    def arns(self, operation: str, params: Mapping[str, Any]) -> Sequence[str]:
        """The ARNs that an operation is authorised on.

        Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
        """
        if params.get("resourceArn"):
            return (str(params["resourceArn"]),)
        if params.get("repositoryName"):
            return (self._state.arn(str(params["repositoryName"])),)
        if operation == "DescribeRepositories":
            return tuple(self._state.arn(str(name)) for name in params.get("repositoryNames") or ("*",))
        return ("*",)

    def tags(self, arn: str) -> Mapping[str, str]:
        """Tags of a repository; empty if it does not exist."""
        repository = self._at(arn)
        return dict(repository.tags) if repository else {}

    def resource_policy(self, arn: str) -> Mapping[str, Any] | None:
        """The resource policy of a repository, each statement with its Resource; None without one."""
        repository = self._at(arn)
        return ecr_policies.for_evaluation(repository) if repository else None

    def identity(self, username: str, password: str) -> Principal:
        """The principal behind a registry login.

        Raises:
            RefusedByGate: Unknown, altered or expired password.
        """
        with self._lock:
            return self._logins.identity(username, password)

    def snapshot(self) -> Answer:
        """Every repository and setting, in a stable order. Pull times are left out: reading is no change."""
        with self._lock:
            repositories = {name: _snapshot(self._state, one) for name, one in sorted(self._state.repositories.items())}
            return {
                "repositories": repositories,
                "scanning": dict(self._state.scanning),
                "settings": dict(self._state.settings),
            }

    def _token(self, params: Params, principal: Principal) -> Answer:
        for registry in params.get("registryIds") or ():
            if registry != self._state.account:
                text = f"Registry {registry} is not part of this world: the only account is {self._state.account}"
                raise ServiceError("InvalidParameterException", text)
        token, expires = self._logins.issue(principal)
        endpoint = f"http://{self._state.host()}"
        data = {"authorizationToken": token, "expiresAt": expires, "proxyEndpoint": endpoint}
        return {"authorizationData": [data]}

    def _at(self, arn: str) -> Repository | None:
        prefix = self._state.arn("")
        return self._state.repositories.get(arn.removeprefix(prefix)) if arn.startswith(prefix) else None

    # What the container registry asks for.

    def arn(self, name: str) -> str:
        """ARN of a repository, existing or not."""
        return self._state.arn(name)

    def require(self, name: str) -> None:
        """Refuse if a repository does not exist.

        Raises:
            ServiceError: RepositoryNotFoundException.
        """
        self._state.repository({"repositoryName": name})

    def has_blob(self, name: str, digest: str) -> bool:
        """Whether a repository holds a layer."""
        repository = self._state.repositories.get(name)
        return repository is not None and digest in repository.blobs and self._state.storage.has(digest)

    def add_blob(self, name: str, digest: str) -> None:
        """A layer was completed in, or mounted into, a repository.

        Raises:
            ServiceError: RepositoryNotFoundException; it was deleted meanwhile.
        """
        with self._lock:
            self._state.repository({"repositoryName": name}).blobs.add(digest)

    def mounting(self) -> bool:
        """Whether layers may be mounted from another repository (account setting BLOB_MOUNTING, off by default)."""
        return self._state.settings["BLOB_MOUNTING"] == "ENABLED"

    def find_image(self, name: str, *, tag: str | None = None, digest: str | None = None) -> StoredImage:
        """The image behind a tag or digest.

        Raises:
            ServiceError: RepositoryNotFoundException, ImageNotFoundException.
        """
        with self._lock:
            repository = self._state.repository({"repositoryName": name})
            return ecr_images.find(self._state, repository, {"imageTag": tag, "imageDigest": digest})

    def pulled(self, image: StoredImage) -> None:
        """A manifest was fetched: `lastRecordedPullTime`."""
        image.pulled_at = self._state.now()

    def push_manifest(
        self, name: str, body: bytes, media_type: str | None, *, tag: str | None = None, digest: str | None = None
    ) -> StoredImage:
        """PutImage as a docker push means it: the same manifest again is no error, unless its tag is immutable.

        Raises:
            ServiceError: As PutImage does.
        """
        with self._lock:
            repository = self._state.repository({"repositoryName": name})
            return ecr_manifests.store(self._state, repository, body, media_type, tag=tag, digest=digest)

    def image_tags(self, name: str) -> list[str]:
        """All tags of a repository, sorted.

        Raises:
            ServiceError: RepositoryNotFoundException.
        """
        with self._lock:
            repository = self._state.repository({"repositoryName": name})
            return sorted(tag for image in repository.images.values() for tag in image.tags)


def _snapshot(state: State, repository: Repository) -> Answer:
    return {
        **ecr_repositories.described(state, repository),
        "tags": dict(sorted(repository.tags.items())),
        "policy": repository.policy,
        "lifecycle": repository.lifecycle,
        "images": {
            digest: {"tags": sorted(image.tags), "mediaType": image.media_type, "pushedAt": image.pushed_at}
            for digest, image in sorted(repository.images.items())
        },
        "blobs": sorted(repository.blobs),
    }
