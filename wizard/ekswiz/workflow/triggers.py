"""Reads `on:`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from ekswiz.workflow.availability import CALL_DEFAULT, CALL_OUTPUT
from ekswiz.workflow.model import Fields, Filter, Input, Items, Node, Position, Scalar, Text, Trigger
from ekswiz.workflow.reader import Reader

_BRANCHES = ("branches", "branches-ignore")
_TAGS = ("tags", "tags-ignore")
_PATHS = ("paths", "paths-ignore")
_PULL = frozenset({"types", *_BRANCHES, *_PATHS})
_KEYS: Mapping[str, frozenset[str]] = {
    "push": frozenset({*_BRANCHES, *_TAGS, *_PATHS}),
    "pull_request": _PULL,
    "pull_request_target": _PULL,
    "merge_group": frozenset({"types", *_BRANCHES}),
    "workflow_run": frozenset({"types", "workflows", *_BRANCHES}),
    "workflow_dispatch": frozenset({"inputs"}),
    "workflow_call": frozenset({"inputs", "secrets", "outputs"}),
}
_TYPES_ONLY = frozenset({"types"})
EVENTS = frozenset(
    {
        "branch_protection_rule",
        "check_run",
        "check_suite",
        "create",
        "delete",
        "deployment",
        "deployment_status",
        "discussion",
        "discussion_comment",
        "fork",
        "gollum",
        "image_version",
        "issue_comment",
        "issues",
        "label",
        "merge_group",
        "milestone",
        "page_build",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_target",
        "push",
        "registry_package",
        "release",
        "repository_dispatch",
        "schedule",
        "status",
        "watch",
        "workflow_call",
        "workflow_dispatch",
        "workflow_run",
        "public",
        "project",
        "project_card",
        "project_column",
    }
)
"""Every event that can start a workflow."""

_INPUT_KEYS = frozenset({"description", "deprecationMessage", "required", "default", "type", "options"})
_TYPES = ("string", "boolean", "number", "choice", "environment")


def read_triggers(reader: Reader, node: Node) -> dict[str, Trigger]:
    """The triggers by event.

    Raises:
        InputError: An unknown event or key, or filters that exclude each other.
    """
    if isinstance(node, Fields):
        return {key.value: _trigger(reader, key.value, key.at, value) for key, value in node.entries}
    named = reader.texts(node, "`on`")
    made = {text.value: _trigger(reader, text.value, text.at, None) for text in named}
    if not made:
        raise reader.fail(node.at, "`on` names no event.")
    return made


def _trigger(reader: Reader, event: str, at: Position, node: Node | None) -> Trigger:
    if event not in EVENTS:
        raise reader.fail(at, f"Unexpected value '{event}' in `on`.", "It must be an event such as push.")
    if event == "schedule":
        return Trigger(event, at, crons=_crons(reader, at, node))
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return Trigger(event, at)
    fields = reader.fields(node, f"`on.{event}`", _KEYS.get(event, _TYPES_ONLY))
    types = reader.texts(fields["types"], "`types`") if "types" in fields else None
    return Trigger(
        event,
        at,
        types=tuple(text.value for text in types) if types is not None else None,
        filters=_filters(reader, event, fields),
        inputs=_inputs(reader, event, fields.get("inputs")),
        secrets=_secrets(reader, fields.get("secrets")),
        outputs=_outputs(reader, fields.get("outputs")),
    )


def _crons(reader: Reader, at: Position, node: Node | None) -> tuple[str, ...]:
    if not isinstance(node, Items):
        raise reader.fail(at, "`on.schedule` must be a sequence of `cron` entries.")
    crons = []
    for item in node.items:
        fields = reader.fields(item, "`on.schedule`", frozenset({"cron", "timezone"}))
        if "cron" not in fields:
            raise reader.fail(item.at, "Required property is missing: cron.")
        crons.append(reader.text(fields["cron"], "`cron`").value)
    return tuple(crons)


def _filters(reader: Reader, event: str, fields: Mapping[str, Node]) -> dict[str, Filter]:
    for wanted, ignored in (_BRANCHES, _TAGS, _PATHS):
        if wanted in fields and ignored in fields:
            at = fields[ignored].at
            raise reader.fail(at, f"You may only define one of `{wanted}` and `{ignored}` for a single event.")
    names = [name for name in (*_BRANCHES, *_TAGS, *_PATHS, "workflows") if name in fields]
    made = {name: Filter(reader.texts(fields[name], f"`{name}`"), fields[name].at) for name in names}
    for name, found in made.items():
        if not found.patterns or not any(text.value for text in found.patterns):
            raise reader.fail(found.at, f"`{name}` of `on.{event}` holds no pattern, so nothing would match.")
    return made


def _inputs(reader: Reader, event: str, node: Node | None) -> dict[str, Input]:
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return {}
    if not isinstance(node, Fields):
        raise reader.fail(node.at, "`inputs` must be a mapping.")
    return {key.value: _input(reader, event, key.value, key.at, value) for key, value in node.entries}


def _input(reader: Reader, event: str, name: str, at: Position, node: Node) -> Input:
    empty = isinstance(node, Scalar) and node.value is None
    fields = {} if empty else reader.fields(node, f"input `{name}`", _INPUT_KEYS)
    kind = reader.text(fields["type"], "`type`").value if "type" in fields else "string"
    allowed = _TYPES if event == "workflow_dispatch" else _TYPES[:3]
    if kind not in allowed:
        raise reader.fail(fields["type"].at, f"Unexpected value '{kind}'.", f"It must be one of {', '.join(allowed)}.")
    if event == "workflow_call" and "type" not in fields:
        raise reader.fail(at, f"Required property is missing: type (of input `{name}`).")
    required = reader.boolean(reader.optional(fields, "required"), "required")
    options = reader.texts(fields["options"], "`options`") if "options" in fields else ()
    default = fields.get("default")
    if default is not None:
        reader.text(default, "`default`", CALL_DEFAULT)
    return Input(
        name,
        cast('Literal["string"]', kind),
        required is not None and required.value == "true",
        default if isinstance(default, Scalar) else None,
        tuple(option.value for option in options),
        at,
    )


def _secrets(reader: Reader, node: Node | None) -> dict[str, bool]:
    if not isinstance(node, Fields):
        return {}
    made = {}
    for key, value in node.entries:
        if isinstance(value, Scalar) and value.value is None:
            made[key.value] = False
            continue
        fields = reader.fields(value, f"secret `{key.value}`", frozenset({"description", "required"}))
        required = reader.boolean(reader.optional(fields, "required"), "required")
        made[key.value] = required is not None and required.value == "true"
    return made


def _outputs(reader: Reader, node: Node | None) -> dict[str, Text]:
    if not isinstance(node, Fields):
        return {}
    made = {}
    for key, value in node.entries:
        fields = reader.fields(value, f"output `{key.value}`", frozenset({"description", "value"}))
        if "value" not in fields:
            raise reader.fail(value.at, f"Required property is missing: value (of output `{key.value}`).")
        made[key.value] = reader.text(fields["value"], "`value`", CALL_OUTPUT)
    return made
