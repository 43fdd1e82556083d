"""`docs/reference/{fidelity,exit-codes,json}.md` and the catalogue of errors, from the code that holds each."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import ekswiz
from ekswiz import failure, schemas
from ekswiz.errors import EkswizError, Exit
from ekswiz_sim.fidelity import PARTS
from house.pages.markdown import code, table

FIDELITY = """\
# What the simulator knows, and what it does not

Printed from `ekswiz_sim/fidelity.py` and from the tables that answer, by `make docs`. It is about the embedded tier,
which needs nothing but pip; `--images docker`, `--kubernetes kind` and `--aws localstack` put a real part in its place.
[What a rehearsal cannot know](../explanation/what-a-rehearsal-cannot-know.md) says what follows from that.

What is not in a list below is refused by name, in the words of the API that was asked.

"""
EXITS = """\
# Exit codes

Printed from `ekswiz.errors.Exit` by `make docs`. They hold for every command.

"""
SHAPES = """\
# JSON

Printed by `make docs`. `ekswiz schema NAME` prints a schema (JSON Schema 2020-12), `ekswiz schema` their names. Every
object of ours is closed: a member that is not in the schema never comes. The title names the version; a member is
added, renamed or taken away only with another one.

Results go to standard output. Who asks for JSON gets a refusal as JSON, too: one line that fits `ekswiz schema error`,
with the same words as the sentence on standard error. `ekswiz lint --sarif` prints SARIF 2.1.0, and
`ekswiz operator-policy` an IAM policy; `--json FILE` of a rehearsal writes its report.

"""
KINDS_HEAD = """\
# Errors

Printed by `make docs`. Every error is one sentence that says what happened and why, and one that says what to do. With
`--json` its parts come as JSON (`ekswiz schema error`); `kind` is one of these, never renamed.

"""
OTHERS = (
    (failure.USAGE, "Not usable", Exit.USAGE, "The command line itself: an unknown flag or command, a useless value."),
    (failure.SYSTEM, "Stopped", Exit.FAILED, "The operating system refused something: a file, a socket."),
    (failure.MISTAKE, "A mistake in ekswiz", Exit.FAILED, "A bug. EKSWIZ_TRACEBACK=1 shows where; please report it."),
    (failure.INTERRUPTED, "Stopped", Exit.INTERRUPTED, "Ctrl-C while a question was open. Nothing more was changed."),
)


def fidelity() -> str:
    """What the simulator knows."""
    rows = ((part.name, part.same, part.other) for part in PARTS)
    lists = (
        f"## {part.name}: {title[0].lower()}{title[1:]}\n\n{', '.join(code(name) for name in sorted(set(read())))}.\n"
        for part in PARTS
        for title, read in part.lists
    )
    return FIDELITY + table(("part", "as it is outside", "not so"), rows) + "\n" + "\n".join(lists)


def exits() -> str:
    """Every exit code with its docstring."""
    means = _means()
    return EXITS + table(("code", "name", "means"), ((code(int(each)), each.name, means[each.name]) for each in Exit))


def _means() -> dict[str, str]:
    """The strings below the members, which Python itself throws away."""
    (body,) = ast.parse(inspect.getsource(Exit)).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for name, said in zip(body.body, body.body[1:], strict=False):
        if isinstance(name, ast.Assign) and isinstance(said, ast.Expr):
            assert isinstance(name.targets[0], ast.Name)
            found[name.targets[0].id] = ast.literal_eval(said.value)
    return found


def shapes() -> str:
    """Every schema: what it describes, and its members."""
    rows = ((f"[{code(name)}](#{name})", code(what)) for name, what in schemas.NAMES.items())
    parts = (f"## {name}\n\n{schemas.schema(name)['description']}\n\n{_members(name)}" for name in schemas.NAMES)
    return SHAPES + table(("name", "what it describes"), rows) + "\n" + "\n".join(parts)


def _members(name: str) -> str:
    found = schemas.schema(name)
    found = found.get("items", found.get("oneOf", [found])[-1])
    rows = ((code(member), _type(said), said.get("description", "")) for member, said in found["properties"].items())
    return table(("member", "type", "what it is"), rows)


def _type(said: dict[str, object]) -> str:
    if "const" in said:
        return json.dumps(said["const"])
    if "enum" in said:
        return " or ".join(json.dumps(each, ensure_ascii=False) for each in said["enum"])  # type: ignore[attr-defined]  # a list
    kind = said.get("type", "object")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def kinds() -> list[type[EkswizError]]:
    """Every error class of the product, in the order of the tree."""
    for module in pkgutil.walk_packages([str(Path(ekswiz.__file__).parent)], "ekswiz."):
        importlib.import_module(module.name)
    return [EkswizError, *_below(EkswizError)]


def _below(kind: type[EkswizError]) -> Iterator[type[EkswizError]]:
    for each in sorted(kind.__subclasses__(), key=_place):
        if each.__module__.startswith("ekswiz."):
            yield each
            yield from _below(each)


def _place(kind: type[EkswizError]) -> tuple[bool, int, str]:
    """Where a class stands: the tree in `errors` as it is drawn, then the others by module."""
    drawn = kind.__module__ == EkswizError.__module__
    return not drawn, inspect.getsourcelines(kind)[1] if drawn else 0, f"{kind.__module__}.{kind.__name__}"


def errors() -> str:
    """The catalogue of our own errors; AWS's follow on the page."""
    ours = ((code(each.__name__), each.summary, code(int(each.exit_code)), _when(each)) for each in kinds())
    others = ((code(name), summary, code(int(exit_)), what) for name, summary, exit_, what in OTHERS)
    return KINDS_HEAD + table(("kind", "summary", "exit code", "when"), (*ours, *others)) + "\n"


def _when(kind: type[EkswizError]) -> str:
    if kind is EkswizError:
        return "What none of the others says: the installation itself is not whole, or an export failed."
    return inspect.cleandoc(kind.__doc__ or "").split("\n\n", maxsplit=1)[0]
