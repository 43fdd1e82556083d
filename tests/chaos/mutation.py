"""Mutants of a module: the same program with one thing changed, as a careless edit might leave it."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SWAPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
TWINS = {"any": "all", "all": "any", "max": "min", "min": "max", "either": "every", "every": "either"}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where (module and function), what in words, and the whole source with it."""

    module: str
    function: str
    change: str
    source: str

    @property
    def id(self) -> str:
        return f"{self.module}.{self.function}: {self.change}"


def mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file, in the order of its text. Annotations, messages, decorators and docstrings stay."""
    tree = ast.parse(path.read_text())
    seen: Counter[tuple[str, str]] = Counter()
    for function, body in _functions(tree):
        for node in _inner(body):
            for change, edit in _edits(node):
                seen[function, change] += 1
                number = seen[function, change]
                which = change if number == 1 else f"{change} (number {number})"
                yield Mutant(path.stem, function, which, _edited(tree, node, edit))


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for each in node.body:
                if isinstance(each, ast.FunctionDef):
                    yield f"{node.name}.{each.name}", each


def _inner(node: ast.AST) -> Iterator[ast.AST]:
    """What is executed of a function: neither its annotations nor texts that people read."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "args"} and not isinstance(node, ast.Call):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr | ast.Raise) or _is_docstring(child):
                continue
            yield child
            yield from _inner(child)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


_Edit = Callable[[ast.AST], ast.AST]


def _edits(node: ast.AST) -> Iterator[tuple[str, _Edit]]:
    text = ast.unparse(node) if isinstance(node, ast.expr | ast.stmt) else ""
    short = text.partition("\n")[0][:90]
    if isinstance(node, ast.BoolOp):
        yield from _connections(node, short)
    if isinstance(node, ast.Constant):
        yield from _constants(node, short)
    if isinstance(node, ast.Compare):
        for index, op in enumerate(node.ops):
            if type(op) in SWAPS:
                yield f"{short} -> {SWAPS[type(op)].__name__}", _swap(index)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield f"{short} -> without not", lambda n: n.operand  # type: ignore[attr-defined]
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        made = ARITHMETIC[type(node.op)]
        yield f"{short} -> {made.__name__}", lambda n: _set(n, "op", made())
    yield from _structure(node, short)


def _structure(node: ast.AST, short: str) -> Iterator[tuple[str, _Edit]]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TWINS:
        twin = TWINS[node.func.id]
        yield f"{short} -> {twin}", lambda n: _set(n, "func", ast.Name(twin, ast.Load()))
    if isinstance(node, ast.IfExp):
        yield f"{short} -> branches swapped", lambda n: ast.IfExp(n.test, n.orelse, n.body)  # type: ignore[attr-defined]
    if isinstance(node, ast.If):
        yield f"{short} -> never", lambda n: _set(n, "test", ast.Constant(value=False))
        yield f"{short} -> always", lambda n: _set(n, "test", ast.Constant(value=True))
    if isinstance(node, ast.AugAssign | ast.Expr):
        yield f"{short} -> left out", lambda _: ast.Pass()


def _connections(node: ast.BoolOp, short: str) -> Iterator[tuple[str, _Edit]]:
    other = ast.Or if isinstance(node.op, ast.And) else ast.And
    yield f"{short} -> {other.__name__}", lambda n: _set(n, "op", other())
    for index in range(len(node.values)):
        yield f"{short} -> without part {index + 1}", lambda n, i=index: _part(n, i)  # type: ignore[misc]


def _constants(node: ast.Constant, short: str) -> Iterator[tuple[str, _Edit]]:
    if isinstance(node.value, bool):
        yield f"{short} -> {not node.value}", lambda _: ast.Constant(value=not node.value)
    elif isinstance(node.value, int):
        yield f"{short} -> {node.value + 1}", lambda _: ast.Constant(value=int(str(node.value)) + 1)
    elif isinstance(node.value, str):
        yield f"{short} -> other text", lambda _: ast.Constant(value="another text")


def _swap(index: int) -> _Edit:
    def edit(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Compare)
        ops = list(node.ops)
        ops[index] = SWAPS[type(ops[index])]()
        return _set(node, "ops", ops)

    return edit


def _part(node: ast.AST, index: int) -> ast.AST:
    assert isinstance(node, ast.BoolOp)
    left = [value for at, value in enumerate(node.values) if at != index]
    return left[0] if len(left) == 1 else ast.BoolOp(node.op, left)


def _set(node: ast.AST, name: str, value: object) -> ast.AST:
    made = copy.copy(node)
    setattr(made, name, value)
    return made


def _edited(tree: ast.Module, target: ast.AST, edit: _Edit) -> str:
    """The source with one node replaced."""

    class Edit(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if node is target:
                return ast.copy_location(edit(node), node)
            return self.generic_visit(copy.copy(node))

        def generic_visit(self, node: ast.AST) -> ast.AST:
            for name, value in ast.iter_fields(node):
                if isinstance(value, list):
                    setattr(node, name, [self.visit(each) if isinstance(each, ast.AST) else each for each in value])
                elif isinstance(value, ast.AST):
                    setattr(node, name, self.visit(value))
            return node

    return ast.unparse(ast.fix_missing_locations(Edit().visit(tree)))
