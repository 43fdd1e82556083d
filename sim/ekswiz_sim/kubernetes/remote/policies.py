"""EKS access policies in a cluster that knows nothing of them: a ClusterRole each, bound to a group of its own.

The front adds the group to the requests of those who have the policy. No access entry can name such a group, since EKS
refuses groups that begin with `eks:`. What is made here carries a label and is removed with the front.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from ekswiz_sim.kubernetes.embedded.access.rbac import Grant
from ekswiz_sim.kubernetes.embedded.store import Obj
from ekswiz_sim.kubernetes.remote.client import Client

LABEL = "app.kubernetes.io/managed-by"
OURS = "ekswiz-eks-front"
NAME = "eks:access-policy:"
TICK = 0.02
TRIES = 500
"""Looks, a tick apart, for the API server's authorizer to see a new binding; it takes milliseconds."""
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_CREATED, _NOT_FOUND, _CONFLICT = 201, 404, 409


class Policies:
    """The access policies of one cluster. Use it on one loop."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._roles: dict[str, asyncio.Task[None]] = {}

    async def groups(self, grants: Sequence[Grant]) -> tuple[str, ...]:
        """The groups that stand for these grants, bound wherever they can be.

        A namespace that is not there (yet) has no binding; whoever asks for something in it learns that it is not
        there, or is denied.
        """
        found = []
        for grant in grants:
            role = _role_name(grant)
            await self._role(role, grant)
            for namespace in grant.namespaces or ("",):
                group = f"{role}:{namespace}" if namespace else role
                if await self._bound(role, group, namespace, grant):
                    found.append(group)
        return tuple(found)

    async def remove(self) -> None:
        """Take everything away that was made here."""
        chosen = f"?labelSelector={LABEL}%3D{OURS}"
        listed = await self._client.get(f"{_RBAC}/rolebindings{chosen}")
        for one in listed["items"]:
            meta = one["metadata"]
            await self._client.delete(f"{_RBAC}/namespaces/{meta['namespace']}/rolebindings/{meta['name']}")
        for kind in ("clusterrolebindings", "clusterroles"):
            for one in (await self._client.get(f"{_RBAC}/{kind}{chosen}"))["items"]:
                await self._client.delete(f"{_RBAC}/{kind}/{one['metadata']['name']}")
        self._roles.clear()

    async def _role(self, name: str, grant: Grant) -> None:
        """Make the ClusterRole once, however many ask for it at the same time."""
        task = self._roles.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._roles[name] = asyncio.create_task(self._make_role(name, grant))
        await asyncio.shield(task)

    async def _make_role(self, name: str, grant: Grant) -> None:
        body = {"metadata": _meta(name, grant), "rules": [_without_urls(rule, grant) for rule in grant.rules]}
        await self._client.create(f"{_RBAC}/clusterroles", {**body, "rules": [rule for rule in body["rules"] if rule]})

    async def _bound(self, role: str, group: str, namespace: str, grant: Grant) -> bool:
        """Whether the group has the role there; the binding is looked for each time, as others may remove it."""
        base = f"{_RBAC}/namespaces/{namespace}/rolebindings" if namespace else f"{_RBAC}/clusterrolebindings"
        status, _ = await self._client.ask("GET", f"{base}/{group}")
        if status != _NOT_FOUND:
            return True
        body = {
            "metadata": _meta(group, grant),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
        }
        status, _ = await self._client.ask("POST", base, body)
        if status not in (_CREATED, _CONFLICT):
            return False
        await self._in_force(group, namespace, grant)
        return True

    async def _in_force(self, group: str, namespace: str, grant: Grant) -> None:
        """Wait until the authorizer knows the binding: it reads from a cache."""
        wanted = next(_asked(grant, namespace), None)
        if wanted is None:
            return
        spec = {"user": f"{NAME}nobody", "groups": [group], **wanted}
        for _ in range(TRIES):
            if await self._client.review(spec):
                return
            await asyncio.sleep(TICK)


def _role_name(grant: Grant) -> str:
    """The same for the same rules: a policy that AWS changes is another role."""
    policy = grant.reason.rpartition('Policy "')[2].rstrip('"') or "policy"
    rules = json.dumps([grant.rules, bool(grant.namespaces)], sort_keys=True)
    return f"{NAME}{policy}:{hashlib.sha256(rules.encode()).hexdigest()[:8]}"


def _meta(name: str, grant: Grant) -> Obj:
    return {"name": name, "labels": {LABEL: OURS}, "annotations": {"ekswiz/policy": grant.reason}}


def _without_urls(rule: Obj, grant: Grant) -> Obj:
    """A RoleBinding can give no URLs, and a rule is either about URLs or about resources."""
    if rule.get("resources"):
        return {name: value for name, value in rule.items() if name != "nonResourceURLs"}
    return {} if grant.namespaces else rule


def _asked(grant: Grant, namespace: str) -> Iterator[dict[str, Any]]:
    """Something that the grant allows, as a review asks for it."""
    for rule in grant.rules:
        for resource in rule.get("resources") or ():
            plain, _, below = resource.partition("/")
            attributes = {"verb": rule["verbs"][0], "group": (rule.get("apiGroups") or [""])[0], "resource": plain}
            more = {"subresource": below} if below else {}
            place = {"namespace": namespace} if namespace else {}
            yield {"resourceAttributes": {**attributes, **more, **place}}
