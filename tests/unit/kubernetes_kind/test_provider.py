from __future__ import annotations

import asyncio
import base64
import io
import json
import signal
import ssl
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from ekswiz.errors import RehearsalError
from ekswiz_sim import holdings
from ekswiz_sim.kubernetes.embedded.kinds import NAMESPACES
from ekswiz_sim.kubernetes.kind import leftover
from ekswiz_sim.kubernetes.kind.command import Kind
from unit.kubernetes_kind.conftest import REGISTRY_ANSWER, Books, Ground
from unit.kubernetes_remote.upstream import StandIn

Make = Callable[..., Ground]


def unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return {entry.name: files.extractfile(entry).read() for entry in files}  # type: ignore[union-attr]  # files only


def notes(home: Path) -> list[holdings.Note]:
    return list(holdings.notes(home))


async def until(path: Path) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(path.exists):  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.02)


async def test_a_cluster_comes_behind_its_front_and_goes_whole(
    ground_of: Make, books: Books, upstream: StandIn, world_home: Path
) -> None:
    made = ground_of()
    # given a cluster that was made beforehand
    await made.provider.prepare()
    [name] = books.clusters
    assert name.startswith("ekswiz-")
    [note] = notes(world_home)
    assert note.facts == {"name": name, "engine": "unix:///engine.sock"}
    # when EKS takes it
    endpoint = await made.provider.create("demo")
    assert await made.provider.create("demo") == endpoint == made.provider.endpoint("demo")
    # then its API answers the one who has an access entry
    headers = {"Authorization": "Bearer k8s-aws-v1.admin"}
    tls = ssl.create_default_context(cadata=endpoint.ca_pem.decode())
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{endpoint.url}/api/v1/namespaces", ssl=tls) as answer,
    ):
        assert answer.status == 200
    assert "default" in {one["metadata"]["name"] for one in await made.provider.objects("demo", NAMESPACES)}
    assert "namespaces//default" in (await made.provider.snapshot())["demo"]
    # and when it is deleted, nothing is left of it
    await made.provider.delete("demo")
    assert (books.clusters, notes(world_home)) == ([], [])
    assert await made.provider.objects("demo", NAMESPACES) == []
    with pytest.raises(KeyError):
        made.provider.endpoint("demo")
    await made.provider.delete("demo")
    await made.provider.close()
    assert made.engine.closed


async def test_kind_gets_nothing_of_the_users(
    ground_of: Make, books: Books, upstream: StandIn, world_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/me/.kube/config")
    monkeypatch.setenv("DOCKER_HOST", "unix:///mine.sock")
    made = ground_of()
    await made.provider.prepare()
    await made.provider.close()
    assert [call.split()[:2] for call in books.calls] == [["create", "cluster"], ["delete", "cluster"]]
    for call in books.calls:
        assert call.endswith("DOCKER_HOST=unix:///engine.sock")
        assert f"HOME={world_home}/kind KUBECONFIG={world_home}/kind/" in call
    config = json.loads((books.folder / "config").read_text())
    assert config["networking"] == {"apiServerAddress": "127.0.0.1"}
    assert 'config_path = "/etc/containerd/certs.d"' in config["containerdConfigPatches"][0]


async def test_the_node_learns_the_way_to_the_registry_and_logs_in_as_the_node_role(
    ground_of: Make, upstream: StandIn, registry: str
) -> None:
    made = ground_of()
    await made.provider.create("demo")
    [archive] = made.engine.archives
    files = unpacked(archive)
    folder = f"etc/containerd/certs.d/{registry}"
    # given the address that containerd is told, and the CA that it is told to trust
    hosts = files[f"{folder}/hosts.toml"].decode()
    relay = hosts.partition('server = "')[2].partition('"')[0]
    assert f'ca = "/{folder}/ca.pem"' in hosts
    tls = ssl.create_default_context(cadata=files[f"{folder}/ca.pem"].decode())
    # when the node asks there, then it is the registry that answers
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{relay}/v2/a/manifests/b", ssl=tls) as answer:
            assert (await answer.read(), answer.headers["X-Path"]) == (REGISTRY_ANSWER, "/v2/a/manifests/b")
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(relay)
    config = json.loads(files["var/lib/kubelet/config.json"])
    auth = base64.b64decode(config["auths"][registry]["auth"]).decode()
    assert auth == f"AWS:password of {registry}"
    await made.provider.close()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"{relay}/v2/", ssl=tls)


async def test_an_engine_in_a_machine_of_its_own_reaches_this_one_by_name(ground_of: Make, upstream: StandIn) -> None:
    made = ground_of(gateway="172.18.0.1", virtual=True)
    await made.provider.create("demo")
    files = unpacked(made.engine.archives[0])
    assert any(b'"https://host.docker.internal:' in content for content in files.values())
    await made.provider.close()


