"""Whether the container engine of this machine can be used, looked at before anything starts."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any

from ekswiz.errors import RehearsalError
from ekswiz_sim.containers import address
from ekswiz_sim.containers.engine import SILENT, EngineError, connect
from ekswiz_sim.containers.pause import ARCHITECTURES

OLDEST = (1, 41)
"""Version of the API (Docker Engine 20.10)."""
_VIRTUAL = ("docker desktop", "colima", "rancher desktop", "orbstack")


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is. `virtual` engines live in a machine of their own and see another loopback than ours."""

    address: str
    version: str
    api: str
    architecture: str
    cpus: int
    memory: int
    rootless: bool = False
    virtual: bool = False
    relay: bool = False
    """Images are handed over, since the engine does not reach this machine's loopback."""

    def sentence(self) -> str:
        """For the tier table."""
        more = " without root" if self.rootless else ""
        more += " in a virtual machine, images are handed over" if self.virtual else ""
        return f"Docker Engine {self.version}{more} at {self.address}"


def check() -> Facts:
    """Find the engine and ask it for what matters.

    Raises:
        RehearsalError: There is none, it may not be used, or it is too old; says what to do.
    """
    if not _installed():
        detail = "--images docker needs the docker SDK for Python, which is not installed."
        raise RehearsalError(detail, "Install it with: pip install 'ekswiz[full]'.")
    where = address.find()
    try:
        client = connect(where, patience=10)
        try:
            return _facts(where, client.version(), client.info())
        finally:
            client.close()
    except EngineError as error:
        raise _unreachable(where, str(error).removeprefix(SILENT)) from error


def _installed() -> bool:
    return importlib.util.find_spec("docker") is not None


def _facts(where: str, version: dict[str, Any], info: dict[str, Any]) -> Facts:
    api = str(version.get("ApiVersion", "0.0"))
    if tuple(int(part) for part in api.split(".")[:2]) < OLDEST:
        detail = f"the engine at {where} is Docker {version.get('Version')}, which is too old."
        raise RehearsalError(detail, "Install Docker Engine 20.10 or newer.")
    if info.get("OSType") != "linux":
        detail = f"the engine at {where} runs {info.get('OSType')} containers."
        raise RehearsalError(detail, "Switch it to Linux containers.")
    if version.get("Arch") not in ARCHITECTURES:
        detail = f"the engine at {where} is for {version.get('Arch')}."
        raise RehearsalError(detail, f"Pods need one for {' or '.join(ARCHITECTURES)}.")
    described = str(info.get("OperatingSystem", "")).lower()
    return Facts(
        address=where,
        version=str(version.get("Version", "")),
        api=api,
        architecture=str(version.get("Arch", "")),
        cpus=int(info.get("NCPU") or 1),
        memory=int(info.get("MemTotal") or 0),
        rootless=any("rootless" in str(one) for one in info.get("SecurityOptions") or ()),
        virtual=any(name in described or name.replace(" ", "") in where for name in _VIRTUAL),
    )


def _unreachable(where: str, text: str) -> RehearsalError:
    low = text.lower()
    path = where.removeprefix("unix://")
    if "permission denied" in low:
        detail = f"you may not use the container engine at {where}."
        return RehearsalError(detail, "Join its group (sudo usermod -aG docker $USER) and sign in again.")
    if "no such file" in low or "filenotfounderror" in low:
        return RehearsalError(f"no container engine was found: there is no {path}.", address.INSTALL)
    if "refused" in low:
        detail = f"the container engine at {where} does not run."
        return RehearsalError(detail, "Start it (sudo systemctl start docker), or rehearse without containers.")
    if "client error" in low:
        return RehearsalError(f"what answers at {where} is no container engine: {text}.", "Correct DOCKER_HOST.")
    return RehearsalError(f"the container engine at {where} does not answer: {text}.", "Look at: docker version.")
