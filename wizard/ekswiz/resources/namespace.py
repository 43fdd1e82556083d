"""The service's own Kubernetes namespace, with Pod Security `restricted`.

Whoever can create pods in a namespace can mount its secrets: that is why the service gets one of its own. Sources:
Kubernetes documentation, "Pod Security Admission", "Namespaces".
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.kube_api import Missing, at, get, send
from ekswiz.errors import TargetError
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.shell import command, lines
from ekswiz.resources.tags import STACK_LABEL, labels
from ekswiz.target import Target

NO_PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {"read": (), "create": (), "update": (), "delete": ()}
"""Kubernetes asks for its own rights, not for IAM's."""
POD_SECURITY: Mapping[str, str] = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
    "pod-security.kubernetes.io/warn": "restricted",
}


@dataclass(frozen=True, slots=True)
class NamespaceAttributes:
    """`pod_security` are the Pod Security labels; `terminating` says that it is being deleted."""

    name: str
    pod_security: Mapping[str, str]
    terminating: bool = False


@dataclass(slots=True)
class Namespace:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: NamespaceAttributes
    cluster: str
    needs: tuple[str, ...] = ("eks_cluster.main",)
    why: str = "Keeps the service, and the rights of its deployments, apart from everything else in the cluster."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"name"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: NO_PERMISSIONS)
    scopes: Mapping[str, str] = field(default_factory=dict)

    def read(self, target: Target) -> Live[NamespaceAttributes] | None:
        """The namespace; None where it or the cluster is absent."""
        found = get(target, self.cluster, self._path())
        return None if found is None else self._live(found)

    def create(
        self,
        target: Target,
        desired: NamespaceAttributes,
        token: str,  # noqa: ARG002 - Kubernetes has no idempotency tokens
        tags: Mapping[str, str],
    ) -> Live[NamespaceAttributes]:
        """Create it with its labels."""
        metadata = {"name": desired.name, "labels": {**desired.pod_security, **labels(tags)}}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        return self._live(send(target, self.cluster, "POST", at("api", "v1", "namespaces"), body))

    def update(
        self, target: Target, live: Live[NamespaceAttributes], desired: NamespaceAttributes
    ) -> Live[NamespaceAttributes]:
        """Bring its Pod Security labels to what is desired."""
        if live.attributes.terminating:
            raise TargetError(f"namespace {desired.name} is still being deleted.", "Wait a minute and plan again.")
        body = {"metadata": {"labels": dict(desired.pod_security)}}
        return self._live(send(target, self.cluster, "PATCH", self._path(), body))

    def delete(self, target: Target, live: Live[NamespaceAttributes]) -> None:
        """Delete this very namespace (not a later one of its name), with everything in it."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": live.unique_id}}
        with suppress(Missing):
            send(target, self.cluster, "DELETE", self._path(), options)

    def cli(self, action: Action) -> str:
        """Kubectl's commands."""
        name = self.desired.name
        marks = [f"{key}={value}" for key, value in self.desired.pod_security.items()]
        label = command("kubectl", "label", "--overwrite", "namespace", name, *marks)
        if action is Action.CREATE:
            return lines(command("kubectl", "create", "namespace", name), label)
        if action is Action.UPDATE:
            return label
        return command("kubectl", "delete" if action is Action.DELETE else "get", "namespace", name)

    def risks(self, live: Live[NamespaceAttributes] | None) -> tuple[Risk, ...]:
        """Stricter admission can refuse pods of others."""
        if live is None or live.attributes.pod_security == self.desired.pod_security:
            return ()
        return (Risk("pod-security", f"Pods in {self.desired.name} that are not `restricted` will not start again."),)

    def farewell(self, target: Target, live: Live[NamespaceAttributes]) -> Farewell:
        """Everything in it goes too."""
        del target
        sentence = f"Everything in namespace {live.attributes.name} is deleted with it: the service stops."
        return Farewell(risks=(Risk("namespace-contents", sentence),))

    def _live(self, found: Mapping[str, Any]) -> Live[NamespaceAttributes]:
        metadata = found["metadata"]
        marks = metadata.get("labels", {})
        kept = {key: marks[key] for key in self.desired.pod_security if key in marks}
        attributes = NamespaceAttributes(metadata["name"], kept, terminating="deletionTimestamp" in metadata)
        return Live(attributes, {"name": metadata["name"]}, metadata["uid"], marks.get(STACK_LABEL))

    def _path(self) -> str:
        return at("api", "v1", "namespaces", self.desired.name)


def namespace(answers: Answers) -> Namespace:
    """The namespace that the service is deployed to."""
    return Namespace(
        address="namespace.app",
        desired=NamespaceAttributes(answers.namespace, POD_SECURITY),
        cluster=answers.cluster,
    )
