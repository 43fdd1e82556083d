"""The service's way out of the cluster: a Service of type LoadBalancer, made before the first deployment.

Nothing of this exists unless the answers expose the service. The Service is made here and not by the workflow alone, so
that its cost and its class are in the plan, and so that destroy can wait until the balancer is gone: its controller
holds the Service by a finalizer until then. The workflow's deployments keep its type and scheme.
Sources: EKS User Guide, "Route TCP and UDP traffic with Network Load Balancers"; AWS Load Balancer Controller,
"Annotations"; Kubernetes documentation, "Garbage collecting load balancers".
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from ekswiz.answers import Answers
from ekswiz.clients.kube_api import Missing, at, get, send
from ekswiz.plan import Action, Json, Ref, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.load_balancing import AUTO_MODE, CLASSIC, classic_risk, load_balancing
from ekswiz.resources.namespace import NO_PERMISSIONS
from ekswiz.resources.shell import command
from ekswiz.resources.tags import STACK, STACK_LABEL, labels
from ekswiz.target import Target

Scheme = Literal["internal", "internet-facing"]
PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"
SCHEME = PREFIX + "scheme"
TARGETS = PREFIX + "nlb-target-type"
CLASSIC_INTERNAL = PREFIX + "internal"
BALANCER = "LoadBalancer"
PORT = 80
COST = "about 0.0225 USD an hour and 0.006 USD per capacity unit and hour in us-east-1 (AWS price list, November 2026)"


@dataclass(frozen=True, slots=True)
class BalancerAttributes:
    """`load_balancer_class` chooses who makes it; empty for Kubernetes' own AWS code."""

    namespace: str
    name: str
    scheme: str
    load_balancer_class: str | Ref


@dataclass(slots=True)
class LoadBalancer:
    """See `ekswiz.resource.Resource`. A Service that is not of type LoadBalancer is no balancer: it becomes one."""

    address: str
    desired: BalancerAttributes
    cluster: str
    stack: str
    why: str
    warnings: tuple[Risk, ...]
    needs: tuple[str, ...] = ("namespace.app",)
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"namespace", "name", "load_balancer_class"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: NO_PERMISSIONS)
    scopes: Mapping[str, str] = field(default_factory=dict)

    def read(self, target: Target) -> Live[BalancerAttributes] | None:
        """The Service, with the balancer's address once it has one."""
        found = get(target, self.cluster, self._path(self.desired.name))
        if found is None or found["spec"].get("type") != BALANCER:
            return None
        return self._live(found)

    def create(
        self,
        target: Target,
        desired: BalancerAttributes,
        token: str,  # noqa: ARG002 - Kubernetes has no idempotency tokens
        tags: Mapping[str, str],
    ) -> Live[BalancerAttributes]:
        """Make the Service; one that a deployment made for inside the cluster becomes a balancer's."""
        body = service(desired, labels(tags))
        if get(target, self.cluster, self._path(desired.name)) is None:
            return self._live(send(target, self.cluster, "POST", self._path(), body))
        metadata = {key: body["metadata"][key] for key in ("labels", "annotations")}
        spec = {key: body["spec"][key] for key in ("type", "loadBalancerClass") if key in body["spec"]}
        patch = {"metadata": metadata, "spec": spec}
        return self._live(send(target, self.cluster, "PATCH", self._path(desired.name), patch))

    def update(
        self, target: Target, live: Live[BalancerAttributes], desired: BalancerAttributes
    ) -> Live[BalancerAttributes]:
        """Bring its scheme to what is desired; its controller makes the balancer anew."""
        del live
        body = {"metadata": {"annotations": {CLASSIC_INTERNAL: None, **_annotations(desired)}}}
        return self._live(send(target, self.cluster, "PATCH", self._path(desired.name), body))

    def delete(self, target: Target, live: Live[BalancerAttributes]) -> None:
        """Delete this very Service; it is there until its balancer is gone. Gone already is fine."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": live.unique_id}}
        with suppress(Missing):
            send(target, self.cluster, "DELETE", self._path(self.desired.name), options)

    def cli(self, action: Action) -> str:
        """Kubectl's commands."""
        where = ("--namespace", self.desired.namespace)
        if action is Action.DELETE:
            return command("kubectl", "delete", "service", self.desired.name, *where)
        if action in (Action.KEEP, Action.UNKNOWN):
            return command("kubectl", "get", "service", self.desired.name, *where)
        return command("echo", service(self.desired, labels({STACK: self.stack}))) + " | kubectl apply -f -"

    def risks(self, live: Live[BalancerAttributes] | None) -> tuple[Risk, ...]:
        """Who can reach it, what it costs, and who makes it: while that is new."""
        if live is not None and live.attributes.scheme == self.desired.scheme:
            return ()
        return self.warnings

    def farewell(self, target: Target, live: Live[BalancerAttributes]) -> Farewell:
        """Its address goes for good."""
        del target
        sentence = f"{live.outputs['url'] or 'Its address'} stops answering, and a new balancer has another address."
        return Farewell(risks=(Risk("address-gone", sentence),))

    def _live(self, found: Mapping[str, Any]) -> Live[BalancerAttributes]:
        metadata, spec = found["metadata"], found["spec"]
        marks = metadata.get("annotations", {})
        inside = marks.get(SCHEME, "internal" if marks.get(CLASSIC_INTERNAL) == "true" else "internet-facing")
        kind = spec.get("loadBalancerClass", CLASSIC)
        attributes = BalancerAttributes(metadata["namespace"], metadata["name"], inside, kind)
        owner = metadata.get("labels", {}).get(STACK_LABEL)
        return Live(attributes, {"url": url(found)}, metadata["uid"], owner)

    def _path(self, *name: str) -> str:
        return at("api", "v1", "namespaces", self.desired.namespace, "services", *name)


