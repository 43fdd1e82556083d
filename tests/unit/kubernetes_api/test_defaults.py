from __future__ import annotations

import copy
from typing import Any

import pytest

from ekswiz_sim.kubernetes.embedded.objects.defaults import apply_defaults

CONTAINER = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "resources": {},
}
POD = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}


def obj(kind: str, **parts: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "x"}, **parts}


def test_deployment_gets_every_default_of_a_real_server() -> None:
    # given a minimal Deployment
    container = {"name": "web", "image": "web", "ports": [{"containerPort": 80}]}
    template = {"spec": {"containers": [container]}}
    given = obj("Deployment", spec={"selector": {}, "template": template})
    before = copy.deepcopy(given)
    # when it is defaulted
    spec = apply_defaults(given)["spec"]
    # then all defaults are there, and the given object is as it was
    assert given == before
    assert spec == {
        "selector": {},
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        "template": {
            "metadata": {},
            "spec": {
                **POD,
                "containers": [
                    {
                        **CONTAINER,
                        "name": "web",
                        "image": "web",
                        "imagePullPolicy": "Always",
                        "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    }
                ],
            },
        },
    }


def test_defaulting_twice_changes_nothing() -> None:
    # given a Deployment with probes, volumes and environment
    container = {
        "name": "web",
        "image": "reg/web:v1",
        "livenessProbe": {"httpGet": {"port": 80}},
        "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "resources": {"limits": {"cpu": "1"}},
    }
    spec = {"containers": [container], "volumes": [{"name": "v"}, {"name": "c", "configMap": {"name": "c"}}]}
    # when it is defaulted once and again
    once = apply_defaults(obj("Deployment", spec={"template": {"spec": spec}}))
    # then nothing moves
    assert apply_defaults(once) == once


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("web", "Always"),
        ("web:latest", "Always"),
        ("reg:5000/web", "Always"),
        ("reg:5000/web:v1", "IfNotPresent"),
        ("reg/web@sha256:" + "0" * 64, "IfNotPresent"),
    ],
)
def test_pull_policy_follows_the_tag(image: str, policy: str) -> None:
    pod = apply_defaults(obj("Pod", spec={"containers": [{"name": "c", "image": image}]}))
    assert pod["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_probe_defaults() -> None:
    # given probes with nothing but their handler
    container = {
        "name": "c",
        "readinessProbe": {"httpGet": {"port": "http"}},
        "livenessProbe": {"grpc": {"port": 1}},
    }
    # when the pod is defaulted
    new = apply_defaults(obj("Pod", spec={"containers": [container]}))["spec"]["containers"][0]
    # then they have Kubernetes' numbers
    numbers = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    assert new["readinessProbe"] == {"httpGet": {"port": "http", "path": "/", "scheme": "HTTP"}, **numbers}
    assert new["livenessProbe"] == {"grpc": {"port": 1, "service": ""}, **numbers}


def test_only_pods_take_limits_as_requests() -> None:
    container = {"name": "c", "image": "c:1", "resources": {"limits": {"cpu": "1"}}}
    spec = {"containers": [container]}
    pod = apply_defaults(obj("Pod", spec=copy.deepcopy(spec)))
    deployment = apply_defaults(obj("Deployment", spec={"template": {"spec": copy.deepcopy(spec)}}))
    assert pod["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    template = deployment["spec"]["template"]["spec"]
    assert template["containers"][0]["resources"] == {"limits": {"cpu": "1"}}
    assert pod["spec"]["enableServiceLinks"] is True
    assert "enableServiceLinks" not in template


def test_service_types_have_their_own_defaults() -> None:
    def spec(**given: Any) -> Any:
        return apply_defaults(obj("Service", spec=given))["spec"]

    families = {"internalTrafficPolicy": "Cluster", "ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]}
    plain = {"sessionAffinity": "None", **families}
    assert spec(ports=[{"port": 80}]) == {
        "type": "ClusterIP",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        **plain,
    }
    assert spec(type="NodePort") == {"type": "NodePort", "externalTrafficPolicy": "Cluster", **plain}
    assert spec(type="LoadBalancer") == {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Cluster",
        "allocateLoadBalancerNodePorts": True,
        **plain,
    }
    assert spec(type="ExternalName", externalName="a.example") == {
        "type": "ExternalName",
        "externalName": "a.example",
        "sessionAffinity": "None",
    }
    assert spec(sessionAffinity="ClientIP")["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}


def test_network_policy_ports_and_types() -> None:
    ingress = apply_defaults(obj("NetworkPolicy", spec={"ingress": [{"ports": [{"port": 80}]}]}))["spec"]
    assert ingress["policyTypes"] == ["Ingress"]
    assert ingress["ingress"] == [{"ports": [{"port": 80, "protocol": "TCP"}]}]
    both = apply_defaults(obj("NetworkPolicy", spec={"egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}]}))["spec"]
    assert both["policyTypes"] == ["Ingress", "Egress"]
    assert both["egress"] == [{"ports": [{"port": 53, "protocol": "UDP"}]}]


def test_secret_and_bindings_and_autoscaler() -> None:
    secret = apply_defaults(obj("Secret", stringData={"a": "b"}))
    assert (secret["type"], secret["data"], "stringData" in secret) == ("Opaque", {"a": "Yg=="}, False)
    binding = apply_defaults(
        obj("RoleBinding", roleRef={"kind": "Role", "name": "r"}, subjects=[{"kind": "Group", "name": "g"}])
    )
    assert binding["roleRef"]["apiGroup"] == binding["subjects"][0]["apiGroup"] == "rbac.authorization.k8s.io"
    autoscaler = apply_defaults(obj("HorizontalPodAutoscaler", spec={"maxReplicas": 3}))["spec"]
    target = {"type": "Utilization", "averageUtilization": 80}
    assert autoscaler == {
        "maxReplicas": 3,
        "minReplicas": 1,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    config_map = obj("ConfigMap", data={"a": "b"})
    assert apply_defaults(config_map) == config_map
