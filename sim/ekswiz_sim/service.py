"""The deployed service, asked through the Kubernetes API's service proxy: is it the commit that was pushed?"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from ekswiz_sim.scene import Scene
from ekswiz_sim.stood_in import SENTENCE

SHOWN = 200
"""Characters of an answer that a sentence repeats."""
KEPT = 4096
"""Characters of an answer that the report keeps."""


def ask(scene: Scene) -> tuple[bool, str]:
    """Whether the service answers and is the pushed commit, and a sentence on it.

    A service that has no /version answers anything but an error, and every pod of it runs the digest that was pushed.
    """
    port = _port(scene)
    if port is None:
        return False, f"there is no Service named {scene.answers.workload} in namespace {scene.answers.namespace}"
    path, status, body = _proxied(scene, port, scene.world.version_path)
    if status == HTTPStatus.OK and scene.commit in body:
        return True, f"GET {scene.world.version_path} -> 200 {_compact(body)}"
    if status != HTTPStatus.NOT_FOUND or _is_kubernetes(body):
        return False, f"GET {path} -> {status} {_compact(body)}; expected 200 and commit {scene.commit}"
    path, status, body = _proxied(scene, port, "/")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or _is_kubernetes(body):
        return False, f"GET {path} -> {status} {_compact(body)}; expected an answer of the service"
    others = _other_images(scene)
    if others:
        return False, f"pods run {', '.join(others)}; expected {scene.image['digest']}"
    return True, f"GET / -> {status}; every pod runs {scene.image['digest'][:19]}, the image of the pushed commit"


def stood_in(scene: Scene) -> list[str]:
    """Sentences on containers that something stood in for; none where all of them ran."""
    return [sentence for sentence in scene.image.get("skipped", ()) if sentence.startswith(SENTENCE)]


def _proxied(scene: Scene, port: int, below: str) -> tuple[str, int, str]:
    answers = scene.answers
    path = f"/api/v1/namespaces/{answers.namespace}/services/{answers.workload}:{port}/proxy{below}"
    status, body = scene.world.kubernetes_get(scene.target, answers.cluster, path)
    scene.http = {"url": path, "status": status, "body": body[:KEPT]}
    return path, status, body


def _port(scene: Scene) -> int | None:
    found = _objects(scene, f"services/{scene.answers.workload}")
    ports = found.get("spec", {}).get("ports") or []
    return int(ports[0]["port"]) if ports else None


def _other_images(scene: Scene) -> list[str]:
    """What the Deployment's pods run that is not the pushed image."""
    running = [_image(pod) for pod in _objects(scene, "pods").get("items", []) if _ours(pod, scene.answers.workload)]
    wanted = f"@{scene.image['digest']}"
    return sorted({image for image in running if not image.endswith(wanted)}) if running else ["nothing"]


def _ours(pod: dict[str, Any], workload: str) -> bool:
    meta = pod["metadata"]
    owners = [one["name"] for one in meta.get("ownerReferences", []) if one["kind"] == "ReplicaSet"]
    return "deletionTimestamp" not in meta and any(name.rpartition("-")[0] == workload for name in owners)


def _image(pod: dict[str, Any]) -> str:
    """What the first container runs: the one that takes the image."""
    first = pod["spec"]["containers"][0]["name"]
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return next((str(one.get("imageID", "")) for one in statuses if one["name"] == first), "nothing")


def _objects(scene: Scene, path: str) -> dict[str, Any]:
    answers = scene.answers
    status, body = scene.world.kubernetes_get(
        scene.target, answers.cluster, f"/api/v1/namespaces/{answers.namespace}/{path}"
    )
    found: dict[str, Any] = json.loads(body) if status == HTTPStatus.OK else {}
    return found


def _is_kubernetes(body: str) -> bool:
    """Whether it was the API that answered, and not the service behind it."""
    try:
        said = json.loads(body)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("kind") == "Status" and said.get("apiVersion") == "v1"


def _compact(body: str) -> str:
    return " ".join(body.split())[:SHOWN]
