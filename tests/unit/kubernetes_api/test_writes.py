from __future__ import annotations

from typing import Any

import pytest

from unit.kubernetes_api.stand_in import Cluster

NAMESPACE = "/api/v1/namespaces/default"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


def deployment(name: str = "web", labels: dict[str, str] | None = None, **container: Any) -> dict[str, Any]:
    chosen = {"app": "web"}
    one = {"name": "web", "image": "web:1", **container}
    template = {"metadata": {"labels": labels or chosen}, "spec": {"containers": [one]}}
    spec = {"selector": {"matchLabels": chosen}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def pod(**container: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "c:1", **container}]}}


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        (
            f"{NAMESPACE}/configmaps",
            {"metadata": {"name": "Upper"}},
            'ConfigMap "Upper" is invalid: metadata.name: Invalid value: "Upper": a lowercase RFC 1123 subdomain must ',
        ),
        (
            f"{NAMESPACE}/configmaps",
            {"metadata": {}},
            'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
        ),
        (
            f"{NAMESPACE}/configmaps",
            {"metadata": {"name": "x", "labels": {"a": "-"}}},
            'metadata.labels: Invalid value: "-": a valid label must be an empty string or consist of alphanumeric',
        ),
        (
            DEPLOYMENTS,
            deployment(labels={"app": "other"}),
            'labels: Invalid value: {"app":"other"}: `selector` does not match template `labels`',
        ),
        (
            DEPLOYMENTS,
            {"metadata": {"name": "web"}, "spec": {"template": {"metadata": {"labels": {"a": "b"}}, "spec": {}}}},
            "[spec.selector: Required value, spec.template.spec.containers: Required value, spec.template.metadata.lab",
        ),
        (
            DEPLOYMENTS,
            deployment(ports=[{"containerPort": 70000}]),
            "containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (
            f"{NAMESPACE}/pods",
            pod(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "500m"}}),
            'resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 500m',
        ),
        (
            f"{NAMESPACE}/pods",
            pod(imagePullPolicy="Sometimes"),
            'imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
        ),
        (
            f"{NAMESPACE}/pods",
            pod(volumeMounts=[{"name": "v", "mountPath": "/v"}]),
            'spec.containers[0].volumeMounts[0].name: Not found: "v"',
        ),
        (
            f"{NAMESPACE}/pods",
            pod(readinessProbe={}),
            "spec.containers[0].readinessProbe: Required value: must specify a handler type",
        ),
        (
            f"{NAMESPACE}/services",
            {"metadata": {"name": "1st"}, "spec": {"ports": [{"port": 80}]}},
            'Service "1st" is invalid: metadata.name: Invalid value: "1st": a DNS-1035 label must consist of',
        ),
        (
            f"{NAMESPACE}/services",
            {"metadata": {"name": "s"}, "spec": {}},
            'Service "s" is invalid: spec.ports: Required value',
        ),
        (
            f"{NAMESPACE}/services",
            {"metadata": {"name": "s"}, "spec": {"type": "Magic", "ports": [{"port": 80}]}},
            'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "Load',
        ),
    ],
)
async def test_invalid_objects_have_kubernetes_texts(
    cluster: Cluster, path: str, body: dict[str, Any], text: str
) -> None:
    refused = await cluster.api("POST", path, body)
    assert (refused.status, refused.body["reason"]) == (422, "Invalid")
    assert text in refused.message
    assert refused.body["details"]["causes"][0]["field"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"spec": {"replicas": "two"}},
            "Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        ({"spec": []}, "json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec"),
        (
            {"metadata": {"name": 1}},
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
        ),
        ({"kind": "Pod"}, 'Pod in version "v1" cannot be handled as a Deployment'),
        (
            {"apiVersion": "apps/v2"},
            "the API version in the data (apps/v2) does not match the expected API version (apps/v1)",
        ),
        ({"metadata": {"name": "x", "namespace": "other"}}, "the namespace of the provided object does not match"),
        (
            {"metadata": {"name": "x", "resourceVersion": "1"}},
            "resourceVersion should not be set on objects to be created",
        ),
    ],
)
async def test_bodies_that_do_not_fit_are_bad_requests(cluster: Cluster, change: dict[str, Any], text: str) -> None:
    refused = await cluster.api("POST", DEPLOYMENTS, {**deployment(), **change})
    assert (refused.status, refused.body["reason"]) == (400, "BadRequest")
    assert text in refused.message


