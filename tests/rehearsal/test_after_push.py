"""After the push the registry holds all there is, and nodes pull from it as the node role, verifying every byte."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ekswiz.clients import kube_api
from ekswiz.clients.kube_api import at
from ekswiz_sim.parts import NODE_ROLE
from ekswiz_sim.scene import Scene
from rehearsal.worlds import halfway

PULL_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
WITHIN = 60.0
"""Seconds for pods to come up or to fail."""


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """The sample, deployed and answering."""
    with halfway("plan", "apply", "push", "answer") as scene:
        yield scene


def eventually(look: Callable[[], Any], what: str) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        threading.Event().wait(0.05)
    pytest.fail(f"not within {WITHIN:.0f} s: {what}")


def api(scene: Scene, method: str, *path: str) -> dict[str, Any]:
    where = at("api", "v1", "namespaces", scene.answers.namespace, *path)
    return kube_api.send(scene.target, scene.answers.cluster, method, where)


def pods(scene: Scene) -> list[dict[str, Any]]:
    return list(api(scene, "GET", "pods")["items"])


def ready(scene: Scene) -> bool:
    """Both pods that the Deployment wants are ready, and none is left of those before."""
    states = [pod["status"].get("containerStatuses", [{}])[0].get("ready") for pod in pods(scene)]
    return states == [True, True]


def restart(scene: Scene) -> set[str]:
    """Delete every pod and forget the image, as a new node would start; the names of the new pods."""
    scene.world.parts.puller.evict(scene.image["digest"])
    old = {pod["metadata"]["name"] for pod in pods(scene)}
    for name in old:
        api(scene, "DELETE", "pods", name)

    def replaced() -> set[str]:
        now = {pod["metadata"]["name"] for pod in pods(scene)}
        return now if len(now) == len(old) and not now & old else set()

    return set(eventually(replaced, "other pods in place of the old ones"))


def waiting(scene: Scene, reason: str) -> set[str]:
    """Names of the pods that wait for that reason."""
    return {
        pod["metadata"]["name"]
        for pod in pods(scene)
        for status in pod["status"].get("containerStatuses", ())
        if status["state"].get("waiting", {}).get("reason") == reason
    }


def said_of(scene: Scene, names: set[str], kind: str) -> str:
    """What the events of a type say of these pods."""
    events = api(scene, "GET", "events")["items"]
    ours = [event for event in events if event["involvedObject"]["name"] in names and event["type"] == kind]
    return "\n".join(event["message"] for event in ours)


def answers(scene: Scene) -> dict[str, Any]:
    """What the service says through the Kubernetes service proxy."""
    given = scene.answers
    path = f"/api/v1/namespaces/{given.namespace}/services/{given.workload}:80/proxy/version"
    status, body = scene.world.kubernetes_get(scene.target, given.cluster, path)
    assert status == 200, body
    return dict(json.loads(body))


@pytest.fixture
def mended(scene: Scene) -> Iterator[Scene]:
    """The scene; afterwards new pods must come up again, so that each failure had the cause that the test made."""
    yield scene
    restart(scene)
    eventually(lambda: ready(scene), "the pods are back")
    assert answers(scene)["commit"] == scene.commit


def test_without_the_source_the_service_still_answers_and_new_pods_start(scene: Scene) -> None:
    # given neither the staged checkout, nor what the builder kept, nor the jobs' folders
    for folder in (scene.checkout, scene.world.home / "docker", scene.world.home / "runs"):
        assert folder.exists()
        shutil.rmtree(folder)
    # then the service answers, from the pods that run and from new ones on a node without the image
    assert answers(scene)["commit"] == scene.commit
    names = restart(scene)
    eventually(lambda: ready(scene), "new pods are ready")
    assert answers(scene) == {"commit": scene.commit, "image": scene.image["digest"]}
    assert f'Successfully pulled image "{scene.image["reference"]}"' in said_of(scene, names, "Normal")


def test_one_changed_byte_in_a_layer_makes_the_pull_fail(mended: Scene) -> None:
    storage = mended.world.parts.storage
    manifest = json.loads(storage.read(mended.image["digest"]))
    layer = manifest["layers"][-1]["digest"]
    file = storage.path(layer)
    whole = file.read_bytes()
    # given a layer of the registry with one bit turned
    file.write_bytes(bytes([*whole[:-1], whole[-1] ^ 1]))
    try:
        names = restart(mended)
        eventually(lambda: waiting(mended, "ImagePullBackOff") == names, "both pods fail to pull")
        said = said_of(mended, names, "Warning")
    finally:
        file.write_bytes(whole)
    # then containerd's own words name both digests
    assert f'Failed to pull image "{mended.image["reference"]}"' in said
    assert f'failed commit on ref "layer-{layer}": unexpected commit digest sha256:' in said
    assert f", expected {layer}: failed precondition" in said


def denied(scene: Scene, since: int) -> set[str]:
    """What the node was denied."""
    records = [record for record in scene.world.records(since) if not record.decision.allowed]
    assert all(f"assumed-role/{NODE_ROLE}/" in record.principal for record in records)
    return {record.action for record in records}


def test_without_the_nodes_pull_policy_there_is_no_login(mended: Scene) -> None:
    iam, since = mended.world.root("iam"), len(mended.world.records())
    iam.detach_role_policy(RoleName=NODE_ROLE, PolicyArn=PULL_ONLY)
    try:
        names = restart(mended)
        eventually(lambda: waiting(mended, "ImagePullBackOff") == names, "both pods fail to pull")
        said = said_of(mended, names, "Warning")
        assert denied(mended, since) == {"ecr:GetAuthorizationToken"}
    finally:
        iam.attach_role_policy(RoleName=NODE_ROLE, PolicyArn=PULL_ONLY)
    assert "authorization failed: no basic auth credentials" in said
    assert f"assumed-role/{NODE_ROLE}/" in said
    assert "is not authorized to perform: ecr:GetAuthorizationToken" in said


def test_with_a_login_and_no_right_to_the_image_the_registry_answers_403(mended: Scene) -> None:
    iam, since = mended.world.root("iam"), len(mended.world.records())
    login = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [login]})
    iam.detach_role_policy(RoleName=NODE_ROLE, PolicyArn=PULL_ONLY)
    iam.put_role_policy(RoleName=NODE_ROLE, PolicyName="login", PolicyDocument=document)
    try:
        names = restart(mended)
        eventually(lambda: waiting(mended, "ImagePullBackOff") == names, "both pods fail to pull")
        said = said_of(mended, names, "Warning")
        assert denied(mended, since) == {"ecr:BatchGetImage"}
    finally:
        iam.delete_role_policy(RoleName=NODE_ROLE, PolicyName="login")
        iam.attach_role_policy(RoleName=NODE_ROLE, PolicyArn=PULL_ONLY)
    assert "unexpected status from HEAD request to http://127.0.0.1:" in said
    assert "403 Forbidden" in said
    assert "is not authorized to perform: ecr:BatchGetImage" in said
