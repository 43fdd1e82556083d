"""Prints `docs/reference/errors.md` from error classes and error table; with `--check`, says if the file is current."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from ekswiz.clients.error_table import BROKEN, ROWS, Row  # noqa: E402 - the line above makes this a script
from house.pages import rest  # noqa: E402 - as above

FILE = ROOT / "docs/reference/errors.md"
HEAD = """\
## What AWS answers, and what ekswiz does

Printed from `ekswiz/clients/error_table.py` by `python tests/house/error_reference.py`. The first row that fits
decides.

| kind | what ekswiz does |
| --- | --- |
| wait | makes the same call again, with growing pauses, at most for the seconds given; then it stops with the remedy |
| absent | a read says that there is nothing; a change is tried again for as long, since the object may be new |
| held | waits for AWS to let go of the object, at most for the seconds given |
| taken | compares: the stack's own object is used and brought in line, a foreign one stops what needs it |
| denied | the plan shows "?"; a change fails with the permission's name |
| no entries | stops: the cluster would have to change its authentication mode |
| not yet | a read says that there is nothing: what it would be in is still being made |
| expired | stops at once, so that `ekswiz resume` finds what was in flight |
| stop | fails this change and what depends on it; a person has to decide |

| API | code | message holds | kind | seconds | what you can do |
| --- | --- | --- | --- | --- | --- |
"""


def text() -> str:
    """The whole page."""
    return (
        rest.errors() + HEAD + "\n".join(_line(row) for row in (*ROWS, BROKEN)) + "\n\n" + "\n".join(_sources()) + "\n"
    )


def _line(row: Row) -> str:
    where = "any" if row.service == "*" else f"{row.service} {row.operation}".removesuffix(" *")
    codes = ", ".join(f"`{code}`" for code in row.codes) or "any with status 5xx"
    held = f"`{row.text}`".replace("|", "\\|") if row.text else ""
    seconds = f"{row.within:.0f}" if row.within else ""
    do = " ".join(part for part in (row.means, row.do) if part)
    return f"| {where} | [{codes}]({row.source}) | {held} | {row.kind} | {seconds} | {do} |"


def _sources() -> Iterator[str]:
    yield "Texts of EKS about roles that IAM has not told everybody about are documented nowhere; they are those that"
    yield "the Terraform AWS provider retries. None of this was tried against a real account: the simulator gives these"
    yield "answers."


def main(arguments: list[str]) -> int:
    """Write the page, or compare it; 1 if it is not current."""
    if "--check" in arguments:
        current = FILE.exists() and FILE.read_text(encoding="utf-8") == text()
        print("current" if current else f"{FILE} is not current: python tests/house/error_reference.py")
        return not current
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
