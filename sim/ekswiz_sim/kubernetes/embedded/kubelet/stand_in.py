"""The program that runs in place of a container that a local process cannot be.

It is copied into the container, run there with the node's Python, and must not import anything of ours. It answers
every HTTP request on the given ports with 200, says that it stands in and why, and repeats the commit and image digest
that the deploy job put into the environment.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WHY = os.environ.get("EKSWIZ_STANDS_IN", "")


class _Answer(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        commit, image = os.environ.get("GIT_COMMIT", "unknown"), os.environ.get("IMAGE_DIGEST", "unknown")
        body = json.dumps({"commit": commit, "image": image, "stands_in": WHY}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        sys.stdout.write(f"{format % args}\n")


for _method in METHODS:
    setattr(_Answer, f"do_{_method}", _Answer._answer)  # noqa: SLF001 - its own class


def main(ports: list[int]) -> None:
    """Answer until SIGTERM."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})  # before threads, which inherit it
    sys.stdout.write(f"ekswiz: stands in for the app: {WHY}\n")
    for port in ports:
        server = ThreadingHTTPServer(("0.0.0.0", port), _Answer)  # noqa: S104 - its interpreter makes that loopback
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.flush()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main([int(port) for port in sys.argv[1:]])
