"""Addresses on loopback: one for every pod and every Service, where the system has more than 127.0.0.1.

Linux answers for all of 127.0.0.0/8. Each cluster claims one second octet for itself by holding a socket in it, so
clusters that run at the same time do not meet, and a claim dies with its process. Elsewhere all pods share 127.0.0.1
and a port that a pod asks for is mapped to a free one.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path

_SHARED = "127.0.0.1"
_CLAIM_PORT = 10250
_OCTETS = range(16, 255)
_PER_NET = 254
_POD_NETS = 128
"""Third octets below this are pods', the others Services'."""


class Addresses:
    """Hands out addresses. `direct` is False where all pods share one."""

    def __init__(self, claim: socket.socket | None) -> None:
        self._claim = claim
        self.direct = claim is not None
        self._octet = claim.getsockname()[0].split(".")[1] if claim is not None else "20"
        self._next = {"pod": 1, "service": 1}
        self._used: set[str] = set()

    def close(self) -> None:
        """Give the claim up."""
        if self._claim is not None:
            self._claim.close()

    def pod(self) -> str:
        """An address for a pod; give it back with `release`."""
        return self._take("pod", 0) if self.direct else _SHARED

    def service(self) -> str:
        """An address for a Service; only a name where the system does not answer for it."""
        return self._take("service", _POD_NETS)

    def hold(self, address: str) -> bool:
        """Mark an address that an object brings along as used; False if it is used or not of this cluster."""
        if address in self._used or not address.startswith(f"127.{self._octet}."):
            return False
        self._used.add(address)
        return True

    def release(self, address: str) -> None:
        """An address is free again."""
        self._used.discard(address)

    def _take(self, kind: str, first: int) -> str:
        while True:
            number = self._next[kind]
            self._next[kind] = (number + 1) % (_POD_NETS * _PER_NET)
            address = f"127.{self._octet}.{first + number // _PER_NET}.{number % _PER_NET + 1}"
            if address not in self._used:
                self._used.add(address)
                return address


def claim(*, shared: bool = False) -> Addresses:
    """Addresses of a new cluster; `shared` asks for the mapping even where it is not needed."""
    octets = random.sample(_OCTETS, len(_OCTETS))
    for octet in [] if shared else octets:
        held = socket.socket()
        try:
            held.bind((f"127.{octet}.0.1", _CLAIM_PORT))
            held.listen(1)
        except OSError:
            held.close()
            if not _is_extra(octet):
                break
            continue
        return Addresses(held)
    return Addresses(None)


def _is_extra(octet: int) -> bool:
    """True if the system answers for the address at all."""
    with socket.socket() as probe:
        try:
            probe.bind((f"127.{octet}.0.1", 0))
        except OSError:
            return False
        return True


def mapped(ports: Path, port: int) -> int:
    """The real port behind one that a pod of a shared address asked for.

    Raises:
        LookupError: The pod does not listen on it.
    """
    try:
        return int((ports / str(port)).read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise LookupError(f"dial tcp {_SHARED}:{port}: connect: connection refused") from None
