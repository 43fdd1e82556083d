"""Reading and changing a draft, field by field. All functions are pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields

from ekswiz.answers import FLAGS, Answers, check_field
from ekswiz.errors import InputError
from ekswiz.fields.machines import ARM
from ekswiz.fields.rules import NUMBERS
from ekswiz.frontend import Draft
from ekswiz.resolve import PROPOSALS
from ekswiz.steps.model import Field, Step, Values

TYPED = "typed here"
PROPOSED = "proposed from the repository's name"
DEFAULT = "ekswiz's default"
SIM = "sim"
LOCAL = frozenset({"profile", SIM})
"""Values of the wizard that are no answers and stand in no file: the AWS profile, and whether this is a simulation."""
NO_ENVIRONMENT = "none"


def empty(*, sim: bool) -> Draft:
    """A draft without answers. In a simulation nobody is asked for a profile."""
    return Draft({SIM: "true"}, {}) if sim else Draft()


def _defaults() -> dict[str, str]:
    values = {f.name: f.default for f in fields(Answers) if f.default is not MISSING}
    return {name: _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    if value is None:
        return NO_ENVIRONMENT
    return str(value).lower() if isinstance(value, bool) else str(value)


DEFAULTS: Mapping[str, str] = _defaults()


def value(draft: Draft, name: str) -> str:
    """A field's value as text, by what is known, what is proposed, and the default; empty if nobody knows."""
    if name == "repository":
        owner, repo = draft.values.get("owner", ""), draft.values.get("repo", "")
        return f"{owner}/{repo}" if owner and repo else owner or repo
    if name in draft.values:
        said = draft.values[name]
        return said.lower() if name in FLAGS else said
    if name in PROPOSALS and draft.values.get("repo"):
        return PROPOSALS[name](draft.values["repo"])
    return DEFAULTS.get(name, "")


def source(draft: Draft, name: str) -> str:
    """Where a field's value came from, in words; empty if there is none."""
    key = "repo" if name == "repository" else name
    if key in draft.values:
        return draft.sources.get(key, "")
    if not value(draft, name):
        return ""
    return PROPOSED if name in PROPOSALS else DEFAULT


def shown_text(draft: Draft, field: Field) -> str:
    """A field's value as its box shows it: what "none" stands for is an empty box."""
    found = value(draft, field.name)
    return "" if field.unset is not None and found == field.unset else found


def with_value(draft: Draft, name: str, text: str, source: str = TYPED) -> Draft:
    """The draft with one value more (or another one), and where it came from. An empty text takes the value away."""
    if name == "repository":
        owner, slash, repo = text.strip().partition("/")
        step = with_value(draft, "owner", owner, source)
        return with_value(step, "repo", repo if slash else "", source)
    values, sources = dict(draft.values), dict(draft.sources)
    values.pop(name, None)
    sources.pop(name, None)
    if text:
        values[name], sources[name] = text, source
    return Draft(values, sources)


def with_field(draft: Draft, field: Field, text: str, source: str = TYPED) -> Draft:
    """The draft after a box was filled: an empty box means what the field says it means."""
    said = text.strip()
    if said or field.unset is None:
        return with_value(draft, field.name, said, source)
    return Draft({**draft.values, field.name: field.unset}, {**draft.sources, field.name: source})


def visible(step: Step, draft: Draft) -> tuple[Field, ...]:
    """The fields of a step that are asked, by the answers so far."""
    known = all_values(draft)
    return tuple(field for field in step.fields if field.shown(known))


def all_values(draft: Draft) -> Values:
    """Every answer that is known, proposed or has a default, as text."""
    names = [f.name for f in fields(Answers)] + sorted(LOCAL)
    found = {name: value(draft, name) for name in names}
    return {name: text for name, text in found.items() if text}


def answered(draft: Draft) -> dict[str, str]:
    """What a draft gives the product: every value that is an answer, none that is the wizard's own."""
    return {name: text for name, text in draft.values.items() if name not in LOCAL}


def problem(field: Field, text: str) -> InputError | None:
    """Why a box's text cannot be used; None if it can."""
    said = text.strip()
    if field.name in LOCAL or (not said and field.unset is not None):
        return None
    if not said:
        return InputError(field.label, "is needed, and nothing here says it.", "Type it.")
    try:
        _check(field.name, said)
    except InputError as error:
        detail = error.detail.removeprefix(f"{error.field}: ").replace(", as a quoted string", "")
        return InputError(field.label, detail, _said_here(error.remedy))
    return None


def problems(step: Step, draft: Draft) -> dict[str, InputError]:
    """What still cannot be used in a step, by field name, in the order of the fields."""
    known = all_values(draft)
    found = {field.name: problem(field, shown_text(draft, field)) for field in visible(step, draft)}
    refused = {name: error for name, error in found.items() if error is not None}
    if step.id == "target" and not refused and _too_few(known):
        detail = f"{known['node_min']} is more than the most, {known['node_max']}."
        refused["node_min"] = InputError("Least nodes", detail, "Make it smaller, or raise the most.")
    if step.id == "target" and not refused and _other_processor(known):
        detail = f"{known['platform']} images do not start on {known['node_type']}."
        refused["platform"] = InputError("Processor that the image is for", detail, "Change one of the two.")
    return refused


def _too_few(known: Values) -> bool:
    return known.get("create_cluster") == "true" and int(known["node_min"]) > int(known["node_max"])


def _other_processor(known: Values) -> bool:
    if known.get("create_cluster") != "true" or known.get("compute") != "nodegroup":
        return False
    return bool(ARM.fullmatch(known["node_type"])) != (known["platform"] == "arm64")


def _check(name: str, said: str) -> None:
    if name == "repository":
        owner, slash, repo = said.partition("/")
        if not (owner and slash and repo):
            raise InputError(name, f"{said!a} is not OWNER/NAME.", "Write it as on GitHub: acme/payments.")
        check_field("owner", owner)
        check_field("repo", repo)
    elif name in NUMBERS:
        if not (said.isascii() and said.isdecimal()):
            raise InputError(name, f"{said!a} is not a number.", "Give one in digits.")
        check_field(name, int(said))
    elif name in FLAGS:
        check_field(name, {"true": True, "false": False}.get(said.lower(), said))
    else:
        check_field(name, said)


def _said_here(remedy: str) -> str:
    """A remedy that names the file's key says nothing in front of a box."""
    return "" if remedy.startswith("Change `") else remedy
