"""`docs/reference/answers.md`: every field of `ekswiz.toml`, from the field tables."""

from __future__ import annotations

import re
from dataclasses import MISSING, Field, fields
from typing import Any

from ekswiz.answers import CHOICES, FLAGS, Answers
from ekswiz.fields.rules import NUMBERS, RULES
from ekswiz.options import FIELDS
from ekswiz.resolve import PROPOSALS, SIM_DEFAULTS
from house.pages.markdown import code, table

HEAD = """\
# The answers

Printed from the field tables by `make docs`. A plan depends on these values and on nothing else. Each can be said in
four places; the first that says it wins:

1. a flag on the command line,
2. its variable,
3. a line of `ekswiz.toml` in the repository's folder (or of the file that `--answers` names),
4. what is found in the repository: git's remote and branch, Dockerfile, manifests, the framework.

What nobody says has its default. In a rehearsal the facts of an account may be missing: they are invented, and found
values still win. `ekswiz answers` prints all of them as they are now; the JSON Schema is `ekswiz schema answers`.

"""
BY_HAND = {"partition": "in the file alone", "issuer": "in the file alone"}
"""Answers without a flag: both have one usable value for everybody but an enterprise with a GitHub of its own."""
DETECTED = {
    "owner": "git remote `origin`", "repo": "git remote `origin`", "branch": "the branch that is checked out",
    "context": "where the Dockerfile is", "dockerfile": "`.`, `app/` or `src/`",
    "manifests": "`manifests`, `k8s`, `deploy` or `kubernetes`, with a kustomization.yaml",
    "framework": "the code's own files, where there is no Dockerfile", "app_entry": "the same",
}  # fmt: skip
"""What a repository says about itself; `tests/unit/cli/test_precedence.py` holds this against `detect`."""
FLAG = {"owner": "--repo", "repo": "--repo", **{name: flag for name, flag, *_ in FIELDS}}
HELP = {name: text for name, _, _, text in FIELDS} | {
    "owner": "Owner of the repository; `--repo OWNER/NAME` says both.",
    "repo": "Name of the repository.",
    "partition": "The AWS partition; only `aws` can be deployed to.",
    "issuer": "Host of the OIDC issuer.",
}


def text() -> str:
    """The whole page."""
    head = ("field", "type", "default", "found in", "flag", "variable", "what it is")
    return HEAD + table(head, map(_row, fields(Answers)))


def _row(field: Field[Any]) -> tuple[str, ...]:
    flag = FLAG.get(field.name, "")
    variable = "EKSWIZ_" + flag.removeprefix("--").replace("-", "_").upper() if flag else ""
    shown = code(flag) or BY_HAND[field.name]
    name = field.name
    return code(name), _type(name), _default(field), _found(name), shown, code(variable), _what(name)


def _type(name: str) -> str:
    if name in NUMBERS:
        low, high, *_ = NUMBERS[name]
        return f"{low} to {high}"
    if name in FLAGS:
        return "true or false"
    if name in CHOICES:
        return ", ".join(map(code, CHOICES[name]))
    return "text"


def _default(field: Field[Any]) -> str:
    if field.name in PROPOSALS:
        return "from the repository's name"
    if field.default is MISSING:
        invented = SIM_DEFAULTS.get(field.name)
        return f"none (rehearsal: `{invented}`)" if invented else "none"
    value = str(field.default).lower() if isinstance(field.default, bool) else field.default
    return code(value) if value not in ("", None) else "none"


def _found(name: str) -> str:
    return DETECTED.get(name, "")


def _what(name: str) -> str:
    rule = RULES.get(name)
    words = f" Must be {rule.words}." if rule is not None else ""
    return re.sub(r"\s+", " ", HELP[name] + words)
