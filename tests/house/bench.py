"""Time and memory of a rehearsal: world up, the whole headless run, and the peak of the whole process tree.

Memory is the proportional set size (Linux: shared pages are divided among those who share them), elsewhere the resident
set size. Figures depend on the machine; compare runs on one machine only.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.05
BUDGET = {"world up (s)": 3.0, "rehearsal (s)": 20.0, "peak memory (MB)": 500.0}
GOAL = {"world up (s)": 1.2, "rehearsal (s)": 6.0, "peak memory (MB)": 300.0}


def tree_memory(pid: int) -> float:
    """Memory of a process and all its descendants, in MB."""
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(_memory(process) for process in processes) / 1e6


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.Error:
        return 0


def rehearse(report: Path) -> tuple[float, float]:
    """Run one headless rehearsal of the sample; its seconds and its peak memory."""
    started = time.monotonic()
    command = [sys.executable, "-m", "ekswiz.main", "--sim", "--headless", "--sample", "--json", str(report)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/")
        peak, done = [0.0], threading.Event()

        def watch() -> None:
            while not done.wait(SAMPLE_SECONDS):
                peak[0] = max(peak[0], tree_memory(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = process.wait()
        seconds = time.monotonic() - started
        done.set()
        watcher.join()
        if code:
            output.seek(0)
            sys.exit(output.read().decode())
    return seconds, peak[0]


def main(arguments: Sequence[str]) -> int:
    """Print medians against budget and goal; 1 if a budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=3)
    runs = parser.parse_args(arguments).runs
    figures: dict[str, list[float]] = {name: [] for name in BUDGET}
    stages: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs + 1):
            report = Path(folder) / f"{number}.json"
            seconds, peak = rehearse(report)
            if number == 0:
                continue  # the first run warms the file cache
            data = json.loads(report.read_text())
            for stage in data["stages"]:
                stages.setdefault(stage["id"], []).append(stage["seconds"])
            for name, value in zip(BUDGET, (stages["world"][-1], seconds, peak), strict=True):
                figures[name].append(value)
    return _print(figures, stages, runs)


def _print(figures: dict[str, list[float]], stages: dict[str, list[float]], runs: int) -> int:
    print(f"{runs} runs after one to warm up, {os.cpu_count()} processors, Python {sys.version.split()[0]}")
    print(f"{'figure':<18}{'min':>9}{'median':>9}{'max':>9}{'budget':>9}{'goal':>9}")
    for name, values in figures.items():
        row = (min(values), statistics.median(values), max(values), BUDGET[name], GOAL[name])
        print(f"{name:<18}" + "".join(f"{value:9.2f}" for value in row))
    print("where the time goes, medians: " + ", ".join(
        f"{name} {statistics.median(values):.2f} s" for name, values in stages.items()
    ))  # fmt: skip
    return any(statistics.median(values) > BUDGET[name] for name, values in figures.items())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
