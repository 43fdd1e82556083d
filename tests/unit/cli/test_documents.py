"""README and docs: every `ekswiz` command line can be parsed, every `make` target exists, every link leads on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ekswiz.main import ekswiz
from house import reference

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ENDS = re.compile(r"\s(?:\||>|>>|<|&&|;|#)\s.*$|\s\.\.\.$")
"""Where the part that is not ekswiz's begins: a pipe, a redirection, a comment, or "and so on"."""
TARGETS = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def commands(page: Path) -> Iterator[str]:
    """Lines that start with a prompt, joined where a backslash breaks them; also what `$(...)` runs."""
    for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if language not in ("console", "bash", "sh", "shell"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            text = line.removeprefix("$ ").strip()
            yield from (inner for inner in re.findall(r"\$\((ekswiz [^)]*)\)", text))
            if language != "console" or line.startswith("$ "):
                yield text


def found(word: str) -> list[tuple[Path, str]]:
    cases = {(page, line) for page in PAGES for line in commands(page) if line.split()[:1] == [word]}
    return sorted(cases)


def named(case: object) -> str:
    return case.name if isinstance(case, Path) else str(case)


@pytest.mark.parametrize(("page", "line"), found("ekswiz"), ids=named)
def test_the_command_line_can_be_parsed(page: Path, line: str) -> None:
    words = shlex.split(ENDS.sub("", line))[1:]
    command: click.Command = ekswiz
    # With its own settings: click keeps the help option that it makes for the first context of a command.
    ctx = click.Context(command, info_name="ekswiz", **command.context_settings)
    while True:
        _, rest, _ = command.make_parser(ctx).parse_args(list(words))
        if not isinstance(command, click.Group) or not rest:
            return
        following = command.get_command(ctx, rest[0])
        assert following is not None, f"{page.name}: {rest[0]} is no command"
        command, words = following, rest[1:]
        ctx = click.Context(command, info_name=command.name, parent=ctx)


@pytest.mark.parametrize(("page", "line"), found("make"), ids=named)
def test_the_target_exists(page: Path, line: str) -> None:
    (target, *_) = [word for word in shlex.split(ENDS.sub("", line))[1:] if "=" not in word]
    assert target in TARGETS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_something(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}, which is not there"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{page.name} links to {target}, which has no such heading"


def test_every_page_is_linked_from_the_index() -> None:
    """The index is the table of contents of the built pages; what it does not name, nobody finds."""
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / target).resolve() for target in LINK.findall(index.read_text(encoding="utf-8"))}

    assert {page for page in PAGES if page != index} - linked == set()


def test_the_reference_is_what_the_code_says() -> None:
    assert reference.stale() == [], "write them: make docs"


def anchors(page: Path) -> set[str]:
    titles = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
