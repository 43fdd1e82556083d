"""The engine's texts, made fit for events and messages of Kubernetes."""

from __future__ import annotations

import re

_START = re.compile(r"(?:.*?(?:container process|init caused|starting container process caused): )+", re.DOTALL)
_NO_SUCH_WORKDIR = re.compile(r"chdir to cwd")


def one_line(text: str) -> str:
    """The text without line ends."""
    return " ".join(text.split())


def start(text: str) -> str:
    """Why a container's program could not be started, without what runtimes put around it."""
    inner = _START.sub("", one_line(text), count=1)
    return inner.removesuffix(": unknown").removesuffix(".").strip() or one_line(text)
