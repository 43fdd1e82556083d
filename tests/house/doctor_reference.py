"""Prints `docs/reference/doctor.md` from the doctor's checks; with `--check`, says whether the file is current."""

from __future__ import annotations

import sys
from pathlib import Path

from ekswiz.doctor.checks import CHECKS

FILE = Path(__file__).resolve().parents[2] / "docs/reference/doctor.md"
HEAD = """\
# The doctor's checks

Printed from `ekswiz/doctor/checks` by `python tests/house/doctor_reference.py`. `ekswiz doctor` makes all of them at
the same time, changes nothing, and exits 5 if one of them fails. Each says what was found and, where something is to be
done, what. Ids are never renamed.

| result | sign | means |
| --- | --- | --- |
| ok | `ok` | looked at, and as it should be |
| warn | `!!` | works, and may hurt or will stop working |
| fail | `xx` | the pipeline does not work, or lets in who should stay out |
| skip | `--` | does not apply, comes later, or could not be looked at: never an ok |

| id | looks at | why |
| --- | --- | --- |
"""


def text() -> str:
    """The whole page."""
    return HEAD + "".join(f"| `{check.id}` | {check.title} | {check.why} |\n" for check in CHECKS)


def main() -> int:
    """Write the page, or compare it."""
    if "--check" in sys.argv:
        current = FILE.is_file() and FILE.read_text(encoding="utf-8") == text()
        print("" if current else f"{FILE} is not current: python tests/house/doctor_reference.py")
        return 0 if current else 1
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
