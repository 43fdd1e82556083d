"""docker/build-push-action: `docker buildx build` with the action's inputs as options, and its outputs.

The surprising thing: without `context` the real action builds from GitHub's own copy of the commit, not from the
workspace. A rehearsal has no other copy, so it takes the workspace, and says so.
Source: https://github.com/docker/build-push-action (README, "inputs", "outputs")
"""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ekswiz_sim.runner.actions.inputs import ActionFailed, boolean, refuse_others, text
from ekswiz_sim.runner.request import Patience
from ekswiz_sim.runner.shell import Limits, run_process
from ekswiz_sim.seams import ActionCall, ActionResult

_LISTS = {
    "tags": "tag",
    "build-args": "build-arg",
    "labels": "label",
    "cache-from": "cache-from",
    "cache-to": "cache-to",
}
"""Inputs of one value a line, and the option that each value becomes."""
_VALUES = {"file": "file", "platforms": "platform", "provenance": "provenance", "sbom": "sbom"}
_FLAGS = ("push", "load", "pull", "no-cache")
_HARMLESS = ("builder", "github-token", "annotations")
_COMMAS = frozenset({"tags"})


def build_push(call: ActionCall) -> ActionResult:
    """Build, and push where asked to.

    Outputs: `digest`, `imageid` and `metadata`, as the real action's.
    """
    try:
        refuse_others(call, ("context", *_LISTS, *_VALUES, *_FLAGS), _HARMLESS)
        return _built(call)
    except ActionFailed as error:
        return ActionResult(ok=False, error=str(error))


def _built(call: ActionCall) -> ActionResult:
    call.temp.mkdir(parents=True, exist_ok=True)
    written = call.temp / f"build-metadata-{uuid.uuid4().hex}.json"
    context = text(call, "context", "")
    if not context or context.startswith(("https://", "git@")):
        call.log("Without a folder as `context` the action builds GitHub's copy; here it is the workspace.")
        context = "."
    words = ["docker", "buildx", "build", "--metadata-file", str(written), *_options(call), context]
    limits = Limits(math.inf, "", call.stop, Patience())
    try:
        ended = run_process(
            words, call.env, call.workspace, write=call.log, limits=limits, keep=lambda _process: None
        )  # fmt: skip
    except OSError as error:
        raise ActionFailed(f"Unable to locate executable file: docker ({error.strerror})") from None
    if ended.code != 0 or ended.why != "exit":
        raise ActionFailed(f"buildx failed with: exit code {ended.code}")
    return ActionResult(ok=True, outputs=_outputs(written))


def _options(call: ActionCall) -> Iterator[str]:
    for name, option in _LISTS.items():
        pattern = r"[\n,]" if name in _COMMAS else r"\n"
        for value in re.split(pattern, call.inputs.get(name, "")):
            if value.strip():
                yield from (f"--{option}", value.strip())
    for name, option in _VALUES.items():
        if text(call, name):
            yield f"--{option}={text(call, name)}"
    for name in _FLAGS:
        if boolean(call, name):
            yield f"--{name}"


def _outputs(written: Path) -> dict[str, str]:
    try:
        found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ActionFailed("docker wrote no metadata of the image") from None
    return {
        "digest": str(found.get("containerimage.digest", "")),
        "imageid": str(found.get("containerimage.config.digest", "")),
        "metadata": json.dumps(found, indent=2),
    }
