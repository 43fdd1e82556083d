"""Sizes that the house holds: no module over 300 lines, no function over 40. Run by `make check`."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES = 300
FUNCTION_LINES = 40
SOURCES = ("wizard", "sim", "app")


def too_long(path: Path) -> list[str]:
    """What in this file is over a limit, as `path:line: what` lines."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT)
    found = [f"{name}:1: {lines} lines, limit {MODULE_LINES}" for lines in [text.count("\n")] if lines > MODULE_LINES]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                found.append(f"{name}:{node.lineno}: {node.name} has {length} lines, limit {FUNCTION_LINES}")
    return found


def main() -> int:
    """Print what is too long; 1 if anything is."""
    files = sorted(path for source in SOURCES for path in (ROOT / source).rglob("*.py"))
    found = [line for path in files for line in too_long(path)]
    sys.stdout.writelines(f"{line}\n" for line in found)
    sys.stdout.write(f"{len(files)} modules within {MODULE_LINES} lines\n" if not found else "")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main())
