"""`docker login` by the engine, which tries the credentials at the registry itself."""

from __future__ import annotations

import os

from ekswiz_sim.containers.engine import EngineError, guarded
from ekswiz_sim.runner.tools import docker_login, engine
from ekswiz_sim.runner.tools.docker_options import Given, Stop

LOGIN = docker_login.LOGIN


def login(given: Given) -> None:
    """Log in to a registry.

    Raises:
        Stop: No user or password, or the registry refuses them.
    """
    if os.environ.get(engine.RELAYED):  # the engine does not reach the registry, and we do
        docker_login.login(given)
    else:
        docker_login.login_by(given, _try)


def _try(host: str, user: str, password: str) -> None:
    client = engine.client()
    try:
        guarded(lambda: client.login(user, password, registry=host, reauth=True))
    except EngineError as error:
        raise Stop(f"Error response from daemon: {error}") from error
    finally:
        client.close()
