"""Two worlds are the same if their snapshots are, once made-up ids and times are out of them.

The list of what is taken out is short and reviewed; every entry says why it cannot be equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

EXCLUDED: Mapping[str, str] = {
    "unique_id, uniqueId, uid": "IAM's, EKS's and Kubernetes' made-up identities",
    "created, createdAt, modifiedAt, creationTimestamp, associatedAt": "when it was made",
    "resourceVersion, generation": "Kubernetes counts every write",
    "managedFields": "which request wrote a field, and when: a create and a patch differ, the field's value may not",
    "access_keys": "made-up access keys",
    "accessEntryArn, nodegroupArn, addonArn": "end in a made-up UUID",
    "ekswiz:role-id": "a tag that holds a role's made-up id",
    "endpoint, certificateAuthority, identity": "a cluster's made-up addresses and OIDC issuer",
    "EC2's ids, times, IP and MAC addresses": "made up by EC2; which object refers to which is kept, by ekswiz:address",
}
"""At most ten, reviewed."""

_DROPPED = frozenset({
    "unique_id", "uniqueId", "uid", "created", "createdAt", "modifiedAt", "creationTimestamp", "resourceVersion",
    "generation", "managedFields", "associatedAt", "identity", "access_keys", "accessEntryArn", "nodegroupArn",
    "addonArn", "ekswiz:role-id", "endpoint", "certificateAuthority", "createTime", "attachTime", "launchTime",
})  # fmt: skip
_EC2_ID = re.compile(
    r"\b(vpc|subnet|igw|nat|rtb|eipalloc|eipassoc|eni|eni-attach|sg|sgr|acl|aclassoc|rtbassoc|dopt|vpc-cidr-assoc|lt|i)-"
    r"[0-9a-f]{8,17}\b"
)
_ADDRESS = re.compile(r"\b(?:[0-9]{1,3}[.-]){3}[0-9]{1,3}\b(?!/)|\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b")


def normal(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot without what is made up; EC2's ids become the addresses of the resources that they are."""
    names = dict(_names(snapshot))

    def rename(found: re.Match[str]) -> str:
        return names.get(found[0], f"<{found[1]}>")

    made: dict[str, Any] = {}
    for kind, things in snapshot.items():
        text = _EC2_ID.sub(rename, json.dumps(_without(things), sort_keys=True, default=str))
        made[kind] = json.loads(_ADDRESS.sub("<address>", text) if kind.startswith("ec2_") else text)
    made = _ordered(made)
    return {kind: found for kind, found in made.items() if found not in ({}, [])}


def _names(value: Any) -> Iterator[tuple[str, str]]:
    """EC2 id -> `<address>` by the object's own ekswiz:address tag."""
    for kind, things in value.items():
        if not kind.startswith("ec2_"):
            continue
        for identifier, thing in things.items():
            tags = thing.get("tagSet") or []
            name = next((tag["value"] for tag in tags if tag.get("key") == "ekswiz:address"), None)
            if name:
                yield identifier, f"<{name}>"


def _without(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _without(item) for key, item in value.items() if key not in _DROPPED}
        return {_short(key): item for key, item in kept.items()}
    if isinstance(value, list | tuple):
        return [_without(item) for item in value]
    return value


def _short(key: Any) -> Any:
    """Access entries end in a made-up UUID."""
    return re.sub(r"/[0-9a-f]{8}-[0-9a-f-]{27}$", "/<uuid>", key) if isinstance(key, str) else key


def _ordered(value: Any) -> Any:
    """Lists in an order that no id decides; EC2's objects by what they are."""
    if isinstance(value, dict):
        return {
            key: sorted((_ordered(each) for each in item.values()), key=_key)
            if key.startswith("ec2_") and isinstance(item, dict)
            else _ordered(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return sorted((_ordered(item) for item in value), key=_key)
    return value


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """One line for each object that appeared, went or changed, between two normal snapshots."""
    from ekswiz_sim.snapshot import differences as compare

    return compare(before, after)
