"""Text templates: `@name@` is replaced by a value, `@include part.yml@` on a line of its own by another template.

The surprising thing: a quoted YAML scalar does not protect from GitHub, which evaluates `${{ }}` wherever it stands.
So a value that could start an expression, or break out of its line, is refused here whatever was checked before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources

from ekswiz.errors import InputError

_NAME = re.compile(r"@([a-z_]+)@")
_INCLUDE = re.compile(r"^( *)@include ([a-z_-]+\.yml)@\n", re.MULTILINE)
_UNSAFE = re.compile(r"\$\{\{|[\x00-\x1f\x7f\x85\u2028\u2029]")


def render(template: str, values: Mapping[str, str]) -> str:
    """Fill the named template of this package.

    Raises:
        InputError: A value holds a line break, another control character or the start of an expression.
        KeyError: The template asks for a name that `values` lacks.
    """
    for field, value in values.items():
        _refuse_unsafe(field, value)
    return _NAME.sub(lambda found: values[found[1]], _load(template))


def quoted(value: str) -> str:
    """The value as a single-quoted YAML scalar, in which a quote is the only special character (YAML 1.2, 7.3.2)."""
    return "'" + value.replace("'", "''") + "'"


def glob(branch: str) -> str:
    r"""A pattern of `on.push.branches` that matches this branch only.

    `* ? + ! [ ] \` are special there (GitHub, "Filter pattern cheat sheet"); a backslash makes them literal.
    """
    return re.sub(r"([*?+!\[\]\\])", r"\\\1", branch)


def _load(template: str) -> str:
    text = (resources.files("ekswiz.deliver") / "templates" / template).read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda found: _indented(_load(found[2]), found[1]), text)


def _indented(text: str, by: str) -> str:
    return "".join(by + line if line.strip() else line for line in text.splitlines(keepends=True))


def _refuse_unsafe(field: str, value: str) -> None:
    found = _UNSAFE.search(value)
    if found:
        raise InputError(field, f"{found[0]!r} cannot be written into a workflow file.", "Use another value.")
