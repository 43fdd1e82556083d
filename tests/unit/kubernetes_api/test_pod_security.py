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
            ['restricted volume types (volume "v" uses restricted volume type "hostPath")'],
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


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            spec({**GOOD, "appArmorProfile": {"type": "Unconfined"}}),
            'forbidden AppArmor profile (container "web" must not set AppArmor profile type to "Unconfined")',
        ),
        (
            spec({**GOOD, "procMount": "Unmasked"}),
            'procMount (container "web" must not set securityContext.procMount to "Unmasked")',
        ),
        (
            spec({**GOOD, "seLinuxOptions": {"type": "spc_t"}}, securityContext={"seLinuxOptions": {"user": "root"}}),
            (
                'seLinuxOptions (pod and container "web" set forbidden securityContext.seLinuxOptions: type "spc_t"; '
                "user may not be set)"
            ),
        ),
        (
            spec(GOOD, securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
            "forbidden sysctls (kernel.msgmax)",
        ),
        (
            spec({**GOOD, "windowsOptions": {"hostProcess": True}}),
            'hostProcess (container "web" must not set securityContext.windowsOptions.hostProcess=true)',
        ),
        (
            spec(GOOD, securityContext={"seccompProfile": {"type": "Unconfined"}}),
            'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (
            {"containers": [{"name": "a", "image": "x", "livenessProbe": {"httpGet": {"port": 1, "host": "meta"}}}]},
            'probe or lifecycle host (container "a" uses probe or lifecycle host "meta")',
        ),
        (
            spec(GOOD, securityContext={"runAsNonRoot": False}),
            "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)",
        ),
    ],
)
def test_what_both_standards_forbid_is_said_in_kubernetes_words(given: dict[str, Any], said: str) -> None:
    assert said in [str(one) for one in violations(given, "restricted")]
    if "runAsNonRoot" not in said:
        assert [str(one) for one in violations(given, "baseline")] == [said]


def test_users_of_its_own_and_windows_relax_what_they_make_harmless() -> None:
    unmasked = spec({**GOOD, "procMount": "Unmasked"}, hostUsers=False)
    assert violations(unmasked, "baseline") == []
    assert [one.reason for one in violations(unmasked, "restricted")] == ["procMount"]
    assert violations(spec({**GOOD, "runAsUser": 0, "runAsNonRoot": False}, hostUsers=False), "restricted") == []
    assert violations(spec({"runAsNonRoot": True}, os={"name": "windows"}), "restricted") == []


def test_the_old_annotation_of_app_armor_counts() -> None:
    name = "container.apparmor.security.beta.kubernetes.io/web"
    [found] = violations(spec(GOOD), "restricted", {name: "unconfined"})
    assert str(found).startswith("forbidden AppArmor profile (annotation must not set AppArmor profile type to ")
    assert violations(spec(GOOD), "restricted", {name: "runtime/default"}) == []


async def test_a_namespace_says_a_level_that_exists(cluster: Cluster) -> None:
    prefix = "pod-security.kubernetes.io/"
    labels = {f"{prefix}enforce": "strict", f"{prefix}warn-version": "1.30"}
    refused = await cluster.api("POST", "/api/v1/namespaces", {"metadata": {"name": "n", "labels": labels}})
    assert refused.status == 422
    assert f'metadata.labels[{prefix}enforce]: Invalid value: "strict": must be one of privileged' in refused.message
    assert f'[{prefix}warn-version]: Invalid value: "1.30": must be "latest" or "v1.x"' in refused.message


async def test_a_stricter_namespace_names_the_pods_that_would_not_be_let_in_again(cluster: Cluster) -> None:
    # given two pods that restricted would not let in
    await cluster.api("POST", "/api/v1/namespaces", {"metadata": {"name": "late"}})
    for name in ("a", "b"):
        body = {"metadata": {"name": name}, "spec": spec({**GOOD, "runAsUser": 0})}
        assert (await cluster.api("POST", "/api/v1/namespaces/late/pods", body)).status == 201
    # when the namespace enforces it from now on
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    media = "application/merge-patch+json"
    stricter = await cluster.api("PATCH", "/api/v1/namespaces/late", {"metadata": {"labels": labels}}, media=media)
    again = await cluster.api("PATCH", "/api/v1/namespaces/late", {"metadata": {"labels": {"x": "y"}}}, media=media)
    # then the answer says so, once
    [first, second] = stricter.warnings
    assert 'existing pods in namespace \\"late\\" violate the new PodSecurity enforce level' in first
    assert "a (and 1 other pod): runAsUser=0" in second
    assert again.warnings == []


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
