"""What runs a pod's containers: processes of this node (`launch.Local`), or a container engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from ekswiz_sim.kubernetes.embedded.store import Obj
from ekswiz_sim.seams import PulledImage

if TYPE_CHECKING:
    from ekswiz_sim.kubernetes.embedded.kubelet.parts import Context

Sink = Callable[[bytes], None]
"""Takes output, on the loop."""


class Running(Protocol):
    """A program that was started."""

    exited: asyncio.Future[int]
    """Its exit code, negative for a signal."""

    @property
    def pid(self) -> int:
        """The process's id on this machine; -1 where it is not this machine's to know."""
        ...

    @property
    def reason(self) -> str:
        """Why it ended, once it has, where that is more than its exit code: `OOMKilled`."""
        ...

    async def wait(self) -> int:
        """The exit code, once all output has arrived; 128 + n if signal n ended it."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens if it has ended."""
        ...


class Launched(Protocol):
    """A container that is ready to start."""

    @property
    def asked(self) -> tuple[str, ...]:
        """Its program and arguments."""
        ...

    @property
    def stop_signal(self) -> int:
        """What asks it to end."""
        ...

    @property
    def stands_in(self) -> str:
        """Why something else runs in the image's place; empty where the image itself does."""
        ...

    async def run(self, argv: Sequence[str], sink: Sink) -> Running:
        """Start the container's program (the first time), or another one in it.

        Raises:
            command.NotRunnable: There is no such program.
            StartError: It cannot be started.
        """
        ...


class Machine(Protocol):
    """Makes containers of images that it pulled."""

    @property
    def published(self) -> bool:
        """Whether somebody else listens on a pod's ports and takes connections before the pod has been asked."""
        ...

    async def prepare(self, context: Context, container: Obj, image: PulledImage) -> Launched:
        """Make a container of a pod, ready to start.

        Raises:
            Unconfigured: A reference leads nowhere, or the image may not or cannot run as it is.
        """
        ...

    async def vacate(self, context: Context) -> None:
        """A pod has ended: give back what it had besides its containers."""
        ...
