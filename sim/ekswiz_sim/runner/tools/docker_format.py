"""The part of Go's templates that `--format` is used for in workflows.

A field path, `index`, `json`, `len`, `join` and text around them. Anything else is refused by name.
Source: https://docs.docker.com/engine/cli/formatting/
"""

from __future__ import annotations

import json
import re
from typing import Any

from ekswiz_sim.runner.tools.docker_options import Stop

ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
WORD = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|[^\s"`]+')
PATH = re.compile(r"\.|(?:\.[A-Za-z_][A-Za-z0-9_]*)+", re.ASCII)


def render(template: str, data: Any) -> str:
    """Fill a template.

    Raises:
        Stop: It uses more than this twin models, or a field that is not there; docker's words.
    """
    rest = ACTION.sub("", template)
    if "{{" in rest or "}}" in rest:
        raise Stop("template parsing error: template: :1: unclosed action")
    return ACTION.sub(lambda match: _text(_value(match[1], data)), template)


def _value(action: str, data: Any) -> Any:
    words = WORD.findall(action)
    if not words:
        raise Stop("template parsing error: template: :1: missing value for command")
    if len(words) == 1 and PATH.fullmatch(words[0]):
        return _path(words[0], data, action)
    name, arguments = words[0], words[1:]
    if name not in {"index", "json", "len", "join"} or not arguments or not PATH.fullmatch(arguments[0]):
        raise Stop(
            f"ekswiz's docker does not model the template {{{{{action}}}}}: it knows fields, index, json, len, join"
        )
    subject, keys = _path(arguments[0], data, action), [_literal(word, action) for word in arguments[1:]]
    if name == "json":
        return json.dumps(subject, separators=(",", ":"), ensure_ascii=False)
    if name == "len":
        return len(subject or ())
    if name == "join":
        return str(keys[0] if keys else "").join(map(str, subject or ()))
    for key in keys:
        subject = _index(subject, key, action)
    return subject


def _path(path: str, data: Any, action: str) -> Any:
    for name in path.split(".")[1:]:
        if not name:
            break
        if not isinstance(data, dict) or name not in data:
            raise _failed(action, f'map has no entry for key "{name}"')
        data = data[name]
    return data


def _literal(word: str, action: str) -> str | int:
    if word[0] in '"`':
        return str(json.loads(word)) if word[0] == '"' else word[1:-1]
    if not word.lstrip("-").isdecimal():
        raise Stop(f"ekswiz's docker does not model the argument {word} in the template {{{{{action}}}}}")
    return int(word)


def _index(subject: Any, key: str | int, action: str) -> Any:
    if isinstance(subject, dict):
        return subject.get(str(key), "")
    if not isinstance(subject, list) or not isinstance(key, int):
        raise _failed(action, f"error calling index: can't index item of type {type(subject).__name__}")
    if not 0 <= key < len(subject):
        raise _failed(action, f"error calling index: index out of range: {key}")
    return subject[key]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "<no value>"
    if isinstance(value, list):
        return f"[{' '.join(map(_text, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_text(one)}' for key, one in sorted(value.items()))}]"
    return str(value)


def _failed(action: str, why: str) -> Stop:
    return Stop(f'template parsing error: template: :1:2: executing "" at <{action}>: {why}')
