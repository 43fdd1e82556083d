"""The real GitHub CLI, with a socket in the file system for its way to a repository of the simulator."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web

from ekswiz_sim.github.api import application
from ekswiz_sim.github.issuer import Issuer
from unit.github_api.place import Place

HOST = "github.localhost"
"""The one host that the CLI asks without TLS."""

needed = pytest.mark.skipif(shutil.which("gh") is None, reason="the GitHub CLI (gh) is not on PATH")


@contextmanager
def reaching(place: Place, folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which `gh` talks to this repository, signed in."""
    socket, config = folder / "gh.socket", folder / "gh"
    app = application(Issuer(), (), place.token, [place.state])

    async def serve() -> web.AppRunner:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.UnixSite(runner, str(socket)).start()
        return runner

    runner = place.loop.run(serve())
    config.mkdir()
    (config / "config.yml").write_text(f"version: '1'\nhttp_unix_socket: {socket}\n")
    try:
        yield {
            "PATH": os.environ["PATH"], "HOME": str(folder), "GH_CONFIG_DIR": str(config), "GH_HOST": HOST,
            "GH_TOKEN": place.token, "GH_NO_UPDATE_NOTIFIER": "1", "GH_PROMPT_DISABLED": "1",
        }  # fmt: skip
    finally:
        place.loop.run(runner.cleanup())
