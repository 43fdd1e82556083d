"""Access policies on access entries: associate, disassociate, list."""

from __future__ import annotations

import re
from typing import Any

from ekswiz_sim.aws.access_policies import RULES, is_known, policy_arn
from ekswiz_sim.aws.eks_entries import Entries
from ekswiz_sim.aws.eks_state import Params, invalid_parameter, not_found, page
from ekswiz_sim.seams import Principal

NAMESPACE = re.compile(r"[a-z0-9*](?:[a-z0-9*-]{0,61}[a-z0-9*])?", re.ASCII)
"""A Kubernetes namespace; `*` stands for any characters."""


class Associations:
    """The operations on the access policies of an entry."""

    def __init__(self, entries: Entries) -> None:
        self.entries = entries
        self.state = entries.state

    def associate(self, params: Params, _: Principal) -> dict[str, Any]:
        """AssociateAccessPolicy; once per policy, again means another scope."""
        scope = _scope(params["accessScope"])
        with self.state.lock:
            entry = self.entries.entry(params)
            if entry.type != "STANDARD":
                raise invalid_parameter(
                    'This operation can only be performed on Access Entries with a type of "STANDARD".'
                )
            arn = params["policyArn"]
            if not is_known(arn):
                raise not_found(
                    "The specified policyArn could not be found. You can view your available access policies with"
                    " 'list-access-policies'."
                )
            now = self.state.now()
            first = entry.policies.get(arn, {}).get("associatedAt", now)
            policy = {"policyArn": arn, "accessScope": scope, "associatedAt": first, "modifiedAt": now}
            entry.policies[arn] = policy
        return {
            "clusterName": params["clusterName"],
            "principalArn": params["principalArn"],
            "associatedAccessPolicy": policy,
        }

    def disassociate(self, params: Params, _: Principal) -> dict[str, Any]:
        """DisassociateAccessPolicy."""
        with self.state.lock:
            if self.entries.entry(params).policies.pop(params["policyArn"], None) is None:
                raise not_found(
                    "The specified policyArn could not be found. You can view your associated access policies with"
                    " 'list-associated-access-policies'."
                )
        return {}

    def list_associated(self, params: Params, _: Principal) -> dict[str, Any]:
        """ListAssociatedAccessPolicies."""
        with self.state.lock:
            entry = self.entries.entry(params)
            policies, more = page([entry.policies[arn] for arn in sorted(entry.policies)], params)
        return {
            "clusterName": params["clusterName"],
            "principalArn": params["principalArn"],
            "associatedAccessPolicies": policies,
            **more,
        }

    def list_policies(self, params: Params, _: Principal) -> dict[str, Any]:
        """ListAccessPolicies."""
        known = [{"name": name, "arn": policy_arn(name, self.state.partition)} for name in sorted(RULES)]
        policies, more = page(known, params)
        return {"accessPolicies": policies, **more}


def _scope(given: Params) -> dict[str, Any]:
    namespaces = list(given.get("namespaces", ()))
    if given.get("type") == "cluster":
        if namespaces:
            raise invalid_parameter("The namespaces parameter cannot be given when the access scope type is cluster")
        return {"type": "cluster", "namespaces": []}
    if given.get("type") != "namespace":
        raise invalid_parameter("The access scope type must be one of [cluster, namespace]")
    if not namespaces:
        raise invalid_parameter("The namespaces parameter is required when the access scope type is namespace")
    for namespace in namespaces:
        if not NAMESPACE.fullmatch(namespace):
            raise invalid_parameter(f"The namespace {namespace} is not valid")
    return {"type": "namespace", "namespaces": namespaces}
