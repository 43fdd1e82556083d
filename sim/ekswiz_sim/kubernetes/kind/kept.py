"""A cluster that stays between rehearsals (`--keep`): one rehearsal at a time has it, and finds it clean."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ekswiz.errors import RehearsalError
from ekswiz_sim.kubernetes.remote.admin import Admin
from ekswiz_sim.kubernetes.remote.client import Client
from ekswiz_sim.kubernetes.remote.policies import Policies

OWN = ("default", "kube-node-lease", "kube-public", "kube-system", "local-path-storage")
"""Namespaces that every kind cluster has."""
PATIENCE = 90.0
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_OWN_ROLES = ("system:", "kubeadm:", "kindnet", "local-path-", "cluster-admin", "admin", "edit", "view")


@dataclass(frozen=True, slots=True)
class Kept:
    """The claim on such a cluster; ends with the process, however that goes."""

    name: str
    descriptor: int

    @classmethod
    def claim(cls, name: str) -> Kept:
        """Claim it.

        Raises:
            RehearsalError: Another rehearsal has it.
        """
        path = Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            detail = f"another rehearsal uses the kept cluster {name}."
            raise RehearsalError(detail, "Wait for it, or leave --keep out to have a cluster of your own.") from error
        return cls(name, descriptor)

    def release(self) -> None:
        """Let others have it."""
        os.close(self.descriptor)

    async def clean(self, admin: Admin) -> None:
        """Remove what a rehearsal that was killed left in it.

        Raises:
            ApiError: The cluster does not answer.
            RehearsalError: A namespace does not go.
        """
        import asyncio  # kept out of the claim, which plain threads make

        client = Client(admin)
        try:
            await Policies(client).remove()
            for kind in ("clusterrolebindings", "clusterroles"):
                for name in await _names(client, f"{_RBAC}/{kind}"):
                    if not name.startswith(_OWN_ROLES):
                        await client.delete(f"{_RBAC}/{kind}/{name}")
            end = time.monotonic() + PATIENCE
            while found := [name for name in await _names(client, "/api/v1/namespaces") if name not in OWN]:
                if time.monotonic() >= end:
                    detail = f"the kept cluster {self.name} does not let go of {', '.join(found)}."
                    raise RehearsalError(detail, f"Remove it: kind delete cluster --name {self.name}")
                for name in found:
                    await client.delete(f"/api/v1/namespaces/{name}")
                await asyncio.sleep(0.5)
        finally:
            await client.close()


async def _names(client: Client, path: str) -> list[str]:
    return [one["metadata"]["name"] for one in (await client.get(path))["items"]]
