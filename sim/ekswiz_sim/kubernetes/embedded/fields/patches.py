"""The three kinds of patch that change an object without ownership: JSON Patch, JSON Merge Patch, strategic merge."""

from __future__ import annotations

import copy
import json
from typing import Any

from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, unsupported_media
from ekswiz_sim.kubernetes.embedded.fields import strategic
from ekswiz_sim.kubernetes.embedded.fields.schema import Node
from ekswiz_sim.kubernetes.embedded.store import Obj

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
ACCEPTED = (JSON_PATCH, MERGE_PATCH, APPLY, STRATEGIC)


def patched(live: Obj, patch: Any, media_type: str, node: Node) -> Obj:
    """`live` with a patch applied; `live` itself is left as it is.

    Raises:
        ApiError: 415 for another media type, 400 or 422 for a patch that does not fit.
    """
    if media_type == JSON_PATCH:
        return _json_patch(live, patch)
    if media_type not in (MERGE_PATCH, STRATEGIC):
        raise unsupported_media(ACCEPTED)
    if not isinstance(patch, dict):
        raise ApiError(400, "BadRequest", "error decoding patch: json: cannot unmarshal into Go value of type map")
    if media_type == MERGE_PATCH:
        merged: Obj = merge(copy.deepcopy(live), patch)
        return merged
    try:
        return strategic.patched(copy.deepcopy(live), patch, node)
    except strategic.BadPatch as problem:
        raise refused_patch(patch, str(problem)) from problem


def merge(live: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    new = dict(live) if isinstance(live, dict) else {}
    for name, value in patch.items():
        if value is None:
            new.pop(name, None)
        else:
            new[name] = merge(new.get(name), value)
    return new


def _json_patch(live: Obj, patch: Any) -> Obj:
    # Needed for this one media type only, so not paid for at start.
    import jsonpatch

    problems = (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError)
    try:
        new: Obj = jsonpatch.JsonPatch(patch).apply(copy.deepcopy(live))
    except problems as problem:
        text = f"the server rejected our request due to an error in our request: {problem}"
        raise ApiError(422, "Invalid", text, {}) from problem
    return new


def refused_patch(patch: Any, why: str) -> ApiError:
    """422 for a patch whose result cannot be read."""
    message = f"patch: Invalid value: {json.dumps(json.dumps(patch, separators=(',', ':')))}: {why}"
    return ApiError(422, "Invalid", f' "" is invalid: {message}', {"causes": [{"field": "patch", "message": why}]})
