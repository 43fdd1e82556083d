"""A rehearsal's report as Markdown, for who reads it in a browser: a job's step summary, a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ekswiz.errors import InputError

FLAG = "--summary"
WORDS = {True: "ok", False: "FAIL"}
Rows = Sequence[Mapping[str, Any]]


def append(path: str, report: Mapping[str, Any]) -> None:
    """Write the summary at the end of a file, as GitHub asks for `$GITHUB_STEP_SUMMARY`: others may write there, too.

    Raises:
        InputError: The file cannot be written.
    """
    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write("\n".join(lines(report)) + "\n")
    except OSError as error:
        raise InputError(FLAG, f"{path} cannot be written: {error.strerror}.", "Name another file.") from error


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The report, the worst first: what is red, the stages, who can do what, what was a stand-in."""
    subject = report["subject"]
    verdict = "everything works as intended" if report["ok"] else "**not everything works as intended**"
    yield f"## Rehearsal of {_text(subject['repository'])}: {verdict}"
    yield ""
    yield from _table(("stage", "", "seconds", ""), map(_stage, report["stages"]))
    yield from _cells(report["matrix"])
    yield "<details><summary>What was real, and what was a stand-in</summary>"
    yield ""
    yield from _table(("part", "chosen", "what is real", "why"), map(_tier, report["tiers"]))
    yield "</details>"


def _stage(stage: Mapping[str, Any]) -> tuple[str, ...]:
    word = "skipped" if stage["skipped"] else WORDS[stage["ok"]]
    return stage["id"], word, f"{stage['seconds']:.1f}", stage["why"]


def _tier(tier: Mapping[str, Any]) -> tuple[str, ...]:
    return tier["part"], tier["chosen"], tier["real"], tier["why"]


def _cells(cells: Rows) -> Iterator[str]:
    """How many tries came out as intended, and each that did not."""
    if not cells:
        return
    wrong = [cell for cell in cells if not cell["ok"]]
    people = len({cell["row"] for cell in cells})
    said = "all as intended" if not wrong else f"**{len(wrong)} otherwise than intended**"
    yield f"Who can do what: {len(cells)} answers for {people} principals, {said}."
    yield ""
    if wrong:
        head = ("principal", "action", "expected", "got", "why")
        yield from _table(
            head, ([cell[name] for name in ("row", "column", "expected", "got", "why")] for cell in wrong)
        )


def _table(head: Sequence[str], rows: Iterator[Sequence[str]] | Any) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(_text, row))} |"
    yield ""


def _text(value: str) -> str:
    """Text that stays text: what a repository is called or a program printed is no Markdown and no HTML."""
    plain = " ".join(str(value).split()).replace("&", "&amp;").replace("<", "&lt;")
    for sign in "\\`*_[]|!":
        plain = plain.replace(sign, f"\\{sign}")
    return plain
