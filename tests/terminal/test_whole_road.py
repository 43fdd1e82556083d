"""The wizard in a real terminal, from the start to the end and back to the shell, in a simulated account."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from terminal.terminal import PATIENCE, TMUX, Terminal, terminal

pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not installed: there is no real terminal to look at")
EKSWIZ = "python -m ekswiz.main"
BETWEEN = "stty -g > {when}"
HEADLINES = ("Which AWS account", "Which repository", "What may the pipeline do", "Where does it run?")


def run(command: str) -> str:
    """A command between two looks at the terminal's settings."""
    return f"stty -g > before; {command}; echo code=$?; stty -g > after"


def settings(folder: Path) -> tuple[str, str]:
    return (folder / "before").read_text(), (folder / "after").read_text()


def enter_through(window: Terminal, headline: str) -> None:
    """One Enter, for everything is known; it finds the focus on Next, however early it comes."""
    window.wait(headline)
    window.press("Enter")
    window.until(lambda seen: headline not in seen, f"the end of {headline!r}")


def type_digits(window: Terminal) -> None:
    """Into the box above Back, which has the focus as soon as the program has come to that."""
    for _ in range(20):
        window.press("Up")
        window.press("3333")
        time.sleep(0.5)
        if " 3333 " in window.screen():
            return
    pytest.fail(f"the digits were never taken:\n{window.screen()}")


def test_start_five_enters_preview_rehearse_confirm_apply_result_quit(tmp_path: Path) -> None:
    with terminal(run(f"{EKSWIZ} --sim --sample"), tmp_path) as window:
        # start: the defaults of the sample are found before anything is asked
        window.wait("Nothing changes until you type the account number.", "acme/hello-eks")
        modes = window.modes()
        window.press("Home", "Enter")
        for headline in HEADLINES:
            enter_through(window, headline)
        # preview: nothing has been changed
        window.wait(" create ", "a apply")
        window.press("r")
        window.wait("Rehearsing")
        window.wait("ok  Everything works as intended. 200 cells", "200 of 200 tried, all as intended")
        window.press("Escape")
        window.wait(" create ", "a apply")
        # confirm: the focus is on Back, and only the account's digits open the way
        window.press("a")
        window.wait(" changes to the simulated account", "Type 3333")
        type_digits(window)
        window.press("Enter")
        # apply, result
        window.wait(" changes made in", "ok   the roles exist")
        window.press("C-q")
        window.wait("code=0", "waits")

        assert modes.startswith("1 "), "the wizard did not use the alternate screen"
        assert window.modes() == "0 1 0 0"
        assert " changes made in" in window.everything()
    before, after = settings(tmp_path)
    assert before == after


def test_the_world_that_the_wizard_started_is_gone_with_it(tmp_path: Path) -> None:
    script = f"{run(f'{EKSWIZ} --sim --sample')}; {EKSWIZ} sim status; echo status=$?"

    with terminal(script, tmp_path) as window:
        window.wait("acme/hello-eks")
        window.press("Home", "Enter")
        window.wait(HEADLINES[0])
        window.press("C-d")
        window.wait(" create ", "a apply")
        window.press("C-q")

        window.wait("No world is up", "status=1")


def test_ctrl_c_in_a_rehearsal_stops_it_and_gives_the_terminal_back(tmp_path: Path) -> None:
    with terminal(run(f"{EKSWIZ} --sim --sample"), tmp_path) as window:
        window.wait("acme/hello-eks")
        window.press("Home", "Down", "Enter")
        window.wait("Rehearsing", "start world")
        window.press("C-c")
        window.wait("Stopped before its end: this rehearsal proves nothing.")
        window.press("C-q")
        window.wait("code=3", "waits")

        assert window.modes() == "0 1 0 0"
    assert len(set(settings(tmp_path))) == 1


def test_sigterm_in_a_rehearsal_gives_the_terminal_back_and_removes_everything(tmp_path: Path) -> None:
    with terminal(run(f"{EKSWIZ} --sim --sample"), tmp_path) as window:
        window.wait("acme/hello-eks")
        window.press("Home", "Down", "Enter")
        window.wait("Rehearsing", "plan")
        os.kill(window.program("--sample"), signal.SIGTERM)
        window.wait("waits")

        assert window.modes() == "0 1 0 0"
    assert len(set(settings(tmp_path))) == 1


def test_a_window_that_is_closed_in_a_rehearsal_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    script = f"TMPDIR={tmp_path}/tmp {EKSWIZ} --sim --sample"

    with terminal(script, tmp_path) as window:
        window.wait("acme/hello-eks")
        window.press("Home", "Down", "Enter")
        window.wait("Rehearsing", "plan")
        wizard = psutil.Process(window.program("--sample"))
        family = [wizard, *wizard.children(recursive=True)]
        window.close()
        _, alive = psutil.wait_procs(family, timeout=PATIENCE)

    assert alive == []
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("size", [(120, 40), (60, 16)], ids=["wide", "smallest"])
def test_other_sizes_come_to_the_preview_as_well(tmp_path: Path, size: tuple[int, int]) -> None:
    with terminal(run(f"{EKSWIZ} --sim --sample"), tmp_path, size=size) as window:
        window.wait("Set up a pipeline", "acme/hello-eks")
        window.press("Home", "Enter")
        window.wait(HEADLINES[0])
        window.press("C-d")
        window.wait(" create ")
        window.press("C-q")
        window.wait("code=0")


def test_a_window_that_is_too_small_says_what_to_do_and_works_again_when_it_grows(tmp_path: Path) -> None:
    with terminal(run(f"{EKSWIZ} --sim --sample"), tmp_path, size=(50, 12)) as window:
        window.wait("ekswiz --plain")
        window.resize(80, 24)
        window.wait("Set up a pipeline")
        window.press("C-q")
        window.wait("code=0")


# ---- without screens


def test_a_dumb_terminal_gets_lines_and_not_one_escape_code(tmp_path: Path) -> None:
    waiting = "until [ -e begin ]; do sleep 0.05; done"

    with terminal(f"{waiting}; {run(f'TERM=dumb {EKSWIZ} --sim --sample')}", tmp_path) as window:
        window.record(tmp_path / "bytes")
        (tmp_path / "begin").touch()
        window.wait("Number [1]:")
        window.press("q", "Enter")
        window.wait("code=0")
    said = (tmp_path / "bytes").read_text()
    assert "What do you want to do?" in said
    assert "\x1b" not in said


def test_whoever_asks_for_accessible_programs_gets_lines(tmp_path: Path) -> None:
    with terminal(run(f"ACCESSIBLE=1 {EKSWIZ} --sim --sample"), tmp_path) as window:
        window.wait("What do you want to do? q quits.", "Number [1]:")
        window.press("q", "Enter")
        window.wait("code=0")


def test_into_a_pipe_goes_a_sentence(tmp_path: Path) -> None:
    with terminal(run(f"{EKSWIZ} | cat"), tmp_path) as window:
        seen = window.wait("There is no terminal here", "code=0")

        assert "Number [1]" not in seen
