"""A world that is up, by the command line alone: plan, apply, plan again, destroy, and it is what it was before."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ekswiz.answers import Answers
from ekswiz.paths import WORKFLOW_PATH
from ekswiz_sim import daemon_client, entry, snapshot
from ekswiz_sim.runner.tools.install import kubectl
from rehearsal import plants

SAMPLE: dict[str, Any] = {**entry.SAMPLE}
ANSWERS = Answers(**SAMPLE)
EKSWIZ = Path(sys.executable).with_name("ekswiz")


class Shell:
    """Commands in a state folder of their own, without the environment of whoever runs the tests."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder),
            "EKSWIZ_STATE_DIR": str(self.state),
        }

    def run(self, *command: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Said:
        environment = {**self._environment, **(env or {})}
        done = subprocess.run(
            command, check=False, input=stdin, capture_output=True, text=True, env=environment, timeout=120
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def ekswiz(self, *arguments: str) -> Said:
        return self.run(str(EKSWIZ), *arguments)

    def world(self, *who: str) -> dict[str, str]:
        """What `ekswiz sim env` exports."""
        lines = shlex.split(self.ekswiz("sim", "env", *who).out.replace("export ", ""))
        return dict(line.split("=", 1) for line in lines)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def clients(env: Mapping[str, str]) -> Callable[[str], Any]:
    session = boto3.Session(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], region_name=env["AWS_REGION"])
    return lambda name: session.client(name, endpoint_url=env["AWS_ENDPOINT_URL"], config=Config(proxies={}))


@dataclass
class Road:
    """What every command of the road said, and the world before, between and after."""

    said: dict[str, Said] = field(default_factory=dict)
    worlds: dict[str, dict[str, Any]] = field(default_factory=dict)

    def differences(self, one: str, other: str) -> list[str]:
        return snapshot.differences(self.worlds[one], self.worlds[other])


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    shell = Shell(tmp_path_factory.mktemp("world"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(daemon_client.STATE_VARIABLE, str(shell.state))
        up = shell.ekswiz("sim", "up", "--sample", "--json")
        assert up.code == 0, up.text
        yield shell
        down = shell.ekswiz("sim", "down")
        assert down.code == 0, down.text
        assert not Path(json.loads(up.out)["home"]).exists()


@pytest.fixture(scope="module")
def checkout(shell: Shell) -> Path:
    facts = daemon_client.status()
    assert facts is not None
    return Path(facts["checkout"])


@pytest.fixture(scope="module")
def road(shell: Shell, checkout: Path) -> Road:
    """The whole road, once."""
    road, operator = Road(), shell.world()

    def by_operator(*arguments: str, stdin: str) -> str:
        said = shell.run(str(kubectl()), *arguments, stdin=stdin, env=operator)
        assert said.code == 0, said.text
        return said.out

    plants.plant(clients(shell.world("--root")), by_operator, checkout, ANSWERS)
    road.worlds["before"] = daemon_client.control("/snapshot")
    road.said["plan"] = shell.ekswiz("--sim", "plan", "--exit-code")
    road.worlds["planned"] = daemon_client.control("/snapshot")
    road.said["apply"] = shell.ekswiz("--sim", "apply")
    road.worlds["applied"] = daemon_client.control("/snapshot")
    road.said["again"] = shell.ekswiz("--sim", "plan", "--exit-code")
    road.said["destroy"] = shell.ekswiz("--sim", "destroy")
    road.worlds["after"] = daemon_client.control("/snapshot")
    return road


def test_the_plan_shows_changes_and_makes_none(road: Road) -> None:
    assert road.said["plan"].code == 2, road.said["plan"].text
    assert "+ iam_role.push" in road.said["plan"].out
    assert "= oidc_provider.github" in road.said["plan"].out
    assert road.differences("before", "planned") == []


def test_apply_makes_them(road: Road) -> None:
    made = "\n".join(line for line in road.differences("before", "applied") if line.startswith("+"))

    assert road.said["apply"].code == 0, road.said["apply"].text
    for name in ("role/ekswiz-hello-eks-push", "role/ekswiz-hello-eks-deploy", "/ecr/repositories/hello-eks",
                 "accessEntries", "namespaces//hello-eks", WORKFLOW_PATH):  # fmt: skip
        assert name in made


def test_a_second_plan_says_that_there_is_nothing_to_do(road: Road) -> None:
    assert road.said["again"].code == 0, road.said["again"].text
    assert "nothing to do" in road.said["again"].out.lower()


def test_destroy_leaves_the_world_as_it_was_before(road: Road) -> None:
    assert road.said["destroy"].code == 0, road.said["destroy"].text
    assert road.differences("before", "after") == []


def test_destroy_says_what_it_keeps(road: Road) -> None:
    assert "= oidc_provider.github" in road.said["destroy"].out
    assert "existed before ekswiz" in road.said["destroy"].out


def test_the_planned_files_are_gone_and_others_are_not(road: Road, checkout: Path) -> None:
    assert not (checkout / WORKFLOW_PATH).exists()
    for path, text in plants.FILES.items():
        assert (checkout / path).read_text() == text


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("iam/iam_role", ":role/"),
        ("iam/iam_policy", ":policy/"),
        ("iam/iam_user", ":user/"),
        ("ecr/repositories", ""),
        (f"eks/{ANSWERS.cluster}/accessEntries", ":role/"),
        (f"kubernetes/{ANSWERS.cluster}", "namespaces//"),
        (f"kubernetes/{ANSWERS.cluster}", "roles.rbac.authorization.k8s.io/{}/ekswiz-deployer"),
        (f"kubernetes/{ANSWERS.cluster}", "rolebindings.rbac.authorization.k8s.io/{}/ekswiz-deployer"),
        (f"kubernetes/{ANSWERS.cluster}", "deployments.apps/{}/app"),
        (f"kubernetes/{ANSWERS.cluster}", "secrets/{}/password"),
    ],
)
def test_the_snapshot_holds_two_foreign_objects_of_each_kind(road: Road, where: str, kind: str) -> None:
    """Else "equal" would say nothing about them."""
    held: Any = road.worlds["before"]
    for part in where.split("/"):
        held = held[part]
    for name in plants.ONES:
        wanted = kind.format(name) if "{}" in kind else f"{kind}{name}"
        assert any(key.endswith(wanted) for key in held), sorted(held)


def test_the_snapshot_holds_images_providers_and_files(road: Road) -> None:
    before = road.worlds["before"]

    assert len(before["iam"]["oidc_provider"]) == 2
    assert all(before["ecr"]["repositories"][name]["images"] for name in plants.ONES)
    assert {*plants.FILES, "app/Dockerfile", ".github"} <= before["files"].keys()


@pytest.mark.parametrize("path", ["app/main.py", ".github/workflows/nightly.yml"])
def test_a_changed_byte_in_a_file_is_a_difference(road: Road, checkout: Path, path: str) -> None:
    file = checkout / path
    text = file.read_text()

    file.write_text(text + " ")
    changed = snapshot.differences(road.worlds["after"], daemon_client.control("/snapshot"))
    file.write_text(text)

    assert [line.split(":")[0] for line in changed] == [f"~ /files/{path}/sha256"]
