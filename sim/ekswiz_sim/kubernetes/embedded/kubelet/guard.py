"""The last line of "never on the network": finds a pod that listens on more than loopback, and ends it.

Python in a pod cannot do so (see `loopback`). A program that is not Python can, and is only found after the fact.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_EVERY = 0.5
_LISTEN = "0A"
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LOOPBACK_V4 = "7F"
_LOOPBACK_V6 = ("0" * 24 + "01000000", "0000000000000000FFFF0000")


@dataclass(frozen=True, slots=True)
class Offence:
    """A process that listens where it must not; its session is its container's first process."""

    pid: int
    session: int
    place: str


class Guard:
    """Looks twice a second while pods run; costs two reads of the kernel's tables when nothing new listens."""

    def __init__(self, shim: Callable[[], int | None], running: Callable[[], bool]) -> None:
        self._shim = shim
        self._running = running
        self._seen: frozenset[str] = frozenset()

    async def run(self, tell: Callable[[Offence], None]) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_EVERY)
            if self._running():
                for offence in await asyncio.to_thread(self._look):
                    tell(offence)

    def _look(self) -> list[Offence]:
        now = _exposed()
        news, self._seen = now is None or bool(now - self._seen), now or frozenset()
        shim = self._shim()
        return list(_offences(shim)) if news and shim is not None else []


def _exposed() -> frozenset[str] | None:
    """Sockets of this machine that listen beyond loopback; None where the kernel has no such tables."""
    found: set[str] = set()
    try:
        for table in _TABLES:
            rows = (line.split() for line in table.read_text("ascii").splitlines()[1:])
            found |= {row[9] for row in rows if row[3] == _LISTEN and not _is_loopback(row[1].partition(":")[0])}
    except OSError:
        return None
    return frozenset(found)


def _is_loopback(address: str) -> bool:
    """An address as the kernel writes it: words of four bytes, each the other way round on a little endian machine."""
    if len(address) == 8:  # noqa: PLR2004 - an IPv4 address in hexadecimal
        return _LOOPBACK_V4 in (address[-2:], address[:2])
    head = address[:24]
    return address == _LOOPBACK_V6[0] or (head == _LOOPBACK_V6[1] and _is_loopback(address[24:]))


def _offences(shim: int) -> Iterable[Offence]:
    import psutil  # needed only when something new listens

    try:
        family = psutil.Process(shim).children(recursive=True)
    except psutil.Error:
        return
    for process in family:
        try:
            places = [one.laddr for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
            session = os.getsid(process.pid)
        except (psutil.Error, OSError):
            continue
        for place in places:
            address = ipaddress.ip_address(place.ip)
            mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
            if not (mapped or address).is_loopback:
                yield Offence(process.pid, session, f"{place.ip}:{place.port}")
