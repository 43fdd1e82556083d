"""`GET pods/NAME/log`, at once or followed."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from aiohttp import web

from ekswiz_sim.kubernetes.embedded.api import reads
from ekswiz_sim.kubernetes.embedded.api.errors import ApiError, bad_request
from ekswiz_sim.kubernetes.embedded.api.routing import Call, is_true
from ekswiz_sim.kubernetes.embedded.seams import LogOptions, Node
from ekswiz_sim.kubernetes.embedded.store import Obj, Store


def options(call: Call) -> LogOptions:
    """The query of a log request.

    Raises:
        ApiError: 400 or 422 for numbers that are none.
    """
    query = call.request.query
    return LogOptions(
        container=query.get("container") or None,
        follow=is_true(call.request, "follow"),
        previous=is_true(call.request, "previous"),
        timestamps=is_true(call.request, "timestamps"),
        tail_lines=_number(call, "tailLines"),
        since_seconds=_number(call, "sinceSeconds"),
        limit_bytes=_number(call, "limitBytes"),
    )


def _number(call: Call, name: str) -> int | None:
    value = call.request.query.get(name)
    if not value:
        return None
    if not value.isdecimal():
        text = f"{name}: Invalid value: {value}: must be greater than or equal to 0"
        raise ApiError(422, "Invalid", f'PodLogOptions "{call.name}" is invalid: {text}', {})
    return int(value)


def _container(pod: Obj, wanted: str | None) -> None:
    name, spec = pod["metadata"]["name"], pod["spec"]
    names = [one["name"] for one in spec.get("containers") or []]
    initial = [one["name"] for one in spec.get("initContainers") or []]
    if wanted is None and len(names) > 1:
        more = f" or one of the init containers: [{' '.join(initial)}]" if initial else ""
        raise bad_request(
            f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]{more}"
        )
    if wanted is not None and wanted not in (*names, *initial):
        raise bad_request(f"container {wanted} is not valid for pod {name}")


async def stream(store: Store, node: Node, call: Call) -> web.StreamResponse:
    """Send a container's log as the node has it.

    Raises:
        ApiError: 400 where there is no log yet.
    """
    pod = reads.stored(store, call)
    wanted = options(call)
    _container(pod, wanted.container)
    try:
        chunks = node.logs(pod, wanted)
    except LookupError as problem:
        raise bad_request(str(problem.args[0] if problem.args else problem)) from problem
    response = web.StreamResponse(headers={"Content-Type": "text/plain", "Cache-Control": "no-cache, private"})
    await response.prepare(call.request)
    try:
        async for chunk in chunks:
            await response.write(chunk)
    except ConnectionResetError:
        # The reader has gone; following on would be for nobody.
        return response
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()
    return response
