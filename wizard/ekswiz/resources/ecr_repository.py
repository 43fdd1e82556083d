"""The ECR repository for the service's images: immutable tags, scanned on push, untagged images expire.

The registry's scanning configuration is shared by the whole account: a rule of it may scan this repository already, and
where scanning is ENHANCED nothing else can. Then one filter is added to it; everything in it stays. Encryption cannot
be changed: a repository that is encrypted otherwise is used as it is. Sources: ECR API, CreateRepository,
PutLifecyclePolicy, PutRegistryScanningConfiguration; ECR User Guide, "Scan images for software vulnerabilities".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, pages, tell
from ekswiz.iam.documents import repository_arn
from ekswiz.plan import Action, Json, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.ecr_scanning import ENHANCED, Scanning, forget_filter, scan_on_push
from ekswiz.resources.shell import command, lines
from ekswiz.resources.tags import ADDRESS, STACK, known, owner, pairs, visible
from ekswiz.target import Target

AES256 = "AES256"
"""ECR's own encryption, which a repository has unless it was made with another."""
UNTAGGED_DAYS = 14
LIFECYCLE: Json = {
    "rules": [
        {
            "rulePriority": 1,
            "description": f"Images without a tag go after {UNTAGGED_DAYS} days",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            },
            "action": {"type": "expire"},
        }
    ]
}
"""Only untagged images expire: a rule by number could remove the image that is running."""
PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": (
        "ecr:DescribeRepositories",
        "ecr:ListTagsForResource",
        "ecr:GetLifecyclePolicy",
        "ecr:GetRegistryScanningConfiguration",
    ),
    "create": ("ecr:CreateRepository", "ecr:TagResource", "ecr:PutLifecyclePolicy"),
    "update": (
        "ecr:PutImageTagMutability",
        "ecr:PutImageScanningConfiguration",
        "ecr:PutLifecyclePolicy",
        "ecr:PutRegistryScanningConfiguration",
        "ecr:TagResource",
    ),
    "delete": ("ecr:DeleteRepository", "ecr:ListImages"),
}


@dataclass(frozen=True, slots=True)
class RepositoryAttributes:
    """`lifecycle` is the policy as JSON; empty where there is none.

    `scan_on_push` says whether a push is scanned, by the repository's own setting or by the registry's rules.
    `exclusions` are patterns of tags for which `mutability` does not hold. `tags` are looked at on ours only.
    """

    name: str
    mutability: str
    scan_on_push: bool
    lifecycle: Json
    exclusions: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class EcrRepository:
    """See `ekswiz.resource.Resource`. `delete_images` is the user's consent to lose the images with it."""

    address: str
    desired: RepositoryAttributes
    arn: str
    stack: str
    scopes: Mapping[str, str]
    delete_images: bool = False
    needs: tuple[str, ...] = ()
    why: str = "Holds the service's images; a tag, once pushed, always names the same image."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"name"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[RepositoryAttributes] | None:
        """The repository of this name in this account and region."""
        name = self.desired.name
        answer = ask(target, "ecr", "describe_repositories", repositoryNames=[name])
        if not answer or not answer["repositories"]:
            return None
        found = answer["repositories"][0]
        tags = (ask(target, "ecr", "list_tags_for_resource", resourceArn=self.arn) or {}).get("tags")
        policy = ask(target, "ecr", "get_lifecycle_policy", repositoryName=name)
        scanning = Scanning.of(ask(target, "ecr", "get_registry_scanning_configuration"))
        whose = owner(tags)
        attributes = RepositoryAttributes(
            name=name,
            mutability=found.get("imageTagMutability", "MUTABLE"),
            scan_on_push=scanning.covers(name, own=_own_setting(found)),
            lifecycle=json.loads(policy["lifecyclePolicyText"]) if policy else {},
            exclusions=tuple(one["filter"] for one in found.get("imageTagMutabilityExclusionFilters", ())),
            tags=known(tags, self.desired.tags) if whose == self.stack else self.desired.tags,
        )
        return Live(attributes, _outputs(found, scanning), _identity(found), whose)

    def create(
        self,
        target: Target,
        desired: RepositoryAttributes,
        token: str,  # noqa: ARG002 - ECR has no idempotency tokens
        tags: Mapping[str, str],
    ) -> Live[RepositoryAttributes]:
        """Create it with its tags and settings, then give it its lifecycle policy."""
        tell(
            target, "ecr", "create_repository",
            repositoryName=desired.name,
            imageTagMutability=desired.mutability,
            imageScanningConfiguration={"scanOnPush": desired.scan_on_push},
            tags=pairs(tags),
        )  # fmt: skip
        self._put_lifecycle(target, desired)
        made = visible(self.read(target), self.address)
        return made if made.attributes == desired else self.update(target, made, desired)

    def update(
        self, target: Target, live: Live[RepositoryAttributes], desired: RepositoryAttributes
    ) -> Live[RepositoryAttributes]:
        """Bring mutability, scanning, lifecycle and tags to what is desired."""
        before, name = live.attributes, desired.name
        if (before.mutability, before.exclusions) != (desired.mutability, desired.exclusions):
            mode = desired.mutability
            tell(target, "ecr", "put_image_tag_mutability", repositoryName=name, imageTagMutability=mode)
        if before.scan_on_push != desired.scan_on_push:
            scan_on_push(target, name)
        if before.lifecycle != desired.lifecycle:
            self._put_lifecycle(target, desired)
        if before.tags != desired.tags:
            tell(target, "ecr", "tag_resource", resourceArn=self.arn, tags=pairs(desired.tags))
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[RepositoryAttributes]) -> None:
        """Delete it; with images only if the user agreed to lose them."""
        name = live.attributes.name
        with suppress(Absent):
            tell(target, "ecr", "delete_repository", repositoryName=name, force=self.delete_images)
        if live.outputs.get("scan_filter"):
            forget_filter(target, name)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        name = ("--repository-name", self.desired.name)
        policy = command("aws", "ecr", "put-lifecycle-policy", *name, "--lifecycle-policy-text", self.desired.lifecycle)
        if action is Action.CREATE:
            return lines(
                command(
                    "aws", "ecr", "create-repository", *name, "--image-tag-mutability", self.desired.mutability,
                    "--image-scanning-configuration", "scanOnPush=true", "--tags", f"Key={STACK},Value={self.stack}",
                ),
                policy,
            )  # fmt: skip
        if action is Action.UPDATE:
            words = ("put-image-tag-mutability", *name, "--image-tag-mutability", self.desired.mutability)
            return lines(command("aws", "ecr", *words), policy)
        if action is Action.DELETE:
            return command("aws", "ecr", "delete-repository", *name, *(["--force"] if self.delete_images else []))
        return command("aws", "ecr", "describe-repositories", "--repository-names", self.desired.name)

    def risks(self, live: Live[RepositoryAttributes] | None) -> tuple[Risk, ...]:
        """Making a repository in use stricter stops whoever relied on what it allowed."""
        return () if live is None else tuple(_risks(live, self.desired))

    def farewell(self, target: Target, live: Live[RepositoryAttributes]) -> Farewell:
        """Images are lost for good: the repository stays until that is agreed to."""
        name = live.attributes.name
        digests = {i["imageDigest"] for i in pages(target, "ecr", "list_images", "imageIds", repositoryName=name)}
        if not digests:
            return Farewell()
        number = f"{len(digests)} image{'s' if len(digests) > 1 else ''}"
        if not self.delete_images:
            return Farewell(keep=f"Kept: it holds {number}. Delete them with it by --delete-images.")
        return Farewell(risks=(Risk("images-lost", f"{number} in {name} will be deleted for good."),))

    def _put_lifecycle(self, target: Target, desired: RepositoryAttributes) -> None:
        text = json.dumps(desired.lifecycle)
        tell(target, "ecr", "put_lifecycle_policy", repositoryName=desired.name, lifecyclePolicyText=text)


