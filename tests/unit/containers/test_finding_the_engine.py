from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import RehearsalError
from ekswiz_sim.containers import address, engine, preflight
from ekswiz_sim.containers.engine import EngineError

pytest.importorskip("docker", reason="the docker SDK (pip install 'ekswiz[full]') is not installed")

from docker.errors import DockerException, StreamParseError
from urllib3.exceptions import ProtocolError

VERSION = {"Version": "28.2.2", "ApiVersion": "1.50", "MinAPIVersion": "1.24", "Arch": "amd64", "Os": "linux"}
INFO = {
    "OSType": "linux",
    "OperatingSystem": "Debian GNU/Linux 12",
    "NCPU": 4,
    "MemTotal": 1 << 33,
    "SecurityOptions": [],
}
Serve = Callable[[dict[str, Any], dict[str, Any]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """An engine that knows no more than what it is."""
    servers: list[ThreadingHTTPServer] = []

    def start(version: dict[str, Any], info: dict[str, Any]) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(version if self.path.endswith("/version") else info).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"tcp://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_docker_host_is_taken_as_it_is() -> None:
    assert address.find({"DOCKER_HOST": "unix:///run/x.sock"}) == "unix:///run/x.sock"
    assert address.find({"DOCKER_HOST": " tcp://127.0.0.1:2375 "}) == "tcp://127.0.0.1:2375"
    assert address.find({"DOCKER_HOST": "tcp://[::1]:2375"}) == "tcp://[::1]:2375"


@pytest.mark.parametrize(
    "host", ["tcp://build.example.com:2376", "ssh://me@build", "https://10.0.0.7", "tcp://0.0.0.0:1"]
)
def test_an_engine_on_another_machine_is_refused(host: str) -> None:
    with pytest.raises(RehearsalError) as caught:
        address.find({"DOCKER_HOST": host})

    assert host in caught.value.detail
    assert "on another machine" in caught.value.detail
    assert "DOCKER_HOST=unix:///var/run/docker.sock" in caught.value.remedy


@pytest.mark.parametrize("host", ["npipe:////./pipe/docker_engine", "unix://", "/var/run/docker.sock", "nonsense"])
def test_what_is_no_address_is_named(host: str) -> None:
    with pytest.raises(RehearsalError, match="which is no address of an engine"):
        address.find({"DOCKER_HOST": host})


def test_a_socket_in_the_home_of_its_user_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "USUAL", str(tmp_path / "none"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    place = tmp_path / ".colima" / "default" / "docker.sock"
    place.parent.mkdir(parents=True)
    with pytest.raises(RehearsalError, match="there is no socket of one"):
        address.find({"HOME": str(tmp_path)})

    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(place))
        assert address.find({"HOME": str(tmp_path)}) == f"unix://{place}"


def test_what_was_found_is_said(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", serve(VERSION, INFO | {"SecurityOptions": ["name=rootless"]}))

    found = preflight.check()

    assert (found.version, found.api, found.architecture, found.cpus) == ("28.2.2", "1.50", "amd64", 4)
    assert (found.rootless, found.virtual) == (True, False)
    assert found.sentence().startswith("Docker Engine 28.2.2 without root at tcp://127.0.0.1:")


def test_an_engine_in_a_virtual_machine_is_known(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", serve(VERSION, INFO | {"OperatingSystem": "Docker Desktop"}))

    assert preflight.check().virtual


TOO_OLD = {"Version": "19.03.1", "ApiVersion": "1.40"}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (TOO_OLD, r"is Docker 19\.03\.1, which is too old.* 20\.10 or newer"),
        ({"OSType": "windows"}, "runs windows containers.* Switch it to Linux containers"),
        ({"Arch": "s390x"}, "is for s390x.* amd64"),
    ],
)
def test_an_engine_that_cannot_be_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, facts: dict[str, str], words: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", serve(VERSION | facts, INFO | facts))

    with pytest.raises(RehearsalError, match=words):
        preflight.check()


def test_an_engine_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(RehearsalError, match=f"there is no {tmp_path}/docker.sock"):
        preflight.check()

    with socket.socket(socket.AF_UNIX) as one:
        one.bind(f"{tmp_path}/docker.sock")
    with pytest.raises(RehearsalError, match=r"does not run\. Start it"):
        preflight.check()


def test_a_socket_that_may_not_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise EngineError(
            "Error while fetching server API version: ('Connection aborted.', PermissionError(13, 'Permission denied'))"
        )

    monkeypatch.setattr(preflight, "connect", refuse)
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/docker.sock")
    with pytest.raises(RehearsalError, match=r"you may not use the container engine .* usermod -aG docker"):
        preflight.check()


def test_the_sdk_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_installed", lambda: False)

    with pytest.raises(RehearsalError, match=r"needs the docker SDK for Python.*pip install 'ekswiz\[full\]'"):
        preflight.check()


def test_what_is_no_engine_is_said_once(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    where = serve(VERSION, INFO)
    monkeypatch.setenv("DOCKER_HOST", where)
    monkeypatch.setattr(preflight, "connect", lambda *_, **__: engine.guarded(not_there))

    with pytest.raises(RehearsalError) as caught:
        preflight.check()

    assert caught.value.detail == f"what answers at {where} is no container engine: 404 Client Error: Not Found."
    assert caught.value.remedy == "Correct DOCKER_HOST."


def not_there() -> Any:
    raise DockerException("404 Client Error: Not Found")


def test_a_context_that_docker_does_not_know_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    with pytest.raises(RehearsalError, match="DOCKER_CONTEXT names 'nope', a context that docker does not know"):
        address.find({"HOME": str(tmp_path), "DOCKER_CONTEXT": "nope"})


@pytest.mark.parametrize(
    "broken", [ProtocolError("Connection broken: IncompleteRead(0 bytes read)"), StreamParseError("x")]
)
def test_an_answer_that_breaks_off_is_an_error_of_the_engine(broken: Exception) -> None:
    def read() -> None:
        raise broken

    with pytest.raises(EngineError, match="broke off in the middle of its answer"):
        engine.guarded(read)


def test_a_full_disk_of_the_engine_comes_with_what_to_do() -> None:
    full = str(EngineError("write /var/lib/docker/tmp/x: no space left on device"))

    assert full.endswith("device (the engine's disk is full; `docker system prune` frees what nothing uses)")
    assert str(EngineError("no such image")) == "no such image"
