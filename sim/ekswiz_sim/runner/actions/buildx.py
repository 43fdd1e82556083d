"""docker/setup-buildx-action: nothing to set up, and that is said."""

from __future__ import annotations

from ekswiz_sim.seams import ActionCall, ActionResult


def setup_buildx(call: ActionCall) -> ActionResult:
    """Say that images are built without BuildKit here; `docker build` of this rehearsal needs no builder."""
    call.log("No builder is set up: in this rehearsal `docker build` assembles the image without BuildKit.")
    return ActionResult(ok=True, outputs={"name": "rehearsal", "driver": "rehearsal", "platforms": "linux/amd64"})
