"""Pod templates: when two are the same, and the hash that tells their ReplicaSets apart."""

from __future__ import annotations

import json

from ekswiz_sim.kubernetes.embedded.controllers.objects import encode_safely
from ekswiz_sim.kubernetes.embedded.store import Obj

HASH_LABEL = "pod-template-hash"
_FNV_OFFSET = 0x811C9DC5
_FNV_PRIME = 0x01000193


def bare(template: Obj) -> Obj:
    """The template without what the controller adds to it."""
    meta = template.get("metadata") or {}
    labels = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH_LABEL}
    kept = {key: value for key, value in meta.items() if key not in ("labels", "creationTimestamp") and value}
    return {**template, "metadata": {**kept, "labels": labels}}


def same(one: Obj, other: Obj) -> bool:
    """True if both describe the same pods."""
    return bare(one) == bare(other)


def labelled(template: Obj, template_hash: str) -> Obj:
    """The template with its hash as a label."""
    plain = bare(template)
    meta = plain["metadata"]
    return {**plain, "metadata": {**meta, "labels": {**meta["labels"], HASH_LABEL: template_hash}}}


def hash_of(template: Obj, collisions: int = 0) -> str:
    """FNV-1a over the canonical template, in the letters of generated names (as Kubernetes does, over other bytes)."""
    number = _FNV_OFFSET
    for byte in json.dumps([bare(template), collisions], sort_keys=True).encode():
        number = ((number ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return encode_safely(number)
