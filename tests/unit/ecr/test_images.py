from __future__ import annotations

import json
from typing import Any

import pytest

from unit.ecr.shapes import OCI, Api


@pytest.fixture
def repository(api: Api) -> str:
    api("CreateRepository", repositoryName="app")
    return "app"


def test_an_image_is_described_with_its_tags(api: Api, repository: str) -> None:
    digest = api.image(repository, "v1")
    api.ecr.pulled(api.ecr.find_image(repository, tag="v1"))

    details = api("DescribeImages", repositoryName=repository)["imageDetails"]

    assert details == [
        {
            "registryId": "123456789012",
            "repositoryName": "app",
            "imageDigest": digest,
            "imageTags": ["v1"],
            "imageSizeInBytes": 3,
            "imagePushedAt": 1_800_000_000.0,
            "imageManifestMediaType": OCI,
            "artifactMediaType": "application/octet-stream",
            "lastRecordedPullTime": 1_800_000_000.0,
            "imageStatus": "ACTIVE",
        }
    ]


@pytest.mark.parametrize(
    ("identity", "shown"),
    [
        ({"imageTag": "v2"}, "{imageDigest:'null', imageTag:'v2'}"),
        ({"imageDigest": "sha256:" + "0" * 64}, "{imageDigest:'sha256:" + "0" * 64 + "', imageTag:'null'}"),
    ],
)
def test_an_image_that_is_not_there(api: Api, repository: str, identity: dict[str, str], shown: str) -> None:
    api.image(repository, "v1")

    error = api.refused("DescribeImages", repositoryName=repository, imageIds=[identity])

    assert error.code == "ImageNotFoundException"
    assert error.message == (
        f"The image with imageId {shown} does not exist within the repository with name 'app' "
        "in the registry with id '123456789012'"
    )


def test_filters_pages_and_untagged_images(api: Api, repository: str) -> None:
    for number in range(5):
        api.image(repository, f"v{number}" if number else None, f"content {number}")

    def count(status: str) -> int:
        return len(api("ListImages", repositoryName=repository, filter={"tagStatus": status})["imageIds"])

    first = api("DescribeImages", repositoryName=repository, maxResults=3)
    second = api("DescribeImages", repositoryName=repository, maxResults=3, nextToken=first["nextToken"])

    assert (count("TAGGED"), count("UNTAGGED"), count("ANY")) == (4, 1, 5)
    assert len(first["imageDetails"] + second["imageDetails"]) == 5
    assert "nextToken" not in second
    archived = api("ListImages", repositoryName=repository, filter={"imageStatus": "ARCHIVED"})
    assert archived["imageIds"] == []


def test_batch_get_answers_what_is_there_and_says_what_is_not(api: Api, repository: str) -> None:
    digest = api.image(repository, "v1")
    api.image(repository, "v2", "other")
    ids = [
        {"imageTag": "v1"},
        {"imageTag": "nope"},
        {"imageDigest": "sha1:abc"},
        {"imageDigest": digest, "imageTag": "v2"},
        {},
    ]

    answer = api("BatchGetImage", repositoryName=repository, imageIds=ids)

    assert [one["imageId"] for one in answer["images"]] == [{"imageDigest": digest, "imageTag": "v1"}]
    assert json.loads(answer["images"][0]["imageManifest"])["schemaVersion"] == 2
    assert [one["failureCode"] for one in answer["failures"]] == [
        "ImageNotFound",
        "InvalidImageDigest",
        "ImageTagDoesNotMatchDigest",
        "MissingDigestAndTag",
    ]


def test_deleting_a_tag_and_deleting_an_image(api: Api, repository: str) -> None:
    digest = api.image(repository, "v1")
    api.ecr.push_manifest(repository, api.storage.read(digest), OCI, tag="v2")

    one = api("BatchDeleteImage", repositoryName=repository, imageIds=[{"imageTag": "v1"}])
    kept = api("ListImages", repositoryName=repository)["imageIds"]
    last = api("BatchDeleteImage", repositoryName=repository, imageIds=[{"imageTag": "v2"}, {"imageTag": "v2"}])

    assert one["imageIds"] == [{"imageDigest": digest, "imageTag": "v1"}]
    assert kept == [{"imageDigest": digest, "imageTag": "v2"}]
    assert [row["failureCode"] for row in last["failures"]] == ["ImageNotFound"]
    assert api("ListImages", repositoryName=repository)["imageIds"] == []
    assert not api.storage.has(digest)


def test_an_image_of_an_index_goes_only_after_it(api: Api, repository: str) -> None:
    child = api.image(repository, None)
    row = {"mediaType": OCI, "digest": child, "size": 1}
    index_type = "application/vnd.oci.image.index.v1+json"
    index = json.dumps({"schemaVersion": 2, "mediaType": index_type, "manifests": [row]})
    made = api("PutImage", repositoryName=repository, imageManifest=index, imageTag="all")

    kept = api("BatchDeleteImage", repositoryName=repository, imageIds=[{"imageDigest": child}])
    api("BatchDeleteImage", repositoryName=repository, imageIds=[{"imageTag": "all"}])
    gone = api("BatchDeleteImage", repositoryName=repository, imageIds=[{"imageDigest": child}])

    assert made["image"]["imageManifestMediaType"] == index_type
    assert [row["failureCode"] for row in kept["failures"]] == ["ImageReferencedByManifestList"]
    assert gone["imageIds"] == [{"imageDigest": child}]


