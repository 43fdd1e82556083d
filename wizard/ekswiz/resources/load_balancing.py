"""What makes load balancers in a cluster that exists: Auto Mode, the AWS Load Balancer Controller, or neither.

Without either Kubernetes' own AWS code still answers a Service of type LoadBalancer, with a Classic Load Balancer: that
works, is no longer developed, and is said. Looked at only when the answers expose the service. Sources: EKS User Guide,
"Route TCP and UDP traffic with Network Load Balancers"; Kubernetes documentation, "Load balancer class".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import ask
from ekswiz.clients.kube_api import at, get
from ekswiz.errors import TargetError
from ekswiz.iam.documents import cluster_arn
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.shell import command
from ekswiz.target import Target

AUTO_MODE = "eks.amazonaws.com/nlb"
CONTROLLER = "service.k8s.aws/nlb"
CLASSIC = ""
"""Load balancer classes of Auto Mode, of the controller, and of Kubernetes' own AWS code."""
CONTROLLER_CLASS = "ingress.k8s.aws/alb"
DEPLOYMENT = at("apis", "apps", "v1", "namespaces", "kube-system", "deployments", "aws-load-balancer-controller")
INGRESS_CLASSES = at("apis", "networking.k8s.io", "v1", "ingressclasses")
PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeCluster",),
    "create": (),
    "update": (),
    "delete": (),
}


@dataclass(frozen=True, slots=True)
class BalancingAttributes:
    """`mechanism` is "auto-mode", "controller" or "classic"; empty where it is not known yet."""

    cluster: str
    mechanism: str = ""


@dataclass(slots=True)
class LoadBalancing:
    """See `ekswiz.resource.Resource`. Only looked at."""

    address: str
    desired: BalancingAttributes
    scopes: Mapping[str, str]
    needs: tuple[str, ...] = ("eks_cluster.main",)
    why: str = "Says what makes load balancers in this cluster."
    tenure: Tenure = "external"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[BalancingAttributes] | None:
        """What the cluster has; None where there is no cluster."""
        answer = ask(target, "eks", "describe_cluster", name=self.desired.cluster)
        if answer is None:
            return None
        mechanism, kind = self._mechanism(target, answer["cluster"])
        attributes = BalancingAttributes(self.desired.cluster, mechanism)
        return Live(attributes, {"class": kind}, answer["cluster"]["arn"], None)

    def create(
        self, target: Target, desired: BalancingAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[BalancingAttributes]:
        """Not ours to make."""
        del target, desired, token, tags
        self._refuse()

    def update(
        self, target: Target, live: Live[BalancingAttributes], desired: BalancingAttributes
    ) -> Live[BalancingAttributes]:
        """Not ours to change."""
        del target, live, desired
        self._refuse()

    def delete(self, target: Target, live: Live[BalancingAttributes]) -> None:
        """Not ours to delete."""
        del target, live
        self._refuse()

    def cli(self, action: Action) -> str:
        """Kubectl's command to look at it."""
        del action
        return command("kubectl", "get", "deployment", "aws-load-balancer-controller", "--namespace", "kube-system")

    def risks(self, live: Live[BalancingAttributes] | None) -> tuple[Risk, ...]:
        """Neither of the two that make network load balancers."""
        if live is None or live.attributes.mechanism != "classic":
            return ()
        return (classic_risk(self.desired.cluster),)

    def farewell(self, target: Target, live: Live[BalancingAttributes]) -> Farewell:
        """It stays."""
        del target, live
        return Farewell(keep="Kept: it existed before ekswiz.")

    def _mechanism(self, target: Target, cluster: Mapping[str, Any]) -> tuple[str, str]:
        network = cluster.get("kubernetesNetworkConfig", {})
        if network.get("elasticLoadBalancing", {}).get("enabled"):
            return "auto-mode", AUTO_MODE
        if get(target, self.desired.cluster, DEPLOYMENT) is not None:
            return "controller", CONTROLLER
        classes = get(target, self.desired.cluster, INGRESS_CLASSES) or {}
        found = {item.get("spec", {}).get("controller") for item in classes.get("items", ())}
        return ("controller", CONTROLLER) if CONTROLLER_CLASS in found else ("classic", CLASSIC)

    def _refuse(self) -> NoReturn:
        raise TargetError("ekswiz does not install load balancer controllers.", "Install one, or use Auto Mode.")


def load_balancing(answers: Answers) -> LoadBalancing:
    """What makes load balancers in the answers' cluster, which exists."""
    return LoadBalancing(
        address="load_balancing.cluster",
        desired=BalancingAttributes(answers.cluster),
        scopes={"eks:DescribeCluster": cluster_arn(answers)},
    )


def classic_risk(cluster: str) -> Risk:
    """Nothing in the cluster makes network load balancers."""
    return Risk(
        "classic-balancer",
        f"Cluster {cluster} has neither Auto Mode nor the AWS Load Balancer Controller: Kubernetes' own AWS code makes "
        "a Classic Load Balancer, which AWS keeps for old set-ups only.",
    )
