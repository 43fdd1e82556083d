"""An AWS emulator on loopback, as the endpoint tier meets one: the account is the access key, and nothing is judged."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from ekswiz_sim.aws.moto_backend import MotoBackend

REGION = "eu-west-1"
ACCOUNT = "555566667777"
LACKS = ("AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider")


class LostReply(Exception):
    """The connection ends without an answer, after the call took effect."""


class Emulator:
    """One emulator; a test turns its screws."""

    def __init__(self) -> None:
        self.services = {"iam": "available", "ec2": "running", "sts": "available", "s3": "available"}
        self.health: Any = "usual"
        self.account: str | None = None
        self.managed = True
        self.keys: set[str] = set()
        self.calls: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.lose: set[str] = set()
        self.url = ""
        self._accounts: dict[str, MotoBackend] = {}

    def of(self, account: str) -> MotoBackend:
        """The objects of an account."""
        if account not in self._accounts:
            self._accounts[account] = MotoBackend(account, REGION)
            # Its own: the world waits for an answer while it holds the lock of the backends of this process.
            self._accounts[account].lock = threading.RLock()
        return self._accounts[account]

    def reset(self) -> None:
        for backend in self._accounts.values():
            backend.reset()

    def document(self) -> Any:
        usual = {"services": self.services, "edition": "community", "version": "4.13.1"}
        return usual if self.health == "usual" else self.health

    def answer(self, authorization: str, body: str) -> tuple[int, bytes]:
        form = dict(parse_qsl(body, keep_blank_values=True))
        scope = re.search(r"Credential=([^/]+)/\d+/[^/]+/(\w+)/", authorization)
        assert scope is not None, "every call is signed"
        key, service = scope.groups()
        operation = form["Action"]
        self.keys.add(key)
        self.calls.append(operation)
        if operation in self.before:
            self.before[operation]()
        if self.services.get(service) not in ("available", "running"):
            return _error(501, f"The API for service {service} has not yet been emulated.")
        if operation == "GetCallerIdentity":
            return 200, _identity(self.account or key)
        if operation in LACKS:
            return _error(501, f"The {operation} action has not been implemented")
        held = self.of(self.account or key)
        if self.managed:
            held.ensure_managed(form.get("PolicyArn", ""))
        if self.managed and operation == "ListPolicies":
            held.ensure_all_managed()
        reply = held.call(service, form, key)  # type: ignore[arg-type]  # "iam" or "ec2"
        if operation in self.lose:
            raise LostReply
        return reply.status, reply.body


@contextmanager
def emulated() -> Iterator[Emulator]:
    """One that serves."""
    made = Emulator()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            document = made.document() if self.path == "/_localstack/health" else None
            if document is None:
                self._send(404, b"not here", "text/plain")
            elif isinstance(document, bytes):
                self._send(200, document, "application/json")
            else:
                self._send(200, json.dumps(document).encode(), "application/json")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            try:
                status, answer = made.answer(self.headers.get("Authorization", ""), body)
            except LostReply:
                self.close_connection = True
                return
            self._send(status, answer, "text/xml")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        made.reset()


def _identity(account: str) -> bytes:
    inner = f"<Arn>arn:aws:iam::{account}:root</Arn><UserId>AKIA</UserId><Account>{account}</Account>"
    result = f"<GetCallerIdentityResult>{inner}</GetCallerIdentityResult>"
    return f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>".encode()


def _error(status: int, message: str) -> tuple[int, bytes]:
    text = f"<ErrorResponse><Error><Code>InternalFailure</Code><Message>{message}</Message></Error></ErrorResponse>"
    return status, text.encode()
