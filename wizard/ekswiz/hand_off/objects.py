"""The Kubernetes objects of a plan as documents that `kubectl` and others take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

API = "rbac.authorization.k8s.io"
Document = dict[str, Any]


def namespace_object(after: Mapping[str, Any], marks: Mapping[str, str]) -> Document:
    """The service's namespace, with its Pod Security labels and those that say whose it is."""
    metadata = {"name": after["name"], "labels": {**after["pod_security"], **marks}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def rights_objects(after: Mapping[str, Any], marks: Mapping[str, str]) -> tuple[Document, Document]:
    """What a deployment may do there: a Role, and the RoleBinding to the deployers' group."""
    metadata = {"name": after["name"], "namespace": after["namespace"], "labels": dict(marks)}
    role = {"apiVersion": f"{API}/v1", "kind": "Role", "metadata": metadata, "rules": after["rules"]}
    reference = {"apiGroup": API, "kind": "Role", "name": after["role"]}
    binding = {
        "apiVersion": f"{API}/v1", "kind": "RoleBinding", "metadata": metadata,
        "subjects": after["subjects"], "roleRef": reference,
    }  # fmt: skip
    return role, binding
