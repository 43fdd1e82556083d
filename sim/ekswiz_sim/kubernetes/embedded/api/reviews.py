"""Reviews: what `kubectl auth can-i` and `kubectl auth whoami` ask."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ekswiz_sim.kubernetes.embedded.access import rbac
from ekswiz_sim.kubernetes.embedded.access.rbac import Attributes
from ekswiz_sim.kubernetes.embedded.api import bodies, catalog, replies
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, bad_request
from ekswiz_sim.kubernetes.embedded.api.routing import Call
from ekswiz_sim.kubernetes.embedded.seams import User
from ekswiz_sim.kubernetes.embedded.store import Obj, Store


async def review(store: Store, call: Call) -> web.Response:
    """Answer any of the review kinds; nothing is stored."""
    body, _ = bodies.typed(call, await bodies.read(call))
    spec = body.get("spec") or {}
    if call.kind == catalog.SELF_SUBJECT_REVIEWS:
        status: Obj = {"userInfo": _user_info(call.user)}
    elif call.kind == catalog.SELF_RULES:
        status = _rules(store, call, str(spec.get("namespace") or ""))
    else:
        status = _access(store, call, spec)
    answer = {"kind": call.kind.kind, "apiVersion": call.kind.group_version, "metadata": body.get("metadata") or {}}
    if spec:
        answer["spec"] = spec
    return replies.respond({**answer, "status": status}, 201)


def _user_info(user: User) -> Obj:
    found: Obj = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        found["uid"] = user.uid
    if user.extra:
        found["extra"] = {key: list(values) for key, values in user.extra}
    return found


def _access(store: Store, call: Call, spec: Obj) -> Obj:
    user, grants = call.user, call.grants
    if call.kind != catalog.SELF_ACCESS:
        user, grants = (
            User(str(spec.get("user") or ""), tuple(spec.get("groups") or ()), str(spec.get("uid") or "")),
            (),
        )
    attributes = _attributes(call, spec)
    if call.kind == catalog.LOCAL_ACCESS and attributes.namespace != call.namespace:
        raise bad_request(f"spec.resourceAttributes.namespace must match namespace: {call.namespace}")
    allowed, reason = rbac.authorize(store, user, attributes, grants)
    return {"allowed": allowed, **({"reason": reason} if reason else {})}


def _attributes(call: Call, spec: Obj) -> Attributes:
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if bool(resource is not None) == bool(other is not None):
        why = "must specify exactly one of: nonResourceAttributes, resourceAttributes"
        text = f'{call.kind.kind}.{call.kind.group} "" is invalid: spec.resourceAttributes: Invalid value: null: {why}'
        raise ApiError(422, "Invalid", text, {})
    if resource is None:
        return Attributes(_text(other, "verb"), path=_text(other, "path"))
    return Attributes(
        _text(resource, "verb"),
        _text(resource, "group"),
        _text(resource, "resource"),
        _text(resource, "subresource"),
        _text(resource, "namespace") or None,
        _text(resource, "name") or None,
    )


def _text(values: Any, name: str) -> str:
    return str((values or {}).get(name) or "")


def _rules(store: Store, call: Call, namespace: str) -> Obj:
    if not namespace:
        raise bad_request("no namespace on request")
    rules = [rule for source in rbac.sources(store, call.user, namespace, call.grants) for rule in source.rules]
    if rbac.MASTERS in call.user.groups:
        rules.append({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]})
        rules.append({"verbs": ["*"], "nonResourceURLs": ["*"]})
    keys = ("verbs", "apiGroups", "resources", "resourceNames")
    return {
        "resourceRules": [{key: rule[key] for key in keys if key in rule} for rule in rules if rule.get("resources")],
        "nonResourceRules": [
            {key: rule[key] for key in ("verbs", "nonResourceURLs")} for rule in rules if rule.get("nonResourceURLs")
        ],
        "incomplete": False,
    }
