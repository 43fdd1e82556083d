"""GitHub's expressions: `${{ }}` in strings, and conditions, which are expressions without the braces.

The surprising thing: a condition that mixes text and `${{ }}` (`${{ x }} && y`, or a trailing newline) is a string,
and a string that is not empty is true. GitHub does so; the lint rule `if-always-true` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ekswiz.workflow.functions import ARITY, FUNCTIONS, STATUS
from ekswiz.workflow.model import Value
from ekswiz.workflow.syntax import (
    Call,
    Compare,
    Expression,
    ExpressionError,
    Index,
    Literal,
    Logic,
    Name,
    Not,
    Star,
    parse,
    walk,
)
from ekswiz.workflow.values import equal, index, less, lookup, star, to_string, truthy

MAX_LENGTH = 21_000
MAX_CHARACTERS = 5 * 1024 * 1024
"""Characters that the functions of one expression may make in all: GitHub allows 10 MiB at two bytes each."""

Context = Mapping[str, Value]
HashFiles = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Status:
    """What the status functions answer. For a job they look at all its ancestors, for a step at the job so far."""

    success: bool = True
    failure: bool = False
    cancelled: bool = False

    def answer(self, name: str) -> bool:
        """The answer of `success`, `failure`, `always` or `cancelled`."""
        answers = {"success": self.success, "failure": self.failure, "always": True, "cancelled": self.cancelled}
        return answers[name]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a template: plain text, or the source of an expression (without braces) at `offset`."""

    text: str
    offset: int
    expression: bool


def segments(template: str) -> list[Segment]:
    """The pieces of a template.

    Raises:
        ExpressionError: `${{` without `}}`, or nothing between them.
    """
    made: list[Segment] = []
    at = 0
    while (start := template.find("${{", at)) >= 0:
        if start > at:
            made.append(Segment(template[at:start], at, expression=False))
        end = _closing(template, start + 3)
        source = template[start + 3 : end]
        if not source.strip():
            raise ExpressionError("An expression was expected", template, start)
        made.append(Segment(source, start + 3, expression=True))
        at = end + 2
    if at < len(template) or not made:
        made.append(Segment(template[at:], at, expression=False))
    return made


def _closing(template: str, at: int) -> int:
    quoted = False
    while at < len(template):
        if template[at] == "'":
            quoted = not quoted
        elif not quoted and template.startswith("}}", at):
            return at
        at += 1
    raise ExpressionError(
        "The expression is not closed. An unescaped ${{ sequence was found, but the closing }} sequence was not found"
    )


