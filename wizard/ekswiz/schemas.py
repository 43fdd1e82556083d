"""The JSON Schemas of what commands print with `--json`, by name. That of the answers is made from the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from ekswiz.answers import CHOICES, FLAGS, Answers
from ekswiz.errors import InputError
from ekswiz.fields.rules import NUMBERS, RULES

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NAMES: Mapping[str, str] = {
    "access": "ekswiz access --json",
    "answers": "ekswiz answers --json",
    "doctor": "ekswiz doctor --json",
    "error": "any command with --json that is refused or fails",
    "events": "a line of ekswiz apply|destroy|resume --json",
    "explain": "ekswiz iam explain --json",
    "files": "ekswiz files --json",
    "lint": "ekswiz lint --json",
    "pins": "ekswiz pins --json",
    "plan": "ekswiz plan --json, ekswiz plan --out FILE",
    "report": "ekswiz rehearse --json FILE, ekswiz --sim --headless --json FILE",
    "status": "ekswiz status --json",
    "world": "ekswiz sim up|status --json",
}
"""Every schema, and what it describes."""
MADE = "answers"
"""The one that no file holds."""
OF_THE_SIMULATOR = "report"
"""The one that comes with the simulator."""


def schema(name: str) -> dict[str, Any]:
    """A schema by its name.

    Raises:
        InputError: It belongs to the simulator, which is not installed.
    """
    if name == MADE:
        return _answers()
    from importlib.resources import files  # slow to import

    package = "ekswiz_sim" if name == OF_THE_SIMULATOR else "ekswiz"
    try:
        text = files(package).joinpath(f"data/{name}.schema.json").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        raise InputError(name, "the simulator is not installed.", "pip install 'ekswiz[sim]'") from None
    found: dict[str, Any] = json.loads(text)
    return found


def _answers() -> dict[str, Any]:
    strings = {"type": "object", "additionalProperties": {"type": "string"}}
    body = {
        "answers": {"$ref": "#/$defs/answers"},
        "sources": strings | {"description": "With --from-account: where each answer was found, in words."},
        "notes": {"type": "array", "items": {"type": "string"}},
    }
    known = fields(Answers)
    answers = _object({field.name: _answer(field) for field in known}, [field.name for field in known])
    return {
        "$schema": DRAFT,
        "title": "ekswiz answers, version 1",
        "description": "What `ekswiz answers --json` prints: every answer, those that nobody changed included.",
        **_object(body, [*body]),
        "$defs": {"answers": answers},
    }


def _object(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": dict(properties)}


def _answer(field: Field[Any]) -> dict[str, Any]:
    said = _kind(field.name)
    return said if field.default is MISSING else said | {"default": field.default}


def _kind(name: str) -> dict[str, Any]:
    """What one answer may be, by the same tables that check it."""
    if name in NUMBERS:
        low, high, *_ = NUMBERS[name]
        return {"type": "integer", "minimum": low, "maximum": high}
    if name in FLAGS:
        return {"type": "boolean"}
    if name in CHOICES:
        return {"enum": [*CHOICES[name]]}
    said: dict[str, Any] = {"type": ["string", "null"] if name == "environment" else "string"}
    rule = RULES.get(name)
    return said if rule is None else said | {"pattern": f"^(?:{rule.pattern})$", "description": rule.words}
