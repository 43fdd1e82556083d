"""LocalStack in a container of its own: started through the container engine, on loopback only, and removed again.

The token that LocalStack asks for is passed through and never shown: what its log says is searched for it first. The
engine's socket is mounted only if the user asks for it: whoever has it is root on this machine.
Sources: https://docs.localstack.cloud/aws/getting-started/auth-token/, …/configuration/ (IMAGE_NAME)
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ekswiz.errors import RehearsalError
from ekswiz.target import Flag
from ekswiz_sim import holdings
from ekswiz_sim.aws.endpoint import address
from ekswiz_sim.containers import address as engines
from ekswiz_sim.containers import preflight
from ekswiz_sim.containers.engine import EngineError, connect, guarded
from ekswiz_sim.ports import LOOPBACK
from ekswiz_sim.seams import Stopped

TOKENS = ("LOCALSTACK_AUTH_TOKEN", "LOCALSTACK_API_KEY")
IMAGE_VARIABLE = "IMAGE_NAME"
"""LocalStack's own variable for the image to start."""
WITH_TOKEN, WITHOUT = "localstack/localstack:stable", "localstack/localstack:4.14.0"
"""The image where a token is at hand, and the last one that starts without."""
LICENCE = 55
"""LocalStack's exit code where its licence could not be activated."""
LABEL = "dev.ekswiz.localstack"
KEPT = "ekswiz-localstack"
"""Name of a container that stays for the next rehearsal."""
PORT = "4566/tcp"
SOCKET = "/var/run/docker.sock"
START_SECONDS = 120.0
PULL_SECONDS = 600.0
TICK = 0.5
LOG_LINES = 5
NOT_FOUND = 404


def check() -> None:
    """Refuse a machine without a container engine.

    Raises:
        RehearsalError: No LocalStack is up, and none can be started; says what to do.
    """
    remedy = "Start LocalStack yourself, name an endpoint with --aws-endpoint, or rehearse with --aws embedded."
    if importlib.util.find_spec("docker") is None:
        raise RehearsalError("no LocalStack is up, and the docker SDK to start it is not installed.", remedy)
    try:
        preflight.check()
    except RehearsalError as error:
        raise RehearsalError(f"no LocalStack is up, and none can be started: {error.detail}", remedy) from error


def start(home: Path, stop: Flag, *, keep: bool = False, mount_socket: bool = False) -> str:
    """Start LocalStack and wait until it serves; its URL. One that was kept and still runs is used as it is.

    Args:
        home: The world's folder, where the container is noted unless it is kept.
        stop: Ends the wait.
        keep: Leave it for the next rehearsal.
        mount_socket: Give it the engine's socket.

    Raises:
        RehearsalError: The image cannot be had, or it ended or did not serve in time; nothing is left then.
        Stopped: The stop came; nothing is left then.
    """
    where = engines.find()
    client = connect(where, patience=PULL_SECONDS)
    held: holdings.Note | None = None
    try:
        kept = _kept(client)
        if kept:
            return kept
        name = KEPT if keep else f"ekswiz-localstack-{home.name}"
        held = holdings.note(home, "localstack", {"address": where, "name": name})
        url = _started(client, name, stop, _labels(home, keep=keep), mount_socket=mount_socket)
        if keep:
            holdings.settled(held)
        return url
    except BaseException as error:
        if held is not None and not settle(home, held.facts):
            holdings.settled(held)
        if isinstance(error, EngineError):
            detail = f"LocalStack's container ({image()}) could not be started: {_hidden(str(error)).rstrip('.')}."
            raise RehearsalError(detail, f"Name its image with {IMAGE_VARIABLE}, or use --aws embedded.") from error
        raise
    finally:
        client.close()


def settle(home: Path, facts: Mapping[str, Any]) -> list[str]:
    """Remove the container of a note; what is left, in words."""
    del home
    try:
        client = connect(str(facts["address"]))
    except EngineError as error:
        return [f"container {facts['name']} at {facts['address']}: {error}"]
    try:
        guarded(lambda: client.remove_container(facts["name"], v=True, force=True))
    except EngineError as error:
        return [] if error.status == NOT_FOUND else [f"container {facts['name']}: {error}"]
    finally:
        client.close()
    return []


