"""Starting, finding and ending the world that outlives a command.

Its facts are in one file (0600) in the user's state folder; a file whose process is gone counts for nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import platformdirs
import psutil

from ekswiz.answers import Answers
from ekswiz.errors import RehearsalError
from ekswiz.target import Target
from ekswiz_sim import home
from ekswiz_sim.sim_target import Doorway, make_target

STATE_VARIABLE = "EKSWIZ_STATE_DIR"
END_SECONDS = 30.0
SHOWN = ("account", "region", "aws_url", "registry", "checkout", "home", "pid")


def up(answers: Answers, source: Path | None, operator_policy: Mapping[str, Any], port: int) -> dict[str, Any]:
    """Start a world in a process of its own and wait until it serves; its facts.

    Raises:
        RehearsalError: One is up already, the port is in use, or the process said why it could not start.
    """
    held = _facts()
    if held is not None:
        raise RehearsalError(f"a world is up already (process {held['pid']}).", "Remove it first: ekswiz sim down.")
    order = {
        "answers": asdict(answers),
        "source": str(source) if source else None,
        "operator_policy": operator_policy,
        "port": port,
    }
    facts = _started(order)
    _write(facts)
    return {name: facts[name] for name in SHOWN}


def status() -> dict[str, Any] | None:
    """Facts of the world that is up, without its secrets; None if none is."""
    facts = _facts()
    return {name: facts[name] for name in SHOWN} if facts else None


def env(*, root: bool = False) -> dict[str, str]:
    """Variables with which aws, kubectl and others reach the world, as the operator or the account's root user."""
    facts = _need()
    keys = facts["root" if root else "operator"]
    return {
        "AWS_ENDPOINT_URL": facts["aws_url"],
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_REGION": facts["region"],
        "AWS_DEFAULT_REGION": facts["region"],
        "KUBECONFIG": facts["kubeconfig"],
    }


def attach() -> tuple[Answers, Target, Path]:
    """The answers, target and state folder of the world that is up.

    Raises:
        RehearsalError: None is up.
    """
    facts = _need()
    answers = Answers(**facts["answers"])
    doorway = Doorway(answers.partition, answers.account, answers.region, facts["aws_url"], facts["github_url"])
    target = make_target(doorway, facts["operator"], Path(facts["checkout"]))
    return answers, target, Path(facts["home"]) / "state"


def down() -> list[str]:
    """End the world; what could not be removed. No world is no error."""
    facts = _facts()
    if facts is not None:
        _end(facts)
    home.reap()
    _file().unlink(missing_ok=True)
    return [facts["home"]] if facts and Path(facts["home"]).exists() else []


def control(path: str) -> Any:
    """What the control port of the world that is up answers to a GET."""
    facts = _need()
    return _call(facts, path, "GET")


def _end(facts: Mapping[str, Any]) -> None:
    try:
        process = psutil.Process(facts["pid"])
        _call(facts, "/down", "POST")
        process.wait(END_SECONDS)
    except psutil.NoSuchProcess:
        return
    except (psutil.TimeoutExpired, urllib.error.URLError, OSError):
        process.kill()
        process.wait(END_SECONDS)


def _call(facts: Mapping[str, Any], path: str, method: str) -> Any:
    request = urllib.request.Request(facts["control"] + path, method=method)  # noqa: S310 - loopback
    request.add_header("Authorization", f"Bearer {facts['secret']}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=END_SECONDS) as response:
        return json.load(response)


def _started(order: Mapping[str, Any]) -> dict[str, Any]:
    process = subprocess.Popen(
        [sys.executable, "-m", "ekswiz_sim.daemon"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdin, process.stdout, process.stderr:
        json.dump(order, process.stdin)
        process.stdin.close()
        line = process.stdout.readline()
        said = json.loads(line) if line else {"error": process.stderr.read()[-2000:] or "it ended without a word"}
    if "error" in said:
        process.wait(END_SECONDS)
        raise RehearsalError(said["error"], said.get("remedy", ""))
    return dict(said)


def _file() -> Path:
    state = os.environ.get(STATE_VARIABLE)
    return (Path(state) if state else platformdirs.user_state_path("ekswiz")) / "world.json"


def _write(facts: Mapping[str, Any]) -> None:
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(facts, stream)


def _facts() -> dict[str, Any] | None:
    try:
        facts = dict(json.loads(_file().read_text()))
        alive = abs(psutil.Process(facts["pid"]).create_time() - facts["started"]) < 1
    except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
        return None
    return facts if alive else None


def _need() -> dict[str, Any]:
    facts = _facts()
    if facts is None:
        raise RehearsalError("no world is up.", "Start one: ekswiz sim up.")
    return facts
