"""GitHub's own OpenAPI description (npm: @octokit/openapi), as something that judges calls. `make node` fetches it.

OpenAPI 3.0's schemas are JSON Schema's but for `nullable`, which becomes one type more.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
FILE = Path(os.environ.get("EKSWIZ_GITHUB_OPENAPI", ROOT / ".node" / "api.github.com.json"))
ERRORS = ("400", "401", "403", "404", "409", "422")
JSON = "application/json"


class Description:
    """What GitHub says that it takes and answers."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._paths = [(re.compile(_pattern(path)), path) for path in document["paths"]]

    def template(self, path: str) -> str:
        """The path of the description that a call's path is one of; the most literal one."""
        found = [template for pattern, template in self._paths if pattern.fullmatch(path)]
        assert found, f"GitHub has no path {path}"
        return min(found, key=lambda template: template.count("{"))

    def methods(self, template: str) -> frozenset[str]:
        """The methods that a path of the description has."""
        return frozenset(self._document["paths"][template])

    def wrong_in_request(self, method: str, template: str, body: Any) -> list[str]:
        """What GitHub would not take, in words."""
        content = self._operation(method, template).get("requestBody", {}).get("content", {})
        if JSON not in content:
            return [] if body is None else ["GitHub takes no body here"]
        return list(self._wrong(content[JSON]["schema"], body))

    def wrong_in_answer(self, method: str, template: str, status: int, body: Any) -> list[str]:
        """What GitHub would not answer, in words."""
        answers = self._operation(method, template)["responses"]
        said = self._resolved(answers.get(str(status), {}))
        if str(status) not in answers:
            if str(status) not in ERRORS:
                return [f"GitHub does not answer {status}: it knows {sorted(answers)}"]
            said = {"content": {JSON: {"schema": {"$ref": "#/components/schemas/basic-error"}}}}
        if JSON not in said.get("content", {}):
            return [] if body is None or str(status) in ERRORS else ["GitHub answers no body here"]
        return list(self._wrong(said["content"][JSON]["schema"], body))

    def _operation(self, method: str, template: str) -> Mapping[str, Any]:
        operations: Mapping[str, Any] = self._document["paths"][template]
        assert method.lower() in operations, f"GitHub knows no {method} {template}"
        found: Mapping[str, Any] = operations[method.lower()]
        return found

    def _wrong(self, schema: Mapping[str, Any], body: Any) -> Iterator[str]:
        root = {**self._plain(schema), "components": {"schemas": dict(self._needed(schema))}}
        for error in jsonschema.Draft202012Validator(root).iter_errors(body):
            yield f"{'/'.join(map(str, error.absolute_path)) or 'it'}: {error.message[:300]}"
        yield from self._unknown(schema, body, "")

    def _unknown(self, schema: Mapping[str, Any], body: Any, where: str) -> Iterator[str]:
        """Members that GitHub does not have, which a schema alone lets pass."""
        found = self._resolved(schema)
        if isinstance(body, list) and "items" in found:
            for item in body:
                yield from self._unknown(found["items"], item, f"{where}[]")
        if not isinstance(body, dict) or "properties" not in found or found.get("additionalProperties"):
            return
        for name, value in body.items():
            if name not in found["properties"]:
                yield f"{where}/{name}: GitHub has no such member"
            else:
                yield from self._unknown(found["properties"][name], value, f"{where}/{name}")

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            found: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def _needed(self, schema: Any) -> Iterator[tuple[str, Any]]:
        """Every schema that this one refers to, directly or not."""
        waiting, seen = list(_references(schema)), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                found = self._document["components"]["schemas"][name]
                waiting += _references(found)
                yield name, self._plain(found)

    def _plain(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self._plain(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        plain = {key: self._plain(value) for key, value in schema.items() if key not in ("nullable", "example")}
        if schema.get("nullable") is not True:
            return plain
        return {"anyOf": [{"type": "null"}, plain]}


@functools.cache
def description() -> Description:
    """GitHub's description; the test is skipped where it could not be fetched."""
    if not FILE.is_file():
        pytest.skip(f"{FILE} is not there: `make node` fetches GitHub's OpenAPI description where there is npm")
    return Description(json.loads(FILE.read_text(encoding="utf-8")))


def _pattern(path: str) -> str:
    """Names in braces stand for one segment; `path`, `ref` and `branch` for several."""
    parts = re.split(r"(\{[^}]+\})", path)
    several = ("{path}", "{ref}", "{branch}")
    return "".join((".+" if part in several else "[^/]+") if part[:1] == "{" else re.escape(part) for part in parts)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _references(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from _references(value)
