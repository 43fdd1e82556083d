"""A whole rehearsal of the sample with an audit hook on sockets and files. Run as a script; says what it saw as JSON.

The hook stays for the life of a process, so this is one of its own. The workflow gets a step that prints its whole
environment and looks for credentials at home, and every file of the world is searched before it is removed.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

SEEN: dict[str, set[str]] = {"address": set(), "name": set(), "file": set()}
REAL_HOME = os.path.expanduser("~")  # noqa: PTH111 - before anything changes it
OF_THE_USER = (".aws", ".kube", ".docker", ".gitconfig", ".config/gh", ".netrc", ".ssh")
SOCKETS = ("socket.connect", "socket.bind", "socket.sendto")
NAMES = ("socket.getaddrinfo", "socket.gethostbyname")
FILES = ("open", "os.listdir", "os.scandir", "os.remove", "os.rename", "os.mkdir")


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in SOCKETS and isinstance(arguments[1], tuple):
        SEEN["address"].add(str(arguments[1][0]))
    elif event in NAMES:
        SEEN["name"].add(str(arguments[0]))
    elif event in FILES and isinstance(arguments[0], str | bytes):
        SEEN["file"].add(os.fsdecode(arguments[0]))


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _of_the_user(path: str) -> bool:
    return any(os.path.abspath(path).startswith(f"{REAL_HOME}/{name}") for name in OF_THE_USER)  # noqa: PTH100


WRITTEN: list[str] = []


def _step(scene: Any) -> None:
    """The first script of the workflow prints all that it has, and looks at home."""
    from ekswiz.paths import WORKFLOW_PATH

    file = scene.checkout / WORKFLOW_PATH
    WRITTEN.append(file.read_text())
    look = "env | sort; ls -la ~ ~/.aws ~/.kube || true; cat ~/.aws/* ~/.kube/* || true"
    text, count = re.subn(r"( run: \|\n)( +)", rf"\1\2{look}\n\2", file.read_text(), count=1)
    assert count == 1
    file.write_text(text)


def _restore(scene: Any) -> None:
    from ekswiz.paths import WORKFLOW_PATH

    (scene.checkout / WORKFLOW_PATH).write_text(WRITTEN.pop())


def _search(folder: Path, canaries: list[str], hits: list[str]) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            hits.extend(f"{canary} in {path}" for canary in canaries if canary.encode() in data)


def main(canaries: list[str]) -> None:
    """Rehearse, and print what was seen."""
    sys.addaudithook(_hook)
    from ekswiz_sim import home
    from rehearsal.worlds import prepare

    hits: list[str] = []
    removed = home.remove

    def remove(folder: Path) -> list[str]:
        _search(folder, canaries, hits)
        return removed(folder)

    home.remove = remove
    rehearsal = prepare(interfere={"push": _step, "answer": _restore})
    texts = [json.dumps([event.message, event.data], default=str) for event in rehearsal]
    texts.append(json.dumps(rehearsal.report))
    hits += [f"{canary} in an event or the report" for canary in canaries if any(canary in text for text in texts)]
    said = {
        "ok": rehearsal.report["ok"],
        "stages": [f"{stage['id']}: {stage['why']}" for stage in rehearsal.report["stages"]],
        "printed": any("GITHUB_REPOSITORY=acme/hello-eks" in text for text in texts),
        "outside": sorted(host for host in SEEN["address"] | SEEN["name"] if not _loopback(host)),
        "inside": len(SEEN["address"]),
        "files": sorted(path for path in SEEN["file"] if _of_the_user(path)),
        "opened": len(SEEN["file"]),
        "hits": hits,
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main(sys.argv[1:])
