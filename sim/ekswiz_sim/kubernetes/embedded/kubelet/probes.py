"""Probes of a running container: start-up first, then readiness and liveness, each with its thresholds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from ekswiz_sim.kubernetes.embedded.kubelet.checks import Result
from ekswiz_sim.kubernetes.embedded.kubelet.timing import Timing
from ekswiz_sim.kubernetes.embedded.store import Obj

ProbeKind = Literal["startup", "readiness", "liveness"]
Check = Callable[[Obj, float], Awaitable[Result]]
Complaint = Callable[[ProbeKind, str], None]
"""Called for every failure that counts, with the probe's own words."""


class Probe:
    """One probe of one run of a container."""

    def __init__(self, kind: ProbeKind, spec: Obj, check: Check, complain: Complaint, timing: Timing) -> None:
        self._kind: ProbeKind = kind
        self._spec = spec
        self._check = check
        self._complain = complain
        self._timing = timing
        self._good = 0
        self._bad = 0
        self._looked = False
        self._succeeded = False
        self._began = self._counted = time.monotonic()

    async def until(self, *, healthy: bool) -> None:
        """Return when its threshold of successes (or of failures) is reached."""
        field = "successThreshold" if healthy else "failureThreshold"
        threshold = int(self._spec.get(field, 1 if healthy else 3))
        while (self._good if healthy else self._bad) < threshold:
            await self._once()

    async def either(self) -> bool:
        """True once it is healthy, False once it failed for good: what a start-up probe decides."""
        good, bad = int(self._spec.get("successThreshold", 1)), int(self._spec.get("failureThreshold", 3))
        while self._good < good and self._bad < bad:
            await self._once()
        return self._good >= good

    async def delay(self) -> None:
        """Wait `initialDelaySeconds`; then time runs."""
        await asyncio.sleep(float(self._spec.get("initialDelaySeconds") or 0))
        self._began = self._counted = time.monotonic()
        if self._kind == "liveness":
            await asyncio.sleep(self._period)

    @property
    def _period(self) -> float:
        return float(self._spec.get("periodSeconds") or 10)

    def _pause(self) -> float:
        eager = not self._succeeded and time.monotonic() - self._began < self._timing.eager
        return min(self._period, self._timing.poll) if eager and self._kind != "liveness" else self._period

    async def _once(self) -> None:
        if self._looked:
            await asyncio.sleep(self._pause())
        self._looked = True
        result = await self._check(self._spec, float(self._spec.get("timeoutSeconds") or 1))
        if result.ok:
            self._good, self._bad, self._succeeded = self._good + 1, 0, True
        else:
            self._fail(result.message)

    def _fail(self, message: str) -> None:
        self._good = 0
        # An eager look that fails before a period is over is no failure yet: the kubelet would not have looked.
        if self._kind != "liveness" and time.monotonic() - self._counted < self._period and not self._succeeded:
            return
        self._counted = time.monotonic()
        self._bad += 1
        self._complain(self._kind, message)


async def watch_readiness(probe: Probe, tell: Callable[[bool], None]) -> None:
    """Say every change between ready and not ready, until cancelled."""
    await probe.delay()
    while True:
        await probe.until(healthy=True)
        tell(True)
        await probe.until(healthy=False)
        tell(False)
