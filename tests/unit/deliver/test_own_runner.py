"""The deploy job on a runner of the user's own; all other jobs stay on GitHub's."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from ruamel.yaml import YAML

from ekswiz.answers import Answers, validate
from ekswiz.deliver import files
from ekswiz.errors import InputError
from unit.engine.fakes import ANSWERS


def runners(answers: Answers) -> dict[str, str]:
    """The runner of each job of the generated workflows."""
    found = {}
    for file in files(answers):
        if file.path.startswith(".github/workflows/"):
            jobs = YAML(typ="safe").load(StringIO(file.text))["jobs"]
            found |= {name: job["runs-on"] for name, job in jobs.items() if "runs-on" in job}
    return found


@pytest.mark.parametrize("environment", ["production", None])
def test_the_deploy_job_alone_asks_for_it(environment: str | None) -> None:
    answers = replace(ANSWERS, environment=environment, deploy_runner="eks-runners", test_command="make test")

    assert runners(answers) == {"build": "ubuntu-latest", "test": "ubuntu-latest", "deploy": "eks-runners"}


def test_without_it_every_job_is_on_githubs() -> None:
    assert set(runners(ANSWERS).values()) == {"ubuntu-latest"}


@pytest.mark.parametrize(
    "label", ["", "true", "On", "null", "windows-latest", "[self-hosted]", "a b", "${{ x }}", "-a", "1.0", "a" * 101]
)
def test_what_is_no_label_for_bash_is_refused(label: str) -> None:
    with pytest.raises(InputError, match="deploy_runner"):
        validate(replace(ANSWERS, deploy_runner=label))