def ecr_repository(answers: Answers, *, delete_images: bool = False) -> EcrRepository:
    """The repository that the build job pushes to."""
    arn = repository_arn(answers)
    actions = dict.fromkeys((action for verb in PERMISSIONS.values() for action in verb), arn)
    address = "ecr_repository.app"
    return EcrRepository(
        address=address,
        desired=RepositoryAttributes(
            answers.ecr_repository, "IMMUTABLE", scan_on_push=True, lifecycle=LIFECYCLE, tags={ADDRESS: address}
        ),
        arn=arn,
        stack=answers.stack,
        # The registry's configuration has no ARN of its own.
        scopes={action: "*" if "Registry" in action else on for action, on in actions.items()},
        delete_images=delete_images,
    )


def _risks(live: Live[RepositoryAttributes], desired: RepositoryAttributes) -> Iterator[Risk]:
    before, name = live.attributes, desired.name
    if (before.mutability, before.exclusions) != (desired.mutability, desired.exclusions):
        some = f" (until now allowed for {', '.join(before.exclusions)})" if before.exclusions else ""
        yield Risk("immutable-tags", f"Pushes that overwrite a tag of {name} will be refused from now on{some}.")
    if before.lifecycle and before.lifecycle != desired.lifecycle:
        yield Risk("replaces-lifecycle", f"{name} has another lifecycle policy: what it expires or keeps changes.")
    if live.outputs.get("scan_type") == ENHANCED and not before.scan_on_push:
        sentence = (
            f"The account's shared scanning rules get one filter more, {name}, which fits every name that contains it; "
            "Amazon Inspector bills what it scans."
        )
        yield Risk("enhanced-scan", sentence)
    if live.outputs.get("encryption", AES256) != AES256:
        said = live.outputs["encryption"]
        yield Risk(
            "other-encryption", f"{name} is encrypted with {said}; that stays, only a new repository can differ."
        )


def _outputs(found: Mapping[str, Any], scanning: Scanning) -> dict[str, str]:
    encryption = found.get("encryptionConfiguration", {})
    return {
        "arn": found["repositoryArn"],
        "uri": found["repositoryUri"],
        "encryption": encryption.get("kmsKey") or encryption.get("encryptionType", AES256),
        "scan_type": scanning.type,
        "scan_filter": "yes" if scanning.names(found["repositoryName"]) else "",
    }


def _own_setting(found: Mapping[str, Any]) -> bool:
    return bool(found.get("imageScanningConfiguration", {}).get("scanOnPush", False))


def _identity(found: Mapping[str, Any]) -> str:
    """ECR has no unique id: the moment of creation tells a repository from a later one of the same name."""
    return f"{found['repositoryArn']}@{found['createdAt'].isoformat()}"
