"""The EKS token against the AWS CLI's own, and the client against a TLS server."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from ekswiz.clients import kube_client
from ekswiz.clients.eks_token import eks_token
from ekswiz.clients.kube_api import Missing, at, get, send
from ekswiz.clients.kube_client import kubernetes_client, kubernetes_clients
from ekswiz.errors import Conflict, NotYet, Refused, TargetError, Transient, Unreadable
from unit.engine.fakes import aws_error, bare_target

CLUSTER = "x-k8s-aws-id"
KEYS = {"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "secret", "SessionToken": "session"}


def url_of(token: str) -> str:
    assert token.startswith("k8s-aws-v1.")
    body = token.removeprefix("k8s-aws-v1.")
    assert "=" not in body
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()


def test_our_token_is_what_botocore_presigns_for_the_aws_cli() -> None:
    # The AWS CLI's get-token: an STS client whose GetCallerIdentity carries the cluster's name, presigned for 60 s.
    session = boto3.Session(*KEYS.values(), region_name="eu-west-1")
    sts = session.client("sts", endpoint_url="https://sts.eu-west-1.amazonaws.com")
    register = sts.meta.events.register
    register(
        "before-sign.sts.GetCallerIdentity", lambda request, **_: request.headers.add_header(CLUSTER, "platform-dev")
    )
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")

    theirs = urlsplit(url)
    ours = urlsplit(url_of(eks_token(KEYS, "platform-dev", "eu-west-1", "https://sts.eu-west-1.amazonaws.com")))

    assert (ours.scheme, ours.netloc, ours.path) == (theirs.scheme, theirs.netloc, theirs.path)
    fresh = {"X-Amz-Date", "X-Amz-Signature"}
    one, two = ({k: v for k, v in parse_qs(u.query).items() if k not in fresh} for u in (ours, theirs))
    assert one == two
    assert parse_qs(ours.query)["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]


def test_a_token_differs_by_cluster_and_names_the_worlds_own_sts() -> None:
    sts = "http://127.0.0.1:4566"
    one, two = (url_of(eks_token(KEYS, name, "eu-west-1", sts)) for name in ("a", "b"))
    assert one.startswith("http://127.0.0.1:4566/?Action=GetCallerIdentity")
    assert parse_qs(one)["X-Amz-Signature"] != parse_qs(two)["X-Amz-Signature"]


class Api(BaseHTTPRequestHandler):
    """Answers with the request's own authorization, or with the status in its path."""

    def answer(self) -> None:
        status = int(self.path.rpartition("/")[2]) if self.path.startswith("/status/") else 200
        body = json.dumps({"kind": "Status", "reason": "R", "message": "m", "bearer": self.headers["authorization"]})
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the standard library's names

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, bytes]]:
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", authority.cert_pem.bytes()
    server.shutdown()
    server.server_close()
    thread.join()


class Eks:
    def __init__(self, url: str, ca: bytes) -> None:
        self.described = 0
        self.cluster = {"endpoint": url, "certificateAuthority": {"data": base64.b64encode(ca).decode()}}

    def describe_cluster(self, name: str) -> dict[str, object]:
        self.described += 1
        if name == "absent":
            raise aws_error("ResourceNotFoundException", f"No cluster found for name: {name}.", "DescribeCluster", 404)
        if name == "creating":
            return {"cluster": {"status": "CREATING"}}
        if name == "deleting":
            return {"cluster": {**self.cluster, "status": "DELETING"}}
        return {"cluster": self.cluster}


STS = "http://127.0.0.1:4566"


def test_the_client_trusts_the_clusters_ca_alone_and_sends_a_token(server: tuple[str, bytes]) -> None:
    import dataclasses

    api = kubernetes_client(Eks(*server), KEYS, "platform-dev", "eu-west-1", sts_url=STS)
    target = dataclasses.replace(bare_target(), kubernetes=lambda cluster: api)
    answer = get(target, "platform-dev", "/api")
    assert answer is not None
    assert url_of(answer["bearer"].removeprefix("Bearer ")).startswith(STS)
    api.close()


