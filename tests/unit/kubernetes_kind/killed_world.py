"""A world that has a kind cluster, or is about to, until somebody kills it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

import trustme

from ekswiz.tiers import Tiers
from ekswiz_sim import home
from ekswiz_sim.alternatives import Site
from ekswiz_sim.containers.preflight import Facts as EngineFacts
from ekswiz_sim.kubernetes.kind.preflight import Facts
from ekswiz_sim.kubernetes.kind.provider import KindProvider

MADE = Path(tempfile.gettempdir(), "made")


async def main(command: str) -> None:
    nobody: Any = cast("Any", None)
    site = Site(
        answers=nobody,
        tiers=Tiers(images="docker", cluster="kind"),
        home=home.make(),
        loop=nobody,
        gatekeeper=nobody,
        policy_rules=nobody,
        authority=trustme.CA(),
        puller=nobody,
        registry="127.0.0.1:1",
        node_login=nobody,
        stop=nobody,
    )
    engine = EngineFacts("unix:///engine.sock", "29.0.0", "1.52", "amd64", 4, 8 << 30)
    provider = KindProvider(site, Facts(command, (0, 33, 0), engine), nobody)
    await provider.prepare()
    await asyncio.to_thread(MADE.touch)
    await asyncio.sleep(600)


asyncio.run(main(sys.argv[1]))
