"""What only the stand-in can show: streams that leave HTTP, what reaches the API server, and one that is not there."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
import trustme

from ekswiz.errors import RehearsalError
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.remote.admin import from_kubeconfig
from unit.kubernetes_remote.conftest import Fronted
from unit.kubernetes_remote.upstream import StandIn, admin

EXEC = "/api/v1/namespaces/default/pods/p/exec"
TOKEN = {"Authorization": "Bearer k8s-aws-v1.admin"}


async def test_a_websocket_passes_through_both_ways(over: Fronted, stand_in: StandIn) -> None:
    url = f"{over.endpoint.url}{EXEC}?command=cat&stdin=true"
    large = b"\x00" + b"x" * 300_000
    async with (
        aiohttp.ClientSession(headers=TOKEN) as session,
        session.ws_connect(url, protocols=("v5.channel.k8s.io",), ssl=over.tls(), max_msg_size=0) as socket,
    ):
        assert socket.protocol == "v5.channel.k8s.io"
        for sent in (b"\x00hello", large):
            await socket.send_bytes(sent)
            assert await asyncio.wait_for(socket.receive_bytes(), 5) == b"\x01" + sent[1:]
    sent_on = stand_in.headers(EXEC)
    assert sent_on["Impersonate-User"].endswith("assumed-role/admin/admin-session-1")
    assert "Authorization" not in sent_on


async def test_spdy_passes_through_though_nobody_reads_it(over: Fronted, stand_in: StandIn) -> None:
    reader, writer = await connect(over)
    head = f"POST {EXEC}?command=cat HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN['Authorization']}\r\n"
    writer.write(f"{head}Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n".encode())
    answer = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).decode()
    assert answer.startswith("HTTP/1.1 101 ")
    assert "Upgrade: SPDY/3.1" in answer
    for word in (b"frame one", b"frame two"):
        writer.write(word)
        assert await asyncio.wait_for(reader.readexactly(len(word)), 5) == word.upper()
    writer.close()
    await writer.wait_closed()
    assert stand_in.streams == ["SPDY/3.1"]


async def connect(over: Fronted) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    place = urlsplit(over.endpoint.url)
    return await asyncio.open_connection(place.hostname, place.port, ssl=over.tls())


async def test_an_upgrade_that_is_refused_is_an_ordinary_answer(over: Fronted) -> None:
    over.entries.add("ci", ("deployers",))
    headers = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}
    refused = await over.api("POST", "/api/v1/namespaces/default/pods/p/attach", user="ci", **headers)
    assert refused.status == 403
    assert 'cannot create resource "pods/attach"' in refused.message
    assert over.gate.records[-1].action == "create pods/attach"


async def test_a_watch_that_nobody_reads_any_more_ends_behind_too(over: Fronted, stand_in: StandIn) -> None:
    url = f"{over.endpoint.url}/api/v1/namespaces/default/configmaps?watch=true"
    async with aiohttp.ClientSession(headers=TOKEN) as session, session.get(url, ssl=over.tls()) as answer:
        assert answer.status == 200
        assert not stand_in.ended.is_set()
    await asyncio.wait_for(stand_in.ended.wait(), 5)


async def test_of_what_a_client_sends_only_the_request_passes_on(over: Fronted, stand_in: StandIn) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    sent = {"X_Remote_User": "root", "Connection": "close, X-Hop", "X_Hop": "1", "Accept": "application/json"}
    await over.api("POST", f"{path}?fieldManager=me", {"metadata": {"name": "a"}}, **sent)
    got = stand_in.headers(path)
    for name in ("Authorization", "X-Remote-User", "X-Hop"):
        assert name not in got
    assert (got["Accept"], got["Content-Type"]) == ("application/json", "application/json")
    assert got.getall("Impersonate-User")[0].endswith("assumed-role/admin/admin-session-1")


async def test_an_api_server_that_is_gone_is_said_to_be(over: Fronted, stand_in: StandIn) -> None:
    await stand_in.stop()
    gone = await over.api("GET", "/api/v1/pods", user="admin")
    assert (gone.status, gone.body["reason"]) == (503, "ServiceUnavailable")
    assert gone.message.startswith(f"the API server behind {stand_in.admin.url} cannot be reached: ")
    # and whoever stops hears that something may be left in it
    with pytest.raises(ApiError, match="cannot be reached"):
        await over.stop()


async def test_a_certificate_that_is_not_taken_is_not_the_clients_fault(
    over: Fronted, stand_in: StandIn, ca: trustme.CA, tmp_path: Path
) -> None:
    # given an administrator whose certificate another CA has signed
    wrong = replace(admin(stand_in.admin.url, ca), ca_pem=stand_in.admin.ca_pem)
    made = Fronted(tmp_path, ca, wrong)
    # when a front is started with it, then it cannot be, and nothing is left open
    with pytest.raises(ApiError) as caught:
        await made.start()
    assert caught.value.code in (502, 503)
    await made.stop()


def test_a_kubeconfig_is_read_as_kind_writes_it() -> None:
    text = """
apiVersion: v1
kind: Config
current-context: kind-a
contexts: [{name: kind-a, context: {cluster: kind-a, user: kind-a}}]
clusters: [{name: kind-a, cluster: {server: "https://127.0.0.1:6443/", certificate-authority-data: Y2E=}}]
users: [{name: kind-a, user: {client-certificate-data: Y2VydA==, client-key-data: a2V5}}]
"""
    made = from_kubeconfig(text)
    assert (made.url, made.ca_pem, made.certificate, made.key) == ("https://127.0.0.1:6443", b"ca", b"cert", b"key")
    assert "key" not in repr(made)
    for broken, said in (
        (text.replace("client-key-data", "token"), "client-key-data"),
        (text.replace("name: kind-a, user", "name: other, user"), "kind-a in users"),
        (text.replace("Y2E=", "%%%"), "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
    ):
        with pytest.raises(RehearsalError, match=said):
            from_kubeconfig(broken)
    with pytest.raises(RehearsalError, match="cannot be used"):
        made.tls()


def test_the_administrators_key_leaves_no_file(stand_in_admin_folder: Path) -> None:
    assert list(stand_in_admin_folder.iterdir()) == []


@pytest.fixture
def stand_in_admin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ca: trustme.CA) -> Path:
    import tempfile

    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    context = admin("https://127.0.0.1:1", ca).tls()
    assert isinstance(context, ssl.SSLContext)
    return folder
