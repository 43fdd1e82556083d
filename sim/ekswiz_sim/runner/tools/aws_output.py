"""Answers as the AWS CLI prints them: `--query` (JMESPath), then `--output json` or `text`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ekswiz_sim.runner.tools.aws_options import Options, Usage


def shown(answer: Any, options: Options) -> str:
    """The text for stdout; empty for no answer.

    Raises:
        Usage: The query is malformed, or the format is none that this twin writes.
    """
    if answer is None:
        return ""
    value, query = _dated(answer), options.one("query")
    if query:
        value = _searched(value, query)
    form = options.one("output", "json")
    if form == "text":
        return _text(value) + "\n"
    if form != "json":
        raise Usage(f"argument --output: the rehearsal's aws writes json and text, not {form}")
    return json.dumps(value, indent=4, ensure_ascii=False) + "\n"


def _searched(value: Any, query: str) -> Any:
    # Imported late: get-token, the most frequent call by far, asks no question. The library ships no types.
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(query, value)
    except JMESPathError as error:
        raise Usage(f"Bad value for --query {query}: {error}") from error


def _text(value: Any) -> str:
    if isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(v, Mapping | list) for v in value)):
        raise Usage("argument --output: the rehearsal's aws writes text for values and lists of values; use --query")
    if isinstance(value, list):
        return "\t".join(_text(item) for item in value)
    return str(value)


def _dated(value: Any, name: str = "") -> Any:
    """Timestamps come as epoch seconds and are printed in ISO 8601."""
    if isinstance(value, Mapping):
        return {key: _dated(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_dated(item, name) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool) and name.endswith(("At", "Time")):
        return datetime.fromtimestamp(value, UTC).isoformat()
    return value
