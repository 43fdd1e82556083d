from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from ekswiz.errors import Exit
from ekswiz.flag import StopFlag
from ekswiz.signals import stop_on_signals


@pytest.fixture
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED), (signal.SIGHUP, Exit.TERMINATED)],
)
def test_a_signal_sets_the_flag_and_the_exit_code(
    handlers: None, capfd: pytest.CaptureFixture[str], number: signal.Signals, code: Exit
) -> None:
    with stop_on_signals() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(1)

    assert stop.exit_code == code
    assert "nothing else starts" in capfd.readouterr().err


def test_the_first_signal_decides(handlers: None, capfd: pytest.CaptureFixture[str]) -> None:
    with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)

    assert stop.exit_code == Exit.TERMINATED
    assert "Still stopping" in capfd.readouterr().err


def test_the_handlers_of_before_come_back(handlers: None) -> None:
    def mine(*_: object) -> None: ...

    signal.signal(signal.SIGTERM, mine)
    with stop_on_signals():
        assert signal.getsignal(signal.SIGTERM) is not mine

    assert signal.getsignal(signal.SIGTERM) is mine


def test_a_hangup_that_is_ignored_stays_ignored(handlers: None) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

    assert not stop.is_set()


def test_any_number_of_threads_may_wait_for_a_flag() -> None:
    flag, woken = StopFlag(), []
    threads = [threading.Thread(target=lambda: woken.append(flag.wait(5))) for _ in range(5)]
    for thread in threads:
        thread.start()

    flag.set()

    for thread in threads:
        thread.join(5)
    assert woken == [True] * 5


def test_waiting_for_a_flag_ends_with_the_time() -> None:
    began = time.monotonic()

    assert not StopFlag().wait(0.05)
    assert 0.04 < time.monotonic() - began < 1


def test_a_signal_may_set_a_flag_that_its_own_thread_waits_for(handlers: None) -> None:
    flag = StopFlag()
    signal.signal(signal.SIGTERM, lambda *_: flag.set())
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()

    assert flag.wait(5)
    timer.join()
