"""Blocking work in a thread, never left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


async def in_thread(work: Callable[_P, _T], *args: _P.args, **named: _P.kwargs) -> _T:
    """Like `asyncio.to_thread`, but a cancelled caller still waits for the end.

    A thread cannot be cancelled. One that goes on copying files would bring back a folder that was just removed.
    """
    task = asyncio.create_task(asyncio.to_thread(work, *args, **named))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
