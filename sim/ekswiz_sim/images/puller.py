"""Pulls images as a node does: log in, resolve, fetch, verify every digest, unpack once.

The texts of its errors are containerd's, since they end up in a pod's events. Nothing but loopback is asked.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import inspect
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from ekswiz_sim.images.machine import host_platform
from ekswiz_sim.images.reference import DOCKER_HUB, BadReference, Reference, on_loopback, parse
from ekswiz_sim.images.remote import INDEXES, MANIFESTS, NO_LOGIN, Blob, Failed, Remote, blob
from ekswiz_sim.images.unpack import Refused, unpack
from ekswiz_sim.seams import PulledImage, PullError, RefusedByGate

Login = tuple[str, str]
Auth = Callable[[str], Login | Awaitable[Login]]
"""User and password for a registry's `host:port`; raises RefusedByGate where the node may not have them."""

LARGEST_LAYER = 4 * 1024 * 1024 * 1024
"""Bytes that a layer may unpack to."""
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)


class Puller:
    """Pulls for one node. Use it from one event loop, and close it.

    Args:
        auth: Where logins come from, asked at each pull as a node's credential provider is. A plain function is called
            in a thread.
        root: A folder of its own; each image is unpacked below it once.
        most: Bytes that one layer may unpack to.
    """

    def __init__(self, auth: Auth, root: Path, most: int = LARGEST_LAYER) -> None:
        self._auth = auth
        self._root = root
        self._most = most
        self._images: dict[str, asyncio.Task[PulledImage]] = {}

    async def pull(self, reference: str) -> PulledImage:
        """Pull `host:port/name@sha256:…` or `:tag`. Pulls of one image at the same time share the work.

        Raises:
            PullError: Not found, denied, not reachable, or a digest does not match; containerd's text.
        """
        shown = reference
        try:
            wanted = parse(reference)
            shown = str(wanted)
            return await self._pull(wanted)
        except (Failed, BadReference) as failed:
            raise PullError(f'failed to pull and unpack image "{shown}": {failed}') from failed

    def evict(self, digest: str) -> None:
        """Forget an unpacked image, as a node's garbage collection does: the next pull fetches it again."""
        self._images.pop(digest, None)
        shutil.rmtree(self._home(digest), ignore_errors=True)

    async def close(self) -> None:
        """Stop pulls that are under way."""
        tasks = list(self._images.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pull(self, wanted: Reference) -> PulledImage:
        if not on_loopback(wanted.host):
            host = "registry-1.docker.io" if wanted.host == DOCKER_HUB else wanted.host
            raise Failed(
                f'failed to resolve reference "{wanted}": failed to do request: Head '
                f'"https://{host}/v2/{wanted.name}/manifests/{wanted.target}": '
                "a rehearsal contacts nothing but loopback"
            )
        login = await self._login(wanted)
        async with _session(login) as session:
            manifest = await Remote(session, wanted).resolve()
        task = self._images.get(manifest.digest)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(self._fetch(wanted, manifest, login))
            self._images[manifest.digest] = task
        return await asyncio.shield(task)

    async def _login(self, wanted: Reference) -> Login:
        try:
            answer = await asyncio.to_thread(self._auth, wanted.host)
            return await answer if inspect.isawaitable(answer) else answer
        except RefusedByGate as refused:
            text = f'failed to resolve reference "{wanted}": {NO_LOGIN}: {refused.message}'
            raise Failed(text) from refused

    async def _fetch(self, wanted: Reference, top: Blob, login: Login) -> PulledImage:
        """Fetch and unpack; what is there afterwards is complete."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        work = Path(tempfile.mkdtemp(prefix="pull-", dir=self._root))
        try:
            async with _session(login) as session:
                remote = Remote(session, wanted)
                manifest = await _manifest(remote, top)
                settings = await remote.document(blob("config", manifest.get("config")))
                await self._layers(remote, manifest, settings, work)
            home = self._home(top.digest)
            await asyncio.to_thread(_move, work / "root", home)
        except OSError as error:
            raise Failed(f"failed to extract layer: {error}") from error
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
        config = settings.get("config")
        return PulledImage(top.digest, home, config if isinstance(config, dict) else {})

    async def _layers(
        self, remote: Remote, manifest: Mapping[str, Any], settings: Mapping[str, Any], work: Path
    ) -> None:
        layers = [blob("layer", one) for one in manifest.get("layers") or ()]
        inner = (settings.get("rootfs") or {}).get("diff_ids") or []
        if len(layers) != len(inner):
            raise Failed(f"mismatched image rootfs and manifest layers: {len(inner)} != {len(layers)}")
        (work / "root").mkdir()
        for one, diff_id in zip(layers, inner, strict=True):
            await remote.download(one, work / "layer")
            try:
                await asyncio.to_thread(unpack, work / "layer", one.media_type, work / "root", diff_id, self._most)
            except Refused as refused:
                raise Failed(f"failed to extract layer {diff_id}: {refused}") from refused

    def _home(self, digest: str) -> Path:
        return self._root / digest.removeprefix("sha256:")


@contextlib.asynccontextmanager
async def _session(login: Login) -> AsyncIterator[aiohttp.ClientSession]:
    basic = base64.b64encode(":".join(login).encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    async with aiohttp.ClientSession(headers=headers, timeout=TIMEOUT, auto_decompress=False) as session:
        yield session


async def _manifest(remote: Remote, top: Blob) -> Mapping[str, Any]:
    """The image's manifest; of an index the one for this machine."""
    document = await remote.document(top)
    if top.media_type in MANIFESTS:
        return document
    if top.media_type not in INDEXES:
        raise Failed(f"unsupported manifest media type {top.media_type}: invalid argument")
    system, architecture = host_platform().split("/")
    for row in document.get("manifests") or ():
        platform = row.get("platform") if isinstance(row, dict) else None
        if platform and (platform.get("os"), platform.get("architecture")) == (system, architecture):
            return await remote.document(blob("manifest", row))
    raise Failed(f"no match for platform in manifest {top.digest}: not found")


def _move(made: Path, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    os.replace(made, home)  # noqa: PTH105 - one atomic step between two folders
