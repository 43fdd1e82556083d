"""EKS's own condition keys.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# path in the parameters -> condition key
_KEYS: Mapping[tuple[str, ...], str] = {
    ("principalArn",): "eks:principalArn",
    ("policyArn",): "eks:policyArn",
    ("type",): "eks:accessEntryType",
    ("username",): "eks:username",
    ("kubernetesGroups",): "eks:kubernetesGroups",
    ("accessScope", "type"): "eks:accessScope",
    ("accessScope", "namespaces"): "eks:namespaces",
    ("accessConfig", "authenticationMode"): "eks:authenticationMode",
    ("accessConfig", "bootstrapClusterCreatorAdminPermissions"): "eks:bootstrapClusterCreatorAdminPermissions",
    ("bootstrapSelfManagedAddons",): "eks:bootstrapSelfManagedAddons",
    ("resourcesVpcConfig", "endpointPublicAccess"): "eks:endpointPublicAccess",
    ("resourcesVpcConfig", "endpointPrivateAccess"): "eks:endpointPrivateAccess",
    ("upgradePolicy", "supportType"): "eks:supportType",
    ("computeConfig", "enabled"): "eks:computeConfigEnabled",
    ("storageConfig", "blockStorage", "enabled"): "eks:blockStorageEnabled",
    ("kubernetesNetworkConfig", "elasticLoadBalancing", "enabled"): "eks:elasticLoadBalancingEnabled",
}
_ENTRY_KEYS = frozenset({"eks:accessEntryType", "eks:username", "eks:kubernetesGroups"})


def eks_context(operation: str, params: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """The keys that this request carries, e.g. `eks:policyArn` of AssociateAccessPolicy."""
    found: dict[str, Sequence[str]] = {}
    for path, key in _KEYS.items():
        if key in _ENTRY_KEYS and "AccessEntr" not in operation:
            continue
        value = _at(params, path)
        if value is not None:
            found[key] = _texts(value)
    if operation == "CreateAccessEntry":
        found.setdefault("eks:accessEntryType", ["STANDARD"])
    return found


def _at(value: Any, path: Sequence[str]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _texts(value: Any) -> Sequence[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(value)]
