"""A container that this tier cannot run: said beforehand, stood in for, and never green without that line."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ekswiz.operator_policy import operator_policy
from ekswiz.session import Session
from ekswiz_sim import entry
from ekswiz_sim.stages import STAGES
from rehearsal.commands import Ground
from rehearsal.worlds import sample_answers

MULTI_STAGE = """\
FROM node:22 AS build
COPY . .
RUN npm ci
FROM node:22-slim
WORKDIR /app
COPY --from=build /dist .
USER 1000
EXPOSE 8000
CMD ["node", "server.js"]
"""
NOT_PYTHON = """\
FROM nginx:1.29
COPY server.js /usr/share/nginx/html/
USER 101
CMD ["nginx", "-g", "daemon off;"]
"""
RUN_THAT_MATTERS = """\
FROM python:3.13-slim
WORKDIR /app
COPY server.js .
RUN python -m compileall . && ./configure --with-everything
USER 1000
CMD ["python", "-m", "http.server", "8000"]
"""
NO_VERSION = """\
FROM python:3.13-slim
WORKDIR /app
COPY server.py .
USER 1000
CMD ["python", "server.py"]
"""
SERVER = """\
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path in ("/healthz", "/") else 404)
        self.end_headers()
HTTPServer(("0.0.0.0", 8000), Answer).serve_forever()
"""


def repository(folder: Path, dockerfile: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    (folder / "server.js").write_text("serve()")
    (folder / "server.py").write_text(SERVER)
    return folder


def rehearse(source: Path) -> Mapping[str, Any]:
    """The report of a rehearsal up to the service's answer."""
    answers = sample_answers(repo="payments", workload="payments", context=".", dockerfile="Dockerfile")
    rehearsal = entry.rehearse(
        answers,
        source=source,
        road=lambda home: Session(answers, delete_images=True, state_dir=home),
        operator_policy=operator_policy(answers),
        stop=threading.Event(),
        stages=[stage for stage in STAGES if stage.id in ("plan", "apply", "push", "answer")],
    )
    list(rehearsal)
    return rehearsal.report


def pods(report: Mapping[str, Any]) -> str:
    return next(str(tier["chosen"]) for tier in report["tiers"] if tier["part"] == "pods")


def test_the_command_says_so_before_and_after(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    repository(ground.cwd, MULTI_STAGE)
    ground.before = ground.listing()

    said = ground.run("--sim", "--headless", "--repo", "acme/payments")

    assert said.code == 0, said.text
    assert "+ repository_file.manifests/deployment.yaml" in said.out, "without manifests they are planned"
    beforehand, afterwards = said.out.split("ok    world")
    assert "stand-in" in beforehand
    assert "Dockerfile:4: FROM node:22-slim: this is a multi-stage build" in beforehand
    assert "note: app: stood in: Dockerfile:4: this is a multi-stage build: it needs a container engine" in afterwards
    ground.assert_nothing_left()


@pytest.mark.parametrize(
    ("dockerfile", "reason"),
    [(NOT_PYTHON, "its command 'nginx' is not Python"), (RUN_THAT_MATTERS, "Dockerfile:4 runs 'python -m compileall")],
)
def test_the_report_says_so(tmp_path: Path, dockerfile: str, reason: str) -> None:
    report = rehearse(repository(tmp_path, dockerfile))

    assert report["ok"], report["stages"]
    assert pods(report) == "stand-in"
    assert report["image"]["skipped"][0].startswith(f"app: stood in: {reason}")
    assert "it needs a container engine" in report["image"]["skipped"][0]
    assert report["subject"]["commit"] in report["http"]["body"]


def test_a_service_without_a_version_page_is_known_by_its_digest(tmp_path: Path) -> None:
    report = rehearse(repository(tmp_path, NO_VERSION))

    assert report["ok"], report["stages"]
    answer = next(stage for stage in report["stages"] if stage["id"] == "answer")
    assert answer["why"].startswith(f"GET / -> 200; every pod runs {report['image']['digest'][:19]}")
    assert pods(report) == "processes"
    assert not any("stood in" in sentence for sentence in report["image"]["skipped"])
