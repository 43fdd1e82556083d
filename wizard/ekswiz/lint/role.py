"""Rules about a whole role: what hangs on it besides its own documents. They speak of roles that GitHub's jobs assume.

Sources: EKS user guide, "Review access policy permissions"; AWS managed policy reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ekswiz.lint.clauses import clauses
from ekswiz.lint.finding import Role, Rule
from ekswiz.lint.trust import AUDIENCES

EVERYTHING = frozenset({"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"})
FOR_MACHINES = frozenset({
    "AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKS_CNI_Policy",
    "AmazonEKSServicePolicy", "AmazonEKSVPCResourceController", "AmazonEKSComputePolicy", "AmazonEKSNetworkingPolicy",
    "AmazonEKSLoadBalancingPolicy", "AmazonEKSBlockStoragePolicy", "AmazonEC2ContainerRegistryFullAccess",
    "AmazonEC2ContainerRegistryPowerUser", "AmazonEC2FullAccess", "AmazonVPCFullAccess",
})  # fmt: skip
ADMIN = frozenset({"AmazonEKSClusterAdminPolicy"})
HOUR = 3600

Said = Iterator[tuple[str, str]]


def for_ci(role: Role) -> bool:
    """Whether GitHub's jobs may become the role."""
    return any(clause.lets_github_in for clause in clauses(role.trust))


def _managed_everything(role: Role) -> Said:
    for name in sorted(_names(role.managed) & EVERYTHING):
        yield role.name, f"{name} is attached: whoever can push can do everything in the account."


def _managed_for_machines(role: Role) -> Said:
    for name in sorted(_names(role.managed) & FOR_MACHINES):
        yield role.name, f"{name} is attached; it is made for clusters, nodes or administrators, not for a pipeline."


def _cluster_admin(role: Role) -> Said:
    for way in role.ways:
        for policy, _ in way.policies:
            if policy.rpartition("/")[2] in ADMIN:
                yield f"{role.name} in {way.cluster}", "The pipeline is administrator of the whole cluster."


def _cluster_wide(role: Role) -> Said:
    for way in role.ways:
        for policy, namespaces in way.policies:
            name = policy.rpartition("/")[2]
            if not namespaces and name not in ADMIN:
                yield f"{role.name} in {way.cluster}", f"{name} holds in every namespace, kube-system included."


def _masters(role: Role) -> Said:
    for way in role.ways:
        if "system:masters" in way.groups:
            yield f"{role.name} in {way.cluster}", "The group system:masters is beyond every rule of Kubernetes."


def _one_role(role: Role) -> Said:
    documents = [*role.inline.values(), *role.managed.values()]
    allowed = [action for each in documents for clause in clauses(each) if clause.allow for action in clause.actions]
    pushes = any(action in {"ecr:putimage", "ecr:*", "*"} for action in allowed)
    if pushes and any(way.groups or way.policies for way in role.ways):
        yield role.name, "One role pushes images and deploys: code that runs in the build holds the cluster's keys."


def _long_session(role: Role) -> Said:
    if role.session_seconds > HOUR:
        yield role.name, f"Credentials may last {role.session_seconds // 60} minutes, long after the job has ended."


def _provider_audience(role: Role) -> Said:
    for provider, audiences in role.audiences.items():
        if not AUDIENCES & set(audiences):
            held = ", ".join(audiences) or "none"
            yield role.name, f"{provider} knows the audiences {held}, not sts.amazonaws.com: nobody gets in."


def _unread(role: Role) -> Said:
    for what in role.unread:
        yield role.name, f"Not judged, since it could not be read: {what}."


def _names(managed: Mapping[str, object]) -> set[str]:
    return {arn.rpartition("/")[2] for arn in managed}


OF_ROLES: tuple[tuple[Rule, Callable[[Role], Said]], ...] = (
    (
        Rule(
            "managed-everything", "error", "A stolen or careless job then owns the account.",
            "Detach it, and allow the few actions that the job needs (ekswiz plan shows them).",
        ), _managed_everything,
    ),
    (
        Rule(
            "managed-for-machines", "error", "Such policies hold dozens of EC2, network or registry actions on *.",
            "Detach it: to find a cluster needs eks:DescribeCluster on its ARN and nothing else.",
        ), _managed_for_machines,
    ),
    (
        Rule(
            "cluster-admin", "error", "Whoever gets a commit onto the branch can read every secret of the cluster.",
            "Give the entry a group of its own with a Role in one namespace, as ekswiz does.",
        ), _cluster_admin,
    ),
    (
        Rule(
            "cluster-wide-access", "warning", "A deployment needs one namespace; the others hold other teams' secrets.",
            "Associate the policy with accessScope type=namespace, or use a group with a Role.",
        ), _cluster_wide,
    ),
    (
        Rule(
            "system-masters", "error", "RBAC does not apply to it, and it cannot be limited by any policy.",
            "Take the group off the access entry and use one of your own.",
        ), _masters,
    ),
    (
        Rule(
            "one-role", "warning", "Building runs arbitrary code; whatever the job can assume, that code can.",
            "Two roles: one that pushes, one that deploys, each asking for a claim that the other job cannot have.",
        ), _one_role,
    ),
    (
        Rule(
            "long-session", "note", "A credential that leaks from a log is good until it expires.",
            "Set the role's maximum session duration to 3600 seconds.",
        ), _long_session,
    ),
    (
        Rule(
            "provider-audience", "error", "STS compares the token's audience with the provider's list first.",
            "Add the client id sts.amazonaws.com to the OIDC provider.",
        ), _provider_audience,
    ),
    (
        Rule(
            "not-read", "note", "What was not read was not judged, and may hold anything.",
            "Ask again with credentials that may read it.",
        ), _unread,
    ),
)  # fmt: skip
"""Rules about whole roles, with what checks them."""
