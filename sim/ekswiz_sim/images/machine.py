"""What this machine would call itself in an image."""

from __future__ import annotations

import os

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def host_platform() -> str:
    """`linux/` and this machine's architecture; amd64 where it is neither of the two that images are made for."""
    return f"linux/{ARCHITECTURES.get(os.uname().machine, 'amd64')}"
