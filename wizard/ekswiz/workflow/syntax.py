"""Expressions as trees. Precedence, from the loosest: `||`, `&&`, `== !=`, `< <= > >=`, `!`, then `.x [x] .*`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ekswiz.errors import InputError
from ekswiz.workflow.lexer import Token, tokens

MAX_DEPTH = 50


class ExpressionError(InputError):
    """An expression that cannot be parsed or evaluated. `offset` counts characters from its start."""

    def __init__(self, detail: str, source: str = "", offset: int | None = None) -> None:
        place = "" if offset is None else f". Located at position {offset + 1} within expression: {source.strip()}"
        super().__init__("expression", f"{detail}{place}")
        self.message = f"{detail}{place}"
        self.offset = offset or 0


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, number, boolean or null."""

    value: bool | float | str | None
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Name:
    """A context, such as `github`."""

    name: str
    offset: int
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Star:
    """The `*` of a filter."""

    depth: int = 1


@dataclass(frozen=True, slots=True)
class Index:
    """`of.key`, `of['key']`, `of.*`."""

    of: Expression
    key: Expression
    depth: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function's call."""

    name: str
    arguments: tuple[Expression, ...]
    offset: int
    depth: int


@dataclass(frozen=True, slots=True)
class Not:
    """`!of`."""

    of: Expression
    depth: int


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator right`."""

    operator: str
    left: Expression
    right: Expression
    depth: int


@dataclass(frozen=True, slots=True)
class Logic:
    """A chain of one operator, `&&` or `||`; gives an operand's value, not a boolean."""

    operator: str
    operands: tuple[Expression, ...]
    depth: int


Expression: TypeAlias = Literal | Name | Star | Index | Call | Not | Compare | Logic


def parse(source: str) -> Expression:
    """The tree of an expression (without `${{ }}`).

    Raises:
        ExpressionError: With GitHub's words and the position.
    """
    return _Parser(source).whole()


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all that it consists of."""
    yield expression
    for child in _children(expression):
        yield from walk(child)


def _children(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Index(of, key, _):
            return (of, key)
        case Call(_, arguments, _, _):
            return arguments
        case Not(of, _):
            return (of,)
        case Compare(_, left, right, _):
            return (left, right)
        case Logic(_, operands, _):
            return operands
        case _:
            return ()


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._next = 0
        self._nesting = 0
        bad = next((token for token in self._tokens if token.kind == "unexpected"), None)
        if bad is not None:
            raise self._fail(bad)

    def whole(self) -> Expression:
        if self._peek().kind == "end":
            raise ExpressionError("An expression was expected")
        made = self._or()
        if self._peek().kind != "end":
            raise self._fail(self._peek())
        return made

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _accept(self, *symbols: str) -> Token | None:
        token = self._peek()
        return self._take() if token.kind == "symbol" and token.text in symbols else None

    def _expect(self, symbol: str) -> None:
        if self._accept(symbol) is None:
            raise self._fail(self._peek())

    def _fail(self, token: Token) -> ExpressionError:
        if token.kind == "end":
            last = self._tokens[-2] if len(self._tokens) > 1 else token
            return ExpressionError(f"Unexpected end of expression: '{last.text}'", self._source, last.offset)
        return ExpressionError(f"Unexpected symbol: '{token.text}'", self._source, token.offset)

    def _depth(self, *children: Expression) -> int:
        depth = 1 + max((child.depth for child in children), default=0)
        if depth > MAX_DEPTH:
            raise ExpressionError(f"Exceeded max expression depth {MAX_DEPTH}")
        return depth

    def _chain(self, operator: str) -> Expression:
        below = self._equality if operator == "&&" else self._and
        operands = [below()]
        while self._accept(operator):
            operands.append(below())
        return operands[0] if len(operands) == 1 else Logic(operator, tuple(operands), self._depth(*operands))

    def _or(self) -> Expression:
        self._nesting += 1
        if self._nesting > MAX_DEPTH:
            raise ExpressionError(f"Exceeded max expression depth {MAX_DEPTH}")
        made = self._chain("||")
        self._nesting -= 1
        return made

    def _and(self) -> Expression:
        return self._chain("&&")

    def _equality(self) -> Expression:
        left = self._relation()
        while token := self._accept("==", "!="):
            right = self._relation()
            left = Compare(token.text, left, right, self._depth(left, right))
        return left

    def _relation(self) -> Expression:
        left = self._unary()
        while token := self._accept("<", "<=", ">", ">="):
            right = self._unary()
            left = Compare(token.text, left, right, self._depth(left, right))
        return left

    def _unary(self) -> Expression:
        count = 0
        while self._accept("!"):
            count += 1
        made = self._postfix()
        for _ in range(count):
            made = Not(made, self._depth(made))
        return made

    def _postfix(self) -> Expression:
        literal = self._peek().kind in ("number", "string", "keyword")
        made = self._primary()
        while not literal and (token := self._accept(".", "[")):
            key = self._property() if token.text == "." else self._subscript()
            made = Index(made, key, self._depth(made, key))
        return made

    def _property(self) -> Expression:
        if self._accept("*"):
            return Star()
        token = self._take()
        if token.kind not in ("name", "keyword"):
            raise self._fail(token)
        return Literal(token.text)

    def _subscript(self) -> Expression:
        key: Expression = Star() if self._accept("*") else self._or()
        self._expect("]")
        return key

    def _primary(self) -> Expression:
        if self._accept("("):
            made = self._or()
            self._expect(")")
            return made
        token = self._take()
        if token.kind in ("number", "string", "keyword"):
            return Literal(token.value)
        if token.kind != "name":
            raise self._fail(token)
        return self._call(token) if self._accept("(") else Name(token.text, token.offset)

    def _call(self, name: Token) -> Expression:
        arguments: list[Expression] = []
        if not self._accept(")"):
            arguments.append(self._or())
            while self._accept(","):
                arguments.append(self._or())
            self._expect(")")
        return Call(name.text, tuple(arguments), name.offset, self._depth(*arguments))
