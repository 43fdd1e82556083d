"""The port that a user names: refused before anything starts, and in the same words if it is lost later."""

from __future__ import annotations

import socket

from ekswiz.errors import RehearsalError

LOOPBACK = "127.0.0.1"


def check(port: int) -> None:
    """Refuse a port that somebody listens on, or that we may not listen on; 0 is any port.

    Raises:
        RehearsalError: It cannot be had.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError as error:
            raise refused(port, error) from error


def refused(port: int, error: OSError) -> RehearsalError:
    """The error for a port that cannot be had."""
    return RehearsalError(
        f"port {port} on {LOOPBACK} cannot be used ({(error.strerror or str(error)).lower()}).",
        "Name another one with --port, or leave it out to take any free port.",
    )
