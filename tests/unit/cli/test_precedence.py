"""Every answer from every place it can be said in: flag, variable, file, repository, default; the first one wins.

The table is made from the fields themselves: an answer that is added, and has no values here, fails.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from ekswiz import main
from ekswiz.answers import CHOICES, FLAGS, Answers
from ekswiz.detect import detect
from ekswiz.errors import Exit
from ekswiz.fields.rules import NUMBERS
from ekswiz.options import FIELDS
from ekswiz.resolve import PROPOSALS, SIM_DEFAULTS
from ekswiz.risks import EVERY
from house.pages.answers import BY_HAND, DETECTED

FLAG = {"owner": "--repo", "repo": "--repo", **{name: flag for name, flag, *_ in FIELDS if name != "repository"}}
TEXTS: Mapping[str, tuple[str, str, str]] = {
    "stack": ("one", "two", "three"),
    "account": ("111111111111", "222222222222", "333333333333"),
    "region": ("eu-west-1", "eu-west-2", "eu-west-3"),
    "owner": ("one", "two", "three"),
    "repo": ("app-one", "app-two", "app-three"),
    "owner_id": ("11", "22", "33"),
    "repo_id": ("11", "22", "33"),
    "branch": ("one", "two", "three"),
    "environment": ("one", "two", "none"),
    "cluster": ("one", "two", "three"),
    "namespace": ("one", "two", "three"),
    "ecr_repository": ("one", "two", "three"),
    "workload": ("one", "two", "three"),
    "context": ("one", "two", "three"),
    "dockerfile": ("one/Dockerfile", "two/Dockerfile", "three/Dockerfile"),
    "manifests": ("one", "two", "three"),
    "kubernetes_version": ("1.35", "1.34", "1.33"),
    "node_type": ("m5.large", "m6i.large", "m7i.large"),
    "endpoint_cidrs": ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),
    "vpc_cidr": ("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"),
    "boundary": tuple(f"arn:aws:iam::123456789012:policy/{name}" for name in ("one", "two", "three")),  # type: ignore[dict-item]  # three
    "folder": ("one", "two", "three"),
    "test_command": ("make one", "make two", "make three"),
    "app_entry": ("one:app", "two:app", "three:app"),
    "deploy_runner": ("one", "two", "three"),
    "partition": ("aws", "aws", "aws"),
    "issuer": ("one.example", "two.example", "three.example"),
}
"""Three values of each answer that is text; those that are numbers, choices or true and false have theirs by rule."""


def three(field: Field[Any]) -> tuple[str, str, str]:
    """Values for flag, variable and file. Of two that there are, the middle one is the other's opposite."""
    name = field.name
    if name in TEXTS:
        return TEXTS[name]
    if name in NUMBERS:
        low, high, *_ = NUMBERS[name]
        middle = min(low + 1, high)
        return str(low), str(middle), str(low)
    if name in FLAGS:
        return ("false", "true", "false") if field.default is True else ("true", "false", "true")
    assert name in CHOICES, f"{name} is new: give it three values in TEXTS"
    first, second, *rest = CHOICES[name]
    return first, second, (rest or [first])[0]


