"""Processors: those of the nodes against the one that the image was built for."""

from __future__ import annotations

import json
from typing import Any

from ekswiz.doctor.checks.inside import running_images
from ekswiz.doctor.checks.stack import named
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, skip, warn
from ekswiz.errors import EkswizError

BUILT = "amd64"
"""What GitHub's ubuntu runner, which the workflow builds on, makes."""
INDEXES = ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"]
LABEL = "kubernetes.io/arch"


def architecture(facts: Facts) -> Finding:
    """Every node can run the image."""
    nodes, (made, which) = _nodes(facts), _image(facts)
    if not nodes:
        return skip("no nodes to compare with")
    apart = sorted(nodes - made)
    if not apart:
        return ok(f"nodes {named(sorted(nodes))}, {which} {named(sorted(made))}")
    build = (
        f"Build for both: docker buildx build --platform {','.join(f'linux/{each}' for each in sorted(nodes | made))}"
    )
    said = f"nodes are {named(apart)}, {which} {named(sorted(made))}"
    return (
        warn(f"{said}: some nodes cannot run it", build) if nodes & made else fail(f"{said}: exec format error", build)
    )


def _nodes(facts: Facts) -> set[str]:
    """Architectures of the nodes, by Kubernetes; by the node groups' images where there is no node to ask."""
    try:
        items = (facts.kube("/api/v1/nodes") or {}).get("items", [])
    except EkswizError:
        items = []
    found = {item["metadata"].get("labels", {}).get(LABEL, "") for item in items} - {""}
    return found or {"arm64" if "ARM_64" in str(group.get("amiType")) else BUILT for group in facts.nodegroups()}


def _image(facts: Facts) -> tuple[set[str], str]:
    """Architectures of the image that runs, and how to call it; before there is one, what the workflow builds."""
    running = _running(facts)
    if not running:
        return {facts.answers().platform}, "the workflow builds"
    where = {"repositoryName": facts.answers().ecr_repository, "imageIds": [{"imageDigest": running[0]}]}
    answer = facts.ask("ecr", "batch_get_image", **where, acceptedMediaTypes=INDEXES)
    images = (answer or {}).get("images", [])
    manifest: dict[str, Any] = json.loads(images[0]["imageManifest"]) if images else {}
    platforms = {each.get("platform", {}).get("architecture", "") for each in manifest.get("manifests", [])}
    if not platforms - {"", "unknown"}:
        raise Unasked("the image is for one platform, which only its own configuration names")
    return platforms - {"", "unknown"}, "the image is for"


def _running(facts: Facts) -> list[str]:
    try:
        facts.registry()
        return running_images(facts)
    except (EkswizError, Unasked):
        return []


CHECKS = (
    Examination(
        "architecture", "Processors", "An image for another processor starts and dies: exec format error.", architecture
    ),
)
