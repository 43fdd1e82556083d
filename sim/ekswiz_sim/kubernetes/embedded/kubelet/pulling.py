"""Getting a container's image, with the states and events of a pull that fails."""

from __future__ import annotations

import asyncio
import re

from ekswiz_sim.kubernetes.embedded.kubelet.backoff import Backoff
from ekswiz_sim.kubernetes.embedded.kubelet.images import NeverPulled
from ekswiz_sim.kubernetes.embedded.kubelet.parts import Context
from ekswiz_sim.kubernetes.embedded.kubelet.record import Record
from ekswiz_sim.seams import PulledImage, PullError

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_TAG = re.compile(r":[\w][\w.-]*$")
_REFERENCE = re.compile(
    r"(?:[a-zA-Z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    r"(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)


async def pull(context: Context, record: Record) -> PulledImage:
    """The container's image, however often it has to be tried."""
    reference = str(record.spec["image"])
    if not _REFERENCE.fullmatch(reference):
        await _give_up(context, record, reference)
    timing = context.parts.timing
    backoff = Backoff(timing.pull_first, timing.pull_longest)
    while True:
        try:
            return await _once(context, record, reference)
        except NeverPulled as error:
            await _rest(context, record, "ErrImageNeverPull", str(error), timing.pull_first)
        except PullError as error:
            context.warning(record, "Failed", f'Failed to pull image "{reference}": {error}')
            await _rest(context, record, "ErrImagePull", str(error), timing.shown)
            context.normal(record, "BackOff", f'Back-off pulling image "{reference}"')
            why = f'Back-off pulling image "{reference}": ErrImagePull: {error}'
            await _rest(context, record, "ImagePullBackOff", why, backoff.take())


async def _once(context: Context, record: Record, reference: str) -> PulledImage:
    images, policy = context.parts.images, record.spec.get("imagePullPolicy", "IfNotPresent")
    if policy != "Never" and not images.has(reference, policy):
        context.normal(record, "Pulling", f'Pulling image "{reference}"')
    found = await images.get(reference, policy)
    context.normal(record, "Pulled", found.message)
    record.image_id = f"{_TAG.sub('', _DIGEST.sub('', reference))}@{found.image.digest}"
    return found.image


async def _rest(context: Context, record: Record, reason: str, message: str, seconds: float) -> None:
    context.warning(record, "Failed", f"Error: {reason}")
    record.wait(reason, message)
    context.publish()
    await asyncio.sleep(seconds)


async def _give_up(context: Context, record: Record, reference: str) -> None:
    why = f'Failed to apply default image tag "{reference}": couldn\'t parse image name "{reference}": '
    why += "invalid reference format"
    context.warning(record, "InspectFailed", why)
    context.warning(record, "Failed", "Error: InvalidImageName")
    record.wait("InvalidImageName", why)
    context.publish()
    await asyncio.Event().wait()  # it will never be another; the pod's deletion ends this
