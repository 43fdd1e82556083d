"""What users call the objects of a plan, and under which heading they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ekswiz.plan import Action, Change, Plan

KINDS: Mapping[str, tuple[str, str]] = {
    "oidc_provider": ("IAM", "OIDC provider"),
    "iam_role": ("IAM", "Role"),
    "service_role": ("IAM", "Service role"),
    "legacy_access": ("IAM", "Older roles"),
    "ecr_repository": ("ECR", "Repository"),
    "availability_zones": ("Network", "Zones"),
    "vpc": ("Network", "VPC"),
    "internet_gateway": ("Network", "Internet gateway"),
    "subnet": ("Network", "Subnet"),
    "elastic_ip": ("Network", "Address"),
    "nat_gateway": ("Network", "NAT gateway"),
    "route_table": ("Network", "Route table"),
    "eks_cluster": ("EKS", "Cluster"),
    "nodegroup": ("EKS", "Nodes"),
    "addon": ("EKS", "Add-on"),
    "access_mode": ("EKS", "Access mode"),
    "operator_access": ("EKS", "Your access"),
    "access_entry": ("EKS", "Access entry"),
    "access_policy": ("EKS", "Access policy"),
    "namespace": ("Kubernetes", "Namespace"),
    "deployer_rbac": ("Kubernetes", "Rights"),
    "load_balancing": ("Kubernetes", "Load balancing"),
    "load_balancer": ("Kubernetes", "Load balancer"),
    "repository_file": ("GitHub", "File"),
    "github_repository": ("GitHub", "Repository"),
    "github_branch": ("GitHub", "Branch"),
    "github_subject": ("GitHub", "Form of sub"),
    "github_environment": ("GitHub", "Environment"),
    "github_variables": ("GitHub", "Variables"),
    "github_pull_request": ("GitHub", "Pull request"),
}
"""Heading and noun of each type of resource."""
HEADINGS = ("IAM", "ECR", "Network", "EKS", "Kubernetes", "GitHub")
OTHER = "Other"
REVIEW = "Review first"
_NAMED_BY: Mapping[str, str] = {
    "repository_file": "path", "access_policy": "policy", "vpc": "cidr", "subnet": "cidr",
    "github_pull_request": "head",
}  # fmt: skip
"""Attributes that name an object, where `name` does not."""


def kind_of(address: str) -> str:
    """The type in an address."""
    return address.partition(".")[0]


def heading(address: str) -> str:
    """The heading under which a change stands."""
    return KINDS.get(kind_of(address), (OTHER, ""))[0]


def label(change: Change) -> str:
    """What the object is and how it is called: `Role ekswiz-hello-push`, `File .github/workflows/deploy.yml`."""
    kind = kind_of(change.address)
    noun = KINDS.get(kind, ("", kind))[1]
    named = (change.after or change.before or {}).get(_NAMED_BY.get(kind, "name"))
    return f"{noun} {named if named and isinstance(named, str) else change.address.partition('.')[2]}"


def described(change: Change) -> str:
    """Sign and label, with the mark of a risk."""
    return f"{change.action.value} {label(change)}{' !' if change.risks else ''}"


def sections(plan: Plan, wanted: str = "") -> Iterator[tuple[str, tuple[Change, ...]]]:
    """The headings with their changes; those to review stand first, once more under a heading of their own.

    `wanted` keeps what has it in its sign, label or address.
    """
    shown = [change for change in plan.changes if matches(change, wanted)]
    removing = all(change.action is Action.DELETE for change in plan.pending)
    risky = tuple(change for change in shown if to_review(change, removing=removing))
    if risky:
        yield REVIEW, risky
    for name in (*HEADINGS, OTHER):
        under = tuple(change for change in shown if heading(change.address) == name)
        if under:
            yield name, under


def to_review(change: Change, *, removing: bool = False) -> bool:
    """Whether a person should look at it before all others. Where all is removed, a deletion is nothing special."""
    special = {Action.REPLACE, Action.UNKNOWN} | (set() if removing else {Action.DELETE})
    return bool(change.risks) or change.action in special


def matches(change: Change, wanted: str) -> bool:
    """Whether a change is what the filter looks for; every word must be found."""
    text = f"{described(change)} {change.action.word} {change.address}".casefold()
    return all(word in text for word in wanted.casefold().split())
