"""500 random manifests, 200 broken ones and hostile bodies: no answer is a 500, none hangs, refusals name the field."""

from __future__ import annotations

import asyncio
import collections
import json
import logging
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from conformance.manifests import NAMESPACE, Broken, Drawer, broken, pod_spec
from conformance.test_kubectl_commands import TABLE as TABLE_OF_COMMANDS
from conformance.test_kubectl_commands import Images
from ekswiz_sim.kubernetes.embedded.fields import patches
from ekswiz_sim.kubernetes.embedded.kinds import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS, SERVICES
from ekswiz_sim.kubernetes.embedded.store import Kind
from ekswiz_sim.kubernetes.provider import workloads
from unit.kubernetes_api.stand_in import Cluster, Reply

SEED = 20260101
RANDOM, BROKEN, FLIPPED, WORKLOADS = 500, 200, 200, 20
SECONDS = 10.0
"""No single answer may take longer, on a busy machine."""

MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    made = Cluster(tmp_path, trustme.CA())
    await made.start()
    await made.api("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    await made.api("POST", MAPS, {"metadata": {"name": "base"}, "data": {"a": "b"}})
    yield made
    await made.stop()


def path_of(kind: Kind, name: str = "") -> str:
    base = f"/apis/{kind.group_version}" if kind.group else "/api/v1"
    inside = f"/namespaces/{NAMESPACE}" if kind.namespaced else ""
    return f"{base}{inside}/{kind.plural}" + (f"/{name}" if name else "")


async def ask(cluster: Cluster, method: str, path: str, body: Any = None, media: str = JSON, **headers: str) -> Reply:
    return await asyncio.wait_for(cluster.api(method, path, body, media=media, **headers), SECONDS)


def told(reply: Reply) -> str:
    return str(reply.body.get("message", "")) if isinstance(reply.body, dict) else ""


async def test_random_manifests_go_the_whole_way_or_are_refused_with_a_reason(cluster: Cluster) -> None:
    drawer = Drawer(SEED)
    codes: collections.Counter[int] = collections.Counter()
    for _ in range(RANDOM):
        kind, obj = drawer.manifest()
        made = await ask(cluster, "POST", path_of(kind), obj)
        codes[made.status] += 1
        assert made.status in (201, 400, 403, 422), f"{made.status} {told(made)}: {json.dumps(obj)}"
        if made.status != 201:
            assert made.body["reason"] in ("BadRequest", "Forbidden", "Invalid"), made.body
        elif codes[201] % 5 == 0:
            await _the_whole_way(cluster, kind, made.body, obj)
    # then most were accepted: else the fields behind the first refusal were never looked at
    assert codes[201] >= RANDOM * 0.65, codes
    assert codes[422] >= RANDOM * 0.1, codes


async def _the_whole_way(cluster: Cluster, kind: Kind, stored: dict[str, Any], obj: dict[str, Any]) -> None:
    """What a client does with an object afterwards."""
    path = path_of(kind, obj["metadata"]["name"])
    table = await ask(cluster, "GET", path, Accept=f"{TABLE},application/json")
    assert table.body["kind"] == "Table", table.body
    # what was stored can be sent back, and changes nothing
    replaced = await ask(cluster, "PUT", path, stored)
    assert (replaced.status, replaced.body["metadata"]["resourceVersion"]) == (
        200,
        stored["metadata"]["resourceVersion"],
    ), f"{kind.kind}: {told(replaced)}"
    labels = {"metadata": {"labels": {"patched": "yes"}}}
    for media in (patches.MERGE_PATCH, patches.STRATEGIC):
        assert (await ask(cluster, "PATCH", path, labels, media)).body["metadata"]["labels"]["patched"] == "yes"
    applied = await ask(cluster, "PATCH", f"{path}?fieldManager=drawn&force=true", obj, patches.APPLY)
    assert applied.status == 200, f"{kind.kind}: {told(applied)}"
    gone = await ask(cluster, "DELETE", path)
    assert gone.status == 200, told(gone)


async def test_random_workloads_leave_the_cluster_at_work(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    # given a cluster with everything behind its API, and workloads of any shape that it accepts
    images = Images(tmp_path / "images")
    cluster = Cluster(tmp_path, trustme.CA(), lambda store, root: workloads(store, images, root / "node"))
    await cluster.start()
    try:
        await cluster.api("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        drawer, made = Drawer(SEED + 2), 0
        while made < WORKLOADS:
            kind, obj = drawer.manifest(drawer.chance.choice((PODS, DEPLOYMENTS, REPLICA_SETS, SERVICES)))
            made += (await ask(cluster, "POST", path_of(kind), _modest(obj))).status == 201
        # then a service beside them is deployed as ever
        answer = await cluster.kubectl("apply", "-f", "-", stdin=TABLE_OF_COMMANDS["files"]["app.yaml"])
        assert answer.code == 0, answer.text
        rolled = await cluster.kubectl("rollout", "status", "deployment/app", "--timeout=18s")
        assert "successfully rolled out" in rolled.text, rolled.text
        # then all of them go when they are asked to
        gone = await cluster.kubectl("delete", "namespace", NAMESPACE, "--timeout=18s")
        assert gone.code == 0, gone.text
        reasons = {event["reason"] for event in cluster.store.all(EVENTS)}
        assert "InternalError" not in reasons
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR], caplog.text
    finally:
        await cluster.stop()


def _modest(obj: dict[str, Any]) -> dict[str, Any]:
    """Without what no cluster of this size has: other accounts, classes, nodes; a second of grace."""
    spec = obj.setdefault("spec", {})
    if "replicas" in spec:
        spec["replicas"] = min(2, spec["replicas"])
    for name in (
        "serviceAccountName",
        "serviceAccount",
        "priorityClassName",
        "priority",
        "preemptionPolicy",
        "nodeName",
    ):
        (pod_spec(obj) or {}).pop(name, None)
    if pod_spec(obj):
        (pod_spec(obj) or {})["terminationGracePeriodSeconds"] = 1
    return obj


async def test_broken_manifests_are_refused_by_the_name_of_the_field(cluster: Cluster) -> None:
    drawer = Drawer(SEED + 1)
    good = await _accepted(cluster, drawer, 120)
    kinds: collections.Counter[str] = collections.Counter()
    for number in range(BROKEN):
        one = broken(drawer, lambda: drawer.chance.choice(good))
        kinds[one.how] += 1
        _rename(one, f"broken-{number}")
        reply = await ask(cluster, "POST", f"{path_of(one.kind)}?fieldValidation=Strict", one.body)
        what = f"{one.how} in {one.kind.kind} at {one.fields}: {reply.status} {told(reply)}\n{json.dumps(one.body)}"
        assert reply.status in (400, 422), what
        assert one.fields[0] in told(reply), what
    assert len(kinds) >= 10, kinds


async def _accepted(cluster: Cluster, drawer: Drawer, count: int) -> list[tuple[Kind, dict[str, Any]]]:
    found: list[tuple[Kind, dict[str, Any]]] = []
    while len(found) < count:
        kind, obj = drawer.manifest()
        path = f"{path_of(kind)}?dryRun=All&fieldValidation=Strict"
        if (await ask(cluster, "POST", path, obj)).status == 201:
            found.append((kind, obj))
    return found


def _rename(one: Broken, name: str) -> None:
    meta = one.body.get("metadata")
    if one.how != "a name that is none" and isinstance(meta, dict) and isinstance(meta.get("name"), str):
        meta["name"] = name


DEEP = 50_000
BODIES: tuple[bytes, ...] = (
    b"", b"[]", b"null", b'"x"', b"7", b"{", b"\xff\xfe", b"k8s\x00", b"k8s\x00" + bytes(range(256)), b"\t", b"a: b: c",
    b'{"a":' * DEEP, b"[" * DEEP, b"- " * DEEP, b'{"metadata":{"name":"n","generation":' + b"9" * 5000 + b"}}",
    b'{"metadata":{"name":"n","generation":99999999999999999999}}', b'{"metadata":{"name":"n","generation":1e999}}',
    b'{"metadata":{"name":"n"},"data":{"a":NaN}}', b'{"metadata":{"name":"half"},"data":{"a":"\\ud800"}}',
    b'{"metadata":7}', b'{"metadata":[]}', b'{"metadata":{"name":7}}', b'{"metadata":{"generateName":7}}',
    b'{"metadata":{"name":"n","managedFields":[{"x":1}]}}', b'{"metadata":{"name":"n","ownerReferences":[{}]}}',
    b'{"metadata":{"name":"n","finalizers":[7]}}', b'{"metadata":{"name":"' + b"x" * 300_000 + b'"}}',
    b"a: &a [1]\nb: *a\n", b"a: !!python/object:os.system x", b"a: .nan", b"? 2026-01-02\n: x",
    b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n".encode() for n in range(8)
    ),
)  # fmt: skip
PATCHES: tuple[bytes, ...] = (
    b'[{"op":"add"}]', b'[{"op":"x","path":"/a"}]', b"[7]", b'{"op":"add"}', b'[{"op":"replace","path":"","value":7}]',
    b'[{"op":"remove","path":"/metadata/name"}]', b'[{"op":"move","from":"/data","path":"/data/x"}]',
    b'{"data":{"$patch":"x"}}', b'{"$patch":"delete"}', b'{"$patch":"replace"}', b'{"$retainKeys":7}',
    b'{"$deleteFromPrimitiveList/x":1}', b'{"$setElementOrder/x":7}', b'{"metadata":null}', b'{"metadata":{"uid":"x"}}',
    b'{"metadata":{"resourceVersion":7}}', b'{"kind":"Pod"}', b'{"apiVersion":"v1","kind":"ConfigMap"}',
    b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"other"}}',
    b'{"apiVersion":"v1","kind":"ConfigMap","data":7}', b'{"apiVersion":"v1","kind":"ConfigMap","data":null}',
)  # fmt: skip


