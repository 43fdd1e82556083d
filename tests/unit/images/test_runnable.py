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
        {"Cmd": ["/opt/venv/bin/uvicorn", "main:app"]},
        {"Cmd": ["python", "main.py", "--log", "/dev/stdout"]},
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
        ({"Cmd": ["/opt/tool"]}, "its command '/opt/tool' is not Python"),
        ({"Cmd": ["/bin/sh", "-c", "/opt/venv/bin/uvicorn main:app"]}, "a path that a shell of this host would take"),
        ({"Cmd": ["/bin/sh", "-c", "python /srv/main.py"], "WorkingDir": "/srv"}, "names '/srv/main.py'"),
        ({"Cmd": ["python3"]}, "Python without a program"),
        ({"Cmd": ["python", "/main.py"], "WorkingDir": "/srv"}, "names '/main.py', which is not in the image"),
        ({"Cmd": ["python", "/srvx/main.py"], "WorkingDir": "/srv"}, "may be in its base"),
        ({"Cmd": ["python", "/srv/../etc/x.py"], "WorkingDir": "/srv"}, "may be in its base"),
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
    assert reason.endswith(": it needs a container engine to run")


def test_a_pods_own_command_is_judged_instead() -> None:
    config = {"Entrypoint": ["node"], "Cmd": ["server.js"]}

    assert argv(config) == ["node", "server.js"]
    assert argv(config, args=["other.js"]) == ["node", "other.js"]
    assert argv(config, ["python", "main.py"]) == ["python", "main.py"]
    assert runnable(config, argv(config, ["python"], ["main.py"])) == (True, "")


def test_who_knows_the_containers_files_says_which_paths_are_there() -> None:
    config = {"Cmd": ["python", "/opt/app/main.py", "--config=/etc/app/config.toml"]}

    assert runnable(config, present={"/opt/app/main.py", "/etc/app/config.toml"}.__contains__) == (True, "")
    assert "'/etc/app/config.toml'" in runnable(config, present={"/opt/app/main.py"}.__contains__)[1]
