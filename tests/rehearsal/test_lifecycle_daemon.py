"""The world that outlives a command: started, refused, killed, and always gone in the end."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from ekswiz_sim import sample
from rehearsal.commands import EKSWIZ, PATIENCE, Ground, Live, Said

pytestmark = pytest.mark.xdist_group("lifecycle-daemon")
UP = ("sim", "up", "--sample", "--json")


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    yield made
    assert made.run("sim", "down").code == 0
    made.assert_nothing_left()
    assert daemons(made) == []


def daemons(ground: Ground) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if "ekswiz_sim.daemon" in process.cmdline() and process.environ().get("TMPDIR") == str(ground.tmp):
                found.append(process)
        except psutil.Error:
            continue
    return found


def up(ground: Ground) -> dict[str, Any]:
    said = ground.run(*UP)
    assert said.code == 0, said.text
    facts: dict[str, Any] = json.loads(said.out)
    return facts


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end
        time.sleep(0.02)


def tools(ground: Ground, facts: Mapping[str, Any], *who: str) -> Callable[..., str]:
    """Runs the world's own tools as the operator, or as root."""
    lines = shlex.split(ground.run("sim", "env", *who).out.replace("export ", ""))
    home = Path(facts["home"])
    env = dict(line.split("=", 1) for line in lines)
    env |= {"PATH": f"{home / 'bin'}:/usr/bin:/bin", "HOME": str(home), "EKSWIZ_DOCKER_STORE": str(home / "docker")}

    def run(*command: str, stdin: str = "") -> str:
        done = subprocess.run(command, env=env, input=stdin, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    return run


def test_one_world_at_a_time(ground: Ground) -> None:
    for command in (("--sim", "plan"), ("sim", "env"), ("--sim", "destroy", "--yes")):
        said = ground.run(*command)
        assert (said.code, said.out) == (5, "")
        assert "no world is up. Start one: ekswiz sim up." in said.err
    assert ground.run("sim", "status").code == 1

    facts = up(ground)
    again = ground.run(*UP)

    assert again.code == 5
    assert f"a world is up already (process {facts['pid']}). Remove it first: ekswiz sim down." in again.err
    assert ground.run("sim", "status").code == 0
    assert [process.pid for process in daemons(ground)] == [facts["pid"]]
    down = ground.run("sim", "down")
    assert down.code == 0
    assert "nothing is left" in down.err
    assert ground.run("sim", "status", "--json").out.strip() == "{}"


def test_a_killed_world_takes_its_pods_along_and_the_next_one_comes_up(ground: Ground) -> None:
    facts = up(ground)
    assert ground.run("--sim", "apply", "--yes").code == 0
    family = _with_a_pod(ground, facts)

    os.kill(facts["pid"], signal.SIGKILL)

    live = Live.__new__(Live)
    live.family = family
    live.assert_gone()
    assert ground.run("sim", "status").code == 1
    assert Path(facts["home"]).exists()
    up(ground)
    assert not Path(facts["home"]).exists(), "the next start removes what the killed one left"


def _with_a_pod(ground: Ground, facts: Mapping[str, Any]) -> set[psutil.Process]:
    root, operator = tools(ground, facts, "--root"), tools(ground, facts)
    image = f"{facts['registry']}/hello-eks:1"
    login = root("aws", "ecr", "get-login-password")
    root("docker", "login", "--username", "AWS", "--password-stdin", facts["registry"], stdin=login)
    root("docker", "build", "--tag", image, str(sample.source() / "app"))
    root("docker", "push", image)
    operator("kubectl", "create", "deployment", "web", f"--image={image}", "--namespace=default")
    operator("kubectl", "rollout", "status", "deployment/web", "--namespace=default", "--timeout=30s")
    me = psutil.Process(facts["pid"])
    family = {me, *me.children(recursive=True)}
    assert any("uvicorn" in process.cmdline() for process in family)
    return family


def test_sigterm_ends_the_world_cleanly(ground: Ground) -> None:
    facts = up(ground)

    os.kill(facts["pid"], signal.SIGTERM)

    until(lambda: daemons(ground) == [])
    assert not Path(facts["home"]).exists()
    assert not (ground.root / "state" / "world.json").exists()


def test_ctrl_c_while_it_starts_takes_the_order_back(ground: Ground) -> None:
    for _ in range(5):  # on a busy machine the signal may come when the world is up already
        live = Live(ground, UP)
        live.wait_for_home()
        live.send(signal.SIGINT)
        said = live.end()
        if said.code != 0:
            break
        assert ground.run("sim", "down").code == 0

    assert said.code == 130, said.text
    assert "Traceback" not in said.text
    assert daemons(ground) == []
    assert list(ground.tmp.iterdir()) == []


def test_a_world_whose_command_is_killed_while_it_starts_can_be_found_or_is_gone(ground: Ground) -> None:
    live = Live(ground, UP)
    live.wait_for_home()

    live.send(signal.SIGKILL)
    live.end()

    until(lambda: daemons(ground) == [] or ground.run("sim", "status").code == 0)


def test_of_two_that_start_at_once_one_is_refused(ground: Ground) -> None:
    both = [
        subprocess.Popen(
            [str(EKSWIZ), *UP],
            env=ground.environment,
            cwd=ground.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]

    said = [Said(one.returncode, *texts) for one, texts in [(one, one.communicate(timeout=PATIENCE)) for one in both]]

    assert sorted(one.code for one in said) == [0, 5]
    assert any("a world is up already" in one.err for one in said)
    assert len(daemons(ground)) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "x", "started": 1}', '{"pid": 1, "started": 1}', "\xff"])
def test_a_state_file_that_means_nothing_is_no_world(tmp_path: Path, text: str) -> None:
    ground = Ground(tmp_path)
    state = ground.root / "state"
    state.mkdir()
    (state / "world.json").write_text(text, encoding="latin-1")

    said = ground.run("sim", "status")

    assert said.code == 1
    assert "No world is up." in said.err
    assert ground.run("sim", "down").code == 0


def test_a_state_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    ground = Ground(tmp_path, {"EKSWIZ_STATE_DIR": "/proc/nowhere"})

    said = ground.run(*UP)

    assert said.code == 5
    assert "the state folder /proc/nowhere cannot be written" in said.err
    assert "EKSWIZ_STATE_DIR" in said.err
    ground.assert_nothing_left()