@pytest.mark.parametrize("media", [JSON, YAML, PROTOBUF])
async def test_bodies_that_are_none_are_refused(cluster: Cluster, media: str) -> None:
    for body in BODIES:
        for method, path in (("POST", MAPS), ("PUT", f"{MAPS}/base")):
            reply = await ask(cluster, method, path, body, media)
            assert reply.status < 500, f"{method} {media} {body[:80]!r}: {told(reply)}"


@pytest.mark.parametrize("media", [patches.JSON_PATCH, patches.MERGE_PATCH, patches.STRATEGIC, patches.APPLY])
async def test_patches_that_are_none_are_refused(cluster: Cluster, media: str) -> None:
    for body in (*BODIES, *PATCHES):
        for name in ("base", "new"):
            reply = await ask(cluster, "PATCH", f"{MAPS}/{name}?fieldManager=x", body, media)
            # Kubernetes itself has no better word for an unknown field in server-side apply.
            own = "failed to create typed patch object" in told(reply)
            assert reply.status < 500 or own, f"{media} {body[:80]!r}: {told(reply)}"
            if body == PATCHES[-3] and media == patches.APPLY:
                assert f"the name of the object (other) does not match the name on the URL ({name})" in told(reply)


async def test_half_a_character_becomes_a_replacement(cluster: Cluster) -> None:
    made = await ask(cluster, "POST", MAPS, b'{"metadata":{"name":"half"},"data":{"a":"x\\ud800y"}}')
    assert made.body["data"] == {"a": "x\ufffdy"}


