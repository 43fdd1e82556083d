"""A workflow file, read and checked as a whole before anything of it runs.

Everything that GitHub would refuse, and everything that a rehearsal cannot do, is an `InputError` that names
`path:line:column`. The first one found is raised.
"""

from __future__ import annotations

from ekswiz.errors import InputError
from ekswiz.workflow import availability as at_place
from ekswiz.workflow.jobs import read_concurrency, read_defaults, read_jobs
from ekswiz.workflow.model import Fields, Position, Workflow
from ekswiz.workflow.nodes import read
from ekswiz.workflow.permissions import read_permissions
from ekswiz.workflow.reader import Reader
from ekswiz.workflow.triggers import read_triggers

_KEYS = frozenset({"name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"})


def parse(text: str, path: str) -> Workflow:
    """Read a workflow file's text; `path` names it in errors and in `github.workflow_ref`.

    Raises:
        InputError: What GitHub refuses, or what is not supported, with its place.
    """
    reader = Reader(path)
    root = read(text, path)
    fields = reader.fields(root, "the workflow", _keys(reader, root))
    for required in ("on", "jobs"):
        if required not in fields:
            raise reader.fail(root.at, f"Required property is missing: {required}.")
    return Workflow(
        path=path,
        name=reader.optional(fields, "name"),
        run_name=reader.optional(fields, "run-name", at_place.RUN_NAME),
        triggers=read_triggers(reader, fields["on"]),
        permissions=read_permissions(reader, fields.get("permissions")),
        env=reader.mapping(fields["env"], "`env`", at_place.WORKFLOW_ENV) if "env" in fields else {},
        defaults=read_defaults(reader, fields.get("defaults"), None),
        concurrency=read_concurrency(reader, fields.get("concurrency"), at_place.WORKFLOW_CONCURRENCY),
        jobs=read_jobs(reader, fields["jobs"]),
    )


def _keys(reader: Reader, root: object) -> frozenset[str]:
    """The known keys; a key `true` gets a word of its own, since YAML 1.1 tools turn `on` into it."""
    if isinstance(root, Fields):
        for key, _ in root.entries:
            if key.value == "true":
                raise reader.fail(key.at, "Unexpected value 'true'.", "A YAML 1.1 tool wrote `on` so: rename it.")
    return _KEYS


def decode(content: bytes, path: str) -> str:
    """A workflow file's bytes as text.

    Raises:
        InputError: Not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        at = Position(line, error.start - content.rfind(b"\n", 0, error.start))
        raise InputError(f"{path}:{at.line}:{at.column}", "The file is not UTF-8.") from None
