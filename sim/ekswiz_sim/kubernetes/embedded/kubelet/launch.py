"""Everything a container's process is started with, worked out from the pod and its image."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ekswiz_sim.kubernetes.embedded.kubelet import command, environment, filesystem, standing_in
from ekswiz_sim.kubernetes.embedded.kubelet.parts import Context
from ekswiz_sim.kubernetes.embedded.kubelet.runtime import Process, Sink
from ekswiz_sim.kubernetes.embedded.kubelet.sources import Unconfigured
from ekswiz_sim.kubernetes.embedded.kubelet.threads import in_thread
from ekswiz_sim.kubernetes.embedded.store import Obj
from ekswiz_sim.seams import PulledImage

_HOST_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_NOT_CREATED = "CreateContainerError"
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Launch:
    """A container's program, variables and working directory, ready to run; `run` starts others beside it (exec)."""

    context: Context
    files: filesystem.Files
    asked: tuple[str, ...]
    variables: Mapping[str, str]
    cwd: Path
    stop_signal: int
    stands_in: str = ""
    """Why a stand-in runs in the image's place; empty where the image itself does."""

    async def run(self, argv: Sequence[str], sink: Sink) -> Process:
        """Start a program in the container.

        Raises:
            command.NotRunnable: There is no such program.
            StartError: The operating system refuses.
        """
        parts = self.context.parts
        real = command.resolve(argv, self.files, self.cwd, self.variables["PATH"], parts.interpreter)
        return await parts.runtime.spawn(real, self.variables, self.cwd, sink)


async def prepare(context: Context, container: Obj, image: PulledImage) -> Launch:
    """Make the container's files and work out what to run in them.

    Raises:
        Unconfigured: A reference leads nowhere, or the image may not or cannot run as it is.
    """
    pod = context.pod
    check_user(pod, container, image.config, context.title)
    given = known(context, pod, image.config)
    own = environment.of_container(context.parts.store, pod, container, given)
    asked = command.asked_for(container, image.config, {**given, **own})
    if not (asked or standing_in.judged(image.config)):
        raise Unconfigured("failed to generate spec: no command specified", _NOT_CREATED)
    mounts = container.get("volumeMounts") or []
    if any(one.get("subPathExpr") for one in mounts):
        raise Unconfigured("subPathExpr is not modelled")
    folder = context.folder / "files" / container["name"]
    try:
        files = await in_thread(filesystem.prepare, image.root, folder, mounts, context.volumes)
        cwd = files.inside(container.get("workingDir") or image.config.get("WorkingDir") or "/")
        cwd.mkdir(parents=True, exist_ok=True)
        why = standing_in.reason(image.config, asked, files)
        if why:
            asked = standing_in.program(container, image.config, files)
            own[standing_in.VARIABLE] = why
    except OSError as error:
        raise Unconfigured(f"failed to create containerd container: {error}", _NOT_CREATED) from error
    variables = _variables(context, files, {**given, **own})
    return Launch(context, files, tuple(asked), variables, cwd, stop_signal(image.config), why)


class Local:
    """Containers as processes of this machine."""

    published = False

    async def prepare(self, context: Context, container: Obj, image: PulledImage) -> Launch:
        """As `prepare`."""
        return await prepare(context, container, image)

    async def vacate(self, context: Context) -> None:
        """A pod's files go with its folder."""


def stop_signal(config: Mapping[str, object]) -> int:
    """The image's STOPSIGNAL, a name or a number; SIGTERM without one."""
    text = str(config.get("StopSignal") or "SIGTERM")
    if text.isdecimal():
        return int(text)
    name = text if text.startswith("SIG") else f"SIG{text}"
    return int(getattr(signal, name, signal.SIGTERM))


def known(context: Context, pod: Obj, config: Mapping[str, object]) -> dict[str, str]:
    """Variables that a container has before its own `env` and `envFrom`."""
    return {
        **environment.of_image(config),
        "HOSTNAME": pod["metadata"]["name"],
        **context.parts.environment,
        **environment.service_links(context.parts.store, pod),
    }


def _variables(context: Context, files: filesystem.Files, asked: Mapping[str, str]) -> dict[str, str]:
    """Translated, and with what keeps the pod on loopback and in its own folders; that cannot be overridden."""
    made = {"LANG": "C.UTF-8", "TMPDIR": "/tmp"} | dict(asked)  # noqa: S108 - of the container
    made = {name: files.variable(name, value) for name, value in made.items()}
    made["TMPDIR"] = made["TMPDIR"] if made["TMPDIR"] != "/tmp" else str(files.inside("/tmp"))  # noqa: S108 - as above
    folders = [str(context.parts.interpreter.commands), made.get("PATH", ""), *_HOST_PATH]
    made["PATH"] = ":".join(filter(None, folders))
    made["HOME"] = str(files.home)
    made["EKSWIZ_POD_ADDRESS"] = context.address
    if not context.parts.addresses.direct:
        made["EKSWIZ_POD_PORTS"] = str(context.ports)
    return made


def check_user(pod: Obj, container: Obj, config: Mapping[str, object], title: str) -> None:
    """`runAsNonRoot` against the image's user: the kubelet's last line, which no admission can see."""
    security = {**(pod["spec"].get("securityContext") or {}), **(container.get("securityContext") or {})}
    if not security.get("runAsNonRoot"):
        return
    where = f'(pod: "{title}", container: {container["name"]})'
    asked = security.get("runAsUser")
    if asked is not None:
        if asked == 0:
            raise Unconfigured(f"container's runAsUser breaks non-root policy {where}")
        return
    user = str(config.get("User") or "").partition(":")[0]
    if user in ("", "0"):
        raise Unconfigured(f"container has runAsNonRoot and image will run as root {where}")
    if not _NUMBER.fullmatch(user):
        raise Unconfigured(
            f"container has runAsNonRoot and image has non-numeric user ({user}), "
            f"cannot verify user is non-root {where}"
        )
