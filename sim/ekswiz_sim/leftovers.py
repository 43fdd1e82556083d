"""What a world left behind, found by looking: child processes and listening ports that were not there before it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

PATIENCE = 2.0
"""Seconds that an ended process may take to go."""
TICK = 0.02


@dataclass(frozen=True, slots=True)
class Held:
    """This process's descendants and the TCP ports that it listens on."""

    processes: frozenset[psutil.Process]
    ports: frozenset[int]


def held() -> Held:
    """What this process holds now. A zombie is gone: it only waits to be asked for its exit code."""
    me = psutil.Process()
    children = frozenset(child for child in me.children(recursive=True) if _lives(child))
    listening = (one for one in me.net_connections("tcp") if one.status == psutil.CONN_LISTEN)
    return Held(children, frozenset(one.laddr.port for one in listening))


def since(before: Held) -> list[str]:
    """What is held now and was not before, in words; looked at until it is gone or patience ends."""
    end = time.monotonic() + PATIENCE
    while found := _more(before, held()):
        if time.monotonic() >= end:
            return found
        time.sleep(TICK)
    return []


def _more(before: Held, now: Held) -> list[str]:
    processes = sorted(child.pid for child in now.processes - before.processes)
    ports = sorted(now.ports - before.ports)
    return [f"process {pid}" for pid in processes] + [f"port {port}" for port in ports]


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
