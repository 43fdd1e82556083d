from __future__ import annotations

import json
from typing import Any

import pytest

from ekswiz_sim.images.runnable import argv, runnable


@pytest.mark.parametrize(
    "config",
    [
        {"Cmd": ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]},
        {"Cmd": ["python", "main.py"]},
        {"Cmd": ["python3.12", "-m", "uvicorn", "main:app"]},
        {"Entrypoint": ["/usr/local/bin/python"], "Cmd": ["-u", "main.py"]},
        {"Cmd": ["fastapi", "run", "main.py"]},
        {"Cmd": ["python", "/srv/app/main.py"], "WorkingDir": "/srv/app"},
        {"Cmd": ["/bin/sh", "-c", "uvicorn main:app --port ${PORT:-8000}"]},
        {"Cmd": ["/bin/sh", "-c", "exec python main.py"]},
        {"Cmd": ["uvicorn", "main:app", "--root-path", "/api"]},
        {"Cmd": ["uvicorn", "main:app"], "Labels": {"dev.ekswiz.requires": '["fastapi", "uvicorn"]'}},
    ],
)
def test_what_a_process_of_this_python_can_be(config: dict[str, Any]) -> None:
    assert runnable(config) == (True, "")


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({}, "neither CMD nor ENTRYPOINT says what to run"),
        ({"Cmd": ["node", "server.js"]}, "its command 'node' is not Python"),
        ({"Cmd": ["./start"]}, "its command './start' is not Python"),
        ({"Cmd": ["/opt/venv/bin/uvicorn", "main:app"]}, "its command '/opt/venv/bin/uvicorn' is not Python"),
        ({"Cmd": ["python3"]}, "Python without a program"),
        ({"Cmd": ["python", "/main.py"], "WorkingDir": "/srv"}, "names '/main.py', a path of another root"),
        ({"Cmd": ["python", "/srvx/main.py"], "WorkingDir": "/srv"}, "a path of another root"),
        ({"Cmd": ["python", "/srv/../etc/x.py"], "WorkingDir": "/srv"}, "a path of another root"),
        ({"Cmd": ["uvicorn", "main:app", "--ssl-keyfile=/certs/key"]}, "names '/certs/key'"),
        ({"Cmd": ["hypercorn", "main:app"]}, "'hypercorn' is not installed in this Python"),
        ({"Cmd": ["python", "-m", "gunicorn"]}, "'gunicorn' is not installed in this Python"),
        ({"Cmd": ["/bin/sh", "start.sh"]}, "is a shell script"),
        ({"Cmd": ["/bin/sh", "-c", "alembic upgrade head && uvicorn main:app"]}, "does more than start one program"),
        ({"Cmd": ["/bin/sh", "-c", "node server.js"]}, "its command 'node' is not Python"),
        ({"Cmd": ["/bin/sh", "-c", "uvicorn 'main"]}, "cannot be read"),
        ({"Cmd": ["/bin/sh", "-c", ""]}, "is empty"),
        (
            {
                "Cmd": ["python", "x.py"],
                "Labels": {"dev.ekswiz.cannot-run": "Dockerfile:3: this is a multi-stage build"},
            },
            "Dockerfile:3: this is a multi-stage build",
        ),
        (
            {"Cmd": ["python", "x.py"], "Labels": {"dev.ekswiz.requires": json.dumps(["fastapi", "no-such-dist"])}},
            "it needs no-such-dist, which this Python does not have",
        ),
    ],
)
def test_what_it_cannot_be_is_said(config: dict[str, Any], why: str) -> None:
    able, reason = runnable(config)

    assert not able
    assert why in reason
    assert reason.endswith(": use --images docker to run it")


def test_a_pods_own_command_is_judged_instead() -> None:
    config = {"Entrypoint": ["node"], "Cmd": ["server.js"]}

    assert argv(config) == ["node", "server.js"]
    assert argv(config, args=["other.js"]) == ["node", "other.js"]
    assert argv(config, ["python", "main.py"]) == ["python", "main.py"]
    assert runnable(config, argv(config, ["python"], ["main.py"])) == (True, "")