async def test_bodies_that_cannot_be_read(cluster: Cluster) -> None:
    broken = await cluster.api("POST", DEPLOYMENTS, b"{not json")
    assert (broken.status, broken.body["reason"]) == (400, "BadRequest")
    for body in (b"[]", b"3", b'"x"'):
        assert (await cluster.api("POST", DEPLOYMENTS, body)).status == 400
    foreign = await cluster.api("POST", DEPLOYMENTS, b"x", media="application/cbor")
    assert (foreign.status, foreign.body["reason"]) == (415, "UnsupportedMediaType")
    bad = await cluster.api("POST", DEPLOYMENTS, b"k8s\x00\xff\xff", media="application/vnd.kubernetes.protobuf")
    assert bad.status == 400
    huge = await cluster.api("POST", DEPLOYMENTS, b"x" * (4 << 20))
    assert (huge.status, huge.body["reason"]) == (413, "RequestEntityTooLarge")


async def test_quantities(cluster: Cluster) -> None:
    refused = await cluster.api("POST", f"{NAMESPACE}/pods", pod(resources={"limits": {"memory": "lots"}}))
    assert refused.status == 400
    assert "quantities must match the regular expression" in refused.message
    for good in ("1", 1, "0.5", "100m", "64Mi", "1e3", "2E"):
        body = pod(resources={"limits": {"memory": good}})
        assert (await cluster.api("POST", f"{NAMESPACE}/pods?dryRun=All", body)).status == 201, good


async def test_field_validation_levels(cluster: Cluster) -> None:
    body = deployment()
    body["spec"]["template"]["spec"]["containers"][0]["imagePolicy"] = "x"
    body["spec"]["replica"] = 1
    strict = await cluster.api("POST", f"{DEPLOYMENTS}?fieldValidation=Strict", body)
    assert strict.status == 400
    assert strict.message == (
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field '
        '"spec.template.spec.containers[0].imagePolicy", unknown field "spec.replica"'
    )
    warned = await cluster.api("POST", f"{DEPLOYMENTS}?fieldValidation=Warn&dryRun=All", body)
    assert warned.warnings == [
        '299 - "unknown field \\"spec.template.spec.containers[0].imagePolicy\\""',
        '299 - "unknown field \\"spec.replica\\""',
    ]
    ignored = await cluster.api("POST", f"{DEPLOYMENTS}?fieldValidation=Ignore", body)
    assert (ignored.status, ignored.warnings) == (201, [])
    assert "replica" not in ignored.body["spec"]


async def test_identity_and_status_are_the_servers(cluster: Cluster) -> None:
    # given a client that sets what it may not
    body = deployment()
    body["metadata"] |= {"uid": "mine", "creationTimestamp": "2000-01-01T00:00:00Z", "generation": 9}
    body["status"] = {"replicas": 9}
    made = (await cluster.api("POST", DEPLOYMENTS, body)).body
    # then the server's values stand
    assert made["metadata"]["uid"] != "mine"
    assert not made["metadata"]["creationTimestamp"].startswith("2000")
    assert (made["metadata"]["generation"], made["status"]) == (1, {})
    # and a status written through the status URL leaves the spec alone
    changed = {**made, "status": {"replicas": 3}, "spec": {**made["spec"], "replicas": 7}}
    answer = await cluster.api("PUT", f"{DEPLOYMENTS}/web/status", changed)
    assert (answer.body["status"], answer.body["spec"]["replicas"]) == ({"replicas": 3}, 1)
    assert answer.body["metadata"]["generation"] == 1


