"""LocalStack's container, played by an image of this machine's busybox: how it starts, ends, and is removed."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import RehearsalError
from ekswiz.tiers import Tiers
from ekswiz_sim import holdings
from ekswiz_sim import home as homes
from ekswiz_sim.aws.endpoint import address, container, tier
from ekswiz_sim.containers import preflight
from ekswiz_sim.containers import settle as containers
from ekswiz_sim.containers.engine import connect
from ekswiz_sim.seams import Stopped
from unit.containers.conftest import Workshop, busybox, facts

__all__ = ["busybox", "facts"]

HEALTH = json.dumps({"services": {"iam": "available", "ec2": "available", "sts": "available"}, "version": "4.14.0"})
SERVE = "exec httpd -f -p 4566 -h /www"
TOKEN = "ls-fake-token-of-a-test"


@pytest.fixture
def workshop(facts: preflight.Facts, busybox: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    for name in (*container.TOKENS, "AWS_ENDPOINT_URL", "LOCALSTACK_HOST"):
        monkeypatch.delenv(name, raising=False)
    client = connect(facts.address)
    made = Workshop(f"ekswiz-sim-{secrets.token_hex(4)}", client, facts, busybox)
    yield made
    containers.settle(Path(made.world), {"address": facts.address})
    client.close()


def image(workshop: Workshop, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The image that `IMAGE_NAME` names from here on: it runs this script."""
    command = json.dumps(["sh", "-c", script])
    made = workshop.image("localstack", f"CMD {command}", files={"www/_localstack/health": HEALTH})
    monkeypatch.setenv(container.IMAGE_VARIABLE, made)


def running(workshop: Workshop, folder: Path) -> list[dict[str, Any]]:
    return list(workshop.client.containers(all=True, filters={"label": [f"{container.LABEL}={folder.name}"]}))


def started(folder: Path, **how: Any) -> str:
    return container.start(folder, how.pop("stop", threading.Event()), **how)


@pytest.fixture
def folder(home: Path, workshop: Workshop) -> Path:
    """A world's folder with a name that no other test has."""
    made = home.parent / workshop.world
    made.mkdir()
    return made


def test_it_serves_on_loopback_alone_and_goes_with_its_note(
    workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(workshop, SERVE, monkeypatch)
    url = started(folder)
    assert address.health(url) == address.Health("4.14.0", frozenset({"iam", "ec2", "sts"}))
    (made,) = running(workshop, folder)
    assert {port["IP"] for port in made["Ports"]} == {"127.0.0.1"}
    assert made["Mounts"] == []
    assert [note.kind for note in holdings.notes(folder)] == ["localstack"]
    assert holdings.settle(folder) == []
    assert running(workshop, folder) == []
    assert holdings.settle(folder) == []


def test_the_engines_socket_is_there_only_if_asked_for(
    workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(workshop, SERVE, monkeypatch)
    started(folder, mount_socket=True)
    (made,) = running(workshop, folder)
    assert [mount["Destination"] for mount in made["Mounts"]] == [container.SOCKET]
    holdings.settle(folder)


def test_the_token_is_passed_through_and_never_shown(
    workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALSTACK_AUTH_TOKEN", TOKEN)
    image(workshop, 'echo "licence of $LOCALSTACK_AUTH_TOKEN is over"; exit 55', monkeypatch)
    with pytest.raises(RehearsalError, match="did not accept the token") as ended:
        started(folder)
    # The container knew it (it is in its log), and nobody else reads it there.
    assert "licence of *** is over" in str(ended.value)
    assert TOKEN not in str(ended.value)
    assert all(TOKEN not in path.read_text() for path in folder.rglob("*") if path.is_file())
    assert running(workshop, folder) == []
    assert list(holdings.notes(folder)) == []


def test_exit_55_without_a_token_says_what_to_set(
    workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(workshop, "exit 55", monkeypatch)
    with pytest.raises(RehearsalError, match="exit code 55: it asks for a token") as ended:
        started(folder)
    assert "LOCALSTACK_AUTH_TOKEN" in ended.value.remedy


def test_another_end_is_told_with_its_last_words(
    workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(workshop, "echo no room; exit 3", monkeypatch)
    with pytest.raises(RehearsalError, match=r"exit code 3\. Its log ends: no room"):
        started(folder)
    assert running(workshop, folder) == []


def test_one_that_never_serves_is_given_up_and_removed(
    workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "START_SECONDS", 1.0)
    image(workshop, "exec sleep 600", monkeypatch)
    with pytest.raises(RehearsalError, match="did not serve within 1 seconds"):
        started(folder)
    assert running(workshop, folder) == []


def test_a_stop_ends_the_wait_at_once(workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image(workshop, "exec sleep 600", monkeypatch)
    stop = threading.Event()
    stop.set()
    began = time.monotonic()
    with pytest.raises(Stopped):
        started(folder, stop=stop)
    assert time.monotonic() - began < 20
    assert running(workshop, folder) == []


def test_a_kept_one_is_used_again(workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "LABEL", f"dev.ekswiz.test-{secrets.token_hex(4)}")
    monkeypatch.setattr(container, "KEPT", f"ekswiz-localstack-{secrets.token_hex(4)}")
    image(workshop, SERVE, monkeypatch)
    url = started(folder, keep=True)
    assert list(holdings.notes(folder)) == []
    try:
        assert started(folder) == url
        assert running(workshop, folder) == []
    finally:
        containers_gone = container.settle(folder, {"address": workshop.facts.address, "name": container.KEPT})
    assert containers_gone == []


def test_an_image_that_is_not_to_be_had_is_named(
    workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(container.IMAGE_VARIABLE, "127.0.0.1:9/localstack:none")
    with pytest.raises(RehearsalError, match="could not be started") as failed:
        started(folder)
    assert "127.0.0.1:9" in str(failed.value)
    assert container.IMAGE_VARIABLE in failed.value.remedy


def test_the_next_start_removes_what_a_killed_world_started(
    workshop: Workshop, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(workshop, SERVE, monkeypatch)
    program = """
        import os, signal, sys, threading
        from pathlib import Path
        from ekswiz_sim.aws.endpoint import container
        container.start(Path(sys.argv[1]), threading.Event())
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(folder)], check=False)
    assert done.returncode == -9
    assert len(running(workshop, folder)) == 1
    (folder / homes.OWNER).write_text(json.dumps({"pid": 2**22 + 1, "started": 1.0}))
    homes.reap(folder.parent)
    assert running(workshop, folder) == []
    assert not folder.exists()


def test_the_image_fits_what_is_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*container.TOKENS, container.IMAGE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    assert container.image() == container.WITHOUT
    monkeypatch.setenv("LOCALSTACK_AUTH_TOKEN", TOKEN)
    assert container.image() == container.WITH_TOKEN
    monkeypatch.setenv(container.IMAGE_VARIABLE, "mine:1")
    assert container.image() == "mine:1"


def test_without_an_engine_the_ways_out_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("LOCALSTACK_HOST", raising=False)
    monkeypatch.setattr(address, "health", lambda url: None)
    monkeypatch.setattr(address, "answers", lambda url: False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(RehearsalError) as failed:
        tier.check(Tiers("localstack"))
    why = f"no container engine was found: there is no {tmp_path}/none.sock."
    assert failed.value.detail == f"no LocalStack is up, and none can be started: {why}"
    assert "--aws-endpoint" in failed.value.remedy
