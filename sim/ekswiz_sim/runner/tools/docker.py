"""The docker command of a rehearsal: the part of docker that a deployment's workflow uses, without an engine.

`python -m ekswiz_sim.runner.tools.docker`. It builds with the daemonless builder, keeps images in the folder that
EKSWIZ_DOCKER_STORE names, and speaks to registries on loopback only. What it does not model it refuses by name.
Where EKSWIZ_ENGINE names a container engine, that carries the command out (see `engine`).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence

from ekswiz.errors import EkswizError
from ekswiz_sim.runner.tools.docker_options import FLAGS_WRONG, RELEASE, Command, Given, Stop, read

REAL = frozenset(
    {
        *(
            "attach",
            "bake",
            "builder",
            "checkpoint",
            "commit",
            "compose",
            "config",
            "container",
            "context",
            "cp",
            "create",
        ),
        *("diff", "du", "events", "exec", "export", "history", "imagetools", "import", "kill", "load", "logs", "ls"),
        *("manifest", "network", "node", "pause", "plugin", "port", "prune", "ps", "rename", "restart", "rm", "run"),
        *("save", "scout", "search", "secret", "service", "stack", "start", "stats", "stop", "swarm", "system", "top"),
        *("trust", "unpause", "update", "use", "volume", "wait", "inspect-builder"),
    }
)
"""Commands that docker has and this twin does not model."""
Runner = Callable[[Given], None]
_IMAGE = {
    "build": ("docker_build", "BUILD", "run"),
    "push": ("docker_transfer", "PUSH", "run_push"),
    "pull": ("docker_transfer", "PULL", "run_pull"),
    "tag": ("docker_names", "TAG", "run_tag"),
    "inspect": ("docker_show", "INSPECT", "inspect"),
    "rm": ("docker_names", "REMOVE", "remove"),
    "ls": ("docker_show", "IMAGES", "images"),
}
COMMANDS = {
    "login": ("docker_login", "LOGIN", "login"),
    "logout": ("docker_login", "LOGOUT", "logout"),
    **{name: _IMAGE[name] for name in ("build", "push", "pull", "tag", "inspect")},
    **{f"image {name}": entry for name, entry in _IMAGE.items()},
    "images": _IMAGE["ls"],
    "rmi": _IMAGE["rm"],
    "buildx build": ("docker_build", "BUILDX", "run"),
    "buildx b": ("docker_build", "BUILDX", "run"),
    "builder build": ("docker_build", "BUILD", "run"),
    "buildx version": ("docker_about", "BUILDX_VERSION", "buildx_version"),
    "version": ("docker_about", "VERSION", "version"),
    "info": ("docker_about", "INFO", "info"),
}
"""Command -> module, its options, its function; imported when it is called, since starting must be quick."""


def main(words: Sequence[str]) -> int:
    """Run one docker command; its exit code."""
    try:
        command, run, rest = _find(_global_options(list(words)))
        run(read(command, rest))
    except Stop as stop:
        print(stop.text, file=sys.stderr if stop.code else sys.stdout)
        return stop.code
    except EkswizError as error:
        print(f"ERROR: failed to build: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"Error response from daemon: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _global_options(words: list[str]) -> list[str]:
    """Take docker's own options off the front."""
    while words and words[0].startswith("-"):
        name, equals, value = words.pop(0).partition("=")
        if name in {"--version", "-v"}:
            raise Stop(f"Docker version {RELEASE}, build ekswiz", 0)
        if name in {"--help", "-h"}:
            raise Stop(_usage(), 0)
        if name == "--config" and (equals or words):
            os.environ["DOCKER_CONFIG"] = value if equals else words.pop(0)
        elif name not in {"--debug", "-D"}:
            text = f"unknown flag: {name}\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]"
            raise Stop(f"{text}\n\nRun 'docker --help' for more information", FLAGS_WRONG)
    return words


def _find(words: list[str]) -> tuple[Command, Runner, list[str]]:
    """The command that the words begin with."""
    if not words or words[0] == "help":
        raise Stop(_usage(), 0)
    known = {**COMMANDS, **of_engine} if (of_engine := _of_an_engine()) else COMMANDS
    for size in (2, 1):
        name = " ".join(words[:size])
        if name in known:
            module, command, function = known[name]
            found = importlib.import_module(f"ekswiz_sim.runner.tools.{module}")
            return getattr(found, command), getattr(found, function), words[size:]
    group = words[0] in {"buildx", "image"}
    name = words[1] if group and len(words) > 1 else words[0]
    shown = " ".join(words[: 2 if group else 1])
    if name in REAL or (group and name in {"inspect", "create", "stop", "rm"}):
        why = "there is no Docker Engine in this tier; it needs a container engine"
        if known is not COMMANDS:
            why = "a rehearsal builds, names, pushes and shows images, and the cluster runs them"
        raise Stop(f"docker: '{shown}' is not modelled by ekswiz's docker: {why}", FLAGS_WRONG)
    raise Stop(f"docker: unknown command: docker {shown}\n\nRun 'docker --help' for more information")


def _of_an_engine() -> dict[str, tuple[str, str, str]]:
    if not os.environ.get("EKSWIZ_ENGINE"):
        return {}
    from ekswiz_sim.runner.tools import engine  # the docker SDK is of another tier

    return engine.COMMANDS


def _usage() -> str:
    names = ", ".join(sorted(COMMANDS))
    return f"\nUsage:  docker [OPTIONS] COMMAND\n\nekswiz's docker for rehearsals knows: {names}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
