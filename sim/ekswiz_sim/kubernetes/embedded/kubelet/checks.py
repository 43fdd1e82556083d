"""Asking a container how it is: an HTTP GET, a TCP connection, a command in it."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from ekswiz_sim.kubernetes.embedded.kubelet.command import NotRunnable
from ekswiz_sim.kubernetes.embedded.kubelet.machine import Running, Sink
from ekswiz_sim.kubernetes.embedded.kubelet.runtime import StartError
from ekswiz_sim.kubernetes.embedded.store import Obj

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    import aiohttp

_OUTPUT = 10 * 1024
SETTLED = 0.3
"""Seconds after which a connection through somebody else counts as taken by the container."""
_LOOPBACK = ("127.", "localhost")


@dataclass(frozen=True, slots=True)
class Result:
    """How it went, and the kubelet's words for it."""

    ok: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A running container as checks see it. `locate` maps a port to where it is reached; LookupError if it is not."""

    address: str
    container: Obj
    locate: Callable[[int], tuple[str, int]]
    execute: Callable[[Sequence[str], Sink], Awaitable[Running]]
    session: Callable[[], aiohttp.ClientSession]
    published: bool = False
    """Somebody else takes connections for it: one that ends at once was refused by the container."""


async def check(subject: Subject, handler: Obj, timeout: float) -> Result:  # noqa: ASYNC109 - part of its result
    """Do what a probe's or hook's handler says, within `timeout` seconds."""
    if "httpGet" in handler:
        return await _http(subject, handler["httpGet"], timeout)
    if "tcpSocket" in handler:
        return await _tcp(subject, handler["tcpSocket"], timeout)
    if "exec" in handler:
        return await _exec(subject, handler["exec"].get("command") or [], timeout)
    if "sleep" in handler:
        await asyncio.sleep(handler["sleep"]["seconds"])
        return Result(ok=True)
    return Result(ok=False, message=f"{next(iter(handler), 'an empty handler')} is not modelled")


def port_number(container: Obj, port: int | str) -> int | None:
    """A port by number or by the container's name for it."""
    if isinstance(port, int) or port.isdecimal():
        return int(port)
    named = [one for one in container.get("ports") or [] if one.get("name") == port]
    return int(named[0]["containerPort"]) if named else None


def _place(subject: Subject, handler: Obj) -> tuple[str, int, tuple[str, int]]:
    """The address to name, the port, and where to connect. Raises LookupError with what to say."""
    port = port_number(subject.container, handler["port"])
    if port is None:
        raise LookupError(f'couldn\'t find port: "{handler["port"]}"')
    host = handler.get("host") or subject.address
    if host == subject.address:
        return host, port, subject.locate(port)
    if not host.startswith(_LOOPBACK):
        raise LookupError(f"dial tcp {host}:{port}: only loopback is reachable here")
    return host, port, (host, port)


async def _http(subject: Subject, handler: Obj, seconds: float) -> Result:
    import aiohttp  # heavy, and a node may never probe

    url = "httpGet"
    try:
        host, port, (real, real_port) = _place(subject, handler)
        scheme, path = handler.get("scheme", "HTTP").lower(), "/" + str(handler.get("path", "/")).lstrip("/")
        url = f"{scheme}://{host}:{port}{path}"
        headers = {"Host": f"{host}:{port}", "User-Agent": "kube-probe/1.37", "Accept": "*/*"}
        headers |= {one["name"]: one["value"] for one in handler.get("httpHeaders") or []}
        limit = aiohttp.ClientTimeout(total=seconds)
        real_url = f"{scheme}://{real}:{real_port}{path}"
        async with subject.session().get(
            real_url, headers=headers, timeout=limit, ssl=False, allow_redirects=False
        ) as answer:
            good = HTTPStatus.OK <= answer.status < HTTPStatus.BAD_REQUEST
            return Result(good, "" if good else f"HTTP probe failed with statuscode: {answer.status}")
    except TimeoutError:
        why = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    except aiohttp.ClientConnectorError as error:
        why = f"dial tcp {host}:{port}: connect: {_reason(error.os_error)}"
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        cut = "EOF" if isinstance(error, aiohttp.ServerDisconnectedError) else f"read: {_reason(error)}"
        why = f"dial tcp {host}:{port}: connect: connection refused" if subject.published else cut
    except (aiohttp.ClientError, LookupError, OSError, ValueError) as error:
        why = str(error)
    return Result(ok=False, message=f'Get "{url}": {why}')


async def _tcp(subject: Subject, handler: Obj, seconds: float) -> Result:
    try:
        host, port, real = _place(subject, handler)
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(*real)
        try:
            if subject.published and await _refused(reader):
                raise ConnectionRefusedError(errno.ECONNREFUSED, "connection refused")
        finally:
            writer.close()
    except TimeoutError:
        return Result(ok=False, message=f"dial tcp {host}:{port}: i/o timeout")
    except LookupError as error:
        return Result(ok=False, message=str(error))
    except OSError as error:
        return Result(ok=False, message=f"dial tcp {host}:{port}: connect: {_reason(error)}")
    return Result(ok=True)


async def _refused(reader: asyncio.StreamReader) -> bool:
    """Whether the connection ends without a byte as soon as it is made."""
    try:
        async with asyncio.timeout(SETTLED):
            return not await reader.read(1)
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


async def _exec(subject: Subject, argv: Sequence[str], seconds: float) -> Result:
    output = bytearray()

    def keep(data: bytes) -> None:
        output.extend(data[: _OUTPUT - len(output)])

    try:
        process = await subject.execute(argv, keep)
    except (StartError, NotRunnable) as error:
        return Result(ok=False, message=f"command error: {error}, output: ")
    try:
        async with asyncio.timeout(seconds):
            code = await process.wait()
    except TimeoutError:
        return Result(ok=False, message=f'command timed out: "{" ".join(argv)}" timed out after {seconds:g}s')
    finally:
        process.signal(signal.SIGKILL)
    return Result(code == 0, output.decode(errors="replace").rstrip("\n"))


def _reason(error: OSError) -> str:
    if error.errno == errno.ECONNREFUSED:
        return "connection refused"
    return (error.strerror or str(error)).lower()
