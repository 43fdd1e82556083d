"""Image manifests: what ECR reads in them, and PutImage.

A docker push and the PutImage call end here. They differ in one answer: a push of what is there already succeeds, the
call answers ImageAlreadyExistsException.
Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md and image-index.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz_sim.aws.ecr_state import Answer, Params, Repository, State, StoredImage
from ekswiz_sim.aws.ecr_validation import invalid
from ekswiz_sim.registry.storage import DIGEST, digest_of
from ekswiz_sim.seams import ServiceError

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
IMAGES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)
LARGEST = 4 * 1024 * 1024
"""Bytes of a manifest. Source: PutImage's imageManifest, at most 4,194,304."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest refers to. `sizes` are the bytes of its blobs as it states them."""

    media_type: str
    blobs: Mapping[str, int]
    children: frozenset[str]
    artifact: str | None
    subject: str | None


def parse(body: bytes, media_type: str | None) -> Manifest:
    """Read a manifest.

    Raises:
        ServiceError: InvalidParameterException: not JSON, not a kind of manifest that ECR stores, or malformed.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _malformed("Invalid JSON syntax") from error
    if not isinstance(document, dict):
        raise _malformed("Invalid JSON syntax")
    kind = media_type or document.get("mediaType") or ""
    if document.get("mediaType", kind) != kind:
        raise _malformed("mediaType in the manifest does not match the one in the request")
    if kind in IMAGES:
        return _image(document, kind)
    if kind in INDEXES:
        return Manifest(kind, {}, frozenset(_list(document, "manifests")), document.get("artifactType"), None)
    raise _malformed(f"Unsupported image manifest media type '{kind}'")


def put(state: State, params: Params) -> Answer:
    """PutImage."""
    repository = state.repository(params)
    body, tag = params["imageManifest"].encode(), params.get("imageTag")
    digest = digest_of(body)
    present = repository.images.get(digest)
    if present is not None and (tag is None or tag in present.tags):
        text = (
            f"Image with digest '{digest}' and tag '{tag or 'null'}' already exists in the repository with name "
            f"'{repository.name}' in registry with id '{state.account}'"
        )
        raise ServiceError("ImageAlreadyExistsException", text)
    media_type = params.get("imageManifestMediaType")
    image = store(state, repository, body, media_type, tag=tag, digest=params.get("imageDigest"))
    return {"image": returned(state, repository, image, tag, body)}


def returned(state: State, repository: Repository, image: StoredImage, tag: str | None, body: bytes) -> Answer:
    """The `Image` shape."""
    identity = {"imageDigest": image.digest} | ({"imageTag": tag} if tag else {})
    return {
        "registryId": state.account,
        "repositoryName": repository.name,
        "imageId": identity,
        "imageManifest": body.decode(),
        "imageManifestMediaType": image.media_type,
    }


def store(
    state: State,
    repository: Repository,
    body: bytes,
    media_type: str | None,
    *,
    tag: str | None,
    digest: str | None,
) -> StoredImage:
    """Put a manifest under its digest and, if named, under a tag.

    Raises:
        ServiceError: As PutImage does: what it refers to is missing, the tag is taken, the digest is another.
    """
    manifest, actual = parse(body, media_type), digest_of(body)
    if digest is not None and digest != actual:
        text = f"The calculated digest '{actual}' does not match the provided digest '{digest}'"
        raise ServiceError("ImageDigestDoesNotMatchException", text)
    _check_tag(repository, tag)
    _check_references(state, repository, manifest)
    image = repository.images.get(actual)
    if image is None:
        image = _new(state, manifest, actual)
        state.storage.put(body)
        repository.images[actual] = image
        repository.blobs.add(actual)
    if tag is not None:
        _move(repository, image, tag)
    return image


def _check_tag(repository: Repository, tag: str | None) -> None:
    if tag is None:
        return
    if not TAG.fullmatch(tag):
        raise invalid("imageTag", f"must satisfy regular expression '{TAG.pattern}'")
    if repository.immutable(tag) and repository.tagged(tag) is not None:
        text = (
            f"The image tag '{tag}' already exists in the '{repository.name}' repository "
            "and cannot be overwritten because the repository is immutable."
        )
        raise ServiceError("ImageTagAlreadyExistsException", text)


def _check_references(state: State, repository: Repository, manifest: Manifest) -> None:
    missing = sorted(blob for blob in manifest.blobs if blob not in repository.blobs or not state.storage.has(blob))
    where = f"the repository with name '{repository.name}' in the registry with id '{state.account}'"
    if missing:
        text = f"The specified layers with digests '[{', '.join(missing)}]' do not exist in {where}"
        raise ServiceError("LayersNotFoundException", text)
    wrong = sorted(blob for blob, size in manifest.blobs.items() if state.storage.size(blob) != size)
    if wrong:
        raise _malformed(f"size of '{wrong[0]}' is not that of the stored layer")
    absent = sorted(child for child in manifest.children if child not in repository.images)
    if absent:
        text = f"Images with digests '[{', '.join(absent)}]' required for pushing image do not exist in {where}"
        raise ServiceError("ReferencedImagesNotFoundException", text)


def _new(state: State, manifest: Manifest, digest: str) -> StoredImage:
    return StoredImage(
        digest,
        manifest.media_type,
        sum(manifest.blobs.values()),
        state.now(),
        frozenset(manifest.blobs),
        manifest.children,
        manifest.artifact,
        manifest.subject,
    )


def _move(repository: Repository, image: StoredImage, tag: str) -> None:
    holder = repository.tagged(tag)
    if holder is not None:
        holder.tags.remove(tag)
    image.tags.append(tag)


def _image(document: dict[str, Any], kind: str) -> Manifest:
    config = _descriptor(document.get("config"), "config")
    layers = _list(document, "layers")
    subject = document.get("subject")
    return Manifest(
        kind,
        {**layers, config[0]: config[1]},
        frozenset(),
        document.get("artifactType") or document["config"].get("mediaType"),
        _descriptor(subject, "subject")[0] if subject is not None else None,
    )


def _list(document: dict[str, Any], member: str) -> dict[str, int]:
    rows = document.get(member)
    if not isinstance(rows, list):
        raise _malformed(f"{member} must be a list")
    return dict(_descriptor(row, member) for row in rows)


def _descriptor(value: Any, member: str) -> tuple[str, int]:
    digest = value.get("digest") if isinstance(value, dict) else None
    size = value.get("size") if isinstance(value, dict) else None
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise _malformed(f"{member} has no sha256 digest")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise _malformed(f"{member} has no size")
    return digest, size


def _malformed(reason: str) -> ServiceError:
    return invalid("ImageManifest", reason)
