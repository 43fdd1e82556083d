"""How somebody else would change each attribute of each type, past ekswiz: the one table behind drift tests.

`MUTATORS[type][attribute]` changes the live object through the service's own API, as an administrator with a console
would. `FIXED[type]` names the attributes that nobody can change on a living object, with the reason. A type that is in
neither table fails the contract: a new type comes with its ways to drift.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from contract import mutators_cluster
from ekswiz.clients.kube_api import at, send
from ekswiz.resource import Live, Resource
from ekswiz.target import Target

Mutator = Callable[[Target, Resource[Any], Live[Any]], None]
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
READ_ONLY = "arn:aws:iam::aws:policy/AWSSupportAccess"
BOUNDARY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
STRANGER: Mapping[str, Any] = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
NAMED = "its name is its identity: another name is another object"
MADE = "set when it is made; the API has no call that changes it"


def _role(target: Target, live: Live[Any], operation: str, **parameters: Any) -> None:
    getattr(target.aws("iam"), operation)(RoleName=live.attributes.name, **parameters)


def _trust(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    trust = json.loads(json.dumps(live.attributes.trust))
    trust["Statement"][0]["Sid"] = "Meddled"
    _role(target, live, "update_assume_role_policy", PolicyDocument=json.dumps(trust))


def _extra_policy(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    document = {"Version": "2012-10-17", "Statement": [dict(STRANGER)]}
    _role(target, live, "put_role_policy", PolicyName="meddled", PolicyDocument=json.dumps(document))


def _repository(target: Target, live: Live[Any], operation: str, **parameters: Any) -> None:
    getattr(target.aws("ecr"), operation)(repositoryName=live.attributes.name, **parameters)


def _repository_tag(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    tags = [{"Key": "ekswiz:address", "Value": "meddled"}]
    target.aws("ecr").tag_resource(resourceArn=live.outputs["arn"], tags=tags)


def _exclusions(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    filters = [{"filterType": "WILDCARD", "filter": "latest*"}]
    _repository(
        target, live, "put_image_tag_mutability",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=filters,
    )  # fmt: skip


def _entry(live: Live[Any]) -> dict[str, str]:
    return {"clusterName": live.attributes.cluster, "principalArn": live.attributes.principal_arn}


def _entry_groups(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    target.aws("eks").update_access_entry(**_entry(live), kubernetesGroups=["meddled"])


def _entry_name(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    target.aws("eks").update_access_entry(**_entry(live), username="meddled")


def _entry_tag(key: str) -> Mutator:
    def mutate(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
        target.aws("eks").tag_resource(resourceArn=live.outputs["arn"], tags={key: "meddled"})

    return mutate


def _entry_policy(target: Target, resource: Resource[Any], live: Live[Any]) -> None:
    scope = {"type": "cluster"}
    target.aws("eks").associate_access_policy(**_entry(live), policyArn=VIEW, accessScope=scope)


def _patch(target: Target, resource: Any, path: str, body: Mapping[str, Any]) -> None:
    send(target, resource.cluster, "PATCH", path, body)


def _namespace_labels(target: Target, resource: Any, live: Live[Any]) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    _patch(target, resource, at("api", "v1", "namespaces", live.attributes.name), {"metadata": {"labels": labels}})


def _rbac(resource: Any, kind: str) -> str:
    namespace, name = resource.desired.namespace, resource.desired.name
    return at("apis", "rbac.authorization.k8s.io", "v1", "namespaces", namespace, kind, name)


def _rules(target: Target, resource: Any, live: Live[Any]) -> None:
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
    _patch(target, resource, _rbac(resource, "roles"), {"rules": rules})


def _subjects(target: Target, resource: Any, live: Live[Any]) -> None:
    subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "mallory"}
    _patch(target, resource, _rbac(resource, "rolebindings"), {"subjects": [subject]})


def _role_ref(target: Target, resource: Any, live: Live[Any]) -> None:
    path = _rbac(resource, "rolebindings")
    binding = send(target, resource.cluster, "GET", path)
    send(target, resource.cluster, "DELETE", path)
    kept = {key: binding["metadata"][key] for key in ("name", "namespace", "labels")}
    other = {**binding, "metadata": kept, "roleRef": {**binding["roleRef"], "name": "somebody-elses"}}
    send(target, resource.cluster, "POST", path.rpartition("/")[0], other)


def _audience(target: Target, resource: Any, live: Live[Any]) -> None:
    target.aws("iam").remove_client_id_from_open_id_connect_provider(
        OpenIDConnectProviderArn=resource.arn, ClientID=live.attributes.audience
    )


def _text(target: Target, resource: Any, live: Live[Any]) -> None:
    path = target.checkout / live.attributes.path
    path.write_text(f"{live.attributes.text}# meddled\n", encoding="utf-8")


MUTATORS: dict[str, Mapping[str, Mutator]] = {
    "oidc_provider": {"audience": _audience},
    "iam_role": {
        "trust": _trust,
        "policies": _extra_policy,
        "attached": lambda target, _, live: _role(target, live, "attach_role_policy", PolicyArn=READ_ONLY),
        "session_seconds": lambda target, _, live: _role(
            target, live, "update_role", MaxSessionDuration=7200, Description=live.attributes.description
        ),
        "boundary": lambda target, _, live: _role(
            target, live, "put_role_permissions_boundary", PermissionsBoundary=BOUNDARY
        ),
        "description": lambda target, _, live: _role(
            target, live, "update_role", Description="meddled", MaxSessionDuration=live.attributes.session_seconds
        ),
        "tags": lambda target, _, live: _role(
            target, live, "tag_role", Tags=[{"Key": "ekswiz:address", "Value": "meddled"}]
        ),
    },
    "ecr_repository": {
        "mutability": lambda target, _, live: _repository(
            target, live, "put_image_tag_mutability", imageTagMutability="MUTABLE"
        ),
        "scan_on_push": lambda target, _, live: _repository(
            target, live, "put_image_scanning_configuration", imageScanningConfiguration={"scanOnPush": False}
        ),
        "lifecycle": lambda target, _, live: _repository(target, live, "delete_lifecycle_policy"),
        "exclusions": _exclusions,
        "tags": _repository_tag,
    },
    "access_entry": {
        "role_id": _entry_tag("ekswiz:role-id"),
        "groups": _entry_groups,
        "username": _entry_name,
        "policies": _entry_policy,
        "tags": _entry_tag("ekswiz:address"),
    },
    "namespace": {"pod_security": _namespace_labels},
    "deployer_rbac": {"rules": _rules, "subjects": _subjects, "role": _role_ref},
    "repository_file": {"text": _text},
    **mutators_cluster.MUTATORS,
}

FIXED: dict[str, Mapping[str, str]] = {
    "oidc_provider": {"url": NAMED},
    "iam_role": {"name": NAMED, "path": MADE},
    "ecr_repository": {"name": NAMED},
    "access_entry": {"cluster": NAMED, "principal_arn": NAMED, "type": MADE},
    "namespace": {"name": NAMED, "terminating": "says that it is going; nobody can take that back"},
    "deployer_rbac": {"namespace": NAMED, "name": NAMED},
    "repository_file": {"path": NAMED},
    **mutators_cluster.FIXED,
}

COUPLED: dict[tuple[str, str], frozenset[str]] = {
    ("ecr_repository", "exclusions"): frozenset({"mutability"}),
    ("eks_cluster", "public_endpoint"): frozenset({"private_endpoint", "cidrs"}),
}
"""Attributes that one call of the service changes together."""
INSIDE: dict[str, tuple[str, ...]] = {
    "deployer_rbac": ("namespace.app", "eks_cluster.main"),
    **dict.fromkeys(("namespace", "access_entry", "addon"), ("eks_cluster.main",)),
}
"""Types whose objects live inside others, and go with them, whoever made them."""


def kind(resource: Resource[Any]) -> str:
    """The type of a resource: its address up to the dot."""
    return resource.address.partition(".")[0]


def ways(resource: Resource[Any]) -> Mapping[str, Mutator]:
    """Every way in which somebody can change this resource."""
    return MUTATORS.get(kind(resource), {})


def uncovered(resource: Resource[Any]) -> set[str]:
    """Attributes that neither table knows."""
    names = {field.name for field in dataclasses.fields(resource.desired)}
    return names - set(ways(resource)) - set(FIXED.get(kind(resource), {}))
