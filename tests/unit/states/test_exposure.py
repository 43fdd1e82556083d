"""How the service is reached: the load balancer's Service, who makes it, its risks, and its end."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.plan import Plan
from ekswiz.resources.load_balancer import url
from ekswiz.risks import EVERY
from ekswiz.session import Session
from unit.engine.fakes import ANSWERS, World, world

SERVICE = "/api/v1/namespaces/payments/services/payments-api"
CONTROLLER = "/apis/apps/v1/namespaces/kube-system/deployments/aws-load-balancer-controller"
CLASSES = "/apis/networking.k8s.io/v1/ingressclasses"
SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "checkout").mkdir()
    with world(tmp_path / "checkout") as made:
        yield made


@pytest.fixture
def session(tmp_path: Path) -> Session:
    public = dataclasses.replace(ANSWERS, expose="public")
    return Session(public, state_dir=tmp_path / "state", allow_risks=EVERY)


def apply(session: Session, here: World) -> Plan:
    plan = session.plan(here.target())
    events = list(session.apply(plan, here.target(), threading.Event()))
    assert [e for e in events if e.type not in ("started", "applied", "progress")] == []
    assert session.plan(here.target()).pending == ()
    return plan


def ids(plan: Plan) -> set[str]:
    return {risk.id for change in plan.changes if change.address.startswith("load_balanc") for risk in change.risks}


def auto_mode(here: World) -> None:
    describe = here.eks.describe_cluster

    def with_auto_mode(name: str) -> dict[str, Any]:
        answer = describe(name)
        answer["cluster"]["kubernetesNetworkConfig"] = {"elasticLoadBalancing": {"enabled": True}}
        return answer

    here.eks.describe_cluster = with_auto_mode  # type: ignore[method-assign]  # a cluster of another kind


def controller(here: World) -> None:
    here.kubernetes.objects[CONTROLLER] = {"metadata": {"name": "aws-load-balancer-controller"}}


def ingress_class(here: World) -> None:
    here.kubernetes.objects[CLASSES] = {"items": [{"spec": {"controller": "ingress.k8s.aws/alb"}}]}


@pytest.mark.parametrize(
    ("make", "kind", "risks"),
    [
        (auto_mode, "eks.amazonaws.com/nlb", {"public-service", "balancer-cost"}),
        (controller, "service.k8s.aws/nlb", {"public-service", "balancer-cost"}),
        (ingress_class, "service.k8s.aws/nlb", {"public-service", "balancer-cost"}),
        (lambda _: None, None, {"public-service", "balancer-cost", "classic-balancer"}),
    ],
)
def test_who_makes_it_is_looked_at_and_chosen(
    session: Session, here: World, make: Any, kind: str | None, risks: set[str]
) -> None:
    make(here)
    assert ids(apply(session, here)) == risks
    made = here.kubernetes.objects[SERVICE]
    assert made["spec"]["type"] == "LoadBalancer"
    assert made["spec"].get("loadBalancerClass") == kind
    assert made["metadata"]["annotations"][SCHEME] == "internet-facing"
    assert made["metadata"]["labels"]["ekswiz/stack"] == "payments"


def test_inside_there_is_none_of_it(session: Session, here: World) -> None:
    plan = apply(dataclasses.replace(session, answers=ANSWERS), here)
    assert not [change for change in plan.changes if change.address.startswith("load_balanc")]
    assert SERVICE not in here.kubernetes.objects


def test_a_service_that_a_deployment_made_becomes_the_balancers(session: Session, here: World) -> None:
    inside = dataclasses.replace(session, answers=ANSWERS)
    apply(inside, here)
    spec = {"type": "ClusterIP", "selector": {"app": "mine"}, "ports": [{"port": 8080}]}
    here.kubernetes.objects[SERVICE] = {
        "metadata": {"name": "payments-api", "namespace": "payments", "uid": "u"}, "spec": spec,
    }  # fmt: skip
    apply(session, here)
    made = here.kubernetes.objects[SERVICE]
    assert (made["spec"]["type"], made["spec"]["ports"]) == ("LoadBalancer", [{"port": 8080}])


def test_internal_and_public_are_told_apart_and_changed(session: Session, here: World) -> None:
    apply(session, here)
    internal = dataclasses.replace(session, answers=dataclasses.replace(ANSWERS, expose="internal"))
    plan = apply(internal, here)
    assert "public-service" not in ids(plan)
    marks = here.kubernetes.objects[SERVICE]["metadata"]["annotations"]
    assert marks[SCHEME] == "internal"
    assert marks["service.beta.kubernetes.io/aws-load-balancer-internal"] == "true"


def test_destroy_waits_until_the_balancer_is_gone_before_the_namespace(session: Session, here: World) -> None:
    apply(session, here)
    order: list[str] = []
    left = {"looks": 2}
    kubernetes, request = here.kubernetes, here.kubernetes.request

    def slow(method: str, address: str, **more: Any) -> Any:
        path = address.removeprefix(kubernetes.host)
        if method == "DELETE":
            order.append(path)
            if path == SERVICE:  # its controller's finalizer holds it
                kubernetes.objects[SERVICE]["metadata"]["deletionTimestamp"] = "now"
                return request("GET", address, **more)
        if method == "GET" and path == SERVICE and SERVICE in order:
            left["looks"] -= 1
            if left["looks"] < 0:
                kubernetes.objects.pop(SERVICE, None)
                order.append("balancer gone")
        return request(method, address, **more)

    kubernetes.request = slow  # type: ignore[method-assign]  # the API server with a load balancer controller
    plan = session.destroy_plan(here.target())
    assert "address-gone" in ids(plan)
    list(session.apply(plan, here.target(), threading.Event()))
    namespace = order.index("/api/v1/namespaces/payments")
    assert order.index(SERVICE) < order.index("balancer gone") < namespace


@pytest.mark.parametrize(
    ("ingress", "port", "expected"),
    [
        ([{"hostname": "a.elb.amazonaws.com"}], 80, "http://a.elb.amazonaws.com/"),
        ([{"ip": "127.20.128.1"}], 8080, "http://127.20.128.1:8080/"),
        ([], 80, ""),
        (None, 80, ""),
    ],
)
def test_where_it_answers(ingress: Any, port: int, expected: str) -> None:
    service = {"spec": {"ports": [{"port": port}]}, "status": {"loadBalancer": {"ingress": ingress}}}
    assert url(service) == expected
