from __future__ import annotations

import json

import pytest

from unit.ecr.shapes import Api

IMMUTABLE = {"imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": {"scanOnPush": True}}
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "description": "untagged images go",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": 14,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)


def test_a_repository_is_created_as_asked_and_named_after_our_registry(api: Api) -> None:
    made = api("CreateRepository", repositoryName="team/app", tags=[{"Key": "a", "Value": "b"}], **IMMUTABLE)

    assert made["repository"] == {
        "repositoryArn": "arn:aws:ecr:eu-central-1:123456789012:repository/team/app",
        "registryId": "123456789012",
        "repositoryName": "team/app",
        "repositoryUri": "127.0.0.1:5000/team/app",
        "createdAt": 1_800_000_000.0,
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }
    assert api("DescribeRepositories", repositoryNames=["team/app"])["repositories"] == [made["repository"]]
    assert api("ListTagsForResource", resourceArn=made["repository"]["repositoryArn"])["tags"] == [
        {"Key": "a", "Value": "b"}
    ]


def test_a_name_is_taken_once(api: Api) -> None:
    api("CreateRepository", repositoryName="app")

    error = api.refused("CreateRepository", repositoryName="app")

    assert error.code == "RepositoryAlreadyExistsException"
    assert error.message == "The repository with name 'app' already exists in the registry with id '123456789012'"


@pytest.mark.parametrize("name", ["A", "a", "App", "app/", "/app", "a..b", "app:1", "a" * 257, "äpp", "app\n"])
def test_bad_names_are_refused_by_member(api: Api, name: str) -> None:
    error = api.refused("CreateRepository", repositoryName=name)

    assert error.code == "InvalidParameterException"
    assert error.message.startswith("Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must ")


@pytest.mark.parametrize(
    ("mutability", "filters"),
    [("IMMUTABLE_WITH_EXCLUSION", []), ("MUTABLE_WITH_EXCLUSION", []), ("IMMUTABLE", ["latest"]), ("NEVER", [])],
)
def test_mutability_and_its_exclusions_belong_together(api: Api, mutability: str, filters: list[str]) -> None:
    given = [{"filterType": "WILDCARD", "filter": one} for one in filters]
    more = {"imageTagMutabilityExclusionFilters": given} if given else {}

    error = api.refused("CreateRepository", repositoryName="app", imageTagMutability=mutability, **more)

    assert error.code == "InvalidParameterException"


def test_an_encryption_with_kms_shows_its_key(api: Api) -> None:
    made = api("CreateRepository", repositoryName="app", encryptionConfiguration={"encryptionType": "KMS"})

    key = "arn:aws:kms:eu-central-1:123456789012:alias/aws/ecr"
    assert made["repository"]["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": key}
    wrong = {"encryptionType": "AES256", "kmsKey": "x"}
    assert "kmsKey" in api.refused("CreateRepository", repositoryName="b1", encryptionConfiguration=wrong).message


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("DescribeRepositories", {"repositoryNames": ["gone"]}),
        ("DeleteRepository", {"repositoryName": "gone"}),
        ("PutImageTagMutability", {"repositoryName": "gone", "imageTagMutability": "IMMUTABLE"}),
        ("PutImageScanningConfiguration", {"repositoryName": "gone", "imageScanningConfiguration": {}}),
        ("ListImages", {"repositoryName": "gone"}),
        ("DescribeImages", {"repositoryName": "gone"}),
        ("BatchGetImage", {"repositoryName": "gone", "imageIds": [{"imageTag": "a"}]}),
        ("GetLifecyclePolicy", {"repositoryName": "gone"}),
        ("GetRepositoryPolicy", {"repositoryName": "gone"}),
        ("ListTagsForResource", {"resourceArn": "arn:aws:ecr:eu-central-1:123456789012:repository/gone"}),
        ("TagResource", {"resourceArn": "arn:aws:ecr:eu-central-1:123456789012:repository/gone", "tags": []}),
        ("UntagResource", {"resourceArn": "arn:aws:ecr:eu-central-1:123456789012:repository/gone", "tagKeys": ["a"]}),
    ],
)
def test_what_does_not_exist_is_not_found(api: Api, operation: str, params: dict[str, object]) -> None:
    error = api.refused(operation, **params)

    assert error.code == "RepositoryNotFoundException"
    assert error.message == "The repository with name 'gone' does not exist in the registry with id '123456789012'"


