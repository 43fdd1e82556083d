# ruff: noqa: E501 - a table: one fault a line is easier to read than wrapped
"""What a real API server refuses, in its words: compared with kube-apiserver 1.36.2, one fault at a time."""

from __future__ import annotations

from typing import Any

import pytest

from unit.kubernetes_api.stand_in import Cluster

NS = "/namespaces/default"
PLACES = {
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ConfigMap": f"/api/v1{NS}/configmaps",
    "Deployment": f"/apis/apps/v1{NS}/deployments",
    "HorizontalPodAutoscaler": f"/apis/autoscaling/v2{NS}/horizontalpodautoscalers",
    "Ingress": f"/apis/networking.k8s.io/v1{NS}/ingresses",
    "Lease": f"/apis/coordination.k8s.io/v1{NS}/leases",
    "Namespace": "/api/v1/namespaces",
    "NetworkPolicy": f"/apis/networking.k8s.io/v1{NS}/networkpolicies",
    "Pod": f"/api/v1{NS}/pods",
    "PodDisruptionBudget": f"/apis/policy/v1{NS}/poddisruptionbudgets",
    "RoleBinding": f"/apis/rbac.authorization.k8s.io/v1{NS}/rolebindings",
    "Secret": f"/api/v1{NS}/secrets",
    "Service": f"/api/v1{NS}/services",
}
CONTAINER = {"name": "a", "image": "x"}


def pod(container: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{**CONTAINER, **(container or {})}], **spec}}


def scaler(**spec: Any) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {"spec": {"scaleTargetRef": target, "maxReplicas": 3, **spec}}


def route(backend: dict[str, Any], **path: Any) -> dict[str, Any]:
    one = {"path": "/", "pathType": "Prefix", "backend": backend, **path}
    return {"spec": {"rules": [{"http": {"paths": [one]}}]}}


