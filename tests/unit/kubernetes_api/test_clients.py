"""The official Python client, discovery and OpenAPI."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from ekswiz_sim.kubernetes.embedded.api import catalog
from ekswiz_sim.kubernetes.embedded.api.protobuf import decode
from ekswiz_sim.kubernetes.embedded.fields import schema
from ekswiz_sim.kubernetes.embedded.kinds import SERVED
from unit.kubernetes_api.stand_in import Cluster

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def python_client(config: Path) -> dict[str, Any]:
    from kubernetes import client, dynamic, watch
    from kubernetes import config as loader

    api = loader.new_client_from_config(str(config))
    try:
        core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
        core.create_namespace({"metadata": {"name": "py"}})
        labels = {"app": "web"}
        container = client.V1Container(name="web", image="web:1", ports=[client.V1ContainerPort(container_port=80)])
        template = client.V1PodTemplateSpec(
            metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container])
        )
        spec = client.V1DeploymentSpec(selector=client.V1LabelSelector(match_labels=labels), template=template)
        body = client.V1Deployment(metadata=client.V1ObjectMeta(name="web"), spec=spec)
        made = apps.create_namespaced_deployment("py", body)
        made.spec.replicas = 3
        replaced = apps.replace_namespaced_deployment("web", "py", made)
        patched = apps.patch_namespaced_deployment("web", "py", {"spec": {"replicas": 4}})
        scaled = apps.patch_namespaced_deployment_scale("web", "py", {"spec": {"replicas": 5}})
        conflict = 0
        try:
            apps.replace_namespaced_deployment("web", "py", made)
        except client.ApiException as refused:
            conflict = refused.status
        events = watch.Watch().stream(apps.list_namespaced_deployment, "py", timeout_seconds=1)
        names = [(event["type"], event["object"].metadata.name) for event in events]
        maps = dynamic.DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
        applied = maps.server_side_apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "b"}},
            namespace="py",
            field_manager="py",
        )
        apps.delete_namespaced_deployment("web", "py")
        return {
            "generation": replaced.metadata.generation,
            "patched": patched.spec.replicas,
            "scaled": scaled.spec.replicas,
            "conflict": conflict,
            "names": names,
            "applied": applied.data.a,
            "left": [one.metadata.name for one in apps.list_deployment_for_all_namespaces().items],
        }
    finally:
        api.close()


async def test_the_official_python_client(cluster: Cluster) -> None:
    found = await asyncio.to_thread(python_client, cluster.config("admin"))
    assert found == {
        "generation": 2,
        "patched": 4,
        "scaled": 5,
        "conflict": 409,
        "names": [("ADDED", "web")],
        "applied": "b",
        "left": [],
    }


async def test_both_discoveries_name_every_kind(cluster: Cluster) -> None:
    aggregated = [(await cluster.api("GET", path, Accept=AGGREGATED)).body for path in ("/api", "/apis")]
    found = {
        (group["metadata"]["name"], version["version"], resource["resource"])
        for document in aggregated
        for group in document["items"]
        for version in group["versions"]
        for resource in version["resources"]
    }
    classic = set()
    groups = (await cluster.api("GET", "/apis")).body["groups"]
    for name in ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]:
        path = f"/apis/{name}" if "/" in name else f"/api/{name}"
        for resource in (await cluster.api("GET", path)).body["resources"]:
            if "/" not in resource["name"]:
                classic.add((name.rpartition("/")[0], name.rpartition("/")[2], resource["name"]))
    wanted = {(kind.group, kind.version, kind.plural) for kind in (*SERVED, *catalog.REVIEWS)}
    assert found == classic == wanted


async def test_openapi_has_a_path_and_a_type_for_every_kind(cluster: Cluster) -> None:
    index = (await cluster.api("GET", "/openapi/v3")).body["paths"]
    for kind in SERVED:
        path = f"apis/{kind.group_version}" if kind.group else "api/v1"
        answer = await cluster.api("GET", index[path]["serverRelativeURL"])
        name = schema.type_name(kind.group_version, kind.kind)
        node = answer.body["components"]["schemas"][name]
        assert {"group": kind.group, "version": kind.version, "kind": kind.kind} in node[
            "x-kubernetes-group-version-kind"
        ]
        inside = "namespaces/{namespace}/" if kind.namespaced else ""
        patch = answer.body["paths"][f"/{path}/{inside}{kind.plural}/{{name}}"]["patch"]
        assert {"dryRun", "fieldValidation"} <= {one["name"] for one in patch["parameters"]}
        assert "immutable" in answer.headers["Cache-Control"]
    assert (await cluster.api("GET", "/openapi/v2")).body["definitions"]["io.k8s.api.core.v1.Pod"]["properties"]


async def test_tables_and_metadata_alone(cluster: Cluster) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    table = await cluster.api("GET", path, Accept="application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
    assert [one["name"] for one in table.body["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert table.body["rows"][0]["cells"][:2] == ["kube-root-ca.crt", 1]
    assert table.body["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    partial = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    listed = await cluster.api("GET", path, Accept=partial)
    assert (listed.body["kind"], listed.body["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert "data" not in listed.body["items"][0]


async def test_kubectl_sends_protobuf_and_nothing_is_lost(cluster: Cluster) -> None:
    # given kubectl's typed commands, which send protobuf
    for words in (
        "create deployment web --image=web:1 --replicas=0 --port=80 -- sleep 1",
        "create secret generic s --from-literal=a=b",
        "create role r --verb=get --resource=pods --resource-name=one",
        "create ingress i --rule=a.example/path*=web:80,tls=cert",
        "create poddisruptionbudget b --selector=app=web --min-available=50%",
        "create service nodeport n --tcp=80:http",
        "run p --image=busybox --env=A=B --restart=Never",
    ):
        answer = await cluster.kubectl(*words.split())
        assert answer.code == 0, answer.text

    async def get(path: str) -> Any:
        return (await cluster.api("GET", path)).body

    # then zero, percentages, names and maps arrive as they were meant
    spec = (await get("/apis/apps/v1/namespaces/default/deployments/web"))["spec"]
    [container] = spec["template"]["spec"]["containers"]
    assert (spec["replicas"], container["command"]) == (0, ["sleep", "1"])
    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert (await get("/api/v1/namespaces/default/secrets/s"))["data"] == {"a": "Yg=="}
    role = await get("/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/r")
    assert role["rules"] == [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["one"]}]
    ingress = (await get("/apis/networking.k8s.io/v1/namespaces/default/ingresses/i"))["spec"]
    [path] = ingress["rules"][0]["http"]["paths"]
    assert (path["path"], path["pathType"], path["backend"]["service"]["port"]) == ("/path", "Prefix", {"number": 80})
    assert ingress["tls"] == [{"hosts": ["a.example"], "secretName": "cert"}]
    budget = await get("/apis/policy/v1/namespaces/default/poddisruptionbudgets/b")
    assert budget["spec"]["minAvailable"] == "50%"
    assert (await get("/api/v1/namespaces/default/services/n"))["spec"]["ports"][0]["targetPort"] == "http"
    pod = (await get("/api/v1/namespaces/default/pods/p"))["spec"]
    assert (pod["restartPolicy"], pod["containers"][0]["env"]) == ("Never", [{"name": "A", "value": "B"}])


def test_protobuf_that_is_none_is_malformed() -> None:
    from ekswiz_sim.kubernetes.embedded.api.protobuf import Malformed

    for raw in (b"", b"k8s\x00\xff", b"k8s\x00\x0a\x05v1", b"k8s\x00\x0b", b"k8s\x00" + b"\x80" * 20):
        try:
            decode(raw)
        except Malformed:
            continue
        raise AssertionError(raw)
