"""`ekswiz rehearse --event ... --workflow ...`: what the flags say to the product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ekswiz.errors import InputError
from ekswiz.events import Event
from ekswiz.frontend import Given
from ekswiz.main import ekswiz
from ekswiz.occasion import USUAL, Occasion


class Asked:
    """A product that notes what it was asked to rehearse."""

    def __init__(self) -> None:
        self.given = Given()
        self.occasion = USUAL

    def rehearse(self, given: Given, stop: Any, *, port: int = 0, occasion: Occasion = USUAL) -> Asked:
        self.given, self.occasion = given, occasion
        return self

    def __iter__(self) -> Iterator[Event]:
        return iter(())

    def close(self) -> None:
        pass

    @property
    def report(self) -> Mapping[str, Any]:
        return {"ok": True}


def asked(*words: str, env: Mapping[str, str] | None = None) -> Asked:
    made = Asked()
    result = run(made, *words, env=env)
    assert result.exit_code == 0, result.output
    return made


def run(made: Asked, *words: str, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(ekswiz, list(words), obj=made, env=dict(env or {}), catch_exceptions=False)


def test_without_flags_it_is_the_usual_push() -> None:
    made = asked("rehearse", "--branch", "main")
    assert made.occasion == USUAL
    assert made.given.fields["branch"] == "main"


def test_with_an_event_the_branch_is_the_events() -> None:
    made = asked("--branch", "main", "rehearse", "--event", "push", "--branch", "feature/x")
    assert (made.occasion.event, made.occasion.branch) == ("push", "feature/x")
    assert made.given.fields["branch"] == "main"


def test_a_variable_always_says_the_branch_that_may_deploy() -> None:
    made = asked("rehearse", "--event", "push", env={"EKSWIZ_BRANCH": "trunk"})
    assert made.occasion.branch == ""
    assert made.given.fields["branch"] == "trunk"


def test_a_fork_and_a_workflow_with_its_secrets() -> None:
    made = asked(
        "rehearse", "--event", "pull_request", "--fork", "--workflow", "ci.yml", "--secret", "A=b=c", "--secret", "B=",
        "--variable", "PLACE=here", "--actions-dir", "actions", "--run-on-host",
    )  # fmt: skip
    assert made.occasion == Occasion(
        "pull_request", fork=True, workflow=Path("ci.yml"), secrets={"A": "b=c", "B": ""}, variables={"PLACE": "here"},
        actions=Path("actions"), outside=True,
    )  # fmt: skip
    assert "b=c" not in repr(made.occasion), "a secret is never shown"


def test_an_event_that_nobody_knows_is_refused() -> None:
    assert run(Asked(), "rehearse", "--event", "pull").exit_code == 2


@pytest.mark.parametrize("pair", ["NAME", "=x", "a-b=c", "1A=c"])
@pytest.mark.parametrize("flag", ["--secret", "--variable"])
def test_a_secret_is_a_name_and_a_value(flag: str, pair: str) -> None:
    with pytest.raises(InputError) as refused:
        run(Asked(), "rehearse", flag, pair)
    assert refused.value.field == flag
