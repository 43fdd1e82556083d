"""ECR operations on images: list, describe, get, delete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ekswiz_sim.aws.ecr_manifests import returned
from ekswiz_sim.aws.ecr_state import Answer, Params, Repository, State, StoredImage, page
from ekswiz_sim.aws.ecr_validation import invalid
from ekswiz_sim.registry.storage import DIGEST
from ekswiz_sim.seams import ServiceError


class _Failure(Exception):
    """One identifier of a batch that could not be served."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def list_images(state: State, params: Params) -> Answer:
    """ListImages: one row per tag, one for an image without tags."""
    repository = state.repository(params)
    rows = [row for image in _filtered(repository, params) for row in _identities(image)]
    chosen, more = page(rows, params)
    return {"imageIds": chosen, **more}


def describe_images(state: State, params: Params) -> Answer:
    """DescribeImages, of all images or of those named by `imageIds`."""
    repository, ids = state.repository(params), params.get("imageIds")
    if ids and (params.get("maxResults") or params.get("nextToken")):
        raise invalid("imageIds", "maxResults and nextToken cannot be used with imageIds")
    if ids:
        images = dict.fromkeys(_required(state, repository, one) for one in ids)
        return {"imageDetails": [_detail(state, repository, repository.images[one]) for one in images]}
    rows, more = page(list(_filtered(repository, params)), params)
    return {"imageDetails": [_detail(state, repository, image) for image in rows], **more}


def batch_get(state: State, params: Params) -> Answer:
    """BatchGetImage: manifests, and a failure for each identifier that is not there."""
    repository = state.repository(params)
    images, failures = [], []
    for identity in params["imageIds"]:
        try:
            image = _lookup(repository, identity)
        except _Failure as failure:
            failures.append(_failed(identity, failure))
            continue
        body = state.storage.read(image.digest)
        images.append(returned(state, repository, image, identity.get("imageTag"), body))
    return {"images": images, "failures": failures}


def batch_delete(state: State, params: Params) -> Answer:
    """BatchDeleteImage. By tag: the tag goes, and with its last tag the image. By digest: the image with all tags."""
    repository = state.repository(params)
    gone: list[Answer] = []
    failures = []
    for identity in params["imageIds"]:
        try:
            gone += _delete(state, repository, identity)
        except _Failure as failure:
            failures.append(_failed(identity, failure))
    return {"imageIds": gone, "failures": failures}


def check_layers(state: State, params: Params) -> Answer:
    """BatchCheckLayerAvailability."""
    repository = state.repository(params)
    layers, failures = [], []
    for digest in params["layerDigests"]:
        if not DIGEST.fullmatch(digest):
            text = f"Invalid layer digest: '{digest}'"
            failures.append({"layerDigest": digest, "failureCode": "InvalidLayerDigest", "failureReason": text})
        elif digest in repository.blobs and digest not in repository.images:
            size = state.storage.size(digest)
            layers.append({"layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": size})
        else:
            layers.append({"layerDigest": digest, "layerAvailability": "UNAVAILABLE"})
    return {"layers": layers, "failures": failures}


def find(state: State, repository: Repository, identity: Params) -> StoredImage:
    """The image that a digest, a tag or both name.

    Raises:
        ServiceError: ImageNotFoundException.
    """
    return repository.images[_required(state, repository, identity)]


def _required(state: State, repository: Repository, identity: Params) -> str:
    try:
        return _lookup(repository, identity).digest
    except _Failure as failure:
        if failure.code in {"InvalidImageDigest", "MissingDigestAndTag"}:
            raise invalid("imageIds", failure.reason) from failure
        tag = f"'{identity['imageTag']}'" if identity.get("imageTag") else "'null'"
        digest = f"'{identity['imageDigest']}'" if identity.get("imageDigest") else "'null'"
        text = (
            f"The image with imageId {{imageDigest:{digest}, imageTag:{tag}}} does not exist within the repository "
            f"with name '{repository.name}' in the registry with id '{state.account}'"
        )
        raise ServiceError("ImageNotFoundException", text) from failure


def _lookup(repository: Repository, identity: Params) -> StoredImage:
    digest, tag = identity.get("imageDigest"), identity.get("imageTag")
    if not digest and not tag:
        raise _Failure("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
    if digest and not DIGEST.fullmatch(digest):
        raise _Failure(
            "InvalidImageDigest",
            f"Invalid request parameters: image digest should satisfy the regex '{DIGEST.pattern}'",
        )
    image = repository.images.get(digest) if digest else repository.tagged(tag or "")
    if image is None:
        raise _Failure("ImageNotFound", "Requested image not found")
    if tag and tag not in image.tags:
        raise _Failure("ImageTagDoesNotMatchDigest", "Requested image tag does not match the digest")
    return image


def _delete(state: State, repository: Repository, identity: Params) -> list[Answer]:
    image = _lookup(repository, identity)
    tag = identity.get("imageTag")
    last = tag is None or image.tags == [tag]
    parents = [one.digest for one in repository.images.values() if image.digest in one.children]
    if last and parents:
        raise _Failure(
            "ImageReferencedByManifestList",
            f"Requested image referenced by manifest list: [{', '.join(parents)}]",
        )
    if not last:
        image.tags.remove(str(tag))
        return [{"imageDigest": image.digest, "imageTag": tag}]
    gone = list(_identities(image))
    del repository.images[image.digest]
    state.forget_blobs(repository, image.blobs | {image.digest})
    return gone


def _failed(identity: Params, failure: _Failure) -> Answer:
    return {"imageId": dict(identity), "failureCode": failure.code, "failureReason": failure.reason}


def _filtered(repository: Repository, params: Params) -> Iterable[StoredImage]:
    wanted = params.get("filter") or {}
    if wanted.get("imageStatus", "ACTIVE") not in {"ACTIVE", "ANY"}:
        return ()
    status = wanted.get("tagStatus", "ANY")
    return (one for one in repository.images.values() if status == "ANY" or (status == "TAGGED") == bool(one.tags))


def _identities(image: StoredImage) -> Iterator[Answer]:
    for tag in image.tags:
        yield {"imageDigest": image.digest, "imageTag": tag}
    if not image.tags:
        yield {"imageDigest": image.digest}


def _detail(state: State, repository: Repository, image: StoredImage) -> Answer:
    detail: Answer = {
        "registryId": state.account,
        "repositoryName": repository.name,
        "imageDigest": image.digest,
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed_at,
        "imageManifestMediaType": image.media_type,
        "imageStatus": "ACTIVE",
    }
    optional = {
        "imageTags": list(image.tags) or None,
        "artifactMediaType": image.artifact,
        "subjectManifestDigest": image.subject,
        "lastRecordedPullTime": image.pulled_at,
    }
    return detail | {key: value for key, value in optional.items() if value is not None}
