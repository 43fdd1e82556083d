"""Images on the node: pulled by reference through the world's puller, once unless the policy says always."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from ekswiz_sim.seams import ImagePuller, PulledImage, PullError


class NeverPulled(Exception):
    """The policy is Never and the image is not there."""


@dataclass(frozen=True, slots=True)
class Found:
    """An image, and the sentence for the event that says how it came."""

    image: PulledImage
    message: str


class Images:
    """What the node has. Pods that want the same image at once wait for one pull."""

    def __init__(self, puller: ImagePuller) -> None:
        self._puller = puller
        self._there: dict[str, PulledImage] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def has(self, reference: str, policy: str) -> bool:
        """True if no pull is needed."""
        return policy != "Always" and self._on_disk(reference)

    async def get(self, reference: str, policy: str) -> Found:
        """The image.

        Raises:
            PullError: It cannot be pulled.
            NeverPulled: It is not here and may not be pulled.
        """
        if policy == "Never" and not self._on_disk(reference):
            raise NeverPulled(f'Container image "{reference}" is not present with pull policy of Never')
        started = time.monotonic()
        async with self._locks.setdefault(reference, asyncio.Lock()):
            if self.has(reference, policy):
                return Found(self._there[reference], f'Container image "{reference}" already present on machine')
            pulling = time.monotonic()
            image = self._there[reference] = await self._pull(reference)
        spent, waited = _went(pulling), _went(started)
        return Found(image, f'Successfully pulled image "{reference}" in {spent} ({waited} including waiting).')

    def _on_disk(self, reference: str) -> bool:
        """The disk is asked each time: the node may have evicted the image since."""
        known = self._there.get(reference)
        return known is not None and known.root.is_dir()

    async def _pull(self, reference: str) -> PulledImage:
        try:
            return await self._puller.pull(reference)
        except OSError as error:
            raise PullError(f'failed to pull and unpack image "{reference}": {error}') from error


def _went(since: float) -> str:
    seconds = time.monotonic() - since
    return f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{seconds:.3f}s"