@dataclass(frozen=True)
class Place:
    """A repository's folder and what was said of one answer."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def answer(self, name: str, *words: str) -> str:
        """What `ekswiz answers` holds for it, as the command line would say it."""
        code = main.run(["--sim", "answers", "--json", "--source", str(self.folder), *words])
        said = self.capsys.readouterr()
        assert code == Exit.OK, said.err
        value = json.loads(said.out)["answers"][name]
        return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    def refusal(self, *words: str) -> tuple[int, str, str]:
        code = main.run([*words, "--source", str(self.folder)])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def write(self, name: str, value: str) -> None:
        """The answer as the file's only line of its own."""
        plain = name in NUMBERS or name in FLAGS
        (self.folder / "ekswiz.toml").write_text(f"{name} = {value if plain else repr(value)}\n")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    """A checkout of found/found-it that says of itself all that a repository can say."""
    for name in [name for name in os.environ if name.startswith("EKSWIZ_")]:
        monkeypatch.delenv(name)
    git = tmp_path / ".git"
    git.mkdir()
    (git / "config").write_text('[remote "origin"]\n\turl = https://github.com/found/found-it.git\n')
    (git / "HEAD").write_text("ref: refs/heads/found\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()\n")
    (tmp_path / "app" / "requirements.txt").write_text("fastapi\n")
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "kustomization.yaml").write_text("resources: []\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    return Place(tmp_path, monkeypatch, capsys)


def said(name: str, value: str) -> str:
    """A value as its flag takes it: owner and name of a repository come together."""
    return {"owner": f"{value}/found-it", "repo": f"found/{value}"}.get(name, value)


def variable(flag: str) -> str:
    return "EKSWIZ_" + flag.removeprefix("--").replace("-", "_").upper()


def with_flag() -> list[Any]:
    return [pytest.param(field, id=field.name) for field in fields(Answers) if field.name in FLAG]


def companions(name: str) -> tuple[str, ...]:
    """Other flags without which a value of this answer would be refused."""
    return {
        "node_min": ("--node-max", "9"),
        "node_max": ("--node-min", "1"),
        "app_entry": ("--framework", "fastapi"),
    }.get(name, ())


@pytest.mark.parametrize("field", with_flag())
def test_flag_then_variable_then_file_then_repository_then_default(place: Place, field: Field[Any]) -> None:
    name, flag = field.name, FLAG[field.name]
    by_flag, by_variable, by_file = three(field)
    beside = companions(name)
    detected = detect(place.folder).fields.get(name)

    nothing = place.answer(name, *beside)
    assert nothing == expected_default(place, field) if detected is None else nothing == detected
    place.write(name, by_file)
    assert place.answer(name, *beside) == by_file
    place.monkeypatch.setenv(variable(flag), said(name, by_variable))
    assert place.answer(name, *beside) == by_variable
    assert place.answer(name, flag, said(name, by_flag), *beside) == by_flag
    assert by_flag != by_variable != by_file


def expected_default(place: Place, field: Field[Any]) -> str:
    """What the answer is when nobody says it; in a rehearsal also what is invented or follows from the name."""
    if field.name in PROPOSALS:
        return PROPOSALS[field.name]("found-it")
    if field.default is MISSING:
        return SIM_DEFAULTS[field.name]
    value = field.default
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_what_has_no_flag_stands_in_the_file(place: Place, name: str) -> None:
    place.write(name, TEXTS[name][0])

    assert place.answer(name) == TEXTS[name][0]


def test_every_answer_has_a_flag_or_a_reason() -> None:
    assert {field.name for field in fields(Answers)} == FLAG.keys() | BY_HAND.keys()


def test_the_page_says_what_a_repository_says_about_itself(place: Place) -> None:
    assert detect(place.folder).fields.keys() == DETECTED.keys()


@pytest.mark.parametrize(
    "field", [pytest.param(field, id=field.name) for field in fields(Answers) if field.default is MISSING]
)
def test_without_a_terminal_a_missing_answer_is_named_with_field_flag_and_variable(
    place: Place, field: Field[Any]
) -> None:
    name, flag = field.name, FLAG[field.name]
    (place.folder / ".git" / "config").write_text("")
    (place.folder / ".git" / "HEAD").write_text("")
    given = {
        other.name: three(other)[0] for other in fields(Answers) if other.default is MISSING and other.name != name
    }
    lines = (f"{other} = {value!r}" for other, value in given.items())
    (place.folder / "ekswiz.toml").write_text("\n".join(lines) + "\n")

    code, out, err = place.refusal("plan")

    if name in PROPOSALS:  # it follows from the repository's name: nothing is missing, and AWS is the next to be asked
        assert "not known" not in err
        return
    assert (code, out) == (Exit.USAGE, "")
    for word in (f"`{name}`", flag, variable(flag)):
        assert word in err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("plann",), "plan"),
        (("sim", "statsu"), "status"),
        (("plan", "--regoin", "x"), "--region"),
        (("--sim", "answers", "--region", "eu-wset-1"), "eu-west-1"),
        (("--sim", "answers", "--compute", "nodegruop"), "nodegroup"),
        (("plan", "--allow-risk", "narrow-trust"), "narrows-trust"),
    ],
)
def test_what_was_probably_meant_is_said(place: Place, words: tuple[str, ...], meant: str) -> None:
    code, out, err = place.refusal(*words)

    assert (code, out) == (Exit.USAGE, "")
    assert "Did you mean" in err
    assert meant in err


def test_a_key_of_the_file_that_was_probably_meant_is_said(place: Place) -> None:
    (place.folder / "ekswiz.toml").write_text('regoin = "eu-west-1"\n')

    code, _, err = place.refusal("plan")

    assert code == Exit.USAGE
    assert "Did you mean `region`?" in err


@pytest.mark.parametrize("risk", sorted(EVERY))
def test_each_risk_that_needs_consent_is_agreed_to_by_its_id(place: Place, risk: str) -> None:
    assert place.answer("cluster", "--allow-risk", risk) == SIM_DEFAULTS["cluster"]
