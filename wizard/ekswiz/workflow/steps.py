"""Reads `steps:`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ekswiz.workflow import availability as at_place
from ekswiz.workflow.model import Items, Node, Step, Text
from ekswiz.workflow.reader import Reader

_BOTH = frozenset({"id", "if", "name", "env", "continue-on-error", "timeout-minutes"})
_RUN = _BOTH | {"run", "shell", "working-directory"}
_USES = _BOTH | {"uses", "with"}
_ACTION = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(?:/[^@\s]+)?@[^\s@]+", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,98}", re.ASCII)


def read_steps(reader: Reader, node: Node) -> tuple[Step, ...]:
    """A job's steps.

    Raises:
        InputError: A step that neither runs nor uses, an action that no rehearsal can run, an id used twice.
    """
    if not isinstance(node, Items) or not node.items:
        raise reader.fail(node.at, "`steps` must be a sequence with at least one step.")
    steps = tuple(_step(reader, item) for item in node.items)
    seen: set[str] = set()
    for step in steps:
        if step.id is not None and step.id.lower() in seen:
            raise reader.fail(
                step.at, f"The identifier '{step.id}' may not be used more than once within the same scope."
            )
        seen.add((step.id or "").lower())
    return steps


def _step(reader: Reader, node: Node) -> Step:
    fields = reader.fields(node, "a step", _RUN | _USES)
    if ("run" in fields) == ("uses" in fields):
        raise reader.fail(node.at, "Every step must define either a `run` or a `uses` key.")
    own = _RUN if "run" in fields else _USES
    foreign = sorted(set(fields) - own)
    if foreign:
        kind = "run" if "run" in fields else "uses"
        raise reader.fail(fields[foreign[0]].at, f"Unexpected value '{foreign[0]}' in a step with `{kind}`.")
    timeout = reader.optional(fields, "timeout-minutes", at_place.STEP)
    tolerant = reader.optional(fields, "continue-on-error", at_place.STEP)
    return Step(
        at=node.at,
        id=_identifier(reader, fields),
        name=reader.optional(fields, "name", at_place.STEP),
        condition=reader.condition(fields, at_place.STEP_IF),
        uses=_uses(reader, fields),
        run=reader.optional(fields, "run", at_place.STEP),
        inputs=reader.mapping(fields["with"], "`with`", at_place.STEP) if "with" in fields else {},
        env=reader.mapping(fields["env"], "`env`", at_place.STEP) if "env" in fields else {},
        shell=reader.optional(fields, "shell"),
        working_directory=reader.optional(fields, "working-directory", at_place.STEP),
        timeout=reader.number(timeout, "timeout-minutes"),
        continue_on_error=reader.boolean(tolerant, "continue-on-error"),
    )


def _identifier(reader: Reader, fields: Mapping[str, Node]) -> str | None:
    text = reader.optional(fields, "id")
    if text is None:
        return None
    if not _IDENTIFIER.fullmatch(text.value):
        raise reader.fail(
            text.at,
            f"The identifier '{text.value}' is invalid. IDs may only contain alphanumeric characters, '_', and '-'. "
            "IDs must start with a letter or '_' and must be less than 100 characters.",
        )
    return text.value


def _uses(reader: Reader, fields: Mapping[str, Node]) -> Text | None:
    text = reader.optional(fields, "uses")
    if text is None:
        return None
    if text.value.startswith("docker://"):
        raise reader.fail(text.at, f"The action '{text.value}' is a container: a rehearsal runs none.")
    if text.value.startswith("./"):
        raise reader.fail(text.at, f"The action '{text.value}' is local: a rehearsal runs published actions only.")
    if not _ACTION.fullmatch(text.value):
        raise reader.fail(
            text.at,
            f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{text.value}'.",
        )
    return text