async def test_a_number_beyond_its_field_is_refused(cluster: Cluster) -> None:
    body = {"metadata": {"name": "n"}, "spec": {"replicas": 2**31, "selector": {}, "template": {}}}
    reply = await ask(cluster, "POST", f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments", body)
    assert reply.status == 400
    assert "cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32" in told(
        reply
    )


async def test_flipped_bytes_of_protobuf_are_refused_or_read(cluster: Cluster) -> None:
    chance = random.Random(SEED)
    good = (
        b'k8s\x00\n\x0f\n\x02v1\x12\tConfigMap\x12!\n\x1b\n\x04name\x12\x00\x1a\x00"\x05drawn*\x002\x008\x00B\x00'
        b'\x12\x06\n\x01a\x12\x01b\x1a\x00"\x00'
    )
    codes: collections.Counter[int] = collections.Counter()
    for _ in range(FLIPPED):
        raw = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            raw[chance.randrange(4, len(raw))] = chance.randrange(256)
        reply = await ask(cluster, "POST", f"{MAPS}?dryRun=All", bytes(raw), PROTOBUF)
        codes[reply.status] += 1
        assert reply.status < 500, f"{bytes(raw)!r}: {told(reply)}"
    assert codes[400] >= FLIPPED // 4, codes


REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews")


@pytest.mark.parametrize("kind", [*REVIEWS, f"namespaces/{NAMESPACE}/localsubjectaccessreviews"])
async def test_reviews_of_the_wrong_shape_are_refused(cluster: Cluster, kind: str) -> None:
    specs: tuple[Any, ...] = (
        7, [], {"resourceAttributes": 7}, {"nonResourceAttributes": []}, {"resourceAttributes": {"verb": 7}},
        {"groups": 7}, {"user": "a", "groups": [7]}, {"namespace": 7}, {"extra": 7}, {},
    )  # fmt: skip
    for spec in specs:
        reply = await ask(cluster, "POST", f"/apis/authorization.k8s.io/v1/{kind}", {"spec": spec})
        assert reply.status < 500, f"{spec}: {told(reply)}"
        assert reply.status >= 400 or spec in ({"namespace": 7}, {"extra": 7}), spec


async def test_delete_options_of_the_wrong_shape_are_refused(cluster: Cluster) -> None:
    for body in (b"[]", b"{", b"7", b'{"gracePeriodSeconds":"x"}', b'{"propagationPolicy":"x"}', b'{"preconditions":7}',
                 b'{"kind":"Pod"}', b"k8s\x00\x01"):  # fmt: skip
        reply = await ask(cluster, "DELETE", f"{MAPS}/base", body)
        assert reply.status in (400, 422), f"{body!r}: {reply.status} {told(reply)}"
    assert (await ask(cluster, "GET", f"{MAPS}/base")).status == 200