def test_another_accounts_registry_has_nothing(api: Api) -> None:
    api("CreateRepository", repositoryName="app")

    error = api.refused("DeleteRepository", repositoryName="app", registryId="999999999999")

    assert error.message.endswith("with id '999999999999'")


def test_a_repository_with_images_is_deleted_only_by_force(api: Api) -> None:
    api("CreateRepository", repositoryName="app")
    digest = api.image("app", "v1")

    error = api.refused("DeleteRepository", repositoryName="app")
    api("DeleteRepository", repositoryName="app", force=True)

    assert error.code == "RepositoryNotEmptyException"
    assert error.message.endswith("cannot be deleted because it still contains images")
    assert api("DescribeRepositories")["repositories"] == []
    assert not api.storage.has(digest)


def test_deleting_one_repository_leaves_the_blobs_of_another(api: Api) -> None:
    for name in ("one", "two"):
        api("CreateRepository", repositoryName=name)
    digest = api.image("one", "v1")
    assert api.image("two", "v1") == digest

    api("DeleteRepository", repositoryName="one", force=True)

    assert api("BatchGetImage", repositoryName="two", imageIds=[{"imageTag": "v1"}])["images"]


def test_listing_pages(api: Api) -> None:
    names = [f"app-{number}" for number in range(7)]
    for name in names:
        api("CreateRepository", repositoryName=name)

    got, token = [], None
    while True:
        answer = api("DescribeRepositories", maxResults=3, **({"nextToken": token} if token else {}))
        got += [one["repositoryName"] for one in answer["repositories"]]
        token = answer.get("nextToken")
        if token is None:
            break

    assert got == names
    for bad in ("?", "bm8=", "eyJmcm9tIjogLTF9"):
        assert api.refused("DescribeRepositories", nextToken=bad).code == "InvalidParameterException"
    assert api.refused("DescribeRepositories", maxResults=0).code == "InvalidParameterException"
    assert api.refused("DescribeRepositories", maxResults=1, repositoryNames=["app-1"])


def test_switches_and_tags_change(api: Api) -> None:
    arn = api("CreateRepository", repositoryName="app")["repository"]["repositoryArn"]
    filters = [{"filterType": "WILDCARD", "filter": "latest*"}]

    api("PutImageScanningConfiguration", repositoryName="app", imageScanningConfiguration={"scanOnPush": True})
    api(
        "PutImageTagMutability",
        repositoryName="app",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )
    api("TagResource", resourceArn=arn, tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    api("UntagResource", resourceArn=arn, tagKeys=["a", "never there"])

    shown = api("DescribeRepositories")["repositories"][0]
    assert shown["imageScanningConfiguration"] == {"scanOnPush": True}
    assert shown["imageTagMutabilityExclusionFilters"] == filters
    assert api.ecr.tags(arn) == {"b": "2"}
    assert api.ecr.tags(arn + "x") == {}


def test_tag_rules_are_awss(api: Api) -> None:
    arn = api("CreateRepository", repositoryName="app")["repository"]["repositoryArn"]

    reserved = api.refused("TagResource", resourceArn=arn, tags=[{"Key": "aws:x", "Value": "1"}])
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]

    assert reserved.code == "InvalidTagParameterException"
    assert api.refused("TagResource", resourceArn=arn, tags=many).code == "TooManyTagsException"


def test_a_lifecycle_policy_comes_and_goes(api: Api) -> None:
    api("CreateRepository", repositoryName="app")
    missing = api.refused("GetLifecyclePolicy", repositoryName="app")

    api("PutLifecyclePolicy", repositoryName="app", lifecyclePolicyText=LIFECYCLE)

    assert missing.code == "LifecyclePolicyNotFoundException"
    assert missing.message.startswith("Lifecycle policy does not exist for the repository with name 'app' in the ")
    assert api("GetLifecyclePolicy", repositoryName="app")["lifecyclePolicyText"] == LIFECYCLE
    api("DeleteLifecyclePolicy", repositoryName="app")
    assert api.refused("DeleteLifecyclePolicy", repositoryName="app").code == "LifecyclePolicyNotFoundException"


