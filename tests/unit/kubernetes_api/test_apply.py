from __future__ import annotations

from typing import Any

import pytest

from unit.kubernetes_api.stand_in import Cluster

PATH = "/apis/apps/v1/namespaces/default/deployments/web"
MEDIA = "application/apply-patch+yaml"


def deployment(containers: list[dict[str, Any]], **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}
    whole = {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": whole}


WEB = {"name": "web", "image": "web:1"}


async def apply(cluster: Cluster, manager: str, body: dict[str, Any], *, force: bool = False, path: str = PATH) -> Any:
    query = f"?fieldManager={manager}" + ("&force=true" if force else "")
    return await cluster.api("PATCH", path + query, body, media=MEDIA)


async def test_apply_creates_and_remembers_the_manager(cluster: Cluster) -> None:
    made = await apply(cluster, "ci", deployment([WEB]))
    again = await apply(cluster, "ci", deployment([WEB]))
    assert (made.status, again.status) == (201, 200)
    assert again.body["metadata"]["resourceVersion"] == made.body["metadata"]["resourceVersion"]
    [entry] = made.body["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"], entry["apiVersion"]) == ("ci", "Apply", "apps/v1")
    containers = entry["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"]
    assert containers == {'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}}}
    assert "f:replicas" not in entry["fieldsV1"]["f:spec"]


async def test_one_conflict_has_kubernetes_text_and_cause(cluster: Cluster) -> None:
    # given a Deployment whose replicas somebody else scaled
    await apply(cluster, "ci", deployment([WEB], replicas=2))
    scale = {"spec": {"replicas": 5}}
    await cluster.api("PATCH", f"{PATH}?fieldManager=human", scale, media="application/merge-patch+json")
    # when ci applies its number again
    refused = await apply(cluster, "ci", deployment([WEB], replicas=2))
    # then it is told who owns the field
    assert refused.status == 409
    assert refused.body["reason"] == "Conflict"
    assert refused.message == 'Apply failed with 1 conflict: conflict with "human" using apps/v1: .spec.replicas'
    assert refused.body["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "human" using apps/v1',
            "field": ".spec.replicas",
        }
    ]


async def test_several_conflicts_are_listed_by_manager(cluster: Cluster) -> None:
    await apply(cluster, "one", deployment([{**WEB, "ports": [{"containerPort": 80, "name": "http"}]}], replicas=2))
    other = deployment([{"name": "web", "image": "web:2", "ports": [{"containerPort": 80, "name": "web"}]}], replicas=3)
    refused = await apply(cluster, "two", other)
    assert refused.message == (
        'Apply failed with 3 conflicts: conflicts with "one":\n'
        "- .spec.replicas\n"
        '- .spec.template.spec.containers[name="web"].image\n'
        '- .spec.template.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"].name'
    )


async def test_force_takes_the_field_from_its_owner(cluster: Cluster) -> None:
    # given a field of another manager
    await apply(cluster, "one", deployment([WEB], replicas=2))
    # when a second one forces its value
    forced = await apply(cluster, "two", deployment([WEB], replicas=3), force=True)
    # then the first no longer owns it, and its next apply is the one that conflicts
    owners = {entry["manager"]: entry["fieldsV1"]["f:spec"] for entry in forced.body["metadata"]["managedFields"]}
    assert forced.body["spec"]["replicas"] == 3
    assert ("f:replicas" in owners["one"], "f:replicas" in owners["two"]) == (False, True)
    assert (await apply(cluster, "one", deployment([WEB], replicas=2))).status == 409


async def test_equal_values_are_owned_together(cluster: Cluster) -> None:
    await apply(cluster, "one", deployment([WEB], replicas=2))
    second = await apply(cluster, "two", deployment([WEB], replicas=2))
    assert second.status == 200
    assert sorted(entry["manager"] for entry in second.body["metadata"]["managedFields"]) == ["one", "two"]
    # when the first lets go of it
    left = await apply(cluster, "one", deployment([WEB]))
    # then it stays, because the second still owns it
    assert left.body["spec"]["replicas"] == 2


async def test_what_is_no_longer_declared_is_removed(cluster: Cluster) -> None:
    # given two containers and a label of ours, and an annotation of somebody else
    both = deployment([WEB, {"name": "side", "image": "side:1"}])
    both["metadata"]["labels"] = {"mine": "1"}
    await apply(cluster, "ci", both)
    note = {"metadata": {"annotations": {"note": "x"}}}
    await cluster.api("PATCH", f"{PATH}?fieldManager=human", note, media="application/merge-patch+json")
    # when we apply without them
    after = await apply(cluster, "ci", deployment([WEB]))
    # then ours are gone and the other's is there
    assert [one["name"] for one in after.body["spec"]["template"]["spec"]["containers"]] == ["web"]
    assert after.body["metadata"].get("labels") in (None, {})
    assert after.body["metadata"]["annotations"] == {"note": "x"}
    assert after.body["metadata"]["generation"] == 3  # an annotation counts too


async def test_dry_run_stores_nothing(cluster: Cluster) -> None:
    answer = await cluster.api("PATCH", f"{PATH}?fieldManager=ci&dryRun=All", deployment([WEB]), media=MEDIA)
    assert answer.status == 201
    assert (await cluster.api("GET", PATH)).status == 404


@pytest.mark.parametrize(
    ("query", "change", "status", "text"),
    [
        (
            "",
            {},
            422,
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
        ),
        (
            "?fieldManager=ci",
            {"spec": {"nothing": 1}},
            500,
            "patch object (default/web; apps/v1, Kind=Deployment): .spec.nothing: field not declared in schema",
        ),
        ("?fieldManager=ci", {"metadata": {"name": "other"}}, 400, "does not match the name on the URL (web)"),
        ("?fieldManager=ci", {"kind": ""}, 400, "kind must be set in an apply patch"),
        ("?fieldManager=ci", {"metadata": {"name": "web", "managedFields": [{}]}}, 400, "managedFields must be nil"),
    ],
)
async def test_what_apply_refuses(cluster: Cluster, query: str, change: dict[str, Any], status: int, text: str) -> None:
    await apply(cluster, "one", deployment([WEB]))
    refused = await cluster.api("PATCH", PATH + query, {**deployment([WEB]), **change}, media=MEDIA)
    assert refused.status == status
    assert text in refused.message
