"""The switch of an existing cluster from the aws-auth map alone to access entries besides it. There is no way back.

It is planned only with consent (`migrate_access`). What the map says stays in force. Sources: EKS user guide, "Change
authentication mode to use access entries"; EKS API, UpdateClusterConfig.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import ask, tell
from ekswiz.errors import TargetError
from ekswiz.iam.documents import cluster_arn
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.eks_waiting import changing, finished, ready
from ekswiz.resources.shell import command
from ekswiz.target import Target

PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("eks:DescribeCluster",),
    "create": (),
    "update": ("eks:UpdateClusterConfig", "eks:DescribeUpdate"),
    "delete": (),
}
CONFIG_MAP = "CONFIG_MAP"
BOTH = "API_AND_CONFIG_MAP"


@dataclass(frozen=True, slots=True)
class AccessModeAttributes:
    """`mode` is EKS's authentication mode; API counts as both, since entries are all that matters here."""

    cluster: str
    mode: str = BOTH


@dataclass(slots=True)
class AccessMode:
    """See `ekswiz.resource.Resource`. `running` is the update that this run began."""

    address: str
    desired: AccessModeAttributes
    scopes: Mapping[str, str]
    running: str = ""
    needs: tuple[str, ...] = ("eks_cluster.main",)
    why: str = "The deploy role gets in through an access entry, which the cluster has to know."
    tenure: Tenure = "shared"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[AccessModeAttributes] | None:
        """The cluster's mode."""
        answer = ask(target, "eks", "describe_cluster", name=self.desired.cluster)
        if answer is None:
            return None
        found = answer["cluster"]
        mode = found.get("accessConfig", {}).get("authenticationMode", CONFIG_MAP)
        attributes = AccessModeAttributes(found["name"], CONFIG_MAP if mode == CONFIG_MAP else BOTH)
        return Live(attributes, {"mode": mode}, f"{found['arn']}@{found.get('createdAt')}", None)

    def create(
        self, target: Target, desired: AccessModeAttributes, token: str, tags: Mapping[str, str]
    ) -> Live[AccessModeAttributes]:
        """A mode comes with its cluster."""
        del target, token, tags
        raise TargetError(f"There is no cluster {desired.cluster}.", "Plan again.")

    def update(
        self, target: Target, live: Live[AccessModeAttributes], desired: AccessModeAttributes
    ) -> Live[AccessModeAttributes]:
        """One step forward, and wait until it is made."""
        del live  # it may be minutes old
        what = f"Cluster {desired.cluster}"
        if self.running:
            finished(target, self.running, what, desired.cluster)
            self.running = ""
        answer = ask(target, "eks", "describe_cluster", name=desired.cluster)
        now = self.read(target)
        if answer is None or now is None:
            raise TargetError(f"{what} is not there any more.", "Plan again.")
        ready(answer["cluster"], what)
        if now.attributes == desired:
            return now
        step = {"accessConfig": {"authenticationMode": desired.mode}}
        self.running = tell(target, "eks", "update_cluster_config", name=desired.cluster, **step)["update"]["id"]
        raise changing(what, "the authentication mode")

    def delete(self, target: Target, live: Live[AccessModeAttributes]) -> None:
        """There is no way back."""
        del target
        raise TargetError(f"The mode of cluster {live.attributes.cluster} cannot be taken back.", "It stays.")

    def cli(self, action: Action) -> str:
        """The AWS CLI's command."""
        name = ("--name", self.desired.cluster)
        if action is Action.UPDATE:
            mode = ("--access-config", f"authenticationMode={self.desired.mode}")
            return command("aws", "eks", "update-cluster-config", *name, *mode)
        return command("aws", "eks", "describe-cluster", *name, "--query", "cluster.accessConfig")

    def risks(self, live: Live[AccessModeAttributes] | None) -> tuple[Risk, ...]:
        """It cannot be taken back."""
        if live is None or live.attributes.mode != CONFIG_MAP:
            return ()
        sentence = f"Cluster {self.desired.cluster} uses access entries besides aws-auth from now on; no way back."
        return (Risk("access-mode", sentence),)

    def farewell(self, target: Target, live: Live[AccessModeAttributes]) -> Farewell:
        """It stays."""
        del target, live
        return Farewell(keep="Kept: there is no way back to the aws-auth map alone.")


def access_mode(answers: Answers) -> AccessMode:
    """The switch that `migrate_access` consents to."""
    actions = (action for verb in PERMISSIONS.values() for action in verb)
    return AccessMode(
        address="access_mode.main",
        desired=AccessModeAttributes(answers.cluster),
        scopes=dict.fromkeys(actions, cluster_arn(answers)),
    )
