"""Label and field selectors, parsed once per request into a predicate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ekswiz_sim.kubernetes.embedded.api.errors import bad_request
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

Predicate = Callable[[Obj], bool]
Requirement = Callable[[Mapping[str, str]], bool]

_SET = re.compile(r"\s*(?P<key>[^\s!=,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)\s*", re.ASCII)
_EQUAL = re.compile(r"\s*(?P<key>[^\s!=,()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s!=,()]*)\s*", re.ASCII)
_EXISTS = re.compile(r"\s*(?P<not>!?)\s*(?P<key>[^\s!=,()]+)\s*", re.ASCII)
_META_FIELDS = ("metadata.name", "metadata.namespace")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "replicasets": ("status.replicas",),
    "services": ("spec.clusterIP", "spec.type"),
}


def predicate(kind: Kind, labels: str, fields: str) -> Predicate:
    """A test for both selectors; an empty selector selects everything.

    Raises:
        ApiError: 400, a selector that cannot be parsed or a field that cannot be selected by.
    """
    by_label = [_requirement(part, labels) for part in _split(labels)]
    by_field = [_field(kind, part, fields) for part in fields.split(",") if part.strip()]

    def test(obj: Obj) -> bool:
        have: Mapping[str, str] = obj["metadata"].get("labels") or {}
        return all(one(have) for one in by_label) and all(one(obj) for one in by_field)

    return test


def _split(selector: str) -> list[str]:
    parts = re.split(r",(?![^(]*\))", selector)
    return [part for part in parts if part.strip()]


def _requirement(part: str, whole: str) -> Requirement:
    if match := _SET.fullmatch(part):
        values = {value.strip() for value in match["values"].split(",")}
        return _member(match["key"], values, match["op"] == "in")
    if match := _EQUAL.fullmatch(part):
        return _member(match["key"], {match["value"]}, match["op"] != "!=")
    if match := _EXISTS.fullmatch(part):
        key, absent = match["key"], bool(match["not"])
        return lambda labels: (key in labels) != absent
    raise bad_request(f"unable to parse requirement: found '{part.strip()}' in '{whole}', expected: identifier")


def _member(key: str, values: set[str], wanted: bool) -> Requirement:
    return lambda labels: (key in labels and labels[key] in values) == wanted


def _field(kind: Kind, part: str, whole: str) -> Predicate:
    match = re.fullmatch(r"\s*([\w.]+)\s*(==|=|!=)\s*(.*?)\s*", part, re.ASCII)
    if match is None:
        raise bad_request(f"invalid selector: '{whole}'; can't understand '{part}'")
    path, operator, value = match.groups()
    if path not in _META_FIELDS and path not in _FIELDS.get(kind.plural, ()):
        raise bad_request(_unknown(kind, path, whole))
    return lambda obj: (_at(obj, path) == value) == (operator != "!=")


def _unknown(kind: Kind, path: str, whole: str) -> str:
    resource = f'"{kind.group}/{kind.version}, Resource={kind.plural}"'
    about = f'Unable to find {resource} that match label selector "", field selector "{whole}"'
    if kind.plural in _FIELDS:
        return f"{about}: field label not supported: {path}"
    known = ", ".join(f'"{one}"' for one in _META_FIELDS)
    return f'{about}: "{path}" is not a known field selector: only {known}'


def _at(obj: Obj, path: str) -> str:
    found: Any = obj
    for step in path.split("."):
        found = found.get(step, "") if isinstance(found, dict) else ""
    if isinstance(found, bool):
        return "true" if found else "false"
    if path == "source" and isinstance(found, dict):
        return str(found.get("component", ""))
    return str(found)
