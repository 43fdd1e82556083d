from __future__ import annotations

import threading
import time

import pytest

from ekswiz_sim.clock import LONGEST, SimClock

NEVER = threading.Event()


@pytest.fixture
def clock() -> SimClock:
    return SimClock(speed=0.0)


def test_a_wait_makes_the_time_of_what_is_on_its_way_pass(clock: SimClock) -> None:
    timer, began = clock.timer(660), time.monotonic()
    before = clock.now()
    waits = 0
    while not timer.done():
        assert not clock.wait(10, NEVER)
        waits += 1
    assert waits == 66
    assert 660 <= (clock.now() - before).total_seconds() < 670
    assert time.monotonic() - began < 5


def test_a_wait_for_nothing_is_a_short_real_one(clock: SimClock) -> None:
    before, began = clock.passed(), time.monotonic()
    clock.wait(10, NEVER)
    assert clock.passed() == before
    assert LONGEST <= time.monotonic() - began < 10 * LONGEST


def test_a_stop_ends_a_wait_and_no_time_passes(clock: SimClock) -> None:
    stop = threading.Event()
    stop.set()
    clock.timer(60)
    assert clock.wait(10, stop)
    assert clock.passed() == 0


def test_time_passes_by_itself_at_its_speed() -> None:
    clock = SimClock(speed=1_000_000.0)
    timer = clock.timer(1)
    end = time.monotonic() + 5
    while not timer.done() and time.monotonic() < end:
        pass
    assert timer.done()


def test_alarms_ring_once_in_their_order(clock: SimClock) -> None:
    rung: list[int] = []
    clock.timer(1000)
    clock.at(20, lambda: rung.append(2))
    clock.at(10, lambda: rung.append(1))
    clock.wait(15, NEVER)
    assert rung == [1]
    clock.wait(15, NEVER)
    clock.wait(15, NEVER)
    assert rung == [1, 2]


def test_many_may_wait_at_once(clock: SimClock) -> None:
    timer = clock.timer(1000)

    def wait() -> None:
        for _ in range(50):
            clock.wait(1, NEVER)

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.passed() == 200
    assert not timer.done()
