"""The ECR repository for the service's images: immutable tags, scanned on push, untagged images expire.

The registry's own scanning configuration is shared by the whole account and left alone. Sources: ECR API,
CreateRepository, PutLifecyclePolicy, DeleteRepository.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, pages, tell
from ekswiz.iam.documents import repository_arn
from ekswiz.plan import Action, Json, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.shell import command, lines
from ekswiz.resources.tags import STACK, owner, pairs, visible
from ekswiz.target import Target

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
    "read": ("ecr:DescribeRepositories", "ecr:ListTagsForResource", "ecr:GetLifecyclePolicy"),
    "create": ("ecr:CreateRepository", "ecr:TagResource", "ecr:PutLifecyclePolicy"),
    "update": ("ecr:PutImageTagMutability", "ecr:PutImageScanningConfiguration", "ecr:PutLifecyclePolicy"),
    "delete": ("ecr:DeleteRepository", "ecr:ListImages"),
}


@dataclass(frozen=True, slots=True)
class RepositoryAttributes:
    """`lifecycle` is the policy as JSON; empty where there is none."""

    name: str
    mutability: str
    scan_on_push: bool
    lifecycle: Json


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
        tags = ask(target, "ecr", "list_tags_for_resource", resourceArn=self.arn) or {}
        policy = ask(target, "ecr", "get_lifecycle_policy", repositoryName=name)
        attributes = RepositoryAttributes(
            name=name,
            mutability=found.get("imageTagMutability", "MUTABLE"),
            scan_on_push=bool(found.get("imageScanningConfiguration", {}).get("scanOnPush", False)),
            lifecycle=json.loads(policy["lifecyclePolicyText"]) if policy else {},
        )
        return Live(attributes, _outputs(found), _identity(found), owner(tags.get("tags")))

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
        return visible(self.read(target), self.address)

    def update(
        self, target: Target, live: Live[RepositoryAttributes], desired: RepositoryAttributes
    ) -> Live[RepositoryAttributes]:
        """Bring mutability, scanning and lifecycle to what is desired."""
        before, name = live.attributes, desired.name
        if before.mutability != desired.mutability:
            mode = desired.mutability
            tell(target, "ecr", "put_image_tag_mutability", repositoryName=name, imageTagMutability=mode)
        if before.scan_on_push != desired.scan_on_push:
            scan = {"scanOnPush": desired.scan_on_push}
            tell(
                target, "ecr", "put_image_scanning_configuration", repositoryName=name, imageScanningConfiguration=scan
            )
        if before.lifecycle != desired.lifecycle:
            self._put_lifecycle(target, desired)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[RepositoryAttributes]) -> None:
        """Delete it; with images only if the user agreed to lose them."""
        with suppress(Absent):
            tell(target, "ecr", "delete_repository", repositoryName=live.attributes.name, force=self.delete_images)

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
        """Making the tags of a repository in use immutable stops whoever overwrites them."""
        if live is None or live.attributes.mutability == self.desired.mutability:
            return ()
        sentence = f"Pushes that overwrite a tag of {self.desired.name} will be refused from now on."
        return (Risk("tags-become-immutable", sentence),)

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
    actions = dict.fromkeys(action for verb in PERMISSIONS.values() for action in verb)
    return EcrRepository(
        address="ecr_repository.app",
        desired=RepositoryAttributes(answers.ecr_repository, "IMMUTABLE", scan_on_push=True, lifecycle=LIFECYCLE),
        arn=arn,
        stack=answers.stack,
        scopes=dict.fromkeys(actions, arn),
        delete_images=delete_images,
    )


def _outputs(found: Mapping[str, Any]) -> dict[str, str]:
    return {"arn": found["repositoryArn"], "uri": found["repositoryUri"]}


def _identity(found: Mapping[str, Any]) -> str:
    """ECR has no unique id: the moment of creation tells a repository from a later one of the same name."""
    return f"{found['repositoryArn']}@{found['createdAt'].isoformat()}"
