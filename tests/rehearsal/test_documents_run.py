"""Every block of README and docs: run as it stands, in a town; or read as what it is; or marked why not.

A page's commands are one story, told in order in a checkout of their own. The live commands go to the town's account.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import pytest
from ruamel.yaml import YAML

from ekswiz import answers_file, schemas
from ekswiz.answers import Answers
from rehearsal import guide_account
from rehearsal.blocks import EVERY, PAGES, READ, ROOT, SHELL, Block
from rehearsal.commands import Said
from rehearsal.town import ACCOUNT, Town
from terminal.device import pair

STORIES = {page: [block for block in EVERY if block.page == page and block.runs] for page in PAGES}
ANSWERS_KEYS = {"account", "region", "cluster", "stack"}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One account for all pages: what a page makes there is removed after it."""
    made = Town(tmp_path_factory.mktemp("town")).build()
    made.up()
    yield made
    made.down()


@pytest.fixture
def town(account: Town, page: Path, tmp_path: Path) -> Iterator[Town]:
    if page.name in PLANTED:
        with alone(tmp_path / "town", PLANTED[page.name]) as made:
            yield made
        return
    account.clean()
    (account.checkout / "your-repository").symlink_to(".")
    yield account
    account.clean()
    gone = account.run("destroy", "--yes", "--account", ACCOUNT, "--delete-images")
    assert gone.code == 0, gone.text


def by_hand(town: Town) -> None:
    """What somebody made in the account after the usual guide."""
    named = ("--ecr-repository", guide_account.REPOSITORY, "--subject", "classic")
    policy = town.run("operator-policy", "--adopt", "--self-check", *named).out
    keys = town.root_keys()
    given = {name.lower(): keys[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    place = {"region_name": "eu-west-1", "endpoint_url": keys["AWS_ENDPOINT_URL"]}
    answers = Answers(**json.loads(town.run("answers", "--json", *named).out)["answers"])

    def client(service: str) -> Any:
        return boto3.client(service, **place, **given)

    guide_account.plant(client, answers)
    made = client("iam").create_policy(PolicyName="adopt", PolicyDocument=json.dumps(json.loads(policy)))["Policy"]
    client("iam").attach_user_policy(UserName="operator", PolicyArn=made["Arn"])


PLANTED: Mapping[str, Callable[[Town], None]] = {"from-the-guide.md": by_hand}
"""Pages whose account holds something before their first command; they get one of their own."""


@contextmanager
def alone(root: Path, plant: Callable[[Town], None]) -> Iterator[Town]:
    made = Town(root).build()
    made.up()
    plant(made)
    yield made
    made.down()


def run(town: Town, block: Block) -> Said:
    """A block's commands; where somebody types, at a terminal of its own."""
    if not block.typed:
        return town.shell(block.commands)
    controller, terminal = pair()
    try:
        os.write(controller, f"{block.typed}\n".encode())
        return town.shell(block.commands, stdin=terminal)
    finally:
        os.close(controller)
        os.close(terminal)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if STORIES[page]], ids=lambda page: str(page.relative_to(ROOT))
)
def test_the_commands_of_a_page_do_what_it_says(town: Town, page: Path) -> None:
    for block in STORIES[page]:
        said = run(town, block)

        assert said.code in block.codes, f"{block.name}: exit {said.code}\n{said.out[-800:]}\n{said.err[-800:]}"
        assert "Traceback" not in said.text