def test_the_same_image_again_already_exists(api: Api, repository: str) -> None:
    api.image(repository, "v1")

    with pytest.raises(Exception, match=r"ImageAlreadyExistsException: Image with digest 'sha256:.*' and tag 'v1' "):
        api.image(repository, "v1")


@pytest.mark.parametrize(
    ("mutability", "filters", "tag", "moves"),
    [
        ("MUTABLE", (), "v1", True),
        ("IMMUTABLE", (), "v1", False),
        ("IMMUTABLE_WITH_EXCLUSION", ("latest", "dev-*"), "dev-7", True),
        ("IMMUTABLE_WITH_EXCLUSION", ("latest", "dev-*"), "v1", False),
        ("MUTABLE_WITH_EXCLUSION", ("v*",), "v1", False),
        ("MUTABLE_WITH_EXCLUSION", ("v*",), "dev", True),
    ],
)
def test_which_tags_move(api: Api, mutability: str, filters: tuple[str, ...], tag: str, moves: bool) -> None:
    given = [{"filterType": "WILDCARD", "filter": one} for one in filters]
    more: dict[str, Any] = {"imageTagMutabilityExclusionFilters": given} if given else {}
    api("CreateRepository", repositoryName="other", imageTagMutability=mutability, **more)
    first = api.image("other", tag, "one")

    if not moves:
        with pytest.raises(
            Exception, match=rf"ImageTagAlreadyExistsException: The image tag '{tag}' already exists in"
        ):
            api.image("other", tag, "two")
        assert api.ecr.find_image("other", tag=tag).digest == first
        return
    second = api.image("other", tag, "two")

    assert api.ecr.find_image("other", tag=tag).digest == second
    assert api.ecr.find_image("other", digest=first).tags == []


def test_a_push_of_the_same_manifest_to_an_immutable_tag_is_refused_in_ecrs_words(api: Api) -> None:
    api("CreateRepository", repositoryName="fixed", imageTagMutability="IMMUTABLE")
    body = api.storage.read(api.image("fixed", "v1"))

    with pytest.raises(Exception) as failed:
        api.ecr.push_manifest("fixed", body, OCI, tag="v1")

    assert str(failed.value) == (
        "ImageTagAlreadyExistsException: The image tag 'v1' already exists in the 'fixed' repository "
        "and cannot be overwritten because the repository is immutable."
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("no json", "InvalidParameterException"),
        ("[]", "InvalidParameterException"),
        ("{}", "InvalidParameterException"),
        (
            json.dumps({"mediaType": "application/vnd.docker.distribution.manifest.v1+json"}),
            "InvalidParameterException",
        ),
        (json.dumps({"mediaType": OCI, "config": {}, "layers": []}), "InvalidParameterException"),
        (
            json.dumps({"mediaType": OCI, "config": {"digest": "sha256:" + "a" * 64, "size": -1}, "layers": []}),
            "InvalidParameterException",
        ),
        (
            json.dumps({"mediaType": OCI, "config": {"digest": "sha256:" + "a" * 64, "size": 1}, "layers": []}),
            "LayersNotFoundException",
        ),
        (
            json.dumps(
                {
                    "mediaType": "application/vnd.oci.image.index.v1+json",
                    "manifests": [{"digest": "sha256:" + "a" * 64, "size": 1}],
                }
            ),
            "ReferencedImagesNotFoundException",
        ),
    ],
)
def test_what_is_no_manifest_is_refused(api: Api, repository: str, body: str, code: str) -> None:
    assert api.refused("PutImage", repositoryName=repository, imageManifest=body).code == code


def test_a_manifest_that_lies_about_sizes_or_its_digest_is_refused(api: Api, repository: str) -> None:
    blob = api.storage.put(b"content")
    api.ecr.add_blob(repository, blob)
    body = json.dumps({"mediaType": OCI, "config": {"digest": blob, "size": 8}, "layers": []})
    good = body.replace("8", "7", 1)

    size = api.refused("PutImage", repositoryName=repository, imageManifest=body)
    digest = api.refused("PutImage", repositoryName=repository, imageManifest=good, imageDigest="sha256:" + "0" * 64)

    assert "size of" in size.message
    assert digest.code == "ImageDigestDoesNotMatchException"


def test_layers_are_available_in_their_own_repository_only(api: Api, repository: str) -> None:
    api("CreateRepository", repositoryName="other")
    blob = api.storage.put(b"content")
    api.ecr.add_blob(repository, blob)

    def asked(name: str) -> list[str]:
        answer = api("BatchCheckLayerAvailability", repositoryName=name, layerDigests=[blob])
        return [one["layerAvailability"] for one in answer["layers"]]

    assert asked(repository) == ["AVAILABLE"]
    assert asked("other") == ["UNAVAILABLE"]
