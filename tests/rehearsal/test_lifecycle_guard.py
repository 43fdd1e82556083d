"""Nothing but loopback is contacted, and nothing of the user's is read, shown or kept."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from rehearsal.commands import Ground

pytestmark = pytest.mark.xdist_group("lifecycle-guard")
GUARDED = Path(__file__).with_name("guarded.py")
KEY, SECRET, TOKEN, FILE = "AKIACANARYCANARY0001", "canary-secret-0002", "ghp_canary0003", "canary-file-0004"
CANARIES = (KEY, SECRET, TOKEN, FILE)
SAMPLE_SECONDS = 0.03


@dataclass
class Seen:
    """What the rehearsal said of itself, and what its children had open while it ran."""

    said: Mapping[str, Any]
    remote: set[str]
    listening: set[str]
    carriers: set[str]
    children: set[int]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """One guarded rehearsal, watched from outside."""
    ground = Ground(tmp_path_factory.mktemp("guarded") / "ground")
    for name in (".aws/credentials", ".aws/config", ".kube/config", ".docker/config.json"):
        file = ground.home / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"[default]\naws_secret_access_key = {FILE}\n")
    (ground.home / ".gitconfig").write_text(f"[user]\n\tname = {FILE}\n[commit]\n\tgpgSign = true\n")
    ground.extra = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_PROFILE": "canary",
        "AWS_ENDPOINT_URL": "https://canary.example",
        "AWS_CA_BUNDLE": "/nonexistent/canary.pem",
        "HTTPS_PROXY": "http://canary.example:3128",
        "HTTP_PROXY": "http://canary.example:3128",
        "GITHUB_TOKEN": TOKEN,
        "GH_TOKEN": TOKEN,
        "KUBECONFIG": str(ground.home / ".kube" / "config"),
        "GIT_AUTHOR_NAME": FILE,
    }
    found = _watched(ground)
    assert list(ground.tmp.iterdir()) == []
    return found


def _watched(ground: Ground) -> Seen:
    process = subprocess.Popen(
        [sys.executable, str(GUARDED), *CANARIES],
        cwd=ground.cwd,
        env=ground.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    seen = Seen({}, set(), set(), set(), set())
    me = psutil.Process(process.pid)
    while process.poll() is None:
        _sample(me, seen)
        time.sleep(SAMPLE_SECONDS)
    out, err = process.communicate()
    assert out, err
    seen.said = json.loads(out)
    return seen


def _sample(me: psutil.Process, seen: Seen) -> None:
    try:
        family = [me, *me.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            connections = process.net_connections("inet")
            environment = "" if process == me or _is_ours_yet(process, me) else str(process.environ())
        except psutil.Error:
            continue
        if process != me:
            seen.children.add(process.pid)
        seen.remote |= {one.raddr.ip for one in connections if one.raddr}
        seen.listening |= {one.laddr.ip for one in connections if one.laddr and not one.raddr}
        seen.carriers |= {canary for canary in CANARIES if canary in environment}


def _is_ours_yet(process: psutil.Process, me: psutil.Process) -> bool:
    """Between fork and exec a child still shows the command, and the environment, of who started it."""
    return process.cmdline() == me.cmdline()


def _outside(addresses: set[str]) -> set[str]:
    return {one for one in addresses if not ipaddress.ip_address(one.removeprefix("::ffff:")).is_loopback}


def test_the_user_s_environment_and_files_decide_nothing(seen: Seen) -> None:
    assert seen.said["ok"], seen.said["stages"]
    assert seen.said["printed"], "the step that prints its environment has not run"


def test_the_process_contacts_nothing_but_loopback(seen: Seen) -> None:
    assert seen.said["inside"] > 0
    assert seen.said["outside"] == []


def test_its_children_contact_nothing_but_loopback(seen: Seen) -> None:
    assert len(seen.children) > 5
    assert seen.remote
    assert _outside(seen.remote) == set()


def test_all_that_listens_is_on_loopback(seen: Seen) -> None:
    assert seen.listening
    assert _outside(seen.listening) == set()


def test_no_file_of_the_user_is_read_or_written(seen: Seen) -> None:
    assert seen.said["opened"] > 100
    assert seen.said["files"] == []


def test_no_canary_is_in_a_log_an_event_the_report_or_a_file_of_the_world(seen: Seen) -> None:
    assert seen.said["hits"] == []


def test_no_child_has_a_canary_in_its_environment(seen: Seen) -> None:
    assert seen.carriers == set()
