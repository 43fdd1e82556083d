"""Keeps a pod off the network: whatever it listens on becomes its own loopback address.

This file is copied into the interpreter that pods run with and is imported before their first line. It must not
import anything of ours. Without the variables below (`env -i`), a wildcard still becomes 127.0.0.1.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

_ADDRESS = os.environ.get("EKSWIZ_POD_ADDRESS", "127.0.0.1")
_PORTS = os.environ.get("EKSWIZ_POD_PORTS", "")
"""A directory, where pods share one address: a file per port asked for, with the port that it got."""

_bind = socket.socket.bind
_listen = socket.socket.listen


def _parse(host: str, family: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if host in ("", "0"):
        return ipaddress.IPv4Address(0)
    try:
        found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        name = socket.getaddrinfo(host, None, family)[0][4][0]
        found = ipaddress.ip_address(str(name).partition("%")[0])
        if not found.is_loopback:
            return ipaddress.IPv4Address(0)  # the pod's own name: its address
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _local(sock: socket.socket, address: Any) -> Any:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return address
    asked = _parse(str(address[0]), sock.family)
    if asked.is_loopback:
        return address
    if not asked.is_unspecified:
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    if sock.family == socket.AF_INET:
        return (_ADDRESS, address[1])
    if sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
        return ("::1", 0)  # the IPv4 twin of this socket is the one that is used
    return (f"::ffff:{_ADDRESS}", *address[1:])


def bind(self: socket.socket, address: Any) -> None:
    """`socket.socket.bind`, on loopback."""
    local = _local(self, address)
    shared = _PORTS and local is not address and local[1]
    if not shared:
        _bind(self, local)
        return
    _bind(self, (local[0], 0, *local[2:]))
    Path(_PORTS, str(local[1])).write_text(str(self.getsockname()[1]), encoding="ascii")


def listen(self: socket.socket, *backlog: int) -> None:
    """`socket.socket.listen`: a socket that was never bound would get a wildcard address."""
    if self.family in (socket.AF_INET, socket.AF_INET6):
        name = self.getsockname()
        if not name[1]:
            bind(self, ("" if self.family == socket.AF_INET else "::", 0))
        elif ipaddress.ip_address(name[0]).is_unspecified:
            raise OSError(errno.EADDRNOTAVAIL, "a pod listens on loopback only")
    _listen(self, *backlog)


socket.socket.bind = bind  # type: ignore[assignment,method-assign]  # the purpose of this module
socket.socket.listen = listen  # type: ignore[assignment,method-assign]  # the purpose of this module