WEB = {"service": {"name": "web", "port": {"number": 80}}}
SIDECAR = "Forbidden: may not be set for init containers without restartPolicy=Always"
INIT = {"initContainers": [{"name": "i", "image": "x", "readinessProbe": {"exec": {"command": ["true"]}}}]}
SPREAD = {"maxSkew": 0, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
OPERATOR = 'Invalid value: "Equal": not a valid selector operator'
CASES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("Pod", pod(**INIT), f"spec.initContainers[0].readinessProbe: {SIDECAR}"),
    ("Pod", pod({"envFrom": [{}]}), 'spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef`'),
    ("Pod", pod({"envFrom": [{"secretRef": {}}]}), "spec.containers[0].envFrom[0].secretRef.name: Required value"),
    ("Pod", pod({"securityContext": {"procMount": "x"}}), 'procMount: Unsupported value: "x": supported values: "Default", '),
    ("Pod", pod({"securityContext": {"seccompProfile": {"type": "x"}}}), 'seccompProfile.type: Unsupported value: "x"'),
    ("Pod", pod({"volumeDevices": [{"name": "v", "devicePath": "/d"}]}), 'volumeDevices[0].name: Not found: "v"'),
    ("Pod", pod({"lifecycle": {"preStop": {}}}), "lifecycle.preStop: Required value: must specify a handler type"),
    ("Pod", pod(tolerations=[{"key": "a", "operator": "In"}]), 'operator: Unsupported value: "In": supported values: "Equal", '),
    ("Pod", pod(tolerations=[{"key": "a", "tolerationSeconds": 1}]), "effect must be 'NoExecute' when `tolerationSeconds`"),
    ("Pod", pod(topologySpreadConstraints=[SPREAD]), "maxSkew: Invalid value: 0: must be greater than zero"),
    ("Pod", pod(hostUsers=False, hostNetwork=True), "spec.hostNetwork: Forbidden: when `hostUsers` is false"),
    ("Pod", pod(priorityClassName="high"), 'pods "n" is forbidden: no PriorityClass with name high was found'),
    ("Pod", pod(runtimeClassName="gvisor"), 'pods "n" is forbidden: pod rejected: RuntimeClass "gvisor" not found'),
    ("Pod", pod(priority=7), "the integer value of priority (7) must not be provided in pod spec; priority admission"),
    ("Pod", pod(os={"name": "plan9"}), 'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'),
    ("Pod", pod(volumes=[{"name": "v", "configMap": {}}]), "spec.volumes[0].configMap.name: Required value"),
    ("Pod", pod(activeDeadlineSeconds=0), "activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647"),
    ("Ingress", {"spec": {}}, "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"),
    ("Ingress", route({}), 'paths[0].backend: Invalid value: "": resource or service backend is required'),
    ("Ingress", route({"service": {"name": "web"}}), "paths[0].backend: Required value: port name or number is required"),
    ("Ingress", route(WEB, path="x"), 'paths[0].path: Invalid value: "x": must be an absolute path'),
    ("NetworkPolicy", {"spec": {"podSelector": {}, "egress": [{"to": [{}]}]}}, "spec.egress[0].to[0]: Required value: must s"),
    (
        "NetworkPolicy",
        {"spec": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "x"}}]}]}},
        'from[0].ipBlock.cidr: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ),
    (
        "NetworkPolicy",
        {"spec": {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Equal"}]}}},
        f"spec.podSelector.matchExpressions[0].operator: {OPERATOR}",
    ),
    ("HorizontalPodAutoscaler", scaler(maxReplicas=0), "spec.maxReplicas: Required value: must be set and greater than 0"),
    ("HorizontalPodAutoscaler", scaler(metrics=[{"type": "x"}]), 'supported values: "ContainerResource", "External", "Obj'),
    (
        "HorizontalPodAutoscaler",
        scaler(scaleTargetRef={"kind": "Deployment", "name": "web"}),
        'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
    ),
    ("PodDisruptionBudget", {"spec": {"minAvailable": "half"}}, 'spec.minAvailable: Invalid value: "half": a valid percent'),
    ("PodDisruptionBudget", {"spec": {"unhealthyPodEvictionPolicy": "x"}}, 'supported values: "AlwaysAllow", "IfHealthyBu'),
    ("ClusterRole", {"rules": [], "aggregationRule": {}}, "at least one clusterRoleSelector required if aggregationRule"),
    (
        "ClusterRole",
        {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"], "resources": ["pods"], "apiGroups": [""]}]},
        'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource',
    ),
    (
        "RoleBinding",
        {
            "roleRef": {"kind": "Role", "name": "r", "apiGroup": "rbac.authorization.k8s.io"},
            "subjects": [{"kind": "ServiceAccount", "name": "a", "apiGroup": "rbac.authorization.k8s.io"}],
        },
        'subjects[0].apiGroup: Unsupported value: "rbac.authorization.k8s.io": supported values: ""',
    ),
    ("Service", {"spec": {"ports": [{"port": 1}], "ipFamilies": ["x"]}}, 'spec.ipFamilies[0]: Unsupported value: "x": suppor'),
    (
        "Service",
        {"spec": {"ports": [{"port": 1}], "externalTrafficPolicy": "Local"}},
        'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ),
    ("ConfigMap", {"data": {"a": "x"}, "binaryData": {"a": "eA=="}}, 'data[a]: Invalid value: "a": duplicate of key present'),
    ("Secret", {"type": "kubernetes.io/tls", "data": {"tls.crt": "eA=="}}, "data[tls.key]: Required value"),
    ("Secret", {"data": {"a": "***"}}, "illegal base64 data at input byte 0"),
    ("Lease", {"spec": {"renewTime": "2026-01-02T03:04:05Z"}}, 'parsing time "2026-01-02T03:04:05Z" as "2006-01-02T15:04:05.0'),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "text"), CASES)
async def test_one_fault_is_refused_by_its_name(cluster: Cluster, kind: str, body: dict[str, Any], text: str) -> None:
    refused = await cluster.api("POST", PLACES[kind], {"metadata": {"name": "n"}, **body})
    assert refused.status in (400, 403, 422), refused.body
    assert text in refused.message


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Pod", pod({"envFrom": [{"prefix": "A_", "configMapRef": {"name": "m"}}]}, tolerations=[{"operator": "Exists"}])),
        ("Pod", pod(initContainers=[{**INIT["initContainers"][0], "restartPolicy": "Always"}])),
        ("Pod", pod(priorityClassName="system-cluster-critical")),
        ("Pod", pod({"lifecycle": {"preStop": {"sleep": {"seconds": 1}}}})),
        ("Ingress", route(WEB)),
        ("NetworkPolicy", {"spec": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}}),
        ("HorizontalPodAutoscaler", scaler()),
        ("PodDisruptionBudget", {"spec": {"minAvailable": "50%", "selector": {"matchLabels": {"a": "b"}}}}),
        ("Secret", {"type": "kubernetes.io/basic-auth", "stringData": {"username": "me"}}),
        ("Lease", {"spec": {"renewTime": "2026-01-02T03:04:05.000006Z"}}),
    ],
)  # fmt: skip
async def test_what_is_right_is_accepted(cluster: Cluster, kind: str, body: dict[str, Any]) -> None:
    made = await cluster.api("POST", PLACES[kind], {"metadata": {"name": "n"}, **body})
    assert made.status == 201, made.body


async def test_kubectl_takes_over_what_it_applied_the_old_way(cluster: Cluster) -> None:
    # given a map that kubectl applied from the client's side
    manifest = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "1"}}'
    await cluster.kubectl("apply", "-f", "-", stdin=manifest)
    # when others apply another value from the server's side, that is a conflict
    changed = manifest.replace('"1"', '"2"')
    other = await cluster.kubectl("apply", "--server-side", "--field-manager=ci", "-f", "-", stdin=changed)
    assert 'conflict with "kubectl-client-side-apply" using v1: .data.a' in other.text
    # when kubectl itself does, it is none, and the old way goes on from there
    assert (await cluster.kubectl("apply", "--server-side", "-f", "-", stdin=changed)).code == 0
    again = await cluster.kubectl("apply", "-f", "-", stdin=changed)
    assert again.text == "configmap/m configured\n"