def test_another_ca_is_refused(server: tuple[str, bytes]) -> None:
    import dataclasses

    import trustme

    other = trustme.CA().cert_pem.bytes()
    api = kubernetes_client(Eks(server[0], other), KEYS, "platform-dev", "eu-west-1", sts_url=STS)
    target = dataclasses.replace(bare_target(), kubernetes=lambda cluster: api)
    with pytest.raises(TargetError, match="not who it should be") as caught:
        get(target, "platform-dev", "/api")
    assert not isinstance(caught.value, Transient)
    api.close()


def test_a_server_that_is_not_there_may_be_a_little_later(server: tuple[str, bytes]) -> None:
    import dataclasses
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{held.getsockname()[1]}"
        api = kubernetes_client(Eks(url, server[1]), KEYS, "platform-dev", "eu-west-1", sts_url=STS)
        target = dataclasses.replace(bare_target(), kubernetes=lambda cluster: api)
        with pytest.raises(Transient, match="does not answer"):
            get(target, "platform-dev", "/api")
        api.close()


def test_a_token_is_minted_anew_when_it_has_aged(server: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    minted = iter(f"token-{n}" for n in range(9))
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(kube_client, "eks_token", lambda *_: next(minted))
    api = kubernetes_client(Eks(*server), KEYS, "platform-dev", "eu-west-1", sts_url=STS)
    read = lambda: api.configuration.get_api_key_with_prefix("authorization")  # noqa: E731
    assert [read(), read()] == ["Bearer token-0"] * 2
    now[0] = 599.0
    assert read() == "Bearer token-0"
    now[0] = 601.0
    assert read() == "Bearer token-1"
    api.close()


@pytest.mark.parametrize("name", ["absent", "creating", "deleting"])
def test_a_cluster_without_address_or_future_is_not_there(server: tuple[str, bytes], name: str) -> None:
    with pytest.raises(NotYet):
        kubernetes_client(Eks(*server), KEYS, name, "eu-west-1", sts_url=STS)


def test_clients_are_made_once_per_cluster(server: tuple[str, bytes]) -> None:
    eks = Eks(*server)
    clients = kubernetes_clients(eks, KEYS, "eu-west-1", sts_url=STS)
    assert clients("a") is clients("a")
    assert clients("a") is not clients("b")
    assert eks.described == 2
    clients("a").close()
    clients("b").close()


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, Refused, "does not know who you are"),
        (403, Refused, "403 R: m"),
        (404, Missing, "404"),
        (409, Transient, "409"),
        (422, TargetError, "422"),
        (429, Transient, "429"),
        (503, Transient, "503"),
    ],
)
def test_a_status_becomes_one_of_our_errors(server: tuple[str, bytes], status: int, kind: type, words: str) -> None:
    import dataclasses

    api = kubernetes_client(Eks(*server), KEYS, "platform-dev", "eu-west-1", sts_url=STS)
    target = dataclasses.replace(bare_target(), kubernetes=lambda cluster: api)
    with pytest.raises(kind, match=words) as caught:
        send(target, "platform-dev", "POST", f"/status/{status}", {})
    assert type(caught.value) is kind
    if status == 404:
        assert get(target, "platform-dev", "/status/404") is None
    if status in (401, 403):
        with pytest.raises(Unreadable):
            get(target, "platform-dev", f"/status/{status}")
    api.close()


def test_an_existing_object_is_a_conflict_unless_it_is_on_its_way_out() -> None:
    from ekswiz.clients.kube_api import _from_status

    body = json.dumps({"reason": "AlreadyExists", "message": 'namespaces "x" already exists'})
    assert isinstance(_from_status(409, body, "c", "POST /"), Conflict)
    body = json.dumps({"reason": "AlreadyExists", "message": "object is being deleted: namespaces x already exists"})
    assert isinstance(_from_status(409, body, "c", "POST /"), Transient)


def test_paths_are_escaped() -> None:
    assert at("api", "v1", "a/b", "ü") == "/api/v1/a%2Fb/%C3%BC"


def test_time_is_real_for_tokens() -> None:
    url = url_of(eks_token(KEYS, "a", "eu-west-1", STS))
    stamp = datetime.strptime(parse_qs(url)["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - stamp).total_seconds()) < 60
