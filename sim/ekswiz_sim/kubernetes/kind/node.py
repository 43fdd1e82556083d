"""The node's way to the world's registry: where it is, whom to trust, and the node role's login.

Images are named after the registry's loopback address, which on the node is the node itself. containerd is told that
this name is served elsewhere: by a relay on the engine's bridge, with TLS of the world's CA. The kubelet logs in as the
node role, as an EKS node's credential provider does, and the registry judges each request.

Sources: https://github.com/containerd/containerd/blob/main/docs/hosts.md,
https://kind.sigs.k8s.io/docs/user/private-registries/#add-credentials-to-the-nodes
"""

from __future__ import annotations

import base64
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

CERTS = "etc/containerd/certs.d"
KUBELET = "var/lib/kubelet/config.json"
LABEL = "io.x-k8s.kind.cluster"
"""How kind marks the containers of a cluster."""
PATCH = '[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/containerd/certs.d"\n'


def cluster(name: str) -> str:
    """What kind is asked to make: one node, an API server on loopback, and a place to say where registries are."""
    document = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": name,
        "networking": {"apiServerAddress": "127.0.0.1"},
        "containerdConfigPatches": [PATCH],
        "nodes": [{"role": "control-plane"}],
    }
    return json.dumps(document, indent=1)


def files(registry: str, relay: str, ca_pem: bytes, login: tuple[str, str]) -> dict[str, bytes]:
    """What a node gets: content by path from the root.

    Args:
        registry: host:port in the names of images.
        relay: host:port where the node reaches it.
        ca_pem: The CA of the relay's certificate.
        login: User and password of the node role.
    """
    folder = f"{CERTS}/{registry}"
    hosts = (
        f'server = "https://{relay}"\n\n[host."https://{relay}"]\n'
        f'  capabilities = ["pull", "resolve"]\n  ca = "/{folder}/ca.pem"\n'
    )
    auth = base64.b64encode(":".join(login).encode()).decode()
    config = {"auths": {registry: {"auth": auth}}}
    return {
        f"{folder}/hosts.toml": hosts.encode(),
        f"{folder}/ca.pem": ca_pem,
        KUBELET: json.dumps(config).encode(),
    }


def packed(content: Mapping[str, bytes]) -> bytes:
    """As the engine takes files: a tar archive, readable by root alone."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, data in content.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def put(client: Any, name: str, archive: bytes) -> None:
    """Lay files on every node of a cluster; `client` is a low-level one of the docker SDK."""
    for one in client.containers(filters={"label": f"{LABEL}={name}"}):
        client.put_archive(one["Id"], "/", archive)


def bridge(client: Any, name: str) -> str:
    """The address of this machine on the network that a cluster's nodes are in; "" if it has none."""
    for one in client.containers(filters={"label": f"{LABEL}={name}"}):
        for network in one["NetworkSettings"]["Networks"].values():
            if network.get("Gateway"):
                return str(network["Gateway"])
    return ""