async def test_generation_counts_changes_of_what_is_wanted(cluster: Cluster) -> None:
    await cluster.api("POST", DEPLOYMENTS, deployment())
    label = {"metadata": {"labels": {"a": "b"}}}
    replicas = {"spec": {"replicas": 2}}
    first = await cluster.api("PATCH", f"{DEPLOYMENTS}/web", label, media=MERGE)
    second = await cluster.api("PATCH", f"{DEPLOYMENTS}/web", replicas, media=MERGE)
    third = await cluster.api("PATCH", f"{DEPLOYMENTS}/web", replicas, media=MERGE)
    assert [one.body["metadata"]["generation"] for one in (first, second, third)] == [1, 2, 2]
    assert second.body["metadata"]["resourceVersion"] == third.body["metadata"]["resourceVersion"]


async def test_stale_versions_conflict(cluster: Cluster) -> None:
    made = (await cluster.api("POST", DEPLOYMENTS, deployment())).body
    await cluster.api("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"replicas": 2}}, media=MERGE)
    refused = await cluster.api("PUT", f"{DEPLOYMENTS}/web", made)
    assert (refused.status, refused.body["reason"]) == (409, "Conflict")
    assert refused.message == (
        'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your '
        "changes to the latest version and try again"
    )


async def test_strategic_merge_knows_keys_and_directives(cluster: Cluster) -> None:
    body = deployment(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    await cluster.api("POST", DEPLOYMENTS, body)

    async def patch(container: dict[str, Any]) -> Any:
        wanted = {"spec": {"template": {"spec": {"containers": [{"name": "web", **container}]}}}}
        answer = await cluster.api("PATCH", f"{DEPLOYMENTS}/web", wanted, media=STRATEGIC)
        assert answer.status == 200, answer.body
        return answer.body["spec"]["template"]["spec"]["containers"]

    [web] = await patch({"env": [{"name": "C", "value": "3"}]})
    assert [one["name"] for one in web["env"]] == ["C", "A", "B"]
    [web] = await patch({"env": [{"name": "A", "$patch": "delete"}, {"name": "B", "value": "4"}]})
    assert web["env"] == [{"name": "C", "value": "3"}, {"name": "B", "value": "4"}]
    [web] = await patch({"env": [{"$patch": "replace"}, {"name": "D", "value": "5"}]})
    assert web["env"] == [{"name": "D", "value": "5"}]
    [web] = await patch({"env": None})
    assert "env" not in web
    order = {"$setElementOrder/containers": [{"name": "side"}, {"name": "web"}]}
    side = {"spec": {"template": {"spec": {**order, "containers": [{"name": "side", "image": "side:1"}]}}}}
    answer = await cluster.api("PATCH", f"{DEPLOYMENTS}/web", side, media=STRATEGIC)
    assert [one["name"] for one in answer.body["spec"]["template"]["spec"]["containers"]] == ["side", "web"]


async def test_recreate_drops_the_rolling_numbers(cluster: Cluster) -> None:
    await cluster.api("POST", DEPLOYMENTS, deployment())
    change = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    answer = await cluster.api("PATCH", f"{DEPLOYMENTS}/web", change, media=STRATEGIC)
    assert answer.body["spec"]["strategy"] == {"type": "Recreate"}
    back = await cluster.api(
        "PATCH", f"{DEPLOYMENTS}/web", {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 1}}}}, media=MERGE
    )
    assert (
        "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"
        in back.message
    )


