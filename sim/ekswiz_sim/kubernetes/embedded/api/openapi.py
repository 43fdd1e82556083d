"""OpenAPI documents: v3 per group version (validation, patch, `kubectl explain`), v2 as one for older clients.

Documents are made when asked for and kept compressed: most runs ask for two or three of them.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from ekswiz_sim.kubernetes.embedded.api import catalog
from ekswiz_sim.kubernetes.embedded.fields import schema
from ekswiz_sim.kubernetes.embedded.store import Kind, Obj

_WRITE = ("dryRun", "fieldManager", "fieldValidation")
_BODIES = ("application/json", "application/yaml")
_PATCHES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
_V3_REF = "#/components/schemas/"
_V2_REF = "#/definitions/"

V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
V2_EMPTY = b"\x0a\x032.0\x12\x15\x0a\x0aKubernetes\x12\x07v1.37.0"
"""An OpenAPI v2 document without types, in protobuf. kubectl asks for it only about kinds that v3 does not have."""


def path_of(group_version: str) -> str:
    """`api/v1` or `apis/apps/v1`."""
    return f"apis/{group_version}" if "/" in group_version else f"api/{group_version}"


def index() -> Obj:
    """`GET /openapi/v3`: where each group version's document is; the hash lets clients cache for ever."""
    paths = {}
    for name in catalog.groups():
        path = path_of(name)
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest(name)}"}
    return {"paths": paths}


@functools.cache
def digest(group_version: str) -> str:
    """A hash that changes with the document: of the data and of the served kinds."""
    kinds = [str(kind) for kind in catalog.groups()[group_version]]
    return hashlib.sha256("\n".join([group_version, *kinds, "1"]).encode()).hexdigest()[:32].upper()


@functools.cache
def v3(group_version: str) -> bytes:
    """The document of one group version, gzipped JSON."""
    kinds = catalog.groups()[group_version]
    roots = [name for kind in kinds for name in _type_names(kind)]
    paths: Obj = {}
    for kind in kinds:
        paths |= _paths(kind)
    return _packed(
        {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": "v1.37.0"},
            "paths": paths,
            "components": {"schemas": _schemas(_closure(roots), _V3_REF)},
        }
    )


@functools.cache
def v2() -> bytes:
    """The swagger document with every definition, gzipped JSON."""
    return _packed(
        {
            "swagger": "2.0",
            "info": {"title": "Kubernetes", "version": "v1.37.0"},
            "paths": {},
            "definitions": _schemas(schema.types(), _V2_REF),
        }
    )


def _packed(document: Obj) -> bytes:
    return gzip.compress(json.dumps(document, separators=(",", ":")).encode(), 1)


def _type_names(kind: Kind) -> Iterator[str]:
    names = [kind.kind, f"{kind.kind}List"]
    for name in names:
        found = schema.type_name(kind.group_version, name)
        if found:
            yield found
    if "scale" in kind.subresources:
        yield "io.k8s.api.autoscaling.v1.Scale"
    yield "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"


def _closure(roots: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += _references(schema.types()[name])
    return sorted(seen)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name == "$ref" and isinstance(one, str):
                yield one
            else:
                yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def _schemas(names: Iterable[str], prefix: str) -> Obj:
    descriptions = schema.load("descriptions.json.gz")
    kinds = _group_version_kinds()
    return {name: _schema(name, descriptions.get(name, {}), kinds.get(name, []), prefix) for name in names}


def _group_version_kinds() -> dict[str, list[Obj]]:
    found: dict[str, list[Obj]] = {}
    for key, name in schema.kinds().items():
        group_version, kind = key.rsplit("/", 1)
        group, _, version = group_version.rpartition("/")
        found.setdefault(name, []).append({"group": group, "version": version, "kind": kind})
    return found


def _schema(name: str, descriptions: Obj, kinds: list[Obj], prefix: str) -> Obj:
    new: Obj = _referring(schema.types()[name], prefix)
    form = new.get("format")
    if form in ("int-or-string", "quantity") and prefix == _V3_REF:
        other = "integer" if form == "int-or-string" else "number"
        new = {"oneOf": [{"type": "string"}, {"type": other}]}
        if form == "int-or-string":
            new["format"] = form
    if descriptions.get(""):
        new["description"] = descriptions[""]
    for field, node in (new.get("properties") or {}).items():
        if field in descriptions:
            node["description"] = descriptions[field]
    if kinds:
        new["x-kubernetes-group-version-kind"] = kinds
    return new


def _referring(value: Any, prefix: str) -> Any:
    if isinstance(value, list):
        return [_referring(one, prefix) for one in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        rest = {name: one for name, one in value.items() if name != "$ref"}
        reference = {"$ref": prefix + value["$ref"]}
        return {**rest, "allOf": [reference]} if prefix == _V3_REF else {**rest, **reference}
    return {name: _referring(one, prefix) for name, one in value.items()}


def _paths(kind: Kind) -> Obj:
    base = f"/{path_of(kind.group_version)}/" + ("namespaces/{namespace}/" if kind.namespaced else "") + kind.plural
    collection = {"post": _operation(kind, "post", _BODIES)}
    if "get" not in catalog.verbs(kind):
        return {base: collection}
    one = {
        "get": _operation(kind, "get", ()),
        "put": _operation(kind, "put", _BODIES),
        "patch": _operation(kind, "patch", _PATCHES),
        "delete": _operation(kind, "delete", ()),
    }
    return {base: {"get": _operation(kind, "list", ()), **collection}, base + "/{name}": one}


def _operation(kind: Kind, action: str, media_types: tuple[str, ...]) -> Obj:
    operation: Obj = {
        "operationId": f"{action}{kind.version.title()}{kind.kind}",
        "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _WRITE],
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
    }
    if media_types:
        operation["requestBody"] = {"content": {name: {"schema": {"type": "object"}} for name in media_types}}
    return operation
