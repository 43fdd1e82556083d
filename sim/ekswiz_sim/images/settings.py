"""The `config` of an image as a Dockerfile builds it up: ENV, CMD, WORKDIR and their like.

Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ekswiz_sim.images.dockerfile import Instruction

_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp|sctp))?", re.ASCII)
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)", re.ASCII)
_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
HIGHEST_PORT = 65535
HEALTH = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start-period": "StartPeriod",
    "start-interval": "StartInterval",
}
Expand = Callable[[str], str]


class BadInstruction(ValueError):
    """An instruction's arguments make no sense."""


@dataclass(slots=True)
class Settings:
    """What an image says about how to run it."""

    env: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = ""
    cmd: list[str] | None = None
    entrypoint: list[str] | None = None
    shell: list[str] = field(default_factory=lambda: ["/bin/sh", "-c"])
    ports: set[str] = field(default_factory=set)
    volumes: set[str] = field(default_factory=set)
    stop_signal: str = ""
    healthcheck: dict[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """The OCI config's `config` object; only what was set."""
        members: dict[str, Any] = {
            "User": self.user,
            "ExposedPorts": {port: {} for port in sorted(self.ports)},
            "Env": [f"{name}={value}" for name, value in self.env.items()],
            "Entrypoint": self.entrypoint,
            "Cmd": self.cmd,
            "Volumes": {path: {} for path in sorted(self.volumes)},
            "WorkingDir": self.workdir,
            "Labels": dict(sorted(self.labels.items())),
            "StopSignal": self.stop_signal,
            "Healthcheck": self.healthcheck,
        }
        return {name: value for name, value in members.items() if value}

    def absolute(self, path: str) -> str:
        """A path of the image, relative ones below WORKDIR."""
        return posixpath.normpath(posixpath.join("/", self.workdir, path)).replace("//", "/")

    def command(self, instruction: Instruction) -> list[str]:
        """JSON form as it is, shell form behind SHELL."""
        return list(instruction.words) if instruction.words is not None else [*self.shell, instruction.text]


def apply(settings: Settings, instruction: Instruction, expand: Expand) -> bool:
    """Take over one instruction; False if it is none of those that only set something.

    Raises:
        BadInstruction: Its arguments make no sense.
    """
    setter = _SETTERS.get(instruction.name)
    if setter is None:
        return False
    setter(settings, instruction, expand)
    return True


def _workdir(settings: Settings, instruction: Instruction, expand: Expand) -> None:
    settings.workdir = settings.absolute(expand(instruction.text))


def _user(settings: Settings, instruction: Instruction, expand: Expand) -> None:
    settings.user = expand(instruction.text)


def _cmd(settings: Settings, instruction: Instruction, _expand: Expand) -> None:
    settings.cmd = settings.command(instruction)


def _entrypoint(settings: Settings, instruction: Instruction, _expand: Expand) -> None:
    settings.entrypoint = settings.command(instruction)


def _shell(settings: Settings, instruction: Instruction, _expand: Expand) -> None:
    if not instruction.words:
        raise BadInstruction("SHELL requires the arguments to be in JSON form")
    settings.shell = list(instruction.words)


def _expose(settings: Settings, instruction: Instruction, expand: Expand) -> None:
    for word in expand(instruction.text).split():
        match = _PORT.fullmatch(word)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if match is None or not 0 < first <= last <= HIGHEST_PORT:
            raise BadInstruction(f"Invalid containerPort: {word}")
        settings.ports.update(f"{port}/{match[3] or 'tcp'}" for port in range(first, last + 1))


def _volume(settings: Settings, instruction: Instruction, expand: Expand) -> None:
    words = instruction.words if instruction.words is not None else instruction.text.split()
    settings.volumes.update(expand(word) for word in words)


def _signal(settings: Settings, instruction: Instruction, expand: Expand) -> None:
    settings.stop_signal = expand(instruction.text)


def _health(settings: Settings, instruction: Instruction, _expand: Expand) -> None:
    kind, _, rest = instruction.text.partition(" ")
    if kind.upper() == "NONE":
        settings.healthcheck = {"Test": ["NONE"]}
        return
    if kind.upper() != "CMD" or not rest.strip():
        raise BadInstruction(f"Unknown type {kind!r} in HEALTHCHECK (try CMD)")
    settings.healthcheck = {"Test": _health_command(rest.strip())}
    for flag, value in instruction.flags.items():
        if flag == "retries" and value.isdecimal():
            settings.healthcheck["Retries"] = int(value)
        elif flag in HEALTH:
            settings.healthcheck[HEALTH[flag]] = nanoseconds(value)
        else:
            raise BadInstruction(f"unknown flag: --{flag}={value}")


def _health_command(text: str) -> list[str]:
    words = Instruction.json(text)
    return ["CMD", *words] if words is not None else ["CMD-SHELL", text]


def nanoseconds(text: str) -> int:
    """A Go duration such as `1m30s`.

    Raises:
        BadInstruction: It is none.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise BadInstruction(f"time: invalid duration {text!r}")
    return int(sum(float(number) * _NANOSECONDS[unit] for number, unit in parts))


_SETTERS: Mapping[str, Callable[[Settings, Instruction, Expand], None]] = {
    "WORKDIR": _workdir,
    "USER": _user,
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "SHELL": _shell,
    "EXPOSE": _expose,
    "VOLUME": _volume,
    "STOPSIGNAL": _signal,
    "HEALTHCHECK": _health,
}
