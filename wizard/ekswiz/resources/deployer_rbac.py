"""What a deployment may do in the namespace: a Role, bound to the group that the deploy role's access entry carries.

No delete, no secrets, no exec, no service accounts, no RBAC. Source: Kubernetes documentation, "Using RBAC
Authorization".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ekswiz import __version__
from ekswiz.answers import Answers
from ekswiz.clients.kube_api import Missing, at, get, send
from ekswiz.plan import Action, Json, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.namespace import NO_PERMISSIONS
from ekswiz.resources.shell import command, lines
from ekswiz.resources.tags import STACK, STACK_LABEL, labels
from ekswiz.target import Target

NAME = "ekswiz-deployer"
GROUP_API = "rbac.authorization.k8s.io"
READ = ("get", "list", "watch")
WRITE = (*READ, "create", "patch", "update")
RULES: tuple[Json, ...] = (
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": list(WRITE)},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": list(READ)},
    {"apiGroups": [""], "resources": ["pods", "pods/log", "events"], "verbs": list(READ)},
    {"apiGroups": [""], "resources": ["services", "configmaps"], "verbs": list(WRITE)},
)


@dataclass(frozen=True, slots=True)
class RbacAttributes:
    """A Role's rules, and whom a RoleBinding of the same name binds to which role."""

    namespace: str
    name: str
    rules: tuple[Json, ...]
    subjects: tuple[Json, ...]
    role: str