async def test_an_engine_elsewhere_is_refused_and_nothing_is_left(
    ground_of: Make, books: Books, upstream: StandIn, world_home: Path
) -> None:
    made = ground_of(gateway="192.0.2.1")
    with pytest.raises(RehearsalError, match=r"cannot be shown to kind's node at 192\.0\.2\.1"):
        await made.provider.create("demo")
    assert (books.clusters, notes(world_home)) == ([], [])
    await made.provider.close()


PULL = 'failed to pull image "kindest/node:v1"'


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("Creating cluster\n ✗ Preparing\nERROR: failed to create cluster: no room\n", ("no room", "docker ps -a")),
        (
            f"Creating\nERROR: failed to create cluster: {PULL}\n\nno such host\n",
            (f"{PULL} | no such host", "--node-image"),
        ),
    ],
)
async def test_a_failure_of_kind_is_told_in_its_own_words(
    ground_of: Make, books: Books, world_home: Path, says: str, told: tuple[str, str]
) -> None:
    books.told("fail", says)
    made = ground_of()
    with pytest.raises(RehearsalError) as caught:
        await made.provider.prepare()
    said = f"kind create cluster did not work (exit code 1): ERROR: failed to create cluster: {told[0]}"
    assert caught.value.detail == said
    assert told[1] in caught.value.remedy
    assert (books.clusters, notes(world_home)) == ([], [])
    await made.provider.close()


async def test_a_stop_ends_kind_and_removes_what_there_was(
    ground_of: Make, books: Books, upstream: StandIn, world_home: Path
) -> None:
    books.told("hang")
    made = ground_of()
    task = asyncio.create_task(made.provider.prepare())
    await until(books.folder / "hanging")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (books.clusters, notes(world_home)) == ([], [])
    await made.provider.close()


async def test_a_cluster_that_does_not_go_is_named_and_its_note_stays(
    ground_of: Make, books: Books, upstream: StandIn, world_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ground_of()
    await made.provider.create("demo")
    books.told("stuck")
    with pytest.raises(RehearsalError, match="ERROR: stuck"):
        await made.provider.close()
    [name] = books.clusters
    monkeypatch.setenv("PATH", f"{books.folder / 'bin'}:/usr/bin:/bin")
    [left] = holdings.settle(world_home, {"kind": leftover.settle})
    assert name in left
    assert "stuck" in left
    assert len(notes(world_home)) == 1
    # and once it does go, the next one finds it by the note
    (books.folder / "stuck").unlink()
    assert holdings.settle(world_home) == []
    assert (books.clusters, notes(world_home)) == ([], [])


def test_without_kind_a_noted_cluster_is_not_forgotten(world_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holdings.note(world_home, "kind", {"name": "ekswiz-1", "engine": "unix:///e"})
    monkeypatch.setenv("PATH", "/nonexistent")
    assert holdings.settle(world_home) == ["kind cluster ekswiz-1: the kind command is gone from PATH"]


def test_no_cluster_of_others_is_ever_deleted(books: Books, tmp_path: Path) -> None:
    for name in ("kind", "production", "ekswiz-", "ekswiz-1;true", "ekswiz-../../x", "Ekswiz-1"):
        with pytest.raises(RehearsalError, match="it stays"):
            Kind(books.command, "unix:///e", tmp_path / "kind").delete(name)
    assert books.calls == []


@pytest.mark.parametrize("noted", [True, False])
async def test_what_a_killed_world_had_goes_with_the_next_start(
    books: Books, upstream: StandIn, tmp_path: Path, noted: bool
) -> None:
    # given a world that is killed while kind makes its cluster, or when it has it
    if noted:
        books.told("hang")
    base = tmp_path / "killed"
    base.mkdir()
    program = Path(__file__).with_name("killed_world.py")
    environment = {
        "PATH": f"{books.folder / 'bin'}:/usr/bin:/bin",
        "TMPDIR": str(base),
        "PYTHONPATH": ":".join(path for path in sys.path if path),
    }
    words = [sys.executable, "-W", "ignore"]
    child = await asyncio.create_subprocess_exec(*words, str(program), books.command, env=environment)
    await until(books.folder / "hanging" if noted else base / "made")
    child.send_signal(signal.SIGKILL)
    await child.wait()
    assert len(books.clusters) == 1
    # when the next one starts
    code = "from ekswiz_sim import home; print(len(home.reap()))"
    done = await asyncio.to_thread(
        subprocess.run, [*words, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    # then the cluster and the folder are gone
    assert done.stdout == "1\n", done.stderr
    assert books.clusters == []
    assert [path.name for path in base.iterdir() if path.is_dir()] == []
