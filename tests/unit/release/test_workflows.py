"""The project's own workflows, judged as strictly as the ones that ekswiz writes; nothing is let off."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[3]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
TOOLS = Path(sys.executable).parent
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def loaded(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def places(update: Any) -> list[str]:
    return update.get("directories") or [update["directory"]]


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = loaded(GITHUB / "workflows" / name)["jobs"]
    return found


def zizmor(folder: Path, persona: str) -> list[Any]:
    command = [str(TOOLS / "zizmor"), "--offline", "--no-progress", "--quiet", f"--persona={persona}", "--format=json"]
    done = subprocess.run(
        [*command, "--no-exit-codes", str(folder)],
        capture_output=True, text=True, check=True, env={"HOME": str(folder), "PATH": os.defpath},
    )  # fmt: skip
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("persona", ["regular", "pedantic", "auditor"])
def test_zizmor_finds_nothing(persona: str) -> None:
    assert [finding["ident"] for finding in zizmor(GITHUB, persona)] == []


def test_zizmor_would_find_something(tmp_path: Path) -> None:
    bad = tmp_path / ".github" / "workflows" / "bad.yml"
    bad.parent.mkdir(parents=True)
    bad.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("permissions: {}", "permissions: write-all"))
    assert zizmor(tmp_path / ".github", "regular")


def test_actionlint_with_shellcheck_finds_nothing() -> None:
    command = [str(TOOLS / "actionlint"), "-no-color", f"-shellcheck={TOOLS / 'shellcheck'}", *map(str, WORKFLOWS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_with_its_version(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used
    assert [use for use in used if not PINNED.match(use)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_secret_is_used_and_nothing_is_allowed_by_default(path: Path) -> None:
    assert "secrets." not in path.read_text(encoding="utf-8")
    assert loaded(path)["permissions"] == {}


def test_an_action_has_one_version_everywhere() -> None:
    used = {use for path in WORKFLOWS for use in re.findall(r"uses: (\S+@\S+ # \S+)", path.read_text(encoding="utf-8"))}
    names = [use.split("@")[0] for use in used]
    assert sorted(names) == sorted(set(names))


def test_publishing_asks_an_environment_and_holds_one_permission() -> None:
    publish = jobs("release.yml")["publish"]
    assert publish["environment"]["name"] == "pypi"
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["steps"][-1]["with"] == {"attestations": True}
    assert [step["uses"].split("@")[0] for step in publish["steps"]] == [
        "actions/download-artifact",
        "pypa/gh-action-pypi-publish",
    ], "what may publish runs no code of ours and nothing that was built"
    assert publish["needs"] == ["try", "attest"]


def test_the_wheel_is_tried_on_every_python_that_it_claims() -> None:
    claimed = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert jobs("ci.yml")["wheel"]["strategy"]["matrix"]["python"] == claimed


def test_dependabot_watches_every_lock_and_every_action() -> None:
    updates = loaded(GITHUB / "dependabot.yml")["updates"]
    watched = {(each["package-ecosystem"], place) for each in updates for place in places(each)}
    assert watched == {("github-actions", "/"), ("pip", "/"), ("pip", "/requirements")}
