"""Random expressions of GitHub's language, most of them well-formed, and the contexts that they read."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

CONTEXT: dict[str, Any] = {
    "github": {
        "ref": "refs/heads/main",
        "sha": "a1b2",
        "actor": "Octocat",
        "run_number": "42",
        "empty": "",
        "event": {
            "number": 7,
            "rate": 1.5,
            "labels": [{"name": "bug", "id": 1}, {"name": "Deploy", "id": 2}, {"id": 3}],
            "matrix": [[1, 2], [3], []],
            "head-commit": {"message": "it's", "Tree": {"id": "t"}},
            "nothing": None,
            "on": True,
            "off": False,
            "zero": 0,
            "text": "0x10",
            "pairs": {"a": {"v": 1}, "b": {"v": 2}, "c": "x"},
        },
    },
    "vars": {"REGION": "eu-west-1", "Empty": ""},
    "needs": {"build": {"outputs": {"digest": "sha256:1"}, "result": "success"}},
    "inputs": {"force": True, "count": 3},
}
KEYS = (
    "ref", "REF", "event", "labels", "name", "id", "matrix", "pairs", "a", "v", "number", "nothing", "head-commit",
    "Message", "nope", "REGION", "build", "outputs", "digest", "force", "on", "off",
)  # fmt: skip
LITERALS = (
    "null", "true", "false", "0", "1", "-1", "42", "1.5", "0.1", "1e3", "0x1F", "0o17", "NaN", "Infinity", "-Infinity",
    "''", "'a'", "'A'", "'abc'", "'it''s'", "'0'", "'1'", "' 1 '", "'1.0'", "'true'", "'null'", "'0x10'", "'1e2'",
    "'refs/heads/main'", "'é'", "'É'", "'Main'", "'{0}'", "'{0} {1}'", "'{{x}}'", "'x}'", "'[1,2]'", "'{\"a\": 1}'",
    "'\"s\"'", "'nan'", "'Infinity'", "'-0'", "'+5'", "'.5'", "'5.'", "'1,2'", "'a b'",
    "'''a'''", "'ß'", "'\u0131'", "1e20", "123456789012345678", "0.30000000000000004", "1e-7", "'0xFFFFFFFF'", "'1e'",
    "'\\t'", "'a\"b\\c'",
)  # fmt: skip
JSONS = (
    "'[]'", "'{}'", "'[1, \"two\", null, true]'", "'{\"a\": {\"b\": [1]}}'", "'3'", "'\"x\"'", "'null'", "'['", "''",
    "'[[1],[2,[3]]]'", "'{\"A\": 1.50}'", "'-0.0'",
)  # fmt: skip
NAMES = (
    *("contains", "startsWith", "endsWith", "format", "join", "toJSON", "fromJSON", "case") * 4,
    *("CONTAINS", "fromJson", "nope"),
)
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "&&", "||")
MANGLES = ("", " ", "(", ")", "'", ",", "..", "!", "=", "&&", "*", "[", "]", "$", '"', "-", "1")


class Generator:
    """Expressions by a seed: the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def many(self, count: int) -> list[str]:
        """So many different ones; every twelfth is damaged in one place."""
        found: dict[str, None] = {}
        while len(found) < count:
            made = self.expression(self._chance.randint(1, 4))
            found[self._damaged(made) if self._chance.random() < 1 / 12 else made] = None
        return list(found)

    def expression(self, depth: int) -> str:
        if depth <= 0:
            return self._one((lambda: self._pick(LITERALS), self._path))
        return self._one(
            (
                lambda: self._pick(LITERALS),
                self._path,
                lambda: self._binary(depth),
                lambda: self._binary(depth),
                lambda: f"!{self.expression(depth - 1)}",
                lambda: f"({self.expression(depth - 1)})",
                lambda: self._call(depth),
                lambda: self._call(depth),
            )
        )

    def _binary(self, depth: int) -> str:
        space = self._pick((" ", " ", ""))
        return f"{self.expression(depth - 1)}{space}{self._pick(OPERATORS)}{space}{self.expression(depth - 1)}"

    def _path(self) -> str:
        made = self._pick(("github", "github.event", "vars", "needs", "inputs", "github.event.labels", "GitHub"))
        for _ in range(self._chance.randint(0, 3)):
            key = self._pick(KEYS)
            made += self._pick((f".{key}", f".{key}", f"['{key}']", ".*", "[*]", "[0]", "[1]", "['0']", "[9]", "[-1]"))
        return made

    def _call(self, depth: int) -> str:
        name = self._pick(NAMES)
        if name == "fromJSON" and self._chance.random() < 0.7:
            return f"fromJSON({self._pick(JSONS)}){self._pick(('', '', '.a', '[0]', '.*', '[1]'))}"
        if name == "case":
            rest = ", ".join(self.expression(depth - 2) for _ in range(self._pick((2, 2, 4, 1))))
            return f"case({self._pick(('true', 'false', '1 == 1', self.expression(depth - 1)))}, {rest})"
        count = self._chance.choice({"format": (1, 2, 3), "join": (1, 2), "toJSON": (1,)}.get(name, (2, 2, 2, 2, 1)))
        return f"{name}({', '.join(self.expression(depth - 1) for _ in range(count))})"

    def _damaged(self, source: str) -> str:
        at = self._chance.randrange(len(source) + 1)
        return source[:at] + self._pick(MANGLES) + source[at + self._pick((0, 1)) :]

    def _pick(self, values: Sequence[Any]) -> Any:
        return self._chance.choice(values)

    def _one(self, makers: Sequence[Any]) -> str:
        return str(self._pick(makers)())
