"""The sample's image is built once before the cases, so that their builds take its dependencies from the cache.

Without it each case downloads and installs them again, since a rehearsal takes all its images away.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from e2e.tiers import Tier
from ekswiz_sim import sample
from ekswiz_sim.containers import address
from ekswiz_sim.containers.engine import EngineError, connect, guarded

BASE = "BASE_IMAGE"


@contextlib.contextmanager
def warm(tier: Tier) -> Iterator[None]:
    """The engine's cache has the sample's layers until the end of the block; nothing to do where no engine builds.

    An engine that cannot build it is found by the case that builds next.
    """
    if not tier.builds:
        yield
        return
    tag = f"ekswiz-e2e-warm:{os.getpid()}"
    with contextlib.suppress(EngineError):
        _with_client(lambda client: _build(client, tag, {BASE: tier.wish.base_image} if tier.wish.base_image else {}))
    try:
        yield
    finally:
        with contextlib.suppress(EngineError):  # there is none
            _with_client(lambda client: client.remove_image(tag, force=True))


def _with_client(work: Callable[[Any], object]) -> None:
    client = connect(address.find(), patience=None)
    try:
        guarded(lambda: work(client))
    finally:
        client.close()


def _build(client: Any, tag: str, arguments: Mapping[str, str]) -> None:
    """Build; an instruction that fails is found by whoever builds next."""
    for _ in client.build(path=str(sample.source() / "app"), tag=tag, buildargs=arguments, rm=True, forcerm=True):
        pass