def check(source: str, names: Collection[str], functions: Collection[str] = ()) -> Expression:
    """Parse an expression and refuse contexts and functions that are not to be had in its place.

    `functions` are those beyond the ever-present ones, in lower case ("hashfiles", "success", …).

    Raises:
        ExpressionError: With GitHub's words; its `offset` is that of the word.
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"Exceeded max expression length {MAX_LENGTH}")
    tree = parse(source)
    for node in walk(tree):
        if isinstance(node, Name) and node.name.lower() not in names:
            raise ExpressionError(f"Unrecognized named-value: '{node.name}'", source, node.offset)
        if isinstance(node, Call):
            _check_call(node, source, functions)
    return tree


def _check_call(call: Call, source: str, functions: Collection[str]) -> None:
    name = call.name.lower()
    if name not in FUNCTIONS and name != "case" and name not in functions:
        raise ExpressionError(f"Unrecognized function: '{call.name}'", source, call.offset)
    least, most = ARITY[name]
    if len(call.arguments) < least:
        raise ExpressionError(f"Too few parameters supplied: '{call.name}'", source, call.offset)
    if len(call.arguments) > most:
        raise ExpressionError(f"Too many parameters supplied: '{call.name}'", source, call.offset)
    if name == "case" and len(call.arguments) % 2 == 0:
        raise ExpressionError(f"Even number of parameters supplied, requires an odd number: '{call.name}'", source)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    context: Context
    status: Status | None = None
    hash_files: HashFiles | None = None
    spent: list[int] = field(default_factory=list)

    def value(self, node: Expression) -> Value:
        match node:
            case Literal(value, _):
                return value
            case Name(name, _, _):
                return lookup(self.context, name)[1]
            case Index(of, Star(), _):
                return star(self.value(of))
            case Index(of, key, _):
                return index(self.value(of), self.value(key))
            case Not(of, _):
                return not truthy(self.value(of))
            case Compare(operator, left, right, _):
                return _compare(operator, self.value(left), self.value(right))
            case Logic(operator, operands, _):
                return self._logic(operator, operands)
            case Call():
                return self._call(node)
            case Star():
                raise ExpressionError("Unexpected symbol: '*'")

    def _logic(self, operator: str, operands: Sequence[Expression]) -> Value:
        result: Value = None
        for operand in operands:
            result = self.value(operand)
            if truthy(result) == (operator == "||"):
                break
        return result

    def _call(self, call: Call) -> Value:
        name = call.name.lower()
        if name in STATUS:
            assert self.status is not None, "check() lets status functions pass only where there is a status"
            return self.status.answer(name)
        if name == "case":
            return self._case(call)
        arguments = [self.value(argument) for argument in call.arguments]
        if name == "hashfiles":
            assert self.hash_files is not None, "check() lets hashFiles pass only where there are files"
            return self.hash_files([to_string(argument) for argument in arguments])
        result = FUNCTIONS[name](*arguments)
        if isinstance(result, str):
            self.spent.append(len(result))
            if sum(self.spent) > MAX_CHARACTERS:
                raise ExpressionError("The maximum allowed memory size was exceeded")
        return result

    def _case(self, call: Call) -> Value:
        """Only the chosen value is evaluated, so that the others may not make sense."""
        for predicate, value in zip(call.arguments[:-1:2], call.arguments[1::2], strict=True):
            chosen = self.value(predicate)
            if not isinstance(chosen, bool):
                raise ExpressionError("case predicate must evaluate to a boolean value")
            if chosen:
                return self.value(value)
        return self.value(call.arguments[-1])


def _compare(operator: str, left: Value, right: Value) -> bool:
    match operator:
        case "==":
            return equal(left, right)
        case "!=":
            return not equal(left, right)
        case "<":
            return less(left, right)
        case ">":
            return less(right, left)
        case "<=":
            return less(left, right) or equal(left, right)
        case _:
            return less(right, left) or equal(left, right)


def evaluate(
    source: str, context: Context, *, status: Status | None = None, hash_files: HashFiles | None = None
) -> Value:
    """The value of one expression without braces. Contexts that `context` lacks are refused by name.

    Raises:
        ExpressionError: It cannot be parsed or evaluated.
    """
    functions = {*(STATUS if status else ()), *(("hashfiles",) if hash_files else ())}
    tree = check(source, {name.lower() for name in context}, functions)
    return _Evaluation(context, status, hash_files).value(tree)


def resolve(template: str, context: Context, *, hash_files: HashFiles | None = None) -> Value:
    """A template's value: that of its expression if it is nothing else, a string otherwise.

    Raises:
        ExpressionError: It cannot be parsed or evaluated.
    """
    pieces = segments(template)
    if len(pieces) == 1:
        piece = pieces[0]
        return evaluate(piece.text, context, hash_files=hash_files) if piece.expression else piece.text
    return "".join(
        to_string(evaluate(piece.text, context, hash_files=hash_files)) if piece.expression else piece.text
        for piece in pieces
    )


def interpolate(template: str, context: Context, *, hash_files: HashFiles | None = None) -> str:
    """A template as a string, each `${{ }}` replaced by its value.

    Raises:
        ExpressionError: It cannot be parsed or evaluated.
    """
    return to_string(resolve(template, context, hash_files=hash_files))


def condition(text: str, context: Context, status: Status, *, hash_files: HashFiles | None = None) -> bool:
    """Whether an `if:` holds. Without a status function it also asks for `success()`. Empty means `success()`.

    Raises:
        ExpressionError: It cannot be parsed or evaluated.
    """
    pieces = condition_segments(text)
    asks = any(uses_status(piece.text) for piece in pieces if piece.expression)
    if not asks and not status.success:
        return False
    if not pieces:
        return status.success
    values = [
        evaluate(piece.text, context, status=status, hash_files=hash_files) if piece.expression else piece.text
        for piece in pieces
    ]
    return truthy(values[0]) if len(values) == 1 else truthy("".join(to_string(value) for value in values))


def condition_segments(text: str) -> list[Segment]:
    """The pieces of an `if:`. Text without `${{` is one expression; an empty condition has no pieces.

    Raises:
        ExpressionError: `${{` without `}}`.
    """
    if not text.strip():
        return []
    if "${{" not in text:
        return [Segment(text, 0, expression=True)]
    return segments(text)


def uses_status(source: str) -> bool:
    """Whether an expression calls a status function.

    Raises:
        ExpressionError: It cannot be parsed.
    """
    return any(isinstance(node, Call) and node.name.lower() in STATUS for node in walk(parse(source)))
