"""The code blocks of README and docs, and what the comment in front of each says is done with it.

`<!-- run -->` runs a block's commands (`exit 2`: and expects this code; `types 9012`: at a terminal, where somebody
types that). `<!-- not run: why -->` says why not. YAML, TOML, JSON and Python are read as what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SHELL = ("console", "bash", "sh")
READ = ("yaml", "toml", "json", "python")
"""Languages of blocks that are checked by reading them."""
_BLOCK = re.compile(
    r"(?:^[ ]*<!-- (?P<mark>(?:not )?run\b[^\n]*?) -->\n)?"
    r"^(?P<indent>[ ]*)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"run(?:: (?P<how>.+))?|not run: (?P<why>.{10,})")
_HOW = re.compile(r"exit (?P<codes>\d+(?: or \d+)*)|types (?P<typed>\S+)")


@dataclass(frozen=True)
class Block:
    """One block of a page, and where it stands."""

    page: Path
    line: int
    language: str
    text: str
    mark: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def marked(self) -> bool:
        """Whether the comment is one, and says why where it has to."""
        return bool(_MARK.fullmatch(self.mark)) and all(_HOW.fullmatch(each) for each in self._how())

    @property
    def runs(self) -> bool:
        return self.mark.startswith("run")

    @property
    def codes(self) -> set[int]:
        """The exit codes that its last command may have."""
        said = next((found["codes"] for found in self._said() if found["codes"]), "0")
        return {*map(int, said.split(" or "))}

    @property
    def typed(self) -> str:
        return next((found["typed"] for found in self._said() if found["typed"]), "")

    @property
    def commands(self) -> str:
        """What a shell is given: of a session the lines behind a prompt, else everything."""
        if self.language != "console":
            return self.text
        joined = self.text.replace("\\\n", " ").splitlines()
        return "\n".join(line.removeprefix("$ ") for line in joined if line.startswith("$ "))

    def _how(self) -> list[str]:
        found = _MARK.fullmatch(self.mark)
        return re.split(r", ", found["how"]) if found and found["how"] else []

    def _said(self) -> Iterator[re.Match[str]]:
        return (found for each in self._how() if (found := _HOW.fullmatch(each)))


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page, text.count("\n", 0, found.start("language")) + 1, found["language"],
            re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE), found["mark"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]  # fmt: skip


EVERY = [block for page in PAGES for block in blocks(page)]
