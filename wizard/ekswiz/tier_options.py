"""The flags that choose what a rehearsal's world is made of, declared once (see `tiers`)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

import click

from ekswiz.given import Given
from ekswiz.tiers import AWS, CLUSTERS, IMAGES, Wish, choose

F = TypeVar("F", bound=Callable[..., Any])

_PREFIX = "tier_"
_FLAGS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("full", "--full", {"is_flag": True, "help": "LocalStack, Docker and kind; single parts by the flags below."}),
    ("aws", "--aws", {"type": click.Choice(AWS), "help": "What keeps the rehearsal's AWS objects."}),
    ("aws_endpoint", "--aws-endpoint", {"metavar": "URL", "help": "An AWS emulator that is up, behind our gate."}),
    ("images", "--images", {"type": click.Choice(IMAGES), "help": "What builds images and runs them."}),
    ("base_image", "--base-image", {"metavar": "IMAGE", "help": "Docker: the build argument BASE_IMAGE."}),
    ("cluster", "--kubernetes", {"type": click.Choice(CLUSTERS), "help": "What the rehearsal's EKS cluster is."}),
    ("node_image", "--node-image", {"metavar": "IMAGE", "help": "kind's node image."}),
    ("keep", "--keep", {"is_flag": True, "help": "Leave the kind cluster and LocalStack for the next rehearsal."}),
    ("mount_socket", "--mount-socket", {"is_flag": True, "help": "Give LocalStack the container engine's socket."}),
)


def tier_options(command: F) -> F:
    """Add the flags to a command; what they choose reaches it as `given.tiers`. Goes below `answer_options`."""

    @functools.wraps(command)
    def wrapped(*positional: Any, given: Given, **keywords: Any) -> Any:
        wish = Wish(**{field.name: keywords.pop(_PREFIX + field.name) for field in fields(Wish)})
        return command(*positional, given=replace(given, tiers=choose(wish)), **keywords)

    result: Any = wrapped
    for name, flag, settings in reversed(_FLAGS):
        result = click.option(flag, _PREFIX + name, **settings)(result)
    return cast("F", result)
