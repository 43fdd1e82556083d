"""Starting, finding and ending the world that outlives a command."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ekswiz.answers import Answers
from ekswiz.errors import RehearsalError
from ekswiz.target import Target
from ekswiz.tiers import EMBEDDED, Tiers
from ekswiz_sim import alternatives, daemon_file, home, ports, sample, staging
from ekswiz_sim.sim_target import Doorway, make_target

STATE_VARIABLE = daemon_file.STATE_VARIABLE
END_SECONDS = 30.0
TICK = 0.02
SHOWN = ("account", "region", "aws_url", "registry", "checkout", "home", "pid")


def up(
    answers: Answers,
    source: Path | None,
    operator_policy: Mapping[str, Any],
    port: int,
    chosen: Tiers = EMBEDDED,
) -> dict[str, Any]:
    """Start a world in a process of its own and wait until it serves; its facts.

    Raises:
        InputError: The repository cannot be rehearsed.
        RehearsalError: One is up already, the port is in use, or the process said why it could not start.
    """
    staging.check(source or sample.source(), answers)
    chosen = alternatives.check(chosen)
    order = {
        "answers": asdict(answers),
        "source": str(source) if source else None,
        "operator_policy": operator_policy,
        "port": port,
        "tiers": asdict(chosen),
        "file": str(daemon_file.path()),
    }
    with daemon_file.alone():
        held = daemon_file.read()
        if held is not None:
            raise RehearsalError(f"a world is up already (process {held['pid']}).", "Remove it first: ekswiz sim down.")
        ports.check(port)
        facts = _started(order)
    return {name: facts[name] for name in SHOWN}


def status() -> dict[str, Any] | None:
    """Facts of the world that is up, without its secrets; None if none is."""
    facts = daemon_file.read()
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
    doors = (facts["aws_url"], facts["github_url"], str(facts["github_token"]))
    doorway = Doorway(answers.partition, answers.account, answers.region, *doors)
    target = make_target(doorway, facts["operator"], Path(facts["checkout"]))
    return answers, target, Path(facts["home"]) / "state"


def github_token() -> str:
    """What the world's GitHub takes as a sign-in.

    Raises:
        RehearsalError: None is up.
    """
    return str(_need()["github_token"])


def down() -> list[str]:
    """End the world and remove what a killed one left; what could not be removed. No world is no error."""
    with daemon_file.alone():
        facts = daemon_file.read()
        if facts is not None:
            _end(facts)
        home.reap()
        daemon_file.path().unlink(missing_ok=True)
    return [facts["home"]] if facts and Path(facts["home"]).exists() else []


def control(path: str) -> Any:
    """What the control port of the world that is up answers to a GET."""
    facts = _need()
    return _call(facts, path, "GET")


def _end(facts: Mapping[str, Any]) -> None:
    """Ask it to go; kill it if it does not."""
    with contextlib.suppress(urllib.error.URLError, OSError, ValueError):
        _call(facts, "/down", "POST")
        if _gone(facts):
            return
    with contextlib.suppress(ProcessLookupError):
        os.kill(facts["pid"], signal.SIGKILL)
    _gone(facts)


def _gone(facts: Mapping[str, Any]) -> bool:
    end = time.monotonic() + END_SECONDS
    while home.alive(facts):
        if time.monotonic() >= end:
            return False
        time.sleep(TICK)
    return True


def _call(facts: Mapping[str, Any], path: str, method: str) -> Any:
    request = urllib.request.Request(facts["control"] + path, method=method)  # noqa: S310 - loopback
    request.add_header("Authorization", f"Bearer {facts['secret']}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=END_SECONDS) as response:
        return json.load(response)


def _started(order: dict[str, Any]) -> dict[str, Any]:
    """Order a world and wait for its facts; whoever is interrupted meanwhile takes the order back."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ekswiz_sim.daemon"],  # -P: no module of the folder that we happen to be in
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd="/",
        text=True,
    )
    try:
        said = _answer(process, order)
    except BaseException:
        process.terminate()
        process.wait(END_SECONDS)
        raise
    if "error" in said:
        process.wait(END_SECONDS)
        raise RehearsalError(said["error"], said.get("remedy", ""))
    return said


def _answer(process: subprocess.Popen[str], order: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdin, process.stdout, process.stderr:
        json.dump(order, process.stdin)
        process.stdin.close()
        line = process.stdout.readline()
        if line:
            return dict(json.loads(line))
        last = process.stderr.read().strip().rpartition("\n")[2]
        return {"error": f"its process ended ({last or 'without a word'})."}


def _need() -> dict[str, Any]:
    facts = daemon_file.read()
    if facts is None:
        raise RehearsalError("no world is up.", "Start one: ekswiz sim up.")
    return facts
