"""The image repository, and whether what runs is still in it."""

from __future__ import annotations

import json
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from ekswiz.doctor.checks.inside import running_images
from ekswiz.doctor.checks.roles import AGAIN, NOT_YET
from ekswiz.doctor.checks.stack import named
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, skip, warn
from ekswiz.resources.ecr_scanning import Scanning

SHORT = 19
"""Characters of a digest that a sentence shows: `sha256:` and twelve more."""


def registry(facts: Facts) -> Finding:
    """The repository is there."""
    try:
        return ok(str(facts.registry()["repositoryUri"]))
    except Unasked as error:
        facts.target()
        return fail(str(error), AGAIN) if facts.applied() else skip(NOT_YET)


def tags(facts: Facts) -> Finding:
    """A tag cannot be moved to another image."""
    mutability = str(facts.registry().get("imageTagMutability", "MUTABLE"))
    if mutability.startswith("MUTABLE"):
        name = facts.answers().ecr_repository
        by_hand = f"aws ecr put-image-tag-mutability --repository-name {name} --image-tag-mutability IMMUTABLE"
        return warn(f"{mutability}: a tag can come to name another image", f"ekswiz apply, or {by_hand}")
    return ok(mutability)


def scan(facts: Facts) -> Finding:
    """A push is scanned."""
    found, name = facts.registry(), facts.answers().ecr_repository
    scanning = Scanning.of(facts.ask("ecr", "get_registry_scanning_configuration"))
    if scanning.covers(name, own=bool(found.get("imageScanningConfiguration", {}).get("scanOnPush"))):
        return ok(f"on push, {scanning.type}")
    return warn("nothing scans a push", "ekswiz apply switches it on.")


def lifecycle(facts: Facts) -> Finding:
    """No rule removes an image that runs."""
    facts.registry()
    name = facts.answers().ecr_repository
    answer = facts.ask("ecr", "get_lifecycle_policy", repositoryName=name)
    if answer is None:
        return warn(
            "none: images are kept, and paid for, for ever", "ekswiz apply sets one that removes untagged images."
        )
    rules = [rule for rule in json.loads(answer["lifecyclePolicyText"])["rules"] if _tagged(rule)]
    if not rules:
        return ok("only untagged images expire")
    doomed = {digest for rule in rules for digest in _doomed(facts, rule)}
    lost = [digest[:SHORT] for digest in running_images(facts) if digest in doomed]
    remedy = "Let it select untagged images alone: ekswiz apply"
    if lost:
        return fail(f"a rule expires {named(lost)}, which is running: the next node cannot pull it", remedy)
    return warn("a rule selects tagged images: one that runs can expire", remedy)


def images(facts: Facts) -> Finding:
    """Every image that runs can be pulled again."""
    facts.registry()
    running = running_images(facts)
    if not running:
        return skip("nothing runs in the namespace yet")
    listed = facts.listed("ecr", "list_images", "imageIds", repositoryName=facts.answers().ecr_repository)
    held = {each.get("imageDigest") for each in listed}
    lost = [digest[:SHORT] for digest in running if digest not in held]
    if lost:
        return fail(
            f"{named(lost)} runs and is not in the repository", "Deploy an image that is: start the workflow again."
        )
    return ok(f"all {len(running)} that run")


def _tagged(rule: dict[str, Any]) -> bool:
    """Whether a rule can expire images that have a tag."""
    return bool(rule["selection"].get("tagStatus") != "untagged")


def _doomed(facts: Facts, rule: dict[str, Any]) -> list[str]:
    """Digests that a rule would expire now, by the images' push dates (ECR User Guide, "Lifecycle policy")."""
    selection = rule["selection"]
    details = facts.listed("ecr", "describe_images", "imageDetails", repositoryName=facts.answers().ecr_repository)
    chosen = sorted((each for each in details if _selected(each, selection)), key=lambda each: each["imagePushedAt"])
    if selection.get("countType") == "imageCountMoreThan":
        chosen = chosen[: max(0, len(chosen) - selection["countNumber"])]
    else:
        oldest = facts.source.now() - timedelta(days=selection["countNumber"])
        chosen = [each for each in chosen if each["imagePushedAt"] < oldest]
    return [each["imageDigest"] for each in chosen]


def _selected(image: dict[str, Any], selection: dict[str, Any]) -> bool:
    if selection.get("tagStatus") == "any":
        return True
    patterns = [*(f"{prefix}*" for prefix in selection.get("tagPrefixList", [])), *selection.get("tagPatternList", [])]
    return any(fnmatchcase(str(tag), pattern) for tag in image.get("imageTags", []) for pattern in patterns)


CHECKS = (
    Examination("registry", "Image repository", "The build job pushes to it, the nodes pull from it.", registry),
    Examination("registry-tags", "Tags", "A tag that moves makes a rollback fetch something else.", tags),
    Examination(
        "registry-scan", "Scanning", "Known vulnerabilities are found when an image is pushed, or never.", scan
    ),
    Examination(
        "registry-lifecycle", "Lifecycle", "A rule that counts images can remove the one that is running.", lifecycle
    ),
    Examination(
        "running-images",
        "Running images",
        "An image that is gone still runs, until a Pod moves to another node.",
        images,
    ),
)
