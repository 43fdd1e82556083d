"""From what was said to Answers: flag, then variable, then file, then what was detected, then a proposal.

(click has already put a variable where no flag was given.) Whatever is still missing is named with its flag and
variable; nothing is guessed about an account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields

from ekswiz import answers_file
from ekswiz.answers import FLAGS, Answers, validate
from ekswiz.detect import detect
from ekswiz.errors import InputError
from ekswiz.fields import names
from ekswiz.fields.rules import NUMBERS
from ekswiz.frontend import Given

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


def resolve(given: Given, *, sim: bool, sample: Mapping[str, str]) -> Answers:
    """Answers from all sources, validated.

    Args:
        given: What the user said.
        sim: Whether missing account facts may be invented.
        sample: The bundled sample's answers, used with `--sample`.

    Raises:
        InputError: A field is missing or not usable; the message names its flag.
    """
    said = _said(given)
    known: dict[str, str] = dict(SIM_DEFAULTS) if sim else {}
    known |= dict(sample) if given.sample else _from_repository(given)
    known |= said
    _propose(known)
    _require(known)
    try:
        return validate(_typed(known))
    except InputError as error:
        raise _by_flag(error, said) from error


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


def _from_repository(given: Given) -> dict[str, str]:
    found = dict(detect(given.source).fields)
    file = given.file or given.source / FILE
    if given.file is not None and not file.is_file():
        raise InputError("--answers", f"there is no file {file}.", "Name an answers file, or leave the flag out.")
    if file.is_file():
        loaded = answers_file.load(file)
        values = {f.name: getattr(loaded, f.name) for f in fields(Answers)}
        found |= {name: "none" if value is None else str(value) for name, value in values.items()}
    return found


def _propose(known: dict[str, str]) -> None:
    if "repo" in known:
        for name, propose in PROPOSALS.items():
            known.setdefault(name, propose(known["repo"]))


def _require(known: Mapping[str, str]) -> None:
    needed = [f.name for f in fields(Answers) if f.default is MISSING]
    missing = [name for name in needed if name not in known and name not in PROPOSALS]
    if not missing:
        return
    flags = list(dict.fromkeys(_flag(name) for name in missing))
    variables = ["EKSWIZ_" + flag.removeprefix("--").replace("-", "_").upper() for flag in flags]
    raise InputError(
        ", ".join(flags), "not known, and nothing here says it.", f"Give the flag, or set {', '.join(variables)}."
    )


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
