"""A server that answers as GitHub's REST API does, with what a test puts there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ekswiz.probes.github_api import GitHubApi, SignIn

REPOSITORY: Mapping[str, Any] = {
    "id": 456789,
    "name": "payments-api",
    "full_name": "acme/payments-api",
    "owner": {"login": "acme", "id": 123456},
    "default_branch": "main",
    "private": True,
    "created_at": "2024-01-02T03:04:05Z",
}
HERE = "/repos/acme/payments-api"
SUBJECT = f"{HERE}/actions/oidc/customization/sub"


@dataclass
class Hub:
    """Answers by path: a document, or a status with headers and a document."""

    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def put(self, path: str, document: Any, status: int = 200, **headers: str) -> None:
        self.answers[path] = (status, {name.replace("_", "-"): text for name, text in headers.items()}, document)

    def usual(self, **changes: Any) -> None:
        """A repository as the answers of the tests want it."""
        self.put(HERE, {**REPOSITORY, **changes})
        self.put(f"{HERE}/branches/main", {"name": "main", "protected": True})
        self.put(SUBJECT, {"use_default": True, "use_immutable_subject": True})
        self.put(f"{HERE}/environments/production", {"name": "production", "deployment_branch_policy": {"x": True}})
        self.put("/user", {"login": "mira"})

    def api(self, token: str = "t0ken") -> GitHubApi:
        return GitHubApi(self.url, SignIn(token, "from GH_TOKEN" if token else ""))


@contextmanager
def open_hub() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.asked.append((self.path, dict(self.headers)))
            status, headers, document = hub.answers.get(self.path, (404, {}, {"message": "Not Found"}))
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the name that the server looks for

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
