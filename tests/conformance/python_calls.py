"""Calls of the official Python client, as the table describes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kubernetes import client, dynamic, utils, watch
from kubernetes import config as loader
from ruamel.yaml import YAML

Call = dict[str, Any]


class Caller:
    """One client. `files` are the table's manifests, written below `root`."""

    def __init__(self, kubeconfig: Path, files: Mapping[str, str], root: Path) -> None:
        self._api = loader.new_client_from_config(str(kubeconfig))
        self._files = files
        self._root = root

    def close(self) -> None:
        self._api.close()

    def problems(self, call: Call) -> list[str]:
        """What differs from what the table wants; nothing if it is as it should be."""
        try:
            answer: Any = self._answer(call)
        except client.ApiException as refused:
            found = list(_refusal(call, refused.status, str(refused.body)))
        except utils.FailToCreateError as refused:
            found = list(_refusal(call, refused.api_exceptions[0].status, str(refused.api_exceptions[0].body)))
        else:
            found = list(self._differences(call, answer))
        return [f"{call['run']} {call.get('name', '')}: {one}" for one in found]

    def _answer(self, call: Call) -> Any:
        """What the client returned, as JSON values."""
        special: dict[str, Callable[[Call], Any]] = {
            "watch": self._watched,
            "create_from_yaml": self._from_yaml,
            "server_side_apply": self._applied,
        }
        answer = special.get(call["run"], self._plain)(call)
        return self._api.sanitize_for_serialization(answer)

    def _plain(self, call: Call) -> Any:
        arguments = [call["name"]] if "name" in call else []
        if call.get("namespace", "py") and "_namespaced_" in call["run"]:
            arguments.append(call.get("namespace", "py"))
        if {"body", "list", "file"} & call.keys():
            arguments.append(self._body(call))
        return self._method(call["run"])(*arguments, **call.get("options", {}))

    def _method(self, name: str) -> Callable[..., Any]:
        group, _, method = name.partition(".")
        found: Callable[..., Any] = getattr(getattr(client, group)(self._api), method)
        return found

    def _body(self, call: Call) -> Any:
        if "file" in call:
            return YAML(typ="safe", pure=True).load(self._files[call["file"]])
        return call.get("list", call.get("body"))

    def _from_yaml(self, call: Call) -> Any:
        path = self._root / call["file"]
        return utils.create_from_yaml(self._api, str(path), namespace=call.get("namespace", "py"))

    def _applied(self, call: Call) -> Any:
        body = self._body(call)
        resource = dynamic.DynamicClient(self._api).resources.get(api_version=body["apiVersion"], kind=body["kind"])
        return resource.server_side_apply(body, namespace=call["namespace"], **call["options"]).to_dict()

    def _watched(self, call: Call) -> Any:
        """The events; with `until`, as far as the first that is as it says."""
        arguments = [call.get("namespace", "py")]
        seen = []
        watching = watch.Watch()
        for event in watching.stream(self._method(call["of"]), *arguments, **call["options"]):
            seen.append({"type": event["type"], "object": event["raw_object"]})
            if "until" in call and not list(_wrong(call["until"], seen[-1])):
                watching.stop()
        return seen

    @staticmethod
    def _differences(call: Call, answer: Any) -> Iterator[str]:
        if "refused" in call:
            yield f"was not refused: {json.dumps(answer)[:300]}"
        yield from _wrong(call.get("gives", {}), answer)
        for path in call.get("has", []):
            if at(answer, path) in (None, "", [], {}):
                yield f"has no {path}: {json.dumps(answer)[:600]}"
        if "until" in call and (not answer or list(_wrong(call["until"], answer[-1]))):
            yield f"never came to {call['until']}: {json.dumps(answer)[-600:]}"


def _refusal(call: Call, status: int, body: str) -> Iterator[str]:
    if call.get("refused") != status:
        yield f"refused with {status}: {body[:600]}"
    yield from (f"lacks {word!r}: {body[:600]}" for word in call.get("words", []) if word not in body)


def _wrong(wanted: Mapping[str, Any], answer: Any) -> Iterator[str]:
    for path, value in wanted.items():
        if at(answer, path) != value:
            yield f"{path} is {at(answer, path)!r}, not {value!r}"


def at(value: Any, path: str) -> Any:
    """What stands at a path such as `items.0.metadata.name`; `~` in a step is a dot. None if nothing does."""
    for step in [one.replace("~", ".") for one in path.split(".")] if path else []:
        if isinstance(value, Sequence) and not isinstance(value, str) and step.isdecimal():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value
