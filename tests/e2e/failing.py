"""Rehearses rollouts that fail in one tier: `python -m e2e.failing TIER --json FILE` writes the report."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from e2e.tiers import known
from ekswiz.tiers import choose
from rehearsal.failures import failing


def main(tier: str, _flag: str, file: str) -> None:
    """Run them all and write what became of them."""
    chosen = known()[tier]
    run = failing(chosen.patience, tiers=choose(chosen.wish))
    Path(file).write_text(json.dumps(run.report), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
