"""Cutting what is connected, on every Python that ekswiz runs on."""

from __future__ import annotations

import asyncio
from typing import Any

from ekswiz_sim.kubernetes.door import cut


class Ended(asyncio.WriteTransport):
    """A TLS transport of Python 3.11.2 whose connection has ended."""

    _protocol: Any = None

    def abort(self) -> None:
        self._protocol._abort()


class Open(asyncio.WriteTransport):
    aborted = False

    def abort(self) -> None:
        self.aborted = True


def test_a_connection_that_tls_has_ended_is_left_alone() -> None:
    cut(Ended())


def test_an_open_one_is_aborted() -> None:
    transport = Open()
    cut(transport)
    assert transport.aborted
