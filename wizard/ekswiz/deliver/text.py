"""Text templates: `@name@` is replaced by a value, `@include part.yml@` on a line of its own by another template.

`@include part.yml if name@` does so only where the value of that name is not empty, `unless name` only where it is.

The surprising thing: a quoted YAML scalar does not protect from GitHub, which evaluates `${{ }}` wherever it stands.
So a value that could start an expression, or break out of its line, is refused here whatever was checked before.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from importlib import resources

from ekswiz.errors import InputError

_NAME = re.compile(r"@([a-z_]+)@")
_INCLUDE = re.compile(r"^( *)@include ([a-z_-]+\.yml)(?: (if|unless) ([a-z_]+))?@\n", re.MULTILINE)
_UNSAFE = re.compile(r"\$\{\{|[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""The start of an expression, and what is no printable character to YAML (1.2, 5.1): line breaks above all."""


def render(template: str, values: Mapping[str, str]) -> str:
    """Fill the named template of this package.

    Raises:
        InputError: A value holds a line break, another control character or the start of an expression.
        KeyError: The template asks for a name that `values` lacks.
    """
    for field, value in values.items():
        _refuse_unsafe(field, value)
    return _NAME.sub(lambda found: values[found[1]], _load(template, values))


def quoted(value: str) -> str:
    """The value as a single-quoted YAML scalar, in which a quote is the only special character (YAML 1.2, 7.3.2)."""
    return "'" + value.replace("'", "''") + "'"


def glob(branch: str) -> str:
    r"""A pattern of `on.push.branches` that matches this branch only.

    `* ? + ! [ ] \` are special there (GitHub, "Filter pattern cheat sheet"); a backslash makes them literal.
    """
    return re.sub(r"([*?+!\[\]\\])", r"\\\1", branch)


def flow(values: Sequence[str]) -> str:
    """Values as a YAML sequence on one line."""
    return f"[{', '.join(quoted(value) for value in values)}]"


def _load(template: str, values: Mapping[str, str]) -> str:
    def part(found: re.Match[str]) -> str:
        by, name, how, of = found.groups()
        wanted = how is None or bool(values[of]) is (how == "if")
        return _indented(_load(name, values), by) if wanted else ""

    return _INCLUDE.sub(part, _source(template))


@functools.cache
def _source(template: str) -> str:
    return (resources.files("ekswiz.deliver") / "templates" / template).read_text(encoding="utf-8")


def _indented(text: str, by: str) -> str:
    return "".join(by + line if line.strip() else line for line in text.splitlines(keepends=True))


def _refuse_unsafe(field: str, value: str) -> None:
    found = _UNSAFE.search(value)
    if found:
        raise InputError(field, f"{found[0]!r} cannot be written into a workflow file.", "Use another value.")
