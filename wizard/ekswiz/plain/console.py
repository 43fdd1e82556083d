"""A conversation in lines: questions out, answers in. What a single letter means at every question is decided here."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

BACK, QUIT, WHY, AGAIN, SIGN_IN, STEP, REST, MORE = "b", "q", "?", "r", "l", "n", "d", "m"
LITERAL = "="
"""Before an answer that would else be read as a key: `=b` is the letter b."""
KEYS = (
    "Enter takes what stands in brackets. b goes back, n takes the rest of a step as it is, d all the rest,",
    "? says why it is asked, q quits. An answer that is one of these letters is written with a sign before it: =b.",
)


class Back(Exception):
    """The user goes back by one question."""


class Quit(Exception):
    """The user leaves. Nothing that was answered is lost."""


class Closed(Exception):
    """Nobody is there any more: the input has ended."""


@dataclass(frozen=True, slots=True)
class Console:
    """Lines out and in. `keys` that a question does not know are answers."""

    out: TextIO
    source: TextIO

    @classmethod
    def standard(cls) -> Console:
        """Over the process's own streams."""
        return cls(sys.stdout, sys.stdin)

    def say(self, *lines: str) -> None:
        """Print lines at once."""
        for line in lines:
            self.out.write(f"{line}\n")
        self.out.flush()

    def ask(self, question: str, default: str = "", *, keys: Iterable[str] = (BACK, QUIT, WHY)) -> str:
        """One line from the user: what was typed, or `default` for an empty line, or one of `keys` as it is.

        Raises:
            Back, Quit: The user typed that key.
            Closed: The input has ended.
        """
        self.out.write(f"{question} [{default}]: " if default else f"{question}: ")
        self.out.flush()
        line = self.source.readline()
        if not line:
            self.say("")
            raise Closed
        typed = line.strip()
        if not self.source.isatty():
            self.say(typed)  # a terminal shows what is typed; elsewhere the record would lack it
        if typed.startswith(LITERAL) and len(typed) > 1:
            return typed.removeprefix(LITERAL)
        if typed == BACK and BACK in keys:
            raise Back
        if typed == QUIT and QUIT in keys:
            raise Quit
        return typed or default

    def choose(self, question: str, options: Sequence[tuple[str, str]], default: str = "") -> str:
        """The value of a numbered option, or a key (`?` and the like) as it is; asks until it is one of them.

        Raises:
            Back, Quit, Closed: As for `ask`.
        """
        values = [value for value, _ in options]
        self.say(question)
        for number, (_, text) in enumerate(options, start=1):
            self.say(f"  {number}  {text}")
        while True:
            typed = self.ask("Number", str(values.index(default) + 1) if default in values else "")
            if typed.isdecimal() and 0 < int(typed) <= len(values):
                return values[int(typed) - 1]
            if typed in values or typed in (WHY, AGAIN, SIGN_IN, STEP, REST, MORE):
                return typed
            self.say(f"xx  {typed!a} is none of these. Type a number from 1 to {len(values)}.")

    def agreed(self, sentence: str) -> bool:
        """Whether the user agrees, by a whole `yes`."""
        while True:
            typed = self.ask(f"{sentence} Type yes or no", "no", keys=(BACK, QUIT)).lower()
            if typed in ("yes", "no"):
                return typed == "yes"
