"""Sweep: hostile values in every answer, by flag and by file.

Each is refused with the field's name, or it survives exactly: through TOML, the plan's JSON, the workflow's YAML, every
printed command line and every IAM document.
"""

from __future__ import annotations

import json
import random
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from chaos.figures import Figures
from ekswiz import answers_file
from ekswiz.answers import Answers, check_field, validate
from ekswiz.blueprint import blueprint
from ekswiz.engine.values import attributes
from ekswiz.errors import InputError
from ekswiz.frontend import Given
from ekswiz.iam.grammar import validate_document
from ekswiz.operator_policy import operator_policy
from ekswiz.options import FIELDS
from ekswiz.plan import Action, encode
from ekswiz.resolve import resolve

FULL, SAMPLE = 20_000, 2_000
DEEP = 1
"""Accepted values of each field that a sample takes through every format; the full sweep takes one of 200 values."""
PIECES = (
    "", " ", "  ", "\t", "\n", "\r\n", "\0", "\x1b[31m", "\x7f", "\u200b", "\u202e", "\ufeff", "é", "ß",
    "İ", "\U0001d54f", "٣", "\uff21",
    "*", "?", "${{ secrets.X }}", "${{ github.token }}", "$(id)", "`id`", "${IFS}", "$HOME", "%s", "%00", "{}", "{{",
    "'", '"', "\\", "\\n", ";", "&&", "|", ">", "<", "#", "!", "&a", "*a", "!!python/object", "- ", ": ",
    "---", "...",
    "../", "/..", "..", "./", "//", ".git", ".lock", "@{", "~", "^", ":", ",", "--", "-", "_", ".", "/",
    "+", "=", "@",
    "--force", "-rf", "yes", "no", "null", "true", "1e3", "0x10", "007", "refs/heads/", "HEAD", "kube-system", "none",
    "aws:SourceArn", "arn:aws:iam::aws:policy/AdministratorAccess",
    "a" * 64, "b" * 300, "1" * 13, "999999999999999999999",
)  # fmt: skip
FLAGS = {row[0]: row[1] for row in FIELDS} | {"owner": "--repo", "repo": "--repo"}
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./@+= "


def values(good: object, chance: random.Random, number: int) -> Iterator[str]:
    """Hostile pieces alone, around and inside a good value, mutations of it, and plain noise."""
    text = str(good)
    yield from PIECES
    for _ in range(number - len(PIECES)):
        how, piece = chance.random(), chance.choice(PIECES)
        at = chance.randrange(len(text) + 1)
        if how < 0.35:
            yield text[:at] + piece + text[at:]
        elif how < 0.6:
            yield text[:at] + chr(chance.choice((chance.randrange(0x250), chance.randrange(0x11000)))) + text[at + 1 :]
        elif how < 0.8:
            yield "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(1, 50)))
        else:
            yield "".join(chance.choice(PIECES) for _ in range(chance.randrange(1, 5)))


def by_flag(base: Answers, name: str, value: str, folder: Path) -> Answers:
    """As the command line would take it."""
    given: dict[str, str | None] = {f.name: _said(getattr(base, f.name)) for f in fields(base)}
    given[name] = value
    given["repository"] = f"{given.pop('owner')}/{given.pop('repo')}"
    return resolve(Given(fields=given, source=folder), sim=False, sample={})


def by_file(base: Answers, name: str, value: str, folder: Path) -> Answers:
    """As `ekswiz.toml` would say it."""
    import tomlkit

    document = {f.name: getattr(base, f.name) for f in fields(base)}
    document = {key: answers_file.NO_ENVIRONMENT if held is None else held for key, held in document.items()}
    path = folder / "hostile.toml"
    path.write_text(tomlkit.dumps(document | {name: value}), encoding="utf-8")
    return answers_file.load(path)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)


def refused(error: InputError, name: str) -> bool:
    """Whether the refusal names the field, or the flag that carries it."""
    return any(known in f"{error.field} {error.detail}" for known in (name, FLAGS.get(name, name)))


