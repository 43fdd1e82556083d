"""Inputs as the actions toolkit reads them (@actions/core: getInput, getBooleanInput), and refusals by name."""

from __future__ import annotations

from collections.abc import Iterable

from ekswiz_sim.seams import ActionCall

_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})


class ActionFailed(Exception):
    """The step fails with this sentence, as `core.setFailed` would print it."""


def text(call: ActionCall, name: str, default: str = "") -> str:
    """An input without surrounding white space; the default if it is empty."""
    return call.inputs.get(name, "").strip() or default


def required(call: ActionCall, name: str) -> str:
    """An input that must be given.

    Raises:
        ActionFailed: It is not.
    """
    found = text(call, name)
    if not found:
        raise ActionFailed(f"Input required and not supplied: {name}")
    return found


def boolean(call: ActionCall, name: str, *, default: bool = False) -> bool:
    """A boolean of YAML 1.2's core schema.

    Raises:
        ActionFailed: It is something else.
    """
    found = text(call, name)
    if found in _TRUE or found in _FALSE:
        return found in _TRUE
    if not found:
        return default
    raise ActionFailed(
        f'Input does not meet YAML 1.2 "Core Schema" specification: {name}\n'
        "Support boolean input list: `true | True | TRUE | false | False | FALSE`"
    )


def refuse_others(call: ActionCall, modelled: Iterable[str], harmless: Iterable[str] = ()) -> None:
    """Refuse inputs that this twin does not follow, rather than acting as if they were not there.

    `harmless` ones may be given but change nothing here; so may any input that is empty or "false".

    Raises:
        ActionFailed: Names them.
    """
    known = {*modelled, *harmless}
    others = sorted(
        n for n, value in call.inputs.items() if n not in known and value.strip().lower() not in ("", "false")
    )
    if others:
        raise ActionFailed(f"{call.uses}: the rehearsal does not model the input {', '.join(others)}.")