def exposure(answers: Answers) -> list[LoadBalancer | Any]:
    """The load balancer and what makes it; nothing where the service is reached inside the cluster only."""
    if answers.expose == "inside":
        return []
    if answers.create_cluster:
        auto = answers.compute == "auto"
        warnings = () if auto else (classic_risk(answers.cluster),)
        return [_balancer(answers, AUTO_MODE if auto else CLASSIC, ("namespace.app",), warnings)]
    looked = load_balancing(answers)
    return [looked, _balancer(answers, Ref(looked.address, "class"), ("namespace.app", looked.address), ())]


def url(service: Mapping[str, Any]) -> str:
    """Where a Service of type LoadBalancer answers; empty until its balancer has an address."""
    ingress = (service.get("status") or {}).get("loadBalancer", {}).get("ingress") or [{}]
    host = ingress[0].get("hostname") or ingress[0].get("ip") or ""
    port = next((one["port"] for one in service["spec"].get("ports", ())), PORT)
    return f"http://{host}{'' if port == PORT else f':{port}'}/" if host else ""


def _balancer(answers: Answers, kind: str | Ref, needs: tuple[str, ...], warnings: tuple[Risk, ...]) -> LoadBalancer:
    public = answers.expose == "public"
    scheme: Scheme = "internet-facing" if public else "internal"
    who = "from the internet" if public else "from the cluster's network"
    seen = [Risk("balancer-cost", f"The load balancer of {answers.workload} costs {COST}.")]
    if public:
        sentence = f"Everybody on the internet can reach {answers.workload}, over plain HTTP."
        seen.insert(0, Risk("public-service", sentence))
    return LoadBalancer(
        address="load_balancer.app",
        desired=BalancerAttributes(answers.namespace, answers.workload, scheme, kind),
        cluster=answers.cluster,
        stack=answers.stack,
        why=f"Makes the service reachable {who}.",
        warnings=(*seen, *warnings),
        needs=needs,
    )


def _annotations(desired: BalancerAttributes) -> dict[str, str]:
    if desired.load_balancer_class == CLASSIC:
        internal = {CLASSIC_INTERNAL: "true"} if desired.scheme == "internal" else {}
        return {SCHEME: desired.scheme, **internal}
    return {SCHEME: desired.scheme, TARGETS: "ip"}


def service(desired: BalancerAttributes, marks: Mapping[str, str]) -> dict[str, Any]:
    """The Service that asks for the balancer, with these labels."""
    name = {"app.kubernetes.io/name": desired.name}
    kind: Json = {"loadBalancerClass": desired.load_balancer_class} if desired.load_balancer_class else {}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": desired.name,
            "namespace": desired.namespace,
            "labels": {**name, **marks},
            "annotations": _annotations(desired),
        },
        "spec": {
            "type": BALANCER,
            **kind,
            "selector": name,
            "ports": [{"name": "http", "port": PORT, "targetPort": "http"}],
        },
    }
