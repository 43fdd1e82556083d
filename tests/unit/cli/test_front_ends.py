"""Which front end a bare `ekswiz` has, by what stands at its streams; and what that costs those who want none."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz import main, plain, start, tui
from ekswiz.errors import Exit

TERMINAL = {"TERM": "xterm-256color"}


class At(io.StringIO):
    """A stream that is a terminal, or is none."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def streams(*terminals: bool) -> Any:
    return tuple(At(one) for one in terminals)


@pytest.fixture
def pipe() -> Iterator[tuple[int, Any]]:
    reading, writing = os.pipe()
    with os.fdopen(reading) as source:
        yield writing, source
    os.close(writing)


def test_three_terminals_get_screens() -> None:
    assert start.front(TERMINAL, streams(True, True, True)) == "screens"


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {}, {**TERMINAL, "ACCESSIBLE": "1"}])
def test_a_terminal_that_cannot_draw_or_a_user_who_asks_gets_lines(environ: dict[str, str]) -> None:
    assert start.front(environ, streams(True, True, True)) == "lines"


def test_accessible_0_is_no_wish() -> None:
    assert start.front({**TERMINAL, "ACCESSIBLE": "0"}, streams(True, True, True)) == "screens"


@pytest.mark.parametrize("which", [(True, False, True), (True, True, False)])
def test_output_that_goes_elsewhere_gets_a_sentence(which: tuple[bool, bool, bool]) -> None:
    assert start.front(TERMINAL, streams(*which)) == "sentence"


def test_a_pipe_with_answers_gets_lines_and_a_silent_one_a_sentence(pipe: tuple[int, Any]) -> None:
    writing, source = pipe
    assert start.front(TERMINAL, (source, *streams(False, False))) == "sentence"

    os.write(writing, b"1\n")
    assert start.front(TERMINAL, (source, *streams(False, False))) == "lines"


def test_a_file_with_answers_gets_lines_and_dev_null_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "answers"
    file.write_text("1\n")
    with file.open() as source, Path(os.devnull).open() as nothing:
        assert start.front(TERMINAL, (source, *streams(True, True))) == "lines"
        assert start.front(TERMINAL, (nothing, *streams(True, True))) == "sentence"


def test_a_closed_stream_is_no_terminal() -> None:
    with Path(os.devnull).open() as closed:
        pass

    assert start.front(TERMINAL, (closed, *streams(True, True))) == "sentence"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Which front end was begun, and whether simulated."""
    seen: list[tuple[str, bool]] = []
    for module in (tui, plain):
        name = module.__name__.rpartition(".")[2]
        monkeypatch.setattr(module, "run", lambda _a, _g, *, sim, name=name: seen.append((name, sim)) or Exit.STOPPED)
    return seen


@pytest.mark.parametrize("front", ["screens", "lines"])
@pytest.mark.parametrize("sim", [False, True])
def test_ekswiz_begins_the_front_end_that_fits_and_its_exit_code_counts(
    called: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch, front: str, sim: bool
) -> None:
    monkeypatch.setattr(start, "front", lambda *_: front)

    assert main.run(["--sim"] if sim else []) == Exit.STOPPED
    assert called == [({"screens": "tui", "lines": "plain"}[front], sim)]


def test_plain_is_plain_wherever_it_is_said(called: list[tuple[str, bool]]) -> None:
    assert main.run(["--plain", "--sim"]) == Exit.STOPPED
    assert called == [("plain", True)]


def test_headless_asks_nobody(called: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "front", lambda *_: "screens")

    assert main.run(["--headless"]) == Exit.OK
    assert called == []


def test_no_motion_reaches_textual(called: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "front", lambda *_: "screens")
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "full")

    main.run(["--no-motion"])

    assert os.environ["TEXTUAL_ANIMATIONS"] == "none"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (subprocess.DEVNULL, "There is no terminal here"),
        (None, "There is no terminal here"),
    ],
)
def test_without_anybody_there_it_says_so_and_ends(source: int | None, words: str) -> None:
    reading, writing = os.pipe()
    try:
        command = [sys.executable, "-m", "ekswiz.main"]
        done = subprocess.run(
            command,
            stdin=reading if source is None else source,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        os.close(reading)
        os.close(writing)
    assert (done.returncode, words in done.stdout, "\x1b" in done.stdout + done.stderr) == (0, True, False)


def test_answers_that_end_too_early_are_said_to() -> None:
    command = [sys.executable, "-m", "ekswiz.main", "--plain", "--sim"]

    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == Exit.USAGE
    assert "the input has ended" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_help_needs_neither_textual_nor_the_sdks() -> None:
    heavy = ("textual", "rich", "boto3", "botocore", "kubernetes", "pydantic", "moto", "aiohttp", "importlib.metadata")
    script = (
        "import sys; from ekswiz import main; main.run(['--help']); "
        f"sys.exit(' '.join(name for name in {heavy!r} if name in sys.modules) or 0)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)

    assert (done.returncode, done.stderr.strip()) == (0, "")
