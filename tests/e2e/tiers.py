"""The tiers that a rehearsal may be made of, as flags of the command, and whether this machine has them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ekswiz.errors import EkswizError
from ekswiz.tiers import Wish, choose
from ekswiz_sim import alternatives

FORCED = "E2E_TIERS"
BASE_IMAGE = "E2E_BASE_IMAGE"
"""What stands for the Dockerfile's base image where Docker Hub cannot be reached."""
NODE_IMAGE = "E2E_NODE_IMAGE"
"""kind's node image, where its own choice cannot be had."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One column of the table. `patience` is the deadline, in seconds, of rollouts that cannot succeed."""

    name: str
    wish: Wish
    flags: tuple[str, ...] = ()
    patience: int = 4

    @property
    def builds(self) -> bool:
        """Whether a container engine builds the images: instructions that ran before come from its cache."""
        return self.wish.images == "docker" or self.wish.cluster == "kind"

    def missing(self) -> str:
        """Why this machine cannot run it, in words; empty if it can."""
        try:
            alternatives.check(choose(self.wish))
        except EkswizError as error:
            return f"{error.detail} {error.remedy}".strip()
        return ""


def known() -> dict[str, Tier]:
    """Every tier by name."""
    base, node = os.environ.get(BASE_IMAGE) or None, os.environ.get(NODE_IMAGE) or None
    based = ("--base-image", base) if base else ()
    noded = ("--node-image", node) if node else ()
    docker = Wish(images="docker", base_image=base)
    kind = Wish(cluster="kind", base_image=base, node_image=node)
    made = (
        Tier("embedded", Wish()),
        Tier("docker", docker, ("--images", "docker", *based), patience=10),
        Tier("kind", kind, ("--kubernetes", "kind", *based, *noded), patience=30),
        Tier("localstack", Wish(aws="localstack"), ("--aws", "localstack")),
    )
    return {tier.name: tier for tier in made}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A tier, and why it does not run ("" = it runs). `forced` by name: not to run is to fail."""

    tier: Tier
    why_not: str
    forced: bool


def chosen(said: str | None) -> Sequence[Chosen]:
    """What to run: the tiers that are named, or every tier with whether this machine has it.

    Raises:
        ValueError: There is no tier of that name.
    """
    return list(_chosen((said or "").replace(",", " ").split()))


def _chosen(names: Sequence[str]) -> Iterator[Chosen]:
    every = known()
    for name in names:
        if name not in every:
            raise ValueError(f"{name!a} is no tier; there are {', '.join(every)}")
    for tier in every.values():
        if not names or tier.name in names:
            yield Chosen(tier, tier.missing(), forced=tier.name in names)