def image() -> str:
    """The image to start: the user's, or one that starts with what is at hand."""
    said = os.environ.get(IMAGE_VARIABLE, "").strip()
    return said or (WITH_TOKEN if _token() else WITHOUT)


def _labels(home: Path, *, keep: bool) -> dict[str, str]:
    return {LABEL: "kept" if keep else home.name}


def _kept(client: Any) -> str:
    """The URL of a container that an earlier rehearsal kept; empty if none serves."""
    for found in guarded(lambda: client.containers(filters={"label": [f"{LABEL}=kept"]})):
        for port in found.get("Ports") or ():
            url = f"http://{LOOPBACK}:{port.get('PublicPort')}"
            if port.get("PublicPort") and address.health(url) is not None:
                return url
    return ""


def _started(client: Any, name: str, stop: Flag, labels: Mapping[str, str], *, mount_socket: bool) -> str:
    chosen = image()
    _pull(client, chosen)
    host = client.create_host_config(
        port_bindings={PORT: (LOOPBACK,)}, binds=[f"{SOCKET}:{SOCKET}"] if mount_socket else None
    )
    environment = {variable: os.environ[variable] for variable in TOKENS if os.environ.get(variable)}
    made = guarded(
        lambda: client.create_container(
            chosen, name=name, environment=environment, labels=dict(labels), ports=[(4566, "tcp")], host_config=host
        )
    )
    guarded(lambda: client.start(made["Id"]))
    return _served(client, made["Id"], stop)


def _pull(client: Any, chosen: str) -> None:
    from docker.utils import parse_repository_tag  # of an extra

    try:
        guarded(lambda: client.inspect_image(chosen))
    except EngineError as error:
        if error.status != NOT_FOUND:
            raise
        repository, tag = parse_repository_tag(chosen)
        guarded(lambda: client.pull(repository, tag=tag or "latest"))


def _served(client: Any, identity: str, stop: Flag) -> str:
    """Wait until its health document is there; its URL."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        seen = guarded(lambda: client.inspect_container(identity))
        state = seen["State"]
        if not state["Running"]:
            raise _ended(int(state["ExitCode"]), _last_words(client, identity))
        bound = (seen["NetworkSettings"]["Ports"] or {}).get(PORT) or [{}]
        url = f"http://{LOOPBACK}:{bound[0].get('HostPort', 0)}"
        if address.health(url) is not None:
            return url
        if stop.wait(TICK):
            raise Stopped
    detail = f"LocalStack did not serve within {START_SECONDS:.0f} seconds. {_last_words(client, identity)}".rstrip()
    raise RehearsalError(detail, "Start it yourself and look at its log, or use --aws embedded.")


def _ended(code: int, words: str) -> RehearsalError:
    if code != LICENCE:
        detail = f"LocalStack ended with exit code {code}. {words}".rstrip()
        return RehearsalError(detail, f"Name another image with {IMAGE_VARIABLE}, or use --aws embedded.")
    if _token():
        why, remedy = "did not accept the token", f"Look at the token in {TOKENS[0]} at https://app.localstack.cloud."
    else:
        why = "asks for a token"
        remedy = f"Set {TOKENS[0]}, or {IMAGE_VARIABLE}={WITHOUT}, which starts without."
    return RehearsalError(f"LocalStack ended with exit code {LICENCE}: it {why} (licence). {words}".rstrip(), remedy)


def _last_words(client: Any, identity: str) -> str:
    """The end of its log, without any token."""
    read: Callable[[], bytes] = lambda: client.logs(identity, tail=LOG_LINES)  # noqa: E731 - typed, for mypy
    try:
        said = guarded(read).decode("utf-8", "replace")
    except EngineError:
        return ""
    text = _hidden(" ".join(said.split()))[-400:]
    return f"Its log ends: {text}" if text else ""


def _hidden(text: str) -> str:
    for variable in TOKENS:
        if os.environ.get(variable):
            text = text.replace(os.environ[variable], "***")
    return text


def _token() -> str:
    return next((os.environ[variable] for variable in TOKENS if os.environ.get(variable)), "")
