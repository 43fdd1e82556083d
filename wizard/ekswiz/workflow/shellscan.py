"""Which variables a bash script reads and which it sets.

Enough of the grammar to tell quotes, here-documents and comments apart. What cannot be followed (`source`, `eval`)
makes the script opaque, and then nothing is claimed of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_NESTING = 40

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]\n]*\])?\+?=", re.ASCII)
_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([^\s;|&<>()'\"]+))")
_WORD_END = frozenset(" \t\n;|&()<>")
_COMMAND_AFTER = frozenset("\n;|&(){")
_STILL_COMMAND = frozenset({"then", "do", "else", "elif", "if", "while", "until", "!", "time", "{"})
_DECLARES = frozenset({"export", "declare", "local", "readonly", "typeset", "env"})
_SETS = (
    re.compile(r"\b(?:for|select)\s+([A-Za-z_]\w*)", re.ASCII),
    re.compile(r"\bread\s+((?:-\w+\s+(?:'[^']*'\s+|\"[^\"]*\"\s+|\d+\s+)?)*)([A-Za-z_][\w \t]*)", re.ASCII),
    re.compile(r"\b(?:mapfile|readarray)\s+(?:-\w+\s+)*([A-Za-z_]\w*)", re.ASCII),
    re.compile(r"\bprintf\s+-v\s+([A-Za-z_]\w*)", re.ASCII),
    re.compile(r"\bgetopts\s+\S+\s+([A-Za-z_]\w*)", re.ASCII),
    re.compile(r"\(\(\s*([A-Za-z_]\w*)\s*(?:[-+*/%]?=(?!=)|\+\+|--)", re.ASCII),
    re.compile(r"\blet\s+['\"]?([A-Za-z_]\w*)\s*[-+*/]?=", re.ASCII),
)
_OPAQUE = re.compile(r"(?:^|[;&|(\n]|\bthen|\bdo)\s*(?:source|eval|\.)\s+\S", re.ASCII | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Use:
    """A variable that is read at `offset`. `guarded` ones have a default or a test (`${X:-y}`, `${X:?}`)."""

    name: str
    offset: int
    guarded: bool


@dataclass(slots=True)
class Scan:
    """What was found. `opaque`: it runs code that cannot be seen here."""

    uses: list[Use] = field(default_factory=list)
    defines: set[str] = field(default_factory=set)
    opaque: bool = False


def scan(script: str) -> Scan:
    """Read a script. Never raises: what is not valid bash gives what could be seen."""
    found = Scan(opaque=_OPAQUE.search(script) is not None)
    for pattern in _SETS:
        for match in pattern.finditer(script):
            found.defines.update(_NAME.findall(match.groups()[-1]))
    _Scanner(script, found).plain(0, "", 0)
    return found


class _Scanner:
    def __init__(self, text: str, found: Scan) -> None:
        self._text = text
        self._found = found
        self._heredocs: list[tuple[str, bool, bool]] = []

    def plain(self, at: int, until: str, depth: int) -> int:
        """Unquoted text up to the character `until`; gives the offset behind it."""
        command = True
        while at < len(self._text):
            character = self._text[at]
            if character == until and depth:
                return at + 1
            if character == "\n" and self._heredocs:
                at = self._bodies(at + 1, depth)
                command = True
            elif character in " \t":
                at += 1
            elif character in _COMMAND_AFTER or character in ")}`":
                at, command = at + 1, True
            elif character == "#":
                at = self._line_end(at)
            elif character == "<":
                at = self._redirection(at)
            else:
                at, command = self._word(at, until, depth, command=command)
        return at

    def _word(self, at: int, until: str, depth: int, *, command: bool) -> tuple[int, bool]:
        """One word; tells whether the next one still stands where a command would."""
        begin = at
        assignment = _ASSIGNMENT.match(self._text, at) if command else None
        if assignment:
            self._found.defines.add(assignment.group(1))
            at = assignment.end()
        while at < len(self._text):
            character = self._text[at]
            if character in _WORD_END or (character == until and depth):
                break
            at = self._piece(at, depth)
        if assignment is None and at == begin:
            return at + 1, command
        word = self._text[begin:at]
        declares = word in _DECLARES
        if command and declares:
            self._found.defines.update(_declared(self._text[at : self._line_end(at)]))
        return at, command and (assignment is not None or word in _STILL_COMMAND or declares)

    def _piece(self, at: int, depth: int) -> int:
        character = self._text[at]
        if character == "\\":
            return at + 2
        if character == "'":
            return self._behind("'", at + 1)
        if character == '"':
            return self.double(at + 1, '"', depth)
        if character == "$":
            return self._dollar(at, depth, quoted=False)
        return at + 1

    def double(self, at: int, until: str, depth: int) -> int:
        """Text where only `$` and the backslash mean something, up to `until`."""
        while at < len(self._text):
            character = self._text[at]
            if character == until:
                return at + 1
            if character == "\\":
                at += 2
            elif character == "$":
                at = self._dollar(at, depth, quoted=True)
            else:
                at += 1
        return at

    def _dollar(self, at: int, depth: int, *, quoted: bool) -> int:
        following = self._text[at + 1 : at + 2]
        if depth > MAX_NESTING:
            return at + 1
        if following == "(":
            return self.plain(at + 2, ")", depth + 1)
        if following == "{":
            return self._braces(at + 2, depth)
        if following == "'" and not quoted:
            return self._ansi(at + 2)
        name = _NAME.match(self._text, at + 1)
        if name is None:
            return at + 1 if following in ("", '"', "'", " ", "\n") else at + 2
        self._found.uses.append(Use(name.group(), at, guarded=False))
        return name.end()

    def _braces(self, at: int, depth: int) -> int:
        """`${…}`: its name, whether it is guarded, and what its word reads."""
        prefix = self._text[at : at + 1]
        name = _NAME.match(self._text, at + 1 if prefix in ("#", "!") else at)
        if name is None:
            return self.double(at, "}", depth + 1)
        rest = self._text[name.end() : name.end() + 2]
        guarded = rest[:1] in ("-", "=", "+", "?") or rest in (":-", ":=", ":+", ":?")
        if "=" in rest and guarded:
            self._found.defines.add(name.group())
        self._found.uses.append(Use(name.group(), at - 2, guarded or prefix == "!"))
        return self.double(name.end(), "}", depth + 1)

    def _redirection(self, at: int) -> int:
        if self._text.startswith("<<<", at):
            return at + 3
        found = _HEREDOC.match(self._text, at)
        if found is None:
            return at + 1
        mark = found.group(2) or found.group(3) or found.group(4)
        literal = found.group(4) is None or "\\" in found.group()
        self._heredocs.append((mark, literal, bool(found.group(1))))
        return found.end()

    def _bodies(self, at: int, depth: int) -> int:
        """The here-documents that begin on this line; their words count unless the mark is quoted."""
        waiting, self._heredocs = self._heredocs, []
        for mark, literal, tabs in waiting:
            end = self._body_end(at, mark, tabs=tabs)
            if not literal:
                inner = _Scanner(self._text[:end], self._found)
                inner.double(at, "", depth + 1)
            at = min(len(self._text), self._line_end(end) + 1)
        return at

    def _body_end(self, at: int, mark: str, *, tabs: bool) -> int:
        while at < len(self._text):
            end = self._line_end(at)
            line = self._text[at:end]
            if (line.lstrip("\t") if tabs else line) == mark:
                return at
            at = end + 1
        return len(self._text)

    def _ansi(self, at: int) -> int:
        while at < len(self._text) and self._text[at] != "'":
            at += 2 if self._text[at] == "\\" else 1
        return at + 1

    def _behind(self, character: str, at: int) -> int:
        end = self._text.find(character, at)
        return len(self._text) if end < 0 else end + 1

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end


def _declared(rest: str) -> set[str]:
    """Names in `export A B=c`."""
    names = set()
    for word in re.split(r"\s+", re.split(r"[;&|]", rest)[0].strip()):
        name = _NAME.match(word)
        if name is not None and word[name.end() : name.end() + 1] in ("", "="):
            names.add(name.group())
    return names
