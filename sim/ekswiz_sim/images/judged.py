"""Images of this world's registry, marked: the world's own builder made them, and skipped what it could not do."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ekswiz_sim.kubernetes.embedded.kubelet.standing_in import JUDGED
from ekswiz_sim.seams import ImagePuller, PulledImage


@dataclass(frozen=True, slots=True)
class Judged:
    """An image puller whose images are judged before a container of them starts (see `standing_in`)."""

    puller: ImagePuller

    async def pull(self, reference: str) -> PulledImage:
        """Pull, and mark."""
        image = await self.puller.pull(reference)
        labels = {**(image.config.get("Labels") or {}), JUDGED: "yes"}
        return replace(image, config={**image.config, "Labels": labels})