def survives(answers: Answers, name: str, value: str, folder: Path) -> None:
    """The value comes out of every format as it went in."""
    held = getattr(answers, name)
    assert _said(held) == value or _same(held, value), f"{value!r} became {held!r}"
    answers_file.save(folder / "saved.toml", answers)
    assert answers_file.load(folder / "saved.toml") == answers
    for resource in blueprint(answers):
        wanted = encode(attributes(resource.desired))
        assert json.loads(json.dumps(wanted)) == wanted
        for action in Action:
            _shell(resource.cli(action))
        for document in _documents(wanted):
            assert not validate_document(document, "identity" if "Principal" not in json.dumps(document) else "trust")
        if "text" in wanted:
            _yaml(wanted["path"], wanted["text"], answers, name, str(held))
    assert not validate_document(operator_policy(answers), "identity")


def _same(held: object, value: str) -> bool:
    """Numbers and switches have more than one spelling; `none` is no environment."""
    if held is None:
        return value.lower() == "none"
    if isinstance(held, bool):
        return value.lower() in ("true", "false", "yes", "no", "1", "0", "on", "off")
    return isinstance(held, int) and value.isdecimal() and int(value) == held


def _shell(line: str) -> None:
    """A printed command is words again, and no word of it is more than a word."""
    for command in line.splitlines() if "\n" in line else [line]:
        words = shlex.split(command.removesuffix("\\"))
        assert words


def _documents(wanted: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "trust" in wanted:
        yield wanted["trust"]
    policies = wanted.get("policies")
    if isinstance(policies, dict):
        yield from policies.values()


def _yaml(path: str, text: str, answers: Answers, name: str, value: str) -> None:
    """The file is YAML, and where it holds this value it holds all of it."""
    from ruamel.yaml import YAML

    parsed = list(YAML(typ="safe", pure=True).load_all(text))
    assert parsed, path
    if (
        name in ("cluster", "region", "namespace", "workload", "ecr_repository")
        and "workflows" in path
        and value in text
    ):
        assert value in json.dumps(parsed), f"{path} lost {value!r}"
    assert "${{ secrets." not in text or "${{ secrets." not in value


def check(base: Answers, name: str, value: str, folder: Path, way: Callable[..., Answers]) -> str:
    """One value, one way in."""
    try:
        answers = validate(way(base, name, value, folder))
    except InputError as error:
        assert refused(error, name), f"refused without the field's name: {error}"
        return "refused"
    except UnicodeEncodeError:
        return "not text"
    try:
        survives(answers, name, value, folder)
    except InputError as error:
        assert str(error)
        return "refused as a whole"
    return "survived"


def names(base: Answers) -> list[str]:
    """Every answer."""
    return [field.name for field in fields(base)]


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """So many values for each field; the file for all, the flag for every eighth (it is the same check behind)."""
    figures = Figures(f"hostile input in every field{name}", "refused by name, or exact round trip", seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for at, field in enumerate(names(answers)):
            if at % shard[1] != shard[0]:
                continue
            seen: set[str] = set()
            good = getattr(answers, field)
            chance, number = random.Random(f"{seed} {field}"), size or FULL
            deep = [number // 200 if size is None else DEEP]
            for value in values(good, chance, number):
                _one(figures, answers, field, value, folder=folder, seen=seen, deep=deep)
    return figures


def _one(
    figures: Figures, answers: Answers, field: str, value: str, *, folder: Path, seen: set[str], deep: list[int]
) -> None:
    """The field's own rule hears every value; so many that pass, and as many refusals, go the whole way in and out."""
    figures.cases += 1
    if value in seen:
        figures.add("repeated")
        return
    seen.add(value)
    plain = _plainly(answers, field, value)
    if deep[0] <= 0 or (plain and len(seen) % 200):
        figures.add("refused by the rule" if plain else "accepted by the rule")
        return
    deep[0] -= not plain
    for way in (by_file, by_flag):
        with figures.case(f"{field} {way.__name__} {value[:60]!r}"):
            figures.cases -= 1
            figures.add(check(answers, field, value, folder, way))


def _plainly(answers: Answers, field: str, value: str) -> bool:
    """Whether the field's own rule refuses it by name."""
    held = getattr(answers, field)
    try:
        check_field(field, value)
    except InputError as error:
        assert refused(error, field), f"refused without the field's name: {error}"
        return True
    return not isinstance(held, str | None)
