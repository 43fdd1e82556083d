"""What has to be agreed to before a plan is applied: see `ekswiz.steps.consent`, which lines use, too."""

from __future__ import annotations

from ekswiz.steps.consent import Tick, allowed, barred, informed, ticks

__all__ = ["Tick", "allowed", "barred", "informed", "ticks"]
