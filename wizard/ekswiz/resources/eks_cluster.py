"""An EKS cluster that exists: read, never created, changed or deleted. Source: EKS API, DescribeCluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import ask
from ekswiz.errors import TargetError
from ekswiz.iam.documents import cluster_arn
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.shell import command
from ekswiz.target import Target

PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeCluster",),
    "create": (),
    "update": (),
    "delete": (),
}
CONFIG_MAP = "CONFIG_MAP"


@dataclass(frozen=True, slots=True)
class ClusterAttributes:
    """What of a cluster matters to a deployment."""

    name: str
    status: str = "ACTIVE"
    authentication_mode: str = "API"
    public_endpoint: bool = True


@dataclass(slots=True)
class EksCluster:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: ClusterAttributes
    scopes: Mapping[str, str]
    place: str
    needs: tuple[str, ...] = ()
    why: str = "Runs the service. ekswiz uses the cluster as it is."
    tenure: Tenure = "external"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[ClusterAttributes] | None:
        """The cluster as EKS describes it."""
        answer = ask(target, "eks", "describe_cluster", name=self.desired.name)
        if answer is None:
            return None
        found = answer["cluster"]
        attributes = ClusterAttributes(
            name=found["name"],
            status=found.get("status", "UNKNOWN"),
            # Clusters from before access entries have no accessConfig; their mode is CONFIG_MAP.
            authentication_mode=found.get("accessConfig", {}).get("authenticationMode", CONFIG_MAP),
            public_endpoint=bool(found.get("resourcesVpcConfig", {}).get("endpointPublicAccess", True)),
        )
        outputs = {"arn": found["arn"], "name": found["name"], "endpoint": found.get("endpoint", "")}
        return Live(attributes, outputs, f"{found['arn']}@{found.get('createdAt')}", None)

    def create(
        self, target: Target, desired: ClusterAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[ClusterAttributes]:
        """Not ours to make."""
        del target, desired, token, tags
        self._refuse("create")

    def update(
        self, target: Target, live: Live[ClusterAttributes], desired: ClusterAttributes
    ) -> Live[ClusterAttributes]:
        """Not ours to change."""
        del target, live, desired
        self._refuse("change")

    def delete(self, target: Target, live: Live[ClusterAttributes]) -> None:
        """Not ours to delete."""
        del target, live
        self._refuse("delete")

    def cli(self, action: Action) -> str:
        """The AWS CLI's command to look at it."""
        del action
        return command("aws", "eks", "describe-cluster", "--name", self.desired.name)

    def risks(self, live: Live[ClusterAttributes] | None) -> tuple[Risk, ...]:
        """What about the cluster stands in the way."""
        name = self.desired.name
        if live is None:
            sentence = f"There is no EKS cluster {name!r} in {self.place}. Name an existing one with --cluster."
            return (Risk("no-cluster", sentence),)
        found = []
        if live.attributes.status not in ("ACTIVE", "UPDATING"):
            found.append(Risk("cluster-not-active", f"Cluster {name} is {live.attributes.status}, not ACTIVE."))
        if live.attributes.authentication_mode == CONFIG_MAP:
            found.append(Risk("config-map", _config_map(name)))
        if not live.attributes.public_endpoint:
            sentence = f"Cluster {name} has no public endpoint: only self-hosted runners inside its network reach it."
            found.append(Risk("private-endpoint", sentence))
        return tuple(found)

    def farewell(self, target: Target, live: Live[ClusterAttributes]) -> Farewell:
        """It stays."""
        del target, live
        return Farewell(keep="Kept: it existed before ekswiz.")

    def _refuse(self, verb: str) -> NoReturn:
        raise TargetError(f"ekswiz does not {verb} cluster {self.desired.name}.", "Name an existing cluster.")


def eks_cluster(answers: Answers) -> EksCluster:
    """The cluster that the service is deployed to."""
    return EksCluster(
        address="eks_cluster.main",
        desired=ClusterAttributes(answers.cluster),
        scopes={"eks:DescribeCluster": cluster_arn(answers)},
        place=f"{answers.region} of account {answers.account}",
    )


def _config_map(name: str) -> str:
    change = command(
        "aws", "eks", "update-cluster-config", "--name", name,
        "--access-config", "authenticationMode=API_AND_CONFIG_MAP",
    )  # fmt: skip
    return (
        f"Cluster {name} does not use access entries (authentication mode CONFIG_MAP): the deploy role cannot get in. "
        "There is no way back from the switch, so ekswiz makes it only with your consent (migrate_access = true). "
        f"By hand: {change}"
    )
