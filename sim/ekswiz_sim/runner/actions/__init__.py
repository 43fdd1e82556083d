"""Stand-ins for the published actions that the generated workflow uses: same inputs, outputs, refusals and words."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from ekswiz_sim.runner.actions.build_push import build_push
from ekswiz_sim.runner.actions.buildx import setup_buildx
from ekswiz_sim.runner.actions.checkout import checkout as check_out
from ekswiz_sim.runner.actions.credentials import configure_credentials
from ekswiz_sim.runner.actions.ecr_login import ecr_login
from ekswiz_sim.seams import Twin

__all__ = ["actions", "twins"]


def actions(checkout: Path, folder: Path | None) -> Mapping[str, Twin]:
    """The twins, and in their place the published actions themselves where `folder` has them."""
    if folder is None:
        return twins(checkout)
    from ekswiz_sim.runner.actions.published import published  # who names no folder needs none of it

    return {**twins(checkout), **published(folder)}


def twins(checkout: Path) -> Mapping[str, Twin]:
    """Every twin by the action's name, without ref. `checkout` is the staged repository that a checkout copies."""
    return {
        "actions/checkout": functools.partial(check_out, checkout),
        "aws-actions/configure-aws-credentials": configure_credentials,
        "aws-actions/amazon-ecr-login": ecr_login,
        "docker/build-push-action": build_push,
        "docker/setup-buildx-action": setup_buildx,
    }
