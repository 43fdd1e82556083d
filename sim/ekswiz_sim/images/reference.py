"""Image references: `host:port/name:tag@sha256:…`, and whether a host is on this machine.

Source: https://github.com/distribution/reference/blob/main/reference.go
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII)
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
DOCKER_HUB = "docker.io"


class BadReference(ValueError):
    """This is no image reference; the text is docker's."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference in full. `tag` is "latest" where neither tag nor digest was given."""

    host: str
    name: str
    tag: str | None
    digest: str | None

    @property
    def repository(self) -> str:
        """Host and name."""
        return f"{self.host}/{self.name}"

    @property
    def target(self) -> str:
        """What to ask the registry for: the digest if there is one."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return self.repository + tag + (f"@{self.digest}" if self.digest else "")

    @property
    def familiar(self) -> str:
        """As docker shows it: without `docker.io/library/`."""
        return str(self).removeprefix(f"{DOCKER_HUB}/library/").removeprefix(f"{DOCKER_HUB}/")


def parse(text: str) -> Reference:
    """Read a reference.

    Raises:
        BadReference: Docker's "invalid reference format", with what is wrong.
    """
    rest, has_digest, digest = text.partition("@")
    if has_digest and not DIGEST.fullmatch(digest):
        raise BadReference("invalid reference format")
    head, slash, last = rest.rpartition("/")
    last, has_tag, tag = last.partition(":")
    if has_tag and not _TAG.fullmatch(tag):
        raise BadReference("invalid reference format")
    host, name = _split(head + slash + last)
    if not _HOST.fullmatch(host):
        raise BadReference("invalid reference format")
    if not _NAME.fullmatch(name):
        lower = ": repository name must be lowercase" if _NAME.fullmatch(name.lower()) else ""
        raise BadReference(f"invalid reference format{lower}")
    return Reference(host, name, tag if has_tag else None if digest else "latest", digest or None)


def _split(path: str) -> tuple[str, str]:
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return DOCKER_HUB, path if slash else f"library/{path}"


def on_loopback(host: str) -> bool:
    """Whether `host[:port]` can only be this machine. A rehearsal contacts nothing else."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