@pytest.mark.parametrize(
    ("media", "patch", "status", "text"),
    [
        (JSON_PATCH, [{"op": "remove", "path": "/spec/none"}], 422, "the server rejected our request due to an error"),
        (JSON_PATCH, [{"op": "test", "path": "/spec/replicas", "value": 9}], 422, "the server rejected our request"),
        (JSON_PATCH, {"spec": {}}, 422, "the server rejected our request"),
        (
            STRATEGIC,
            {"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}},
            422,
            "does not contain declared merge key: name",
        ),
        (STRATEGIC, {"spec": {"$patch": "explode"}}, 422, "Unknown patch type found: explode"),
        (MERGE, [], 400, "error decoding patch"),
        (MERGE, {"spec": {"replicas": "x"}}, 422, "cannot unmarshal string into Go struct field"),
        ("text/plain", {}, 415, "accepted media types include: application/json-patch+json"),
    ],
)
async def test_patches_that_do_not_fit(cluster: Cluster, media: str, patch: Any, status: int, text: str) -> None:
    await cluster.api("POST", DEPLOYMENTS, deployment())
    refused = await cluster.api("PATCH", f"{DEPLOYMENTS}/web", patch, media=media)
    assert refused.status == status
    assert text in refused.message


async def test_generated_names_and_duplicates(cluster: Cluster) -> None:
    body = {"metadata": {"generateName": "job-"}}
    names = {(await cluster.api("POST", f"{NAMESPACE}/configmaps", body)).body["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("job-") and len(name) == 9 for name in names)
    again = await cluster.api("POST", f"{NAMESPACE}/configmaps", {"metadata": {"name": names.pop()}})
    assert (again.status, again.body["reason"]) == (409, "AlreadyExists")


async def test_immutable_fields(cluster: Cluster) -> None:
    await cluster.api(
        "POST", f"{NAMESPACE}/configmaps", {"metadata": {"name": "m"}, "data": {"a": "b"}, "immutable": True}
    )
    fixed = await cluster.api("PATCH", f"{NAMESPACE}/configmaps/m", {"data": {"a": "c"}}, media=MERGE)
    assert "data: Forbidden: field is immutable when `immutable` is set" in fixed.message
    service = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    made = await cluster.api("POST", f"{NAMESPACE}/services", service)
    moved = await cluster.api("PATCH", f"{NAMESPACE}/services/s", {"spec": {"clusterIP": "127.100.128.9"}}, media=MERGE)
    assert 'spec.clusterIPs[0]: Invalid value: ["127.100.128.9"]: may not change once set' in moved.message
    # while a client that sends no address keeps the one it has
    kept = await cluster.api("PUT", f"{NAMESPACE}/services/s", service)
    assert kept.body["spec"]["clusterIP"] == made.body["spec"]["clusterIP"]
    await cluster.api("POST", f"{NAMESPACE}/pods", pod())
    image = await cluster.api(
        "PATCH", f"{NAMESPACE}/pods/p", {"spec": {"containers": [{"name": "c", "image": "c:2"}]}}, media=STRATEGIC
    )
    assert image.status == 200
    command = {"spec": {"containers": [{"name": "c", "command": ["x"]}]}}
    other = await cluster.api("PATCH", f"{NAMESPACE}/pods/p", command, media=STRATEGIC)
    assert "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`" in other.message


async def test_nobody_grants_what_they_do_not_have(cluster: Cluster) -> None:
    # given an admin of one namespace
    admin = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy"
    cluster.entries.add("lead", policies=((admin, ("default",)),))
    roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"
    bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings"
    modest = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    greedy = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["delete"]}]
    # when roles and bindings are made
    good = await cluster.api("POST", roles, {"metadata": {"name": "modest"}, "rules": modest}, user="lead")
    bad = await cluster.api("POST", roles, {"metadata": {"name": "greedy"}, "rules": greedy}, user="lead")
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    bound = {"metadata": {"name": "b"}, "roleRef": reference, "subjects": [{"kind": "User", "name": "lead"}]}
    crown = await cluster.api("POST", bindings, bound, user="lead")
    wider = await cluster.api("PATCH", f"{roles}/modest", {"rules": greedy}, user="lead", media=MERGE)
    unmade = {**bound, "roleRef": {**reference, "name": "made-later"}}
    early = await cluster.api("POST", bindings, unmade, user="lead")
    # then only what the writer has is handed out, and a role that does not exist yet is not
    assert (early.status, early.message) == (404, 'clusterroles.rbac.authorization.k8s.io "made-later" not found')
    assert (good.status, bad.status, crown.status, wider.status) == (201, 403, 403, 403)
    assert "is attempting to grant RBAC permissions not currently held:" in bad.message
    assert '{APIGroups:[""], Resources:["nodes"], Verbs:["delete"]}' in bad.message
    # and the role of a binding cannot be changed afterwards
    await cluster.api(
        "POST", bindings, {**bound, "roleRef": {**reference, "kind": "Role", "name": "modest"}}, user="lead"
    )
    swapped = await cluster.api("PATCH", f"{bindings}/b", {"roleRef": reference}, media=MERGE)
    assert "cannot change roleRef" in swapped.message


async def test_namespaces_gate_what_is_created(cluster: Cluster) -> None:
    absent = await cluster.api("POST", "/api/v1/namespaces/none/configmaps", {"metadata": {"name": "x"}})
    assert (absent.status, absent.message) == (404, 'namespaces "none" not found')
    await cluster.api("POST", "/api/v1/namespaces", {"metadata": {"name": "going"}})
    made = await cluster.api("GET", "/api/v1/namespaces/going/configmaps/kube-root-ca.crt")
    assert made.body["data"]["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")
    assert (await cluster.api("GET", "/api/v1/namespaces/going/serviceaccounts/default")).status == 200
    gone = await cluster.api("DELETE", "/api/v1/namespaces/going")
    assert (gone.body["status"]["phase"], "deletionTimestamp" in gone.body["metadata"]) == ("Terminating", True)
    late = await cluster.api("POST", "/api/v1/namespaces/going/configmaps", {"metadata": {"name": "x"}})
    assert (late.status, late.message) == (
        403,
        'configmaps "x" is forbidden: unable to create new content in namespace going because it is being terminated',
    )


async def test_kinds_without_behaviour_say_so(cluster: Cluster) -> None:
    policy = {"metadata": {"name": "deny"}, "spec": {"podSelector": {}}}
    path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
    for answer in (
        await cluster.api("POST", path, policy),
        await cluster.api("PATCH", f"{path}/deny", {"metadata": {"labels": {"a": "b"}}}, media=MERGE),
    ):
        assert answer.warnings == [
            '299 - "NetworkPolicy is stored, but nothing acts on it in this cluster: its effect is not rehearsed"'
        ]


async def test_urls_that_are_nothing(cluster: Cluster) -> None:
    for method, path, status in (
        ("GET", "/api/v1/namespaces/default/unicorns", 404),
        ("GET", "/apis/none/v1/things", 404),
        ("GET", "/api/v1/namespaces/default/pods/x/attach", 404),
        ("GET", "/api/v1/pods/x", 404),
        ("POST", "/api/v1/pods", 405),
        ("POST", "/api/v1/namespaces/default/pods/x", 405),
        ("DELETE", "/api/v1/namespaces", 405),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", 405),
        ("POST", "/version", 405),
    ):
        answer = await cluster.api(method, path, {} if method == "POST" else None)
        assert (answer.status, answer.body["kind"]) == (status, "Status"), path


async def test_a_client_that_reads_no_json_is_told_before_anything_is_written(cluster: Cluster) -> None:
    answer = await cluster.api(
        "POST", f"{NAMESPACE}/configmaps", {"metadata": {"name": "x"}}, Accept="application/vnd.kubernetes.protobuf"
    )
    assert answer.status == 406
    assert (await cluster.api("GET", f"{NAMESPACE}/configmaps/x")).status == 404


async def test_the_whole_text_of_a_bad_name(cluster: Cluster) -> None:
    refused = await cluster.api("POST", f"{NAMESPACE}/configmaps", {"metadata": {"name": "a_b"}})
    assert refused.message == (
        'ConfigMap "a_b" is invalid: metadata.name: Invalid value: "a_b": a lowercase RFC 1123 subdomain must consist '
        "of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character "
        r"(e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*"
        "[a-z0-9])?)*')"
    )