@pytest.mark.parametrize(
    "change",
    [
        {"rulePriority": 0},
        {"rulePriority": "1"},
        {"action": {"type": "delete"}},
        {"selection": None},
        {"selection": {"tagStatus": "tagged", "countType": "imageCountMoreThan", "countNumber": 1}},
        {"selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 0}},
        {"selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1, "countUnit": "days"}},
        {"selection": {"tagStatus": "any", "countType": "sinceImagePushed", "countNumber": 1}},
        {"selection": {"tagStatus": "any", "countType": "never", "countNumber": 1}},
    ],
)
def test_a_wrong_lifecycle_rule_is_refused(api: Api, change: dict[str, object]) -> None:
    api("CreateRepository", repositoryName="app")
    document = json.loads(LIFECYCLE)
    document["rules"][0] |= change

    error = api.refused("PutLifecyclePolicy", repositoryName="app", lifecyclePolicyText=json.dumps(document, indent=8))

    assert "Lifecycle policy validation failure" in error.message


@pytest.mark.parametrize("text", ["{}", "x" * 200, json.dumps({"rules": []}) + " " * 100, "[1]" + " " * 100])
def test_what_is_no_lifecycle_policy_is_refused(api: Api, text: str) -> None:
    api("CreateRepository", repositoryName="app")

    assert api.refused("PutLifecyclePolicy", repositoryName="app", lifecyclePolicyText=text)


def test_rule_priorities_are_unique_and_any_is_last(api: Api) -> None:
    api("CreateRepository", repositoryName="app")
    rule = json.loads(LIFECYCLE)["rules"][0]
    everything = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9}
    twice = json.dumps({"rules": [rule, rule]})
    early = json.dumps({"rules": [{**rule, "selection": everything}, {**rule, "rulePriority": 2}]})

    unique = api.refused("PutLifecyclePolicy", repositoryName="app", lifecyclePolicyText=twice)
    last = api.refused("PutLifecyclePolicy", repositoryName="app", lifecyclePolicyText=early)

    assert "rulePriority must be unique" in unique.message
    assert "highest rulePriority" in last.message


def test_a_resource_policy_names_its_repository_for_the_evaluator(api: Api) -> None:
    arn = api("CreateRepository", repositoryName="app")["repository"]["repositoryArn"]
    statement = {"Sid": "x", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    assert api.ecr.resource_policy(arn) is None

    api("SetRepositoryPolicy", repositoryName="app", policyText=json.dumps(policy))

    assert api.ecr.resource_policy(arn) == {**policy, "Statement": [{**statement, "Resource": arn}]}
    assert api("GetRepositoryPolicy", repositoryName="app")["policyText"] == json.dumps(policy)
    api("DeleteRepositoryPolicy", repositoryName="app")
    assert api.refused("GetRepositoryPolicy", repositoryName="app").code == "RepositoryPolicyNotFoundException"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"Statement":[{}]}', '{"Statement":[{"Effect":"Allow","Action":"*"}]}', '{"Version":"1"}']
)
def test_what_is_no_resource_policy_is_refused(api: Api, text: str) -> None:
    api("CreateRepository", repositoryName="app")

    error = api.refused("SetRepositoryPolicy", repositoryName="app", policyText=text)

    assert "Invalid repository policy provided" in error.message


def test_the_registry_has_settings_of_its_own(api: Api) -> None:
    rules = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}]

    api("PutRegistryScanningConfiguration", scanType="BASIC", rules=rules)

    assert api("GetRegistryScanningConfiguration")["scanningConfiguration"] == {"scanType": "BASIC", "rules": rules}
    assert api("DescribeRegistry")["replicationConfiguration"] == {"rules": []}
    wrong = [{**rules[0], "scanFrequency": "CONTINUOUS_SCAN"}]
    assert api.refused("PutRegistryScanningConfiguration", scanType="BASIC", rules=wrong).code == "ValidationException"
    assert api.refused("PutRegistryScanningConfiguration", rules=rules * 2).code == "ValidationException"
    assert api("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")["value"] == "ENABLED"
    assert api("GetAccountSetting", name="BLOB_MOUNTING")["value"] == "ENABLED"
    assert api.refused("PutAccountSetting", name="NO_SUCH", value="x").code == "ValidationException"
    assert api.refused("PutAccountSetting", name="BLOB_MOUNTING", value="MAYBE").code == "ValidationException"
