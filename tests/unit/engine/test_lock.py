import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ekswiz.engine.lock import lock
from ekswiz.errors import Locked


def test_a_second_run_is_told_who_holds_the_stack(tmp_path: Path) -> None:
    with lock(tmp_path / "s.lock"), pytest.raises(Locked) as caught, lock(tmp_path / "s.lock"):
        pass
    assert f"process {os.getpid()} on {socket.gethostname()} since" in caught.value.detail


def test_a_lock_is_free_again_afterwards_even_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock(tmp_path / "s.lock"):
        raise ZeroDivisionError
    with lock(tmp_path / "s.lock"):
        assert (tmp_path / "s.lock").exists()
    assert not (tmp_path / "s.lock").exists()


def dead_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_dead_runs_lock_is_taken_over_only_on_purpose(tmp_path: Path) -> None:
    path = tmp_path / "s.lock"
    path.write_text(json.dumps({"pid": dead_process(), "host": socket.gethostname(), "started": "then", "key": "k"}))
    with pytest.raises(Locked) as caught, lock(path):
        pass
    assert "--take-over" in caught.value.remedy
    with lock(path, take_over=True):
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_a_living_runs_lock_is_never_taken_over(tmp_path: Path) -> None:
    with lock(tmp_path / "s.lock"), pytest.raises(Locked), lock(tmp_path / "s.lock", take_over=True):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}'])
def test_a_damaged_lock_is_respected_until_taken_over(tmp_path: Path, content: str) -> None:
    path = tmp_path / "s.lock"
    path.write_text(content)
    with pytest.raises(Locked, match="holds this stack"), lock(path):
        pass
    with lock(path, take_over=True):
        pass


def test_another_hosts_lock_can_be_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "s.lock"
    path.write_text(json.dumps({"pid": os.getpid(), "host": "elsewhere", "started": "then", "key": "k"}))
    with lock(path, take_over=True):
        pass


def test_of_many_take_overs_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "s.lock"
    path.write_text(json.dumps({"pid": dead_process(), "host": socket.gethostname(), "started": "then", "key": "k"}))
    start, leave = threading.Barrier(8), threading.Barrier(8)
    won: list[int] = []

    def run(number: int) -> None:
        start.wait(10)
        try:
            with lock(path, take_over=True):
                won.append(number)
                leave.wait(10)
        except Locked:
            leave.wait(10)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
