"""`make e2e`: the rehearsal and its negative cases on every tier that this machine has; reports in `e2e-report/`.

`python tests/e2e/run.py [--only WORD] [--kills N] [--seed N] [--report DIR]`

E2E_TIERS=embedded,docker,kind,localstack names the tiers that must run: one that cannot fails. Exit 1 if anything
failed or two tiers disagree; 64 for a name that is no tier's.
"""

from __future__ import annotations

import argparse
import functools
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from e2e import table
from e2e.cases import Case, Found, Verdicts, cases
from e2e.ground import ground
from e2e.table import Cell
from e2e.tiers import FORCED, Chosen, Tier, chosen
from e2e.warm import warm

SEED = 20261123
KILLS = 20
USAGE = 64
Say = Callable[[str], None]
SAY: Say = functools.partial(print, flush=True)
Verdictss = dict[str, dict[str, Verdicts]]


def main(arguments: Sequence[str] | None = None, say: Say = SAY) -> int:
    """Run and report; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        columns = chosen(os.environ.get(FORCED))
    except ValueError as error:
        say(f"{FORCED}: {error}")
        return USAGE
    rows = [case for case in cases(asked.kills, asked.seed) if asked.only in case.name]
    cells, verdicts = everything(columns, rows, say)
    table.write(asked.report, cells, verdicts, _machine())
    differ = table.disagreements(verdicts)
    say("")
    say(table.text(cells, differ))
    say(f"Reports: {asked.report / 'report.md'}, {asked.report / 'junit.xml'}")
    return 1 if differ or any(cell.state == "failed" for cell in cells) else 0


def everything(columns: Sequence[Chosen], rows: Sequence[Case], say: Say) -> tuple[list[Cell], Verdictss]:
    """Every case in every tier that can run."""
    cells: list[Cell] = []
    verdicts: Verdictss = {}
    for column in columns:
        name = column.tier.name
        if column.why_not:
            say(f"{name}: not run: {column.why_not}")
            state = "failed" if column.forced else "not run"
            cells += [Cell(name, case.name, state, why=f"not run: {column.why_not}") for case in rows]
            continue
        for case, (cell, found) in zip(rows, _all(rows, column.tier), strict=True):
            say(f"{cell.state:<7} {cell.seconds:6.1f} s  {name}: {cell.case}{': ' + cell.why if cell.why else ''}")
            cells.append(cell)
            verdicts.setdefault(case.name, {})[name] = found.verdicts
    return cells, verdicts


def _all(rows: Sequence[Case], tier: Tier) -> Iterator[tuple[Cell, Found]]:
    """Every case; the first one as a user meets it, with nothing in an engine's cache."""
    yield from (one(case, tier) for case in rows[:1])
    with warm(tier):
        yield from (one(case, tier) for case in rows[1:])


def one(case: Case, tier: Tier) -> tuple[Cell, Found]:
    """One case in one tier, on ground of its own; nothing may be left of it."""
    began, found = time.monotonic(), Found()
    with ground() as place:
        try:
            case.run(tier, place, found)
            left = place.left()
            found.expect(not left, f"left: {'; '.join(left)}")
        except Exception:  # noqa: BLE001 - one case that breaks keeps no other from being run
            found.wrong.append(traceback.format_exc())
    state = "failed" if found.wrong else "ok"
    why, note = "\n".join(found.wrong), ", ".join(found.notes)
    return Cell(tier.name, case.name, state, time.monotonic() - began, why, note), found


def _machine() -> str:
    return f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {os.cpu_count()} cores"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="WORD", help="cases whose name has this word")
    parser.add_argument("--kills", type=int, default=KILLS, help="moments of SIGKILL (default 20; 0: none)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--report", type=Path, default=Path("e2e-report"), metavar="DIR")
    return parser


if __name__ == "__main__":
    sys.exit(main())
