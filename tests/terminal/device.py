"""A pseudo-terminal, or the test is skipped: containers and bare roots may have none."""

from __future__ import annotations

import pty

import pytest


def pair() -> tuple[int, int]:
    """Both ends: the one that types, and the one that a program sees."""
    try:
        return pty.openpty()
    except OSError as error:
        pytest.skip(f"this machine has no pseudo-terminals: {error}")
