"""Signals to the real command: what it says, how it ends, and that nothing is left."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.commands import Ground, Live, busy

SECONDS = 4.0
"""From the signal to the end of the process on an idle machine: two until the stop, and then the world is removed."""


def begins(text: str) -> Callable[[str], bool]:
    return lambda line: line.strip().startswith(text)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


@pytest.mark.parametrize(
    ("line", "number", "code"),
    [
        ("part ", signal.SIGHUP, 143),
        ("ok    plan", signal.SIGTERM, 143),
        ("ok    build/Look for the image of this commit", signal.SIGINT, 130),
    ],
)
def test_a_signal_stops_the_run_and_removes_everything(
    ground: Ground, line: str, number: signal.Signals, code: int
) -> None:
    live = Live(ground)
    live.until(begins(line))

    live.send(number)
    said = live.end()

    assert said.code == code, said.text
    assert said.seconds < busy(SECONDS)
    assert "Stopping: what is in flight finishes, nothing else starts." in said.err
    assert "nothing left: no process, no port, no file" in said.out
    assert "proves nothing" in said.err
    assert "Traceback" not in said.text
    live.assert_gone()
    ground.assert_nothing_left()


def test_a_second_ctrl_c_changes_nothing(ground: Ground) -> None:
    live = Live(ground)
    live.until(begins("ok    deploy/Remember what runs now"))

    live.send(signal.SIGINT)
    live.send(signal.SIGINT)
    said = live.end()

    assert said.code == 130
    assert said.seconds < busy(SECONDS)
    assert "nothing left" in said.out
    assert "Traceback" not in said.text
    live.assert_gone()
    ground.assert_nothing_left()


def test_ctrl_c_before_the_world_is_up(ground: Ground) -> None:
    live = Live(ground)
    live.wait_for_home()

    live.send(signal.SIGINT)
    said = live.end()

    assert said.code == 130, said.text
    assert said.seconds < busy(SECONDS)
    assert "Traceback" not in said.text
    ground.assert_nothing_left()


def test_sigkill_takes_every_process_along_and_the_next_start_removes_the_files(ground: Ground) -> None:
    live = Live(ground)
    live.until(begins("ok    deploy/Remember what runs now"))
    live.until_family(8)

    live.send(signal.SIGKILL)
    said = live.end()

    assert said.code == -signal.SIGKILL
    live.assert_gone()
    assert [path.name[:11] for path in ground.tmp.iterdir()] == ["ekswiz-sim-"]
    ground.run("sim", "down")
    ground.assert_nothing_left()
