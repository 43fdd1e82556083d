"""From client-side to server-side apply: kubectl takes over what its older way of applying left.

The server knows one manager by name: a conflict of `kubectl` about a field that the last-applied annotation declares
with its present value is none, and the annotation follows what kubectl applies from then on. Source:
https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ekswiz_sim.kubernetes.embedded.fields import fieldsets
from ekswiz_sim.kubernetes.embedded.fields.managed import Clash
from ekswiz_sim.kubernetes.embedded.fields.schema import Node
from ekswiz_sim.kubernetes.embedded.store import Obj

ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
_KUBECTL = "kubectl"


def real(found: Sequence[Clash], live: Obj, node: Node, manager: str) -> list[Clash]:
    """The conflicts without those that are none for kubectl."""
    declared = _declared(live) if manager == _KUBECTL else None
    if declared is None or declared.get("apiVersion") != live.get("apiVersion"):
        return list(found)
    own = fieldsets.owned(declared, node)

    def is_own(path: fieldsets.Path) -> bool:
        return path in own and fieldsets.value_at(declared, path, node) == fieldsets.value_at(live, path, node)

    return [clash for clash in found if not is_own(clash.path)]


def followed(live: Obj, new: Obj, declared: Obj, manager: str) -> Obj:
    """`new` with the annotation that says what kubectl applied, if it has one."""
    if manager != _KUBECTL or not _annotations(live).get(ANNOTATION):
        return new
    meta = {**declared["metadata"]}
    notes = {name: value for name, value in _annotations(declared).items() if name != ANNOTATION}
    meta.pop("annotations", None)
    text = json.dumps(
        {**declared, "metadata": {**meta, **({"annotations": notes} if notes else {})}}, separators=(",", ":")
    )
    after = {**_annotations(new), ANNOTATION: text + "\n"}
    return {**new, "metadata": {**new["metadata"], "annotations": after}}


def _annotations(obj: Obj) -> dict[str, str]:
    return (obj.get("metadata") or {}).get("annotations") or {}


def _declared(live: Obj) -> Obj | None:
    try:
        found = json.loads(_annotations(live).get(ANNOTATION, ""))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
