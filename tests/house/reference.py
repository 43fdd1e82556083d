"""Prints `docs/reference` from the code; with `--check`, says which pages are not current. `make docs` runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from ekswiz import risks  # noqa: E402 - the line above makes this a script like the others
from ekswiz.lint import judge  # noqa: E402
from house import doctor_reference, error_reference  # noqa: E402
from house.pages import answers, commands, resources, rest  # noqa: E402
from house.pages.markdown import with_table  # noqa: E402

FOLDER = ROOT / "docs" / "reference"


def _around(name: str, table: Callable[[], str]) -> Callable[[], str]:
    """A page of ours in which a table is the code's."""
    return lambda: with_table((FOLDER / name).read_text(encoding="utf-8"), table())


PAGES: Mapping[str, Callable[[], str]] = {
    "answers.md": answers.text,
    "cli.md": commands.text,
    "doctor.md": doctor_reference.text,
    "errors.md": error_reference.text,
    "exit-codes.md": rest.exits,
    "fidelity.md": rest.fidelity,
    "json.md": rest.shapes,
    "lint.md": _around("lint.md", judge.table),
    "resources.md": resources.text,
    "risks.md": _around("risks.md", risks.table),
}
"""Every page that is printed. (`iam.md` is written by hand.)"""


def stale() -> list[str]:
    """Pages that are not what the code says."""
    return [name for name, text in PAGES.items() if _held(name) != text()]


def _held(name: str) -> str:
    file = FOLDER / name
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them."""
    if "--check" in arguments:
        old = stale()
        print(f"not current: {', '.join(old)}. Write them: make docs" if old else "current")
        return bool(old)
    for name in stale():
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"written: docs/reference/{name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
