"""From what was said to Answers: flag, then variable, then file, then what was detected, then a proposal.

(click has already put a variable where no flag was given.) Whatever is still missing is named with its flag and
variable; nothing is guessed about an account. A `Draft` is the same before anything is asked for: what is known so far,
and from where.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path

from ekswiz import answers_file
from ekswiz.answers import FLAGS, Answers, check_field, validate
from ekswiz.detect import detect
from ekswiz.errors import InputError
from ekswiz.fields import names
from ekswiz.fields.rules import NUMBERS
from ekswiz.frontend import Draft, Given

FILE = "ekswiz.toml"
SIM_DEFAULTS: Mapping[str, str] = {
    "account": "111122223333",
    "region": "eu-west-1",
    "owner_id": "1001",
    "repo_id": "2002",
    "branch": "main",
    "cluster": "platform",
}
"""What a rehearsal may invent, because it invents the account and GitHub too. (The account is AWS's own example.)"""
PROPOSALS: Mapping[str, Callable[[str], str]] = {
    "stack": names.stack_name,
    "namespace": names.namespace_name,
    "ecr_repository": names.ecr_name,
    "workload": names.workload_name,
}
"""What follows from the repository's name."""
SPOKEN: Mapping[str, str] = {"owner": "--repo", "repo": "--repo", "port": "--app-port"}


class Incomplete(InputError):
    """Answers are missing; nothing that was said is wrong."""


def resolve(given: Given, *, sim: bool, sample: Mapping[str, str]) -> Answers:
    """Answers from all sources, validated.

    Args:
        given: What the user said.
        sim: Whether missing account facts may be invented.
        sample: The bundled sample's answers, used with `--sample`.

    Raises:
        Incomplete: A field is missing; the message names its flag.
        InputError: A field is not usable, as above.
    """
    said = _said(given)
    known = dict(draft(given, sim=sim, sample=sample).values)
    _propose(known)
    _require(known, remedy=" Or rehearse the bundled sample: add --sample." if sim else "")
    try:
        return validate(_typed(known))
    except InputError as error:
        raise _by_flag(error, said) from error


def completed(given: Given, found: Mapping[str, object]) -> Answers:
    """Answers from values that were found elsewhere; what was said wins, and nothing is proposed.

    Raises:
        Incomplete: A field was neither found nor said; the message names its flag.
        InputError: A field is not usable.
    """
    said = _said(given)
    known = {name: _text(value) for name, value in found.items()} | said
    _require(known, proposed=())
    try:
        return validate(_typed(known))
    except InputError as error:
        raise _by_flag(error, said) from error


def draft(given: Given, *, sim: bool, sample: Mapping[str, str]) -> Draft:
    """What is known so far, complete or not, and in words where each value came from.

    Raises:
        InputError: The answers file cannot be used, or half a repository was said.
    """
    values: dict[str, str] = {}
    sources: dict[str, str] = {}

    def note(found: Mapping[str, str], where: Mapping[str, str] | str) -> None:
        values.update(found)
        sources.update({name: where if isinstance(where, str) else where[name] for name in found})

    if sim:
        note(SIM_DEFAULTS, "invented for the rehearsal")
    if given.sample:
        note(sample, "of the bundled sample")
    else:
        found = detect(given.source)
        note(found.fields, found.sources)
        file = given.file or given.source / FILE
        note(_from_file(file, asked=given.file is not None), f"from {file.name}")
    said = _said(given)
    note(said, {name: _spoken(name, value) for name, value in said.items()})
    return Draft(values, sources)


def _said(given: Given) -> dict[str, str]:
    said = {name: value for name, value in given.fields.items() if value is not None}
    repository = said.pop("repository", None)
    if repository is not None:
        owner, slash, repo = repository.partition("/")
        if not (owner and slash and repo):
            raise InputError("--repo", f"{repository!r} is not OWNER/NAME.", "Write it as on GitHub: acme/payments.")
        said |= {"owner": owner, "repo": repo}
    return said


def _by_flag(error: InputError, said: Mapping[str, str]) -> InputError:
    """A refused answer by the flag that it came from, if it came from one (or from its variable)."""
    if error.field not in said:
        return error
    flag = _flag(error.field)
    remedy = f"Change {flag}." if error.remedy == f"Change `{error.field}`." else error.remedy
    return InputError(flag, error.detail.removeprefix(f"{error.field}: "), remedy)


def _flag(name: str) -> str:
    return SPOKEN.get(name, "--" + name.replace("_", "-"))


def _spoken(name: str, value: str) -> str:
    """Whether a flag said it or its variable: click does not tell."""
    flag = _flag(name)
    variable = _variable(flag)
    found = os.environ.get(variable, "")
    return f"from {variable}" if value in (found, *found.split("/")) and found else f"from {flag}"


def _from_file(file: Path, *, asked: bool) -> dict[str, str]:
    """The answers that stand in a file, as text. It may be incomplete; what is in it must be usable."""
    if not file.is_file() and str(file) != answers_file.STDIN:
        if asked:
            raise InputError("--answers", f"there is no file {file}.", "Name an answers file, or leave the flag out.")
        return {}
    found = answers_file.read(file)
    if all(name in found for name in _needed()):
        answers_file.build(found, source=str(file))
    for name, value in found.items():
        check_field(name, None if (name, value) == ("environment", answers_file.NO_ENVIRONMENT) else value)
    return {name: _text(value) for name, value in found.items()}


def _needed() -> list[str]:
    """Answers that have no default."""
    return [field.name for field in fields(Answers) if field.default is MISSING]


def _variable(flag: str) -> str:
    return "EKSWIZ_" + flag.removeprefix("--").replace("-", "_").upper()


def _propose(known: dict[str, str]) -> None:
    if "repo" in known:
        for name, propose in PROPOSALS.items():
            known.setdefault(name, propose(known["repo"]))


def _text(value: object) -> str:
    """An answer of its own type as the command line would say it."""
    if value is None:
        return answers_file.NO_ENVIRONMENT
    return str(value).lower() if isinstance(value, bool) else str(value)


def _require(known: Mapping[str, str], proposed: Iterable[str] = PROPOSALS, remedy: str = "") -> None:
    missing = [name for name in _needed() if name not in known and name not in proposed]
    if not missing:
        return
    flags = list(dict.fromkeys(_flag(name) for name in missing))
    variables = [_variable(flag) for flag in flags]
    lines = ", ".join(f"`{name}`" for name in missing)
    usual = f"Give the flag, set {', '.join(variables)}, or write {lines} into {FILE}."
    raise Incomplete(", ".join(flags), "not known, and nothing here says it.", f"{usual}{remedy}")


def _typed(known: Mapping[str, str]) -> Answers:
    values: dict[str, object] = dict(known)
    if known.get("environment", "").lower() == "none":
        values["environment"] = None
    for name in NUMBERS.keys() & known.keys():
        if not (known[name].isascii() and known[name].isdecimal()):
            raise InputError(_flag(name), f"{known[name]!r} is not a number.", "Give one in digits.")
        values[name] = int(known[name])
    for name in FLAGS & known.keys():
        if known[name].lower() not in ("true", "false"):
            raise InputError(_flag(name), f"{known[name]!r} is neither true nor false.", "Give one of the two.")
        values[name] = known[name].lower() == "true"
    return Answers(**values)  # type: ignore[arg-type]  # validate() checks every value right after