@dataclass(slots=True)
class DeployerRbac:
    """See `ekswiz.resource.Resource`. Role and RoleBinding are one thing here: either alone grants nothing."""

    address: str
    desired: RbacAttributes
    cluster: str
    stack: str
    needs: tuple[str, ...] = ("namespace.app",)
    why: str = "Says what a deployment may do, in one namespace: roll out, and look; not read secrets, not delete."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"namespace", "name", "role"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: NO_PERMISSIONS)
    scopes: Mapping[str, str] = field(default_factory=dict)

    def read(self, target: Target) -> Live[RbacAttributes] | None:
        """Role and binding; what is missing of the two has no rules, or no subjects."""
        role = get(target, self.cluster, self._path("roles", self.desired.name))
        binding = get(target, self.cluster, self._path("rolebindings", self.desired.name))
        return _live(self.desired, role, binding)

    def create(
        self,
        target: Target,
        desired: RbacAttributes,
        token: str,  # noqa: ARG002 - Kubernetes has no idempotency tokens
        tags: Mapping[str, str],
    ) -> Live[RbacAttributes]:
        """Create the Role, then its binding, both with their labels."""
        marks = labels(tags)
        role = send(target, self.cluster, "POST", self._path("roles"), _role(desired, marks))
        send(target, self.cluster, "POST", self._path("rolebindings"), _binding(desired, marks))
        return Live(desired, {"name": desired.name}, role["metadata"]["uid"], tags.get(STACK))

    def update(self, target: Target, live: Live[RbacAttributes], desired: RbacAttributes) -> Live[RbacAttributes]:
        """Bring both to what is desired; make the one that is missing."""
        marks = labels({STACK: self.stack, "ekswiz:address": self.address, "ekswiz:version": __version__})
        role = self._put(target, "roles", _role(desired, marks))
        if live.attributes.subjects != desired.subjects:
            self._put(target, "rolebindings", _binding(desired, marks))
        return Live(desired, live.outputs, role["metadata"]["uid"], live.owner)

    def delete(self, target: Target, live: Live[RbacAttributes]) -> None:
        """Delete the binding, then the Role; gone already is fine."""
        del live
        for kind in ("rolebindings", "roles"):
            with suppress(Missing):
                send(target, self.cluster, "DELETE", self._path(kind, self.desired.name))

    def cli(self, action: Action) -> str:
        """Kubectl's commands; a Role with several rules is applied from a file."""
        where = ("--namespace", self.desired.namespace)
        if action is Action.DELETE:
            return command("kubectl", "delete", "rolebinding,role", self.desired.name, *where)
        if action in (Action.KEEP, Action.UNKNOWN):
            return command("kubectl", "get", "rolebinding,role", self.desired.name, *where)
        marks = labels({STACK: self.stack})
        both = (_role(self.desired, marks), _binding(self.desired, marks))
        return lines(*(command("echo", item) + " | kubectl apply -f -" for item in both))

    def risks(self, live: Live[RbacAttributes] | None) -> tuple[Risk, ...]:
        """Rights that somebody added, and others who were given ours."""
        return () if live is None else tuple(_risks(live.attributes, self.desired))

    def farewell(self, target: Target, live: Live[RbacAttributes]) -> Farewell:
        """Nothing else goes with it."""
        del target, live
        return Farewell()

    def _put(self, target: Target, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        path = self._path(kind, self.desired.name)
        if get(target, self.cluster, path) is None:
            return send(target, self.cluster, "POST", self._path(kind), body)
        return send(target, self.cluster, "PATCH", path, body)

    def _path(self, kind: str, *name: str) -> str:
        return at("apis", GROUP_API, "v1", "namespaces", self.desired.namespace, kind, *name)


def deployer_rbac(answers: Answers) -> DeployerRbac:
    """The rights of the deploy job inside the cluster."""
    subject = {"kind": "Group", "apiGroup": GROUP_API, "name": answers.kubernetes_group}
    return DeployerRbac(
        address="deployer_rbac.deployer",
        desired=RbacAttributes(answers.namespace, NAME, RULES, (subject,), NAME),
        cluster=answers.cluster,
        stack=answers.stack,
    )


def _risks(live: RbacAttributes, desired: RbacAttributes) -> Iterator[Risk]:
    rules = [rule for rule in live.rules if rule not in desired.rules]
    if rules:
        said = "; ".join(_rule(rule) for rule in rules)
        yield Risk("drops-rules", f"Role {live.name} in {live.namespace} loses: {said}.")
    others = [subject for subject in live.subjects if subject not in desired.subjects]
    if others:
        said = ", ".join(f"{subject.get('kind')} {subject.get('name')}" for subject in others)
        yield Risk("drops-subjects", f"{said} lose what Role {live.name} in {live.namespace} allows.")
    if live.role != desired.role:
        yield Risk(
            "rebinds-role", f"RoleBinding {live.name} named Role {live.role}; it is made anew for {desired.role}."
        )


def _rule(rule: Json) -> str:
    """A rule as a reader says it: "get, list secrets"."""
    return f"{', '.join(rule.get('verbs', ()))} {', '.join(rule.get('resources', rule.get('nonResourceURLs', ())))}"


def _live(
    desired: RbacAttributes, role: Mapping[str, Any] | None, binding: Mapping[str, Any] | None
) -> Live[RbacAttributes] | None:
    first = role or binding
    if first is None:
        return None
    attributes = RbacAttributes(
        namespace=desired.namespace,
        name=desired.name,
        rules=tuple(role.get("rules") or ()) if role else (),
        subjects=tuple(binding.get("subjects") or ()) if binding else (),
        role=binding["roleRef"]["name"] if binding else desired.role,
    )
    metadata = first["metadata"]
    return Live(attributes, {"name": desired.name}, metadata["uid"], metadata.get("labels", {}).get(STACK_LABEL))


def _role(desired: RbacAttributes, marks: Mapping[str, str]) -> dict[str, Any]:
    metadata = {"name": desired.name, "namespace": desired.namespace, "labels": dict(marks)}
    return {"apiVersion": f"{GROUP_API}/v1", "kind": "Role", "metadata": metadata, "rules": list(desired.rules)}


def _binding(desired: RbacAttributes, marks: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP_API}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": desired.name, "namespace": desired.namespace, "labels": dict(marks)},
        "subjects": list(desired.subjects),
        "roleRef": {"apiGroup": GROUP_API, "kind": "Role", "name": desired.role},
    }
