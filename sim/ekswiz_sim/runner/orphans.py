"""Ends what a job's steps left running, however it detached itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ekswiz_sim.processes import Process

TRACKING = "RUNNER_TRACKING_ID"
"""The variable by which GitHub's runner, too, knows its children again."""


def end_orphans(processes: Sequence[Process], mark: str) -> None:
    """Kill the steps' process groups, then every process that carries the job's mark."""
    for process in processes:
        process.kill_group()
    for pid in _marked(mark):
        _kill(pid)


def _marked(mark: str) -> Iterable[int]:
    import psutil  # only a run pays for it

    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(TRACKING) == mark:
                found.append(process.pid)
        except (psutil.Error, OSError):  # somebody else's, or gone
            continue
    return found


def _kill(pid: int) -> None:
    import psutil

    try:
        psutil.Process(pid).kill()
    except psutil.NoSuchProcess:
        return
