"""What the product's composition root calls: rehearse, and the world that outlives a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ekswiz.answers import Answers
from ekswiz.target import Flag
from ekswiz_sim import sample, staging, tiers
from ekswiz_sim.daemon_client import attach, down, env, status, up
from ekswiz_sim.rehearsal import Rehearsal
from ekswiz_sim.sample import SAMPLE
from ekswiz_sim.scene import Road, Scene
from ekswiz_sim.stages import STAGES, Stage
from ekswiz_sim.world import World

__all__ = ["SAMPLE", "attach", "down", "env", "rehearse", "status", "up"]


def rehearse(
    answers: Answers,
    *,
    source: Path | None,
    road: Callable[[Path], Road],
    operator_policy: Mapping[str, Any],
    stop: Flag,
    port: int = 0,
    interfere: Mapping[str, Callable[[Scene], None]] | None = None,
    stages: Sequence[Stage] = STAGES,
) -> Rehearsal:
    """A rehearsal in a world of its own; nothing starts before it is iterated, and bad input is refused here.

    Args:
        answers: The pipeline to rehearse.
        source: The repository's folder; None for the bundled sample.
        road: Makes what plans, applies and destroys; gets a private folder for its journal.
        operator_policy: The IAM policy of the one who applies; every call is judged by it.
        stop: Ends the rehearsal after the step in flight.
        port: Port of the simulated AWS; 0 for any.
        interfere: What to do to the scene before the stage of that id.
        stages: The road, in order.

    Raises:
        InputError: The repository cannot be rehearsed (no Dockerfile, no manifests...), and why.
    """
    origin = sample.source() if source is None else source
    staging.check(origin, answers)

    ports.check(port)
    from ekswiz_sim import opening  # noqa: PLC0415 - a second of imports, which bad input shall not wait for

    return opening.rehearsal(
        opening.Order(answers, origin, source is None, road, operator_policy, port, interfere or {}), stop, stages
    )
