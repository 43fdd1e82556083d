"""`ekswiz.toml`: answers to a file and back, exactly. Comments and order of an existing file are kept.

pydantic checks the types here, at the edge; what the values mean is checked by `answers.validate`.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, get_type_hints

from ekswiz.answers import FLAGS, SHOWN, Answers, validate
from ekswiz.errors import InputError
from ekswiz.fields.rules import NUMBERS

if TYPE_CHECKING:
    from pydantic import BaseModel
    from tomlkit import TOMLDocument

NO_ENVIRONMENT = "none"
"""How a file says that the deploy job has no GitHub environment: TOML has no null."""
STDIN = "-"
"""How the command line names standard input as the file."""
HEADER = "Answers for ekswiz. Safe to commit: nothing in here is secret."


def load(path: Path) -> Answers:
    """The answers of a file, validated.

    Raises:
        InputError: The file cannot be read, is not TOML, has an unknown key, or an answer cannot be used.
    """
    return build(read(path), source=str(path))


def read(path: Path) -> dict[str, Any]:
    """The values of a file as they stand there, known keys only.

    Raises:
        InputError: The file cannot be read, is not TOML, or has an unknown key.
    """
    values = dict(_parse(path).unwrap())
    check_keys(values, str(path))
    return values


def build(values: Mapping[str, Any], source: str) -> Answers:
    """Answers from values of the right types, validated. `source` is named where something is missing.

    Raises:
        InputError: A key is unknown or missing, a value has the wrong type or cannot be used.
    """
    from pydantic import ValidationError

    check_keys(values, source)
    given = dict(values)
    if given.get("environment") == NO_ENVIRONMENT:
        given["environment"] = None
    _require(given, source)
    try:
        checked = _model().model_validate(given)
    except ValidationError as error:
        raise _wrong_type(error.errors()[0]) from error
    return validate(Answers(**checked.model_dump()))


def save(path: Path, answers: Answers) -> None:
    """Write the answers, in one step; an existing file keeps its comments and the order of its keys.

    Raises:
        InputError: An existing file cannot be understood, or the place cannot be written.
    """
    save_values(path, {field.name: getattr(answers, field.name) for field in fields(answers)})


def save_values(path: Path, values: Mapping[str, Any]) -> None:
    """Write some of the answers, of their own types, in one step; what else an existing file says stays in it.

    Raises:
        InputError: An existing file cannot be understood, or the place cannot be written.
    """
    document = _filled(_parse(path) if path.exists() else _empty(), values)
    scratch = path.with_name(f".{path.name}.{os.urandom(16).hex()}")
    try:
        scratch.write_text(document.as_string(), encoding="utf-8")
        os.replace(scratch, path)  # noqa: PTH105 - `Path.replace` says the same, less plainly
    except OSError as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        raise InputError(str(path), f"cannot be written: {error.strerror}.", "Choose another place.") from error


def text(answers: Answers) -> str:
    """The answers as the text of a file of their own."""
    return _filled(_empty(), {field.name: getattr(answers, field.name) for field in fields(answers)}).as_string()


def check_keys(values: Mapping[str, Any], source: str) -> None:
    """Refuse keys that are no answers.

    Raises:
        InputError: Names the key and the closest known one.
    """
    known = [field.name for field in fields(Answers)]
    for key in values:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"Did you mean `{close[0]}`?" if close else f"Known are: {', '.join(known)}."
            raise InputError(ascii(key)[1:-1][:SHOWN], f"is not an answer (in {source}).", hint)


@functools.cache
def _model() -> type[BaseModel]:
    """Answers as pydantic sees them: the same fields and types, nothing converted."""
    from pydantic import ConfigDict, create_model

    types = get_type_hints(Answers)
    known: dict[str, Any] = {
        f.name: (types[f.name], ... if f.default is MISSING else f.default) for f in fields(Answers)
    }
    model: type[BaseModel] = create_model("AnswersFile", __config__=ConfigDict(strict=True), **known)
    return model


def _require(given: Mapping[str, Any], source: str) -> None:
    missing = [f.name for f in fields(Answers) if f.default is MISSING and f.name not in given]
    if missing:
        raise InputError(missing[0], f"is missing in {source}.", f"Add: {', '.join(missing)}.")


def _parse(path: Path) -> TOMLDocument:
    import tomlkit  # only needed where there is a file
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(_all_of(sys.stdin) if str(path) == STDIN else path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(str(path), "does not exist.", "Make one with: ekswiz answers > ekswiz.toml") from error
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}.", "Name another file.") from error
    except (TOMLKitError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(str(path), f"is not TOML: {error}.", "Correct that line.") from error


@functools.lru_cache(maxsize=1)
def _all_of(stream: TextIO) -> str:
    """All that is piped in; it can be read once only, and is asked for by several."""
    return stream.read()


def _filled(document: TOMLDocument, values: Mapping[str, Any]) -> TOMLDocument:
    for name, value in values.items():
        document[name] = NO_ENVIRONMENT if value is None else value
    return document


def _empty() -> TOMLDocument:
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment(HEADER))
    return document


def _wrong_type(error: Mapping[str, Any]) -> InputError:
    name = str(error["loc"][0]) if error["loc"] else "answers"
    value = error.get("input")
    typed = name in NUMBERS or name in FLAGS
    remedy = "Put it in quotes." if isinstance(value, int) and not typed else f"Change `{name}`."
    return InputError(name, f"is {ascii(value)[:SHOWN]} ({error['msg']}).", remedy)
