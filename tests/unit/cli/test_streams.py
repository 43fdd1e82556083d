"""Standard streams as the real process may meet them."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, socket, sys
from ekswiz import streams
streams.prepare()
with socket.socket() as made:
    number = made.fileno()
sys.stdout.write("plain \\u00b1 \\u2026\\n")
sys.stdout.flush()
sys.stderr.write(f"{number} {sys.stdin.isatty()} {sys.stdin.read()!r}\\n")
streams.tell("last word")
streams.abandon()
"""


def run(redirections: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    line = f'exec "$0" -c "$1" {redirections}'
    return subprocess.run(
        ["/bin/sh", "-c", line, sys.executable, PROGRAM], env=environment, capture_output=True, check=False
    )


def test_a_sign_that_the_encoding_lacks_becomes_an_escape() -> None:
    said = run("</dev/null", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert said.returncode == 0, said.stderr
    assert said.stdout == b"plain \\xb1 \\u2026\n"


@pytest.mark.parametrize("redirections", ["<&-", "<&- >&-", "<&- >&- 2>&-"])
def test_no_file_of_ours_gets_the_number_of_a_closed_stream(redirections: str) -> None:
    said = run(redirections)

    assert said.returncode == 0, said.stderr
    if "2>&-" not in redirections:
        number, *rest = said.stderr.decode().split()
        assert int(number) > 2
        assert rest == ["False", "''", "last", "word"]