@pytest.mark.parametrize("block", EVERY, ids=lambda block: block.name)
def test_every_block_is_run_or_read_or_says_why_not(block: Block) -> None:
    if block.language in READ:
        assert not block.mark, f"{block.name}: it is read; it needs no comment"
        return
    assert block.mark, f"{block.name}: say <!-- run --> or <!-- not run: why --> in front of it"
    assert block.marked, f"{block.name}: nobody knows what {block.mark!r} means"
    assert not block.runs or block.language in SHELL, f"{block.name}: nothing runs {block.language or 'no language'}"
    for named in re.findall(r"tests/[\w/.]+", block.mark):
        assert (ROOT / named.rstrip(".")).exists(), f"{block.name} names {named}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_command_hides_outside_of_a_fence(page: Path) -> None:
    """An indented block is one that nobody marks; in a list, text is indented by less."""
    outside = re.sub(r"^([ ]*)```.*?^\1```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)

    assert re.findall(r"\n\n {4,}\S.*", outside) == []


@pytest.mark.parametrize("block", [block for block in EVERY if block.language in READ], ids=lambda block: block.name)
def test_what_is_read_is_what_it_says(block: Block, tmp_path: Path) -> None:
    if block.language == "python":
        ast.parse(block.text)
    elif block.language == "json":
        json.loads(block.text)
    elif block.language == "toml":
        _answers(tomllib.loads(block.text), block)
    else:
        _workflow(YAML(typ="safe").load(StringIO(block.text)), block, tmp_path)


def _answers(found: dict[str, object], block: Block) -> None:
    """Answers, which may be some of them: each key is known, and each value usable."""
    answers_file.check_keys(found, block.name)
    assert found


def _workflow(found: object, block: Block, folder: Path) -> None:
    """A workflow file, or some of its steps, with nothing that actionlint or zizmor would say."""
    text = block.text if isinstance(found, dict) else AROUND + re.sub(r"^", "      ", block.text, flags=re.MULTILINE)
    file = folder / ".github" / "workflows" / "block.yml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    for tool in (["actionlint"], ["zizmor", "--offline", "--no-progress"]):
        command = [str(Path(sys.executable).with_name(tool[0])), *tool[1:], str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, f"{block.name}: {done.stdout}{done.stderr}"


AROUND = """\
name: Steps
on:
  pull_request:
permissions: {}
concurrency:
  group: steps
jobs:
  one:
    name: Steps
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
"""


CI = ROOT / "docs" / "how-to" / "continuous-integration.md"
ELSEWHERE = ("pipx install", "gh api")
"""Steps that download or upload; the release is tried from its wheel."""


def test_the_documented_jobs_write_a_step_summary_a_report_and_sarif(account: Town) -> None:
    """Each `run` of the page's two jobs, as the runner runs it."""
    account.clean()
    (account.checkout / "summary.md").write_text("# From an earlier step\n")

    for block in (block for block in EVERY if block.page == CI):
        (job,) = YAML(typ="safe").load(StringIO(block.text))["jobs"].values()
        for step in (step for step in job["steps"] if "run" in step and not step["run"].startswith(ELSEWHERE)):
            said = account.shell(step["run"], GITHUB_STEP_SUMMARY="summary.md", GITHUB_ACTIONS="true", CI="true")
            assert said.code == 0, said.text[-800:]

    summary = (account.checkout / "summary.md").read_text()
    assert summary.startswith("# From an earlier step\n## Rehearsal of acme/shop: everything works as intended\n")
    assert "| access | ok |" in summary
    jsonschema.validate(json.loads((account.checkout / "report.json").read_text()), schemas.schema("report"))
    (run,) = json.loads((account.checkout / "ekswiz.sarif").read_text())["runs"]
    assert run["tool"]["driver"]["name"] == "ekswiz"
    places = [result["locations"][0] for result in run["results"]]
    assert all(place["physicalLocation"]["artifactLocation"]["uri"] == "ekswiz.toml" for place in places)


def test_a_block_without_a_comment_is_noticed() -> None:
    page = ROOT / "README.md"

    assert not Block(page, 1, "console", "$ ekswiz plan\n", "").marked
    assert not Block(page, 1, "console", "$ ekswiz plan\n", "not run: no").marked
    assert not Block(page, 1, "console", "$ ekswiz plan\n", "run: hopefully").marked
    assert Block(page, 1, "console", "$ ekswiz plan\n", "run: exit 2 or 5, types 9012").codes == {2, 5}
