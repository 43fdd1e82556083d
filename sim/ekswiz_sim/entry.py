"""What the product's composition root calls: rehearse, and the world that outlives a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ekswiz.answers import Answers
from ekswiz.occasion import USUAL, Occasion
from ekswiz.target import Flag
from ekswiz.tiers import EMBEDDED, Tiers
from ekswiz_sim import alternatives, ports, sample, staging, tiers
from ekswiz_sim.daemon_client import attach, down, env, github_token, status, up
from ekswiz_sim.sample import SAMPLE
from ekswiz_sim.sample import source as sample_source

if TYPE_CHECKING:
    from ekswiz_sim.rehearsal import Rehearsal
    from ekswiz_sim.scene import Road, Scene
    from ekswiz_sim.stages import Stage
    from ekswiz_sim.world import World

__all__ = ["SAMPLE", "attach", "down", "env", "github_token", "rehearse", "sample_source", "status", "up"]


def rehearse(
    answers: Answers,
    *,
    source: Path | None,
    road: Callable[[Path], Road],
    operator_policy: Mapping[str, Any],
    stop: Flag,
    port: int = 0,
    interfere: Mapping[str, Callable[[Scene], None]] | None = None,
    stages: Sequence[Stage] | None = None,
    occasion: Occasion = USUAL,
    chosen: Tiers = EMBEDDED,
) -> Rehearsal:
    """A rehearsal in a world of its own; nothing starts before it is iterated, and bad input is refused here.

    Args:
        answers: The pipeline to rehearse.
        source: The repository's folder; None for the bundled sample.
        road: Makes what plans, applies and destroys; gets a private folder for its journal.
        operator_policy: The IAM policy of the one who applies; every call is judged by it.
        stop: Set it to end the rehearsal.
        port: Port of the simulated AWS; 0 for any.
        interfere: What to do to the scene before the stage of that id.
        stages: The road, in order; None for the whole that the occasion has.
        occasion: What is pushed, and which workflow hears of it.
        chosen: What the world's parts are.

    Raises:
        EkswizError: The repository cannot be rehearsed, the port is in use, or a chosen tier cannot be had here.
    """
    origin, found = _check(answers, source or sample.source(), port, occasion, chosen)
    from ekswiz_sim.rehearsal import Rehearsal  # a second of imports, for which bad input does not wait
    from ekswiz_sim.stages import stages as road_of
    from ekswiz_sim.world import World

    def open_scene() -> Scene:
        world = World.start(answers, operator_policy, port=port, stop=stop, tiers=found)
        return _enter(_staged(world, answers, source, road, stop=stop, interfere=interfere or {}), occasion, origin)

    return Rehearsal(open_scene, stop, road_of(occasion, answers.branch) if stages is None else stages)


def _check(answers: Answers, origin: Path, port: int, occasion: Occasion, chosen: Tiers) -> tuple[Path, Tiers]:
    """The repository's folder, and the tiers as they are here; bad input is refused before anything starts."""
    staging.check(origin, answers)
    ports.check(port)
    if occasion != USUAL:
        from ekswiz_sim import occasions  # the world's imports, which the usual push checks without

        occasions.check(occasion, origin, answers)
    return origin, alternatives.check(chosen)


def _enter(scene: Scene, occasion: Occasion, origin: Path) -> Scene:
    """Tell the scene what is to be pushed, and from where the repository came."""
    scene.occasion, scene.source = occasion, origin
    scene.secrets, scene.variables = occasion.secrets, occasion.variables
    if occasion.actions is not None:
        from ekswiz_sim.runner.actions.published import published  # who names no folder needs none

        scene.tiers = tiers.with_actions(scene.tiers, list(published(occasion.actions)))
    return scene


def _staged(
    world: World,
    answers: Answers,
    source: Path | None,
    road: Callable[[Path], Road],
    *,
    stop: Flag,
    interfere: Mapping[str, Callable[[Scene], None]],
) -> Scene:
    """The scene of a new world, with the repository staged in it; if that fails the world is removed again."""
    from ekswiz_sim import stood_in
    from ekswiz_sim.scene import Scene

    origin = sample.source() if source is None else source
    try:
        checkout = staging.stage_repository(origin, world.checkout, sample=source is None)
        target, driver = world.target(checkout), road(world.home / "state")
        chosen = world.parts.tiers
        judged = chosen.images == "daemonless"  # an engine builds what it is given
        stand_in = stood_in.beforehand(checkout, answers, world.home / "judged", origin) if judged else ""
        table = tiers.table(stand_in, chosen, world.parts.aws)
    except BaseException:
        world.close()
        raise
    return Scene(world, driver, answers, target, checkout, stop, table, answers.workflow, interfere=interfere)
