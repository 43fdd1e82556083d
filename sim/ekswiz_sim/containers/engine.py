"""The engine as the rest of this room sees it: calls in threads, long streams in threads of their own.

Every thread has a connection of its own, none of them knows the user's registry logins or proxies.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ekswiz_sim.containers import texts

_T = TypeVar("_T")
PATIENCE = 60
"""Seconds without a byte from the engine, except for streams."""
_WORKERS = 8
FULL = "no space left on device"
FREE = "the engine's disk is full; `docker system prune` frees what nothing uses"
SILENT = "the container engine does not answer: "


class EngineError(Exception):
    """What the engine answers when it will not, in its own words; `status` is the HTTP status, 0 without an answer."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(f"{text} ({FREE})" if FULL in text.lower() else text)
        self.status = status


def connect(address: str, patience: float | None = PATIENCE) -> Any:
    """A low-level client of the docker SDK that speaks the newest version both sides know.

    Raises:
        EngineError: Nobody answers there.
    """
    from docker.api.client import APIClient  # heavy, and of an extra

    _knock(address)
    client = guarded(lambda: APIClient(base_url=address, version="auto", timeout=patience))
    client.trust_env = False  # no proxy stands between us and a socket of this machine
    return client


def _knock(address: str) -> None:
    """See that somebody listens on a socket: the SDK leaves its own end open when nobody does.

    Raises:
        EngineError: The operating system's reason.
    """
    path = address.removeprefix("unix://")
    if path != address:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(path)
            except OSError as error:
                raise EngineError((error.strerror or str(error)).lower()) from error


def guarded(work: Callable[[], _T]) -> _T:
    """Do something with a client; whatever it raises becomes an EngineError."""
    from docker.errors import APIError, DockerException, StreamParseError
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        return work()
    except APIError as error:
        text = str(error.explanation or error)
        raise EngineError(
            texts.one_line(text), error.response.status_code if error.response is not None else 0
        ) from error
    except (DockerException, RequestException, OSError) as error:
        raise EngineError(f"{SILENT}{_reason(error)}") from error
    except (HTTPError, StreamParseError) as error:  # of a stream, which the SDK reads past requests
        raise EngineError("the container engine broke off in the middle of its answer") from error


def _reason(error: BaseException) -> str:
    """The operating system's word for it, however deep it lies in what libraries made of it."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    told = [part for one in error.args for part in (one if isinstance(one, tuple) else (one,))]
    inner = [one for one in (*told, error.__cause__, error.__context__) if isinstance(one, BaseException)]
    return _reason(inner[0]) if inner else texts.one_line(str(error))


class Engine:
    """A container engine of this machine. Close it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="engine")
        self._own = threading.local()
        self._clients: list[Any] = []

    async def call(self, work: Callable[[Any], _T]) -> _T:
        """Do something with a client in a thread. A cancelled caller still waits for the end of it.

        Raises:
            EngineError: The engine refuses or is gone.
        """
        task = asyncio.ensure_future(asyncio.get_running_loop().run_in_executor(self._pool, self.now, work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    def now(self, work: Callable[[Any], _T]) -> _T:
        """Do something with this thread's client.

        Raises:
            EngineError: The engine refuses or is gone.
        """
        if not hasattr(self._own, "client"):
            self._own.client = connect(self.address)
            self._clients.append(self._own.client)
        client = self._own.client
        return guarded(lambda: work(client))

    def later(self, work: Callable[[Any], object]) -> None:
        """Do something with a client some time soon; whether it worked is nobody's concern."""
        self._pool.submit(self.now, work)

    def close(self) -> None:
        """End the threads, once what they do is done."""
        self._pool.shutdown()
        for client in self._clients:
            client.close()
