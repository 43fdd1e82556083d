"""Published actions themselves under node: inputs, outputs, environment, state, masks, post steps and refusals."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ekswiz_sim.runner.actions.published import published

if TYPE_CHECKING:
    from unit.runner.lab import Lab

Job = Callable[..., str]
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")

MAIN = """\
const fs = require("fs");
const { GITHUB_OUTPUT, GITHUB_ENV, GITHUB_PATH, GITHUB_STATE, GITHUB_STEP_SUMMARY } = process.env;
console.log("::add-mask::hidden-word");
console.log("who=" + process.env.INPUT_WHO + " how=" + process.env.INPUT_HOW + " repo=" + process.env.INPUT_REPO);
console.log("at " + require("path").basename(process.env.GITHUB_ACTION_PATH) + " hidden-word");
fs.appendFileSync(GITHUB_OUTPUT, "answer<<END\\ntwo\\nlines\\nEND\\n");
fs.appendFileSync(GITHUB_ENV, "LATER=yes\\n");
fs.appendFileSync(GITHUB_PATH, "/somewhere/bin\\n");
fs.appendFileSync(GITHUB_STATE, "kept=thing\\n");
fs.appendFileSync(GITHUB_STEP_SUMMARY, "# done\\n");
"""
METADATA = """\
name: Greet
inputs:
  who: {default: nobody}
  how: {default: true}
  repo: {default: "${{ github.repository }}"}
runs: {using: node20, main: main.js, post: post.js}
"""


def put(folder: Path, name: str, metadata: str = METADATA, **scripts: str) -> None:
    place = folder / name
    place.mkdir(parents=True)
    (place / "action.yml").write_text(metadata)
    for script, text in scripts.items():
        (place / f"{script}.js").write_text(text)


@pytest.fixture
def actions(tmp_path: Path) -> Path:
    return tmp_path / "actions"


@needs_node
def test_an_action_runs_as_at_github(lab: Lab, make_job: Job, actions: Path) -> None:
    put(actions, "acme/greet", main=MAIN, post='console.log("post of " + process.env.STATE_kept);')
    lab.actions.update(published(actions))
    steps = """\
        - id: g
          uses: acme/greet@v1
          with: {who: Mona}
        - env: {ANSWER: "${{ steps.g.outputs.answer }}"}
          run: echo "[$ANSWER] [$LATER] ${PATH%%:*}"
        """
    result = lab.run(make_job(steps))
    assert result.ok, result.failed_step
    log = lab.log()
    assert "who=Mona how=true repo=octo/app" in log
    assert "at greet ***" in log
    assert "[two" in log
    assert "lines] [yes] /somewhere/bin" in log
    assert log[-1] == "post of thing"
    assert result.summary == "# done"


@needs_node
def test_an_action_that_fails_fails_its_step(lab: Lab, make_job: Job, actions: Path) -> None:
    put(actions, "acme/greet", main='console.log("::error::it broke"); process.exit(3);', post="")
    lab.actions.update(published(actions))
    result = lab.run(make_job("- uses: acme/greet@v1"))
    assert not result.ok
    assert "it broke" in result.jobs["a"].error
    assert "main.js ended with exit code 3" in result.jobs["a"].error


@needs_node
def test_the_ref_s_own_folder_is_taken_before_another(lab: Lab, make_job: Job, actions: Path) -> None:
    for ref in ("v1", "v2"):
        put(actions, f"acme/greet/{ref}", "runs: {using: node20, main: main.js}", main=f'console.log("this is {ref}");')
    lab.actions.update(published(actions))
    lab.run(make_job("- uses: acme/greet@v2"))
    assert "this is v2" in lab.log()


@needs_node
def test_a_stop_ends_an_action(lab: Lab, make_job: Job, actions: Path) -> None:
    put(
        actions,
        "acme/slow",
        "runs: {using: node20, main: main.js}",
        main='console.log("up"); setInterval(() => 0, 99);',
    )
    lab.actions.update(published(actions))
    result = lab.run(
        make_job("- uses: acme/slow@v1"), on_event=lambda event: lab.stop.set() if event.message == "up" else None
    )
    assert result.cancelled


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ("runs: {using: composite, steps: []}", "is a composite action"),
        ("runs: {using: docker, image: Dockerfile}", "is a docker action"),
        ("runs: [", "is no action's file"),
        ("name: x", "is no action's file"),
        ("runs: {using: node20, main: ../../outside.js}", "there is no ../../outside.js"),
        ("runs: {using: node20, main: nowhere.js}", "there is no nowhere.js"),
    ],
)
def test_what_cannot_run_is_refused_by_name(lab: Lab, make_job: Job, actions: Path, metadata: str, words: str) -> None:
    put(actions, "acme/odd", metadata)
    (actions / "outside.js").write_text("")
    lab.actions.update(published(actions))
    result = lab.run(make_job("- uses: acme/odd@v1"))
    assert words in result.jobs["a"].error or (shutil.which("node") is None and "no node" in result.jobs["a"].error)


def test_names_are_those_of_uses(actions: Path) -> None:
    put(actions, "acme/one")
    put(actions, "acme/two/v1")
    put(actions, "acme/three/part")
    put(actions, "acme/one/node_modules/x")
    assert set(published(actions)) == {"acme/one", "acme/two", "acme/two/v1", "acme/three", "acme/three/part"}
    assert published(actions.parent / "nowhere") == {}
