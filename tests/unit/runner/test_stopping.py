"""Stopping, timeouts, and what steps leave running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ekswiz.events import Event
from ekswiz_sim import processes
from ekswiz_sim.runner.request import Patience
from ekswiz_sim.runner.run import Run
from ekswiz_sim.seams import ActionCall, ActionResult

if TYPE_CHECKING:
    from unit.runner.lab import Lab

Job = Callable[..., str]
Gone = Callable[..., bool]
QUICK = Patience(interrupt=0.3, terminate=0.3, wind_up=2.0, step=20.0)


def on_line(line: str, then: Callable[[], None]) -> Callable[[Event], None]:
    def listen(event: Event) -> None:
        if event.type == "log" and event.message == line:
            then()

    return listen


def test_stop_interrupts_the_step_and_runs_only_what_asked_for_it(lab: Lab, make_job: Job) -> None:
    text = make_job(
        """
        - name: long
          run: |
            trap 'echo got INT; exit 9' INT
            echo started
            while true; do sleep 0.05 || true; done  # the signal ends the sleep, too, which must not end the script
        - {name: next, run: echo next}
        - {name: on failure, if: failure(), run: echo failure}
        - {name: on cancel, if: cancelled(), run: echo cancelled}
        - {name: always, if: always(), run: echo always}
        """
    )
    patience = replace(QUICK, interrupt=10.0, wind_up=10.0)  # what is polite is given time on a busy machine
    result = lab.run(text, on_event=on_line("started", lab.stop.set), patience=patience)
    assert result.cancelled
    assert not result.ok
    assert lab.steps() == [
        ("long", "cancelled"),
        ("next", "skipped"),
        ("on failure", "skipped"),
        ("on cancel", "success"),
        ("always", "success"),
    ]
    assert "got INT" in lab.log()
    assert "##[error]The operation was canceled." in lab.log()
    assert result.jobs["a"].result == "cancelled"


def test_stop_skips_later_jobs_unless_they_run_always(lab: Lab) -> None:
    result = lab.run(
        """\
        on: push
        jobs:
          a: {runs-on: x, steps: [{run: "echo started; sleep 30"}]}
          b: {runs-on: x, steps: [{run: echo b}]}
          c: {needs: a, if: always(), runs-on: x, steps: [{if: always(), run: "echo c ${{ needs.a.result }}"}]}
        """,
        on_event=on_line("started", lab.stop.set),
    )
    assert {name: job.result for name, job in result.jobs.items()}["b"] == "skipped"
    assert "c cancelled" in lab.log()


def test_a_step_that_ignores_every_signal_is_killed_with_its_children(lab: Lab, has_gone: Gone) -> None:
    pids: list[int] = []

    def note(event: Event) -> None:
        if event.type == "log" and event.message.startswith("pids"):
            pids.extend(int(word) for word in event.message.split()[1:])
            lab.stop.set()

    script = """
        trap '' INT TERM
        (trap '' INT TERM; while true; do sleep 0.1; done) &
        echo pids $$ $!
        while true; do sleep 0.1; done
    """
    begun = time.monotonic()
    result = lab.script(script, on_event=note)
    assert result.cancelled
    assert time.monotonic() - begun < 8
    assert len(pids) == 2
    assert all(has_gone(pid) for pid in pids)


def test_a_step_times_out_by_its_own_minutes(lab: Lab, make_job: Job) -> None:
    patience = replace(QUICK, minute=0.3)
    text = make_job("- {name: slow, timeout-minutes: 1, run: sleep 30}\n- {if: failure(), run: echo after}")
    result = lab.run(text, patience=patience)
    assert result.failed_step is not None
    assert result.failed_step.error == "The action 'slow' has timed out after 1 minutes."
    assert "after" in lab.log()
    assert result.jobs["a"].result == "failure"


def test_a_job_times_out_by_its_minutes(lab: Lab, make_job: Job) -> None:
    text = make_job(
        "- run: sleep 30\n- run: echo never\n- {if: always(), run: echo wound up}", head="timeout-minutes: 1"
    )
    result = lab.run(text, patience=replace(QUICK, minute=0.3))
    assert result.jobs["a"].result == "cancelled"
    assert "exceeded the maximum execution time of 1 minutes" in result.jobs["a"].error
    assert "never" not in lab.log()
    assert "wound up" in lab.log()


def test_no_step_blocks_for_ever(lab: Lab) -> None:
    result = lab.script("cat; sleep 30", patience=replace(QUICK, step=0.4))
    assert result.failed_step is not None
    assert "this rehearsal's limit for a step" in result.failed_step.error


def test_the_time_to_wind_up_is_bounded(lab: Lab, make_job: Job) -> None:
    text = make_job("- run: echo started; sleep 30\n- {if: always(), run: sleep 30}")
    begun = time.monotonic()
    result = lab.run(text, on_event=on_line("started", lab.stop.set), patience=replace(QUICK, wind_up=0.5))
    assert time.monotonic() - begun < 8
    assert not result.ok


def test_an_action_that_does_not_heed_stop_is_left_behind(lab: Lab, make_job: Job) -> None:
    release = threading.Event()
    heeded = threading.Event()

    def stubborn(call: ActionCall) -> ActionResult:
        call.log("started")
        release.wait(20)
        call.log("too late")
        return ActionResult(ok=True)

    def polite(call: ActionCall) -> ActionResult:
        call.log("started")
        while not call.stop():
            release.wait(0.01)
        heeded.set()
        return ActionResult(ok=True)

    lab.actions.update({"test/stubborn": stubborn, "test/polite": polite})
    for action in ("stubborn", "polite"):
        lab.stop.clear()
        result = lab.run(make_job(f"- uses: test/{action}@v1"), on_event=on_line("started", lab.stop.set))
        assert result.cancelled
    assert heeded.is_set()
    release.set()
    assert "too late" not in lab.log()


def test_an_action_times_out(lab: Lab, make_job: Job) -> None:
    release = threading.Event()
    lab.actions["test/slow"] = lambda call: ActionResult(ok=release.wait(20))
    text = make_job("- {uses: test/slow@v1, name: slow, timeout-minutes: 1}")
    result = lab.run(text, patience=replace(QUICK, minute=0.2))
    release.set()
    assert result.failed_step is not None
    assert "The action 'slow' has timed out after 1 minutes." in result.failed_step.error


def test_whoever_stops_listening_ends_the_run(lab: Lab, make_job: Job, has_gone: Gone) -> None:
    lab.write(make_job("- run: echo $$; sleep 30\n- {if: always(), run: echo $$; sleep 30}"))
    run = Run(lab.request())
    pid = 0
    events = iter(run)
    for event in events:
        if event.type == "log":
            pid = int(event.message)
            break
    begun = time.monotonic()
    events.close()  # type: ignore[attr-defined] # it is a generator
    assert time.monotonic() - begun < 5
    assert has_gone(pid)


def test_background_processes_survive_the_step_but_not_the_job(lab: Lab, make_job: Job, has_gone: Gone) -> None:
    lab.run(
        make_job(
            """
            - run: |
                sleep 60 &
                echo "A=$!" >> $GITHUB_ENV
                setsid sleep 61 > /dev/null 2>&1 < /dev/null &
                echo "B=$!" >> $GITHUB_ENV
            - run: kill -0 $A && kill -0 $B && echo pids $A $B
            """
        )
    )
    line = next(line for line in lab.log() if line.startswith("pids"))
    assert all(has_gone(int(pid)) for pid in line.split()[1:])


def test_a_flood_of_output_neither_blocks_nor_grows(lab: Lab) -> None:
    result = lab.script("yes | head -20000; printf '%0200000d\\n' 1")
    assert result.ok
    assert len(lab.log()) > 20000
    assert max(len(line) for line in lab.log()) <= 64 * 1024
    assert len(result.jobs["a"].steps[0].log) <= 80


def test_bytes_that_are_no_text_and_carriage_returns_are_shown(lab: Lab) -> None:
    lab.script("printf 'a\\377b\\r\\n'; printf 'no newline'")
    assert lab.log() == ["a\ufffdb", "no newline"]


def test_processes_get_exactly_the_given_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "x")
    process = processes.spawn(["env"], env={"PATH": "/usr/bin:/bin", "A": "1"}, cwd=tmp_path)
    assert process.stdout is not None
    lines = process.stdout.read().decode().split()
    assert process.wait(5) == 0
    process.kill_group()
    process.close()
    assert sorted(lines) == ["A=1", "PATH=/usr/bin:/bin"]


@pytest.mark.parametrize(("argv", "error"), [("no-such-tool", FileNotFoundError), ("./x", PermissionError)])
def test_what_cannot_be_started_is_said(tmp_path: Path, argv: str, error: type[OSError]) -> None:
    (tmp_path / "x").write_text("not executable")
    with pytest.raises(error):
        processes.spawn([argv], env={"PATH": "/usr/bin"}, cwd=tmp_path)
    with pytest.raises(FileNotFoundError):
        processes.spawn(["true"], env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path / "nowhere")


def test_kill_group_gives_time_and_then_kills(tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin:/bin"}
    polite = processes.spawn(
        ["sh", "-c", "trap 'exit 7' TERM; echo; while :; do sleep 0.05; done"], env=env, cwd=tmp_path
    )
    assert polite.stdout is not None
    polite.stdout.readline()
    assert polite.kill_group(5.0) == 7
    deaf = processes.spawn(["sh", "-c", "trap '' TERM; echo; while :; do sleep 0.05; done"], env=env, cwd=tmp_path)
    assert deaf.stdout is not None
    deaf.stdout.readline()
    assert deaf.kill_group(0.2) == -signal.SIGKILL
    assert deaf.kill_group(0.2) == -signal.SIGKILL
    assert not deaf.group_alive()
    polite.close()
    deaf.close()


def test_a_watchdog_that_was_killed_is_replaced_and_knows_everything(tmp_path: Path, has_gone: Gone) -> None:
    env = {"PATH": "/usr/bin:/bin"}
    guard = processes.Watchdog()
    victims = [subprocess.Popen(["sleep", "60"], env=env, start_new_session=True) for _ in range(2)]
    guard.add(victims[0].pid)
    assert guard._shell is not None
    guard._shell.kill()
    guard._shell.wait()
    guard.add(victims[1].pid)
    guard.forget(4_000_000)
    guard.close()
    assert [victim.wait(5) for victim in victims] == [-signal.SIGKILL, -signal.SIGKILL]


def test_everything_dies_with_us_even_by_sigkill(tmp_path: Path, has_gone: Gone) -> None:
    code = textwrap.dedent("""
        import sys, threading
        from ekswiz_sim.processes import spawn
        script = "trap '' HUP INT TERM; (trap '' HUP INT TERM; sleep 60) & echo $$ $!; wait; sleep 60"
        env = {"PATH": "/usr/bin:/bin"}
        made = []
        thread = threading.Thread(target=lambda: made.append(spawn(["sh", "-c", script], env=env, cwd="/")))
        thread.start()
        thread.join()  # the child must survive the thread that asked for it
        print(made[0].stdout.readline().decode(), flush=True)
        sys.stdin.read()
    """)
    source = [str(Path(__file__).parents[3] / part) for part in ("sim", "wizard")]
    owner = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(source)},
    )
    assert owner.stdout is not None
    assert owner.stdin is not None
    pids = [int(word) for word in owner.stdout.readline().split()]
    assert len(pids) == 2
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    owner.kill()
    owner.wait()
    owner.stdin.close()
    owner.stdout.close()
    assert all(has_gone(pid) for pid in pids)
