from __future__ import annotations

from typing import Any

import pytest

from ekswiz_sim.kubernetes.embedded.api.errors import ApiError
from ekswiz_sim.kubernetes.embedded.objects.admission import admit_pod
from ekswiz_sim.kubernetes.embedded.objects.pod_security import level, violations
from unit.kubernetes_api.stand_in import Cluster

ADD = "securityContext.capabilities.add"
ESCALATION = "securityContext.allowPrivilegeEscalation"
GOOD = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def spec(context: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    container = {"name": "web", "image": "web:1", **({"securityContext": context} if context is not None else {})}
    return {"containers": [container], **parts}


@pytest.mark.parametrize(
    ("given", "baseline", "restricted"),
    [
        (spec(GOOD), [], []),
        (
            spec(),
            [],
            [
                f'allowPrivilegeEscalation != false (container "web" must set {ESCALATION}=false)',
                'unrestricted capabilities (container "web" must set securityContext.capabilities.drop=["ALL"])',
                'runAsNonRoot != true (pod or container "web" must set securityContext.runAsNonRoot=true)',
                (
                    'seccompProfile (pod or container "web" must set securityContext.seccompProfile.type to '
                    '"RuntimeDefault" or "Localhost")'
                ),
            ],
        ),
        (
            spec({**GOOD, "privileged": True}),
            ['privileged (container "web" must not set securityContext.privileged=true)'],
            ['privileged (container "web" must not set securityContext.privileged=true)'],
        ),
        (
            spec(GOOD, hostNetwork=True, hostPID=True),
            ["host namespaces (hostNetwork=true, hostPID=true)"],
            ["host namespaces (hostNetwork=true, hostPID=true)"],
        ),
        (
            spec(GOOD, volumes=[{"name": "v", "hostPath": {"path": "/"}}]),
            ['hostPath volumes (volume "v")'],
            [
                'hostPath volumes (volume "v")',
                'restricted volume types (volume "v" uses restricted volume type "hostPath")',
            ],
        ),
        (
            spec({**GOOD, "runAsUser": 0}),
            [],
            ['runAsUser=0 (container "web" must not set runAsUser=0)'],
        ),
        (
            spec({**GOOD, "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}}),
            [],
            [f'unrestricted capabilities (container "web" must not include "CHOWN" in {ADD})'],
        ),
        (
            spec({**GOOD, "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}),
            [f'non-default capabilities (container "web" must not include "SYS_ADMIN" in {ADD})'],
            [f'unrestricted capabilities (container "web" must not include "SYS_ADMIN" in {ADD})'],
        ),
    ],
)
def test_what_each_standard_forbids(given: dict[str, Any], baseline: list[str], restricted: list[str]) -> None:
    assert [str(one) for one in violations(given, "privileged")] == []
    assert [str(one) for one in violations(given, "baseline")] == baseline
    assert [str(one) for one in violations(given, "restricted")] == restricted


def test_the_pods_context_counts_for_its_containers() -> None:
    pod = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    own = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert violations(spec(own, securityContext=pod), "restricted") == []
    overruled = violations(spec({**own, "runAsNonRoot": False}, securityContext=pod), "restricted")
    assert [one.reason for one in overruled] == ["runAsNonRoot != true"]


def test_levels_of_labels() -> None:
    prefix = "pod-security.kubernetes.io/"
    assert level({}, "enforce") == "privileged"
    assert level({f"{prefix}enforce": "baseline"}, "enforce") == "baseline"
    assert level({f"{prefix}enforce": "baseline"}, "warn") == "baseline"
    assert level({f"{prefix}enforce": "baseline", f"{prefix}warn": "restricted"}, "warn") == "restricted"
    # what is misspelt is taken at its strictest
    assert level({f"{prefix}enforce": "stricted"}, "enforce") == "restricted"


async def guarded(cluster: Cluster) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    await cluster.api("POST", "/api/v1/namespaces", {"metadata": {"name": "guarded", "labels": labels}})


async def test_pods_are_refused_and_workloads_warned_about(cluster: Cluster) -> None:
    await guarded(cluster)
    # when a pod and a Deployment ask for too much
    pod = await cluster.api("POST", "/api/v1/namespaces/guarded/pods", {"metadata": {"name": "p"}, "spec": spec()})
    chosen = {"matchLabels": {"a": "b"}}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": spec()}
    body = {"metadata": {"name": "d"}, "spec": {"selector": chosen, "template": template}}
    workload = await cluster.api("POST", "/apis/apps/v1/namespaces/guarded/deployments", body)
    # then the pod is forbidden and the Deployment made with a warning
    assert (pod.status, pod.body["reason"]) == (403, "Forbidden")
    assert pod.message.startswith('pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilege')
    assert workload.status == 201
    assert workload.warnings[0].startswith('299 - "would violate PodSecurity \\"restricted:latest\\": allowPrivilege')
    good = {"metadata": {"name": "good"}, "spec": spec(GOOD)}
    assert (await cluster.api("POST", "/api/v1/namespaces/guarded/pods", good)).status == 201


async def test_controllers_pods_go_through_the_same_door(cluster: Cluster) -> None:
    await guarded(cluster)
    meta = {"name": "p", "namespace": "guarded"}
    with pytest.raises(ApiError, match='pods "p" is forbidden: violates PodSecurity'):
        admit_pod(cluster.store, {"kind": "Pod", "metadata": meta, "spec": spec()})
    admitted = admit_pod(cluster.store, {"kind": "Pod", "metadata": meta, "spec": spec(GOOD)})
    assert admitted["spec"]["serviceAccountName"] == "default"
    assert [one["key"] for one in admitted["spec"]["tolerations"]] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]
    other = spec(GOOD, serviceAccountName="none")
    with pytest.raises(ApiError, match='serviceaccount "none" not found'):
        admit_pod(cluster.store, {"kind": "Pod", "metadata": meta, "spec": other})
