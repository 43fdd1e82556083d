"""ECR operations on repositories: create, describe, delete, their switches and tags."""

from __future__ import annotations

from typing import Any

from ekswiz_sim.aws.ecr_state import Answer, Params, Repository, State, not_found, page
from ekswiz_sim.aws.ecr_validation import invalid
from ekswiz_sim.seams import ServiceError

MOST_TAGS = 50
TAG_KEY, TAG_VALUE = 128, 256


def create(state: State, params: Params) -> Answer:
    """CreateRepository."""
    name = params["repositoryName"]
    _own_registry(state, params, name)
    if name in state.repositories:
        text = f"The repository with name '{name}' already exists in the registry with id '{state.account}'"
        raise ServiceError("RepositoryAlreadyExistsException", text)
    mutability = params.get("imageTagMutability") or "MUTABLE"
    repository = Repository(
        name,
        state.arn(name),
        state.now(),
        mutability=mutability,
        exclusions=_exclusions(mutability, params),
        scan_on_push=bool((params.get("imageScanningConfiguration") or {}).get("scanOnPush", False)),
        encryption=_encryption(state, params.get("encryptionConfiguration")),
        tags=checked_tags({}, params.get("tags") or []),
    )
    state.repositories[name] = repository
    return {"repository": described(state, repository)}


def described(state: State, repository: Repository) -> Answer:
    """The `Repository` shape."""
    shape: Answer = {
        "repositoryArn": repository.arn,
        "registryId": state.account,
        "repositoryName": repository.name,
        "repositoryUri": f"{state.host()}/{repository.name}",
        "createdAt": repository.created_at,
        "imageTagMutability": repository.mutability,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": dict(repository.encryption),
    }
    if repository.exclusions:
        shape["imageTagMutabilityExclusionFilters"] = _filters(repository)
    return shape


def describe(state: State, params: Params) -> Answer:
    """DescribeRepositories."""
    names = params.get("repositoryNames")
    if names and (params.get("maxResults") or params.get("nextToken")):
        raise invalid("repositoryNames", "maxResults and nextToken cannot be used with repositoryNames")
    if names:
        chosen = [state.repository({**params, "repositoryName": name}) for name in names]
        return {"repositories": [described(state, one) for one in chosen]}
    _own_registry(state, params, "*")
    rows, more = page(sorted(state.repositories.values(), key=lambda one: one.name), params)
    return {"repositories": [described(state, one) for one in rows], **more}


def delete(state: State, params: Params) -> Answer:
    """DeleteRepository; `force` deletes its images too."""
    repository = state.repository(params)
    if repository.images and not params.get("force", False):
        text = (
            f"The repository with name '{repository.name}' in registry with id '{state.account}' "
            "cannot be deleted because it still contains images"
        )
        raise ServiceError("RepositoryNotEmptyException", text)
    answer = described(state, repository)
    held = frozenset(repository.blobs)
    repository.images.clear()
    state.forget_blobs(repository, held)
    del state.repositories[repository.name]
    return {"repository": answer}


def put_mutability(state: State, params: Params) -> Answer:
    """PutImageTagMutability."""
    repository = state.repository(params)
    exclusions = _exclusions(params["imageTagMutability"], params)
    repository.mutability, repository.exclusions = params["imageTagMutability"], exclusions
    answer = {**_names(state, repository), "imageTagMutability": repository.mutability}
    if exclusions:
        answer["imageTagMutabilityExclusionFilters"] = _filters(repository)
    return answer


def put_scanning(state: State, params: Params) -> Answer:
    """PutImageScanningConfiguration."""
    repository = state.repository(params)
    repository.scan_on_push = bool(params["imageScanningConfiguration"].get("scanOnPush", False))
    return {
        **_names(state, repository),
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
    }


def tag(state: State, params: Params) -> Answer:
    """TagResource."""
    repository = state.by_arn(params["resourceArn"])
    repository.tags = checked_tags(repository.tags, params["tags"])
    return {}


def untag(state: State, params: Params) -> Answer:
    """UntagResource; absent keys are no error."""
    repository = state.by_arn(params["resourceArn"])
    for key in params["tagKeys"]:
        repository.tags.pop(key, None)
    return {}


def list_tags(state: State, params: Params) -> Answer:
    """ListTagsForResource."""
    repository = state.by_arn(params["resourceArn"])
    return {"tags": [{"Key": key, "Value": value} for key, value in sorted(repository.tags.items())]}


def checked_tags(present: dict[str, str], wanted: list[dict[str, Any]]) -> dict[str, str]:
    """Tags after adding `wanted`, by AWS's rules for tags."""
    tags = dict(present)
    for pair in wanted:
        key, value = pair["Key"], pair["Value"]
        if not 1 <= len(key) <= TAG_KEY or len(value) > TAG_VALUE or key.lower().startswith("aws:"):
            text = f"Invalid parameter at 'tags' failed to satisfy constraint: 'Invalid tag key or value: {key}'"
            raise ServiceError("InvalidTagParameterException", text)
        tags[key] = value
    if len(tags) > MOST_TAGS:
        text = f"The number of tags exceeds the limit of {MOST_TAGS} tags per resource"
        raise ServiceError("TooManyTagsException", text)
    return tags


def _names(state: State, repository: Repository) -> Answer:
    return {"registryId": state.account, "repositoryName": repository.name}


def _own_registry(state: State, params: Params, name: str) -> None:
    if params.get("registryId") not in {None, state.account}:
        raise not_found(name, params["registryId"])


def _filters(repository: Repository) -> list[Answer]:
    return [{"filterType": "WILDCARD", "filter": one} for one in repository.exclusions]


def _exclusions(mutability: str, params: Params) -> tuple[str, ...]:
    filters = tuple(one["filter"] for one in params.get("imageTagMutabilityExclusionFilters") or ())
    member = "imageTagMutabilityExclusionFilters"
    if mutability.endswith("_WITH_EXCLUSION") and not filters:
        raise invalid(member, f"must be given when imageTagMutability is {mutability}")
    if filters and not mutability.endswith("_WITH_EXCLUSION"):
        raise invalid(member, f"must not be given when imageTagMutability is {mutability}")
    return filters


def _encryption(state: State, wanted: Params | None) -> Answer:
    chosen = dict(wanted or {"encryptionType": "AES256"})
    if chosen["encryptionType"] == "AES256":
        if "kmsKey" in chosen:
            raise invalid("encryptionConfiguration", "kmsKey cannot be used with encryptionType AES256")
        return chosen
    key = chosen.get("kmsKey") or "alias/aws/ecr"
    if not key.startswith("arn:"):
        prefix = "" if key.startswith("alias/") else "key/"
        key = f"arn:{state.partition}:kms:{state.region}:{state.account}:{prefix}{key}"
    return {**chosen, "kmsKey": key}
