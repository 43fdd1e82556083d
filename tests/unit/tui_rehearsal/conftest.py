from __future__ import annotations

from unit.tui_snapshots.snapshot import frozen, snapshot

__all__ = ["frozen", "snapshot"]
