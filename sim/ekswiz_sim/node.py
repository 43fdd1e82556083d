"""The cluster's node as AWS sees it: an EC2 instance with the node role, which asks ECR for its registry login."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ekswiz.iam.decision import Decision
from ekswiz_sim.seams import RefusedByGate


class NodeLogin:
    """The node's credential provider: called with a registry's host at each pull, in a thread.

    Args:
        registry: host:port of the account's registry; the node has a login for no other.
        credentials: Credentials of the node role, as EC2 hands them to an instance.
        client: Makes a boto3 ECR client with them.
    """

    def __init__(
        self,
        registry: str,
        credentials: Callable[[], Mapping[str, str]],
        client: Callable[[Mapping[str, str]], Any],
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._make = client
        self._client: Any = None
        self._lock = threading.Lock()

    def __call__(self, host: str) -> tuple[str, str]:
        """User and password for the registry.

        Raises:
            RefusedByGate: Another registry, or the node role may not have a login.
        """
        from botocore.exceptions import ClientError

        if host != self._registry:
            raise _refused(f"the node has a login for {self._registry}, not for {host}")
        with self._lock:
            self._client = self._client or self._make(self._credentials())
        try:
            data = self._client.get_authorization_token()["authorizationData"][0]
        except ClientError as error:
            raise _refused(str(error.response["Error"]["Message"])) from error
        user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        return user, password


def _refused(why: str) -> RefusedByGate:
    return RefusedByGate(Decision(False, "registry", None, None, (), (), why))
