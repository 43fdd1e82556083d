"""A client for an EKS cluster's Kubernetes API: address and CA from DescribeCluster, a fresh EKS token as bearer.

The same code serves AWS and a rehearsal. The CA stays in memory, and the user's kubeconfig is neither read nor written.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ekswiz.clients.aws_errors import ask_client
from ekswiz.clients.eks_token import eks_token
from ekswiz.errors import NotYet

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts that no proxy can reach for us."""
RENEW_AFTER = 600.0
"""Seconds after which a token is minted anew; the server accepts one for 900."""


def kubernetes_clients(eks: Any, credentials: Any, region: str, *, sts_url: str) -> Callable[[str], Any]:
    """A function from a cluster's name to its client, made once per cluster. Thread-safe."""
    made: dict[str, Any] = {}
    lock = threading.Lock()

    def client(cluster: str) -> Any:
        with lock:
            if cluster not in made:
                made[cluster] = kubernetes_client(eks, credentials, cluster, region, sts_url=sts_url)
            return made[cluster]

    return client


def kubernetes_client(eks: Any, credentials: Any, cluster: str, region: str, *, sts_url: str) -> Any:
    """A `kubernetes.client.ApiClient` for the cluster.

    Args:
        eks: A boto3 client for EKS.
        credentials: As for `eks_token`.
        cluster: The cluster's name.
        region: Its region.
        sts_url: Scheme and host of the STS that verifies the token.

    Raises:
        NotYet: The cluster does not exist, has no address yet, or is on its way out.
        Unreadable: DescribeCluster was denied.
    """
    from kubernetes.client import ApiClient, Configuration

    described = _describe(eks, cluster)
    configuration: Any = Configuration(host=described["endpoint"])
    configuration.ca_cert_data = base64.b64decode(described["certificateAuthority"]["data"]).decode()
    configuration.retries = False
    if urlsplit(configuration.host).hostname in LOOPBACK:
        configuration.proxy = None
    configuration.refresh_api_key_hook = _Renewal(lambda: eks_token(credentials, cluster, region, sts_url))
    return ApiClient(configuration)


class _Renewal:
    """Puts a bearer token into a configuration before each request, and a new one when it has aged."""

    def __init__(self, mint: Callable[[], str]) -> None:
        self._mint = mint
        self._lock = threading.Lock()
        self._minted = float("-inf")

    def __call__(self, configuration: Any) -> None:
        with self._lock:
            if time.monotonic() - self._minted > RENEW_AFTER:
                configuration.api_key["authorization"] = f"Bearer {self._mint()}"
                self._minted = time.monotonic()


def _describe(eks: Any, cluster: str) -> dict[str, Any]:
    answer = ask_client(eks, "eks", "describe_cluster", name=cluster)
    found: dict[str, Any] = answer["cluster"] if answer else {}
    if found.get("status") == "DELETING":  # it may answer for a while, or hang: what is in it goes with it
        raise NotYet(f"cluster {cluster} is being deleted.")
    if not found.get("endpoint") or not found.get("certificateAuthority", {}).get("data"):
        raise NotYet(f"cluster {cluster} {'has no address yet' if found else 'does not exist'}.")
    return found
