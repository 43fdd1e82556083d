"""Every risk that a plan can name: what it means, who may feel it, and whether it needs a consent of its own.

A risk's id is an interface: people write it behind `--allow-risk` and into their pipelines. It is never renamed.
`docs/reference/risks.md` is printed from this table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ekswiz.errors import Consentless
from ekswiz.plan import Action, Plan, Risk


@dataclass(frozen=True, slots=True)
class Kind:
    """One id.

    `consent` says that `apply` refuses the change until the id was allowed: somebody who can do something today cannot
    do it afterwards. The others inform; what they speak of is either asked for in the answers, or has a consent of its
    own (`--adopt`, `--delete-images`).
    """

    id: str
    where: str
    means: str
    consent: bool = False
    back: str = ""
    """How to get what was there before."""


KINDS: tuple[Kind, ...] = (
    # ---- whose it is
    Kind("foreign-object", "anything", "An object of our name is not ours. Nothing is changed without `--adopt`."),
    Kind("adopts-object", "anything", "With `--adopt`: the object is changed in place, and destroy leaves it."),
    Kind("tag-only", "destroy", "No journal says that ekswiz made it; its tag alone does."),
    Kind(
        "not-our-file", "repository_file, github_pull_request",
        "A file of yours stands where the workflow goes; it is never overwritten.",
    ),
    Kind(
        "file-edited", "repository_file, github_pull_request",
        "Edits in a workflow file that ekswiz keeps are undone.", back="git",
    ),
    # ---- roles
    Kind("branch-publishes", "iam_role.push", "Whoever can push to the branch can publish images."),
    Kind("branch-deploys", "iam_role.deploy", "Whoever can push to the branch can deploy."),
    Kind(
        "narrows-trust", "iam_role", "Whoever only the present trust policy lets in cannot become the role any more.",
        consent=True, back="iam:UpdateAssumeRolePolicy with the document that the plan shows as before",
    ),
    Kind(
        "drops-managed-policies", "iam_role, legacy_access", "Managed policies go; what only they allowed stops.",
        consent=True, back="iam:AttachRolePolicy",
    ),
    Kind(
        "removes-inline-policy", "iam_role", "Inline policies that ekswiz did not write are deleted.",
        consent=True, back="iam:PutRolePolicy with the document that the plan shows as before",
    ),
    Kind(
        "rewrites-inline-policy", "iam_role", "Our inline policy was edited; what was added to it stops.",
        consent=True, back="iam:PutRolePolicy with the document that the plan shows as before",
    ),
    Kind(
        "sets-boundary", "iam_role", "A permissions boundary now limits a role that is in use.",
        consent=True, back="iam:DeleteRolePermissionsBoundary",
    ),
    Kind(
        "removes-boundary", "iam_role", "A permissions boundary goes: what it held back is allowed.",
        consent=True, back="iam:PutRolePermissionsBoundary",
    ),
    Kind(
        "shortens-session", "iam_role", "Jobs that ask for longer credentials are refused.",
        consent=True, back="iam:UpdateRole",
    ),
    Kind("lint-findings", "iam_role", "The role as it is now is wider than it looks; the change repairs it."),
    Kind("other-path", "iam_role", "A role of our name has a path, so its ARN is another one; it cannot be used."),
    Kind("workflow-stops", "destroy", "Workflow runs that assume the role fail from then on."),
    # ---- OIDC provider
    Kind("provider-full", "oidc_provider", "The provider has 100 audiences, IAM's limit: ours cannot be added."),
    # ---- registry
    Kind(
        "immutable-tags", "ecr_repository", "Pushes that overwrite a tag are refused.",
        consent=True, back="ecr:PutImageTagMutability",
    ),
    Kind(
        "replaces-lifecycle", "ecr_repository", "Another lifecycle policy takes the place of the present one.",
        consent=True, back="ecr:PutLifecyclePolicy with the policy that the plan shows as before",
    ),
    Kind(
        "enhanced-scan", "ecr_repository", "The account's shared scanning rules get one filter more; scans are billed.",
        consent=True, back="ecr:PutRegistryScanningConfiguration without that filter",
    ),
    Kind("other-encryption", "ecr_repository", "It is encrypted in another way; only a new repository would differ."),
    Kind("images-lost", "destroy", "Images are deleted for good (`--delete-images`)."),
    # ---- cluster
    Kind("no-cluster", "eks_cluster", "There is no such cluster."),
    Kind("cluster-not-active", "eks_cluster", "The cluster is not ACTIVE."),
    Kind("config-map", "eks_cluster", "The cluster does not use access entries: the deploy role cannot get in."),
    Kind("private-endpoint", "eks_cluster", "Only runners inside the cluster's network reach it."),
    # ---- a cluster of the stack's own
    Kind("open-endpoint", "eks_cluster", "The API endpoint answers to every address (`endpoint_cidrs`)."),
    Kind(
        "version-upgrade", "eks_cluster", "The control plane goes up one minor version of Kubernetes, and never back.",
        consent=True,
    ),
    Kind("access-mode", "access_mode, eks_cluster", "The cluster uses access entries from now on (`migrate_access`)."),
    Kind(
        "cluster-replaced", "eks_cluster", "The cluster leads nowhere as it is: it is deleted and made anew.",
        consent=True,
    ),
    Kind("nodes-replaced", "nodegroup", "Nodes are deleted and made anew; their Pods stop in between.", consent=True),
    Kind("edit-policy", "access_policy", "Deployments can read Secrets and open shells in the namespace (`rights`)."),
    Kind("operator-admin", "operator_access", "Whoever applies is cluster admin for a while (`operator_access`)."),
    Kind("cluster-contents", "destroy", "Everything that runs in the cluster goes with it, whoever made it."),
    Kind("nodes-gone", "destroy", "Everything that runs on the nodes stops."),
    Kind("deletion-protection", "destroy", "Deletion protection is switched off (`--delete-protected`)."),
    # ---- network
    Kind("nat-costs", "nat_gateway", "A NAT gateway costs money by the hour and by the gigabyte, used or not."),
    Kind("single-nat", "nat_gateway", "One NAT gateway serves all zones: if its zone fails, so does their way out."),
    Kind("nat-failed", "nat_gateway", "The NAT gateway has failed and is made anew."),
    Kind("address-costs", "elastic_ip", "A public IPv4 address costs money by the hour."),
    Kind("address-lost", "destroy", "The NAT gateway's address goes back to AWS; allow-lists of others may name it."),
    Kind("too-few-zones", "availability_zones", "The region has too few zones for EKS and the nodes' instance type."),
    Kind(
        "network-replaced", "vpc", "The network and all that lives in it are made anew.",
        consent=True, back="none: what was in it is gone",
    ),
    Kind(
        "subnet-replaced", "subnet", "The subnet is made anew; what has an address in it must go first.",
        consent=True, back="none: what was in it is gone",
    ),
    Kind("route-moves", "route_table", "Traffic of running nodes takes another way out."),
    Kind("network-in-use", "destroy", "Load balancers or security groups of others live in the network."),
    # ---- access entries
    Kind(
        "drops-cluster-admin", "access_entry, legacy_access", "Rights over the whole cluster are taken away.",
        consent=True, back="eks:AssociateAccessPolicy",
    ),
    Kind(
        "drops-access-policies", "access_entry", "Access policies that ekswiz did not ask for are taken off.",
        consent=True, back="eks:AssociateAccessPolicy",
    ),
    Kind(
        "drops-groups", "access_entry", "Kubernetes groups are taken off; what was bound to them stops.",
        consent=True, back="eks:UpdateAccessEntry",
    ),
    Kind(
        "renames-user", "access_entry", "The Kubernetes user name changes; what was bound to it stops.",
        consent=True, back="eks:UpdateAccessEntry",
    ),
    Kind("replaces-entry", "access_entry", "The entry is deleted and made anew: it belongs to a role that is gone."),
    Kind(
        "legacy-access", "legacy_access", "An older role lets this repository in with more rights than it needs.",
    ),
    Kind("legacy-role", "legacy_access", "An older role still lets this repository in; delete it when unused."),
    Kind("shared-role", "legacy_access", "A role lets other repositories in as well as this one. It is never touched."),
    # ---- Kubernetes
    Kind(
        "pod-security", "namespace", "Pods that are not `restricted` do not start again.",
        consent=True, back="kubectl label namespace",
    ),
    Kind(
        "drops-rules", "deployer_rbac", "Rules that somebody added to the deployer's Role go.",
        consent=True, back="kubectl edit role",
    ),
    Kind(
        "drops-subjects", "deployer_rbac", "Others who were bound to the deployer's Role lose it.",
        consent=True, back="kubectl edit rolebinding",
    ),
    Kind(
        "rebinds-role", "deployer_rbac", "The binding named another Role; it is made anew.",
        consent=True, back="kubectl create rolebinding",
    ),
    Kind("namespace-contents", "destroy", "Everything in the namespace goes with it: the service stops."),
    # ---- GitHub
    Kind("archived-repository", "github_repository", "The repository is archived: no workflow runs."),
    Kind("no-branch", "github_branch", "The branch that may deploy is not at GitHub yet."),
    Kind("branch-open", "github_branch", "The branch is not protected: whoever can write to it can deploy."),
    Kind(
        "subject-changes", "github_subject",
        "`sub` changes in the tokens of all workflows of the repository; roles elsewhere may trust its present form.",
        consent=True, back="gh api --method PUT repos/OWNER/REPO/actions/oidc/customization/sub with those of before",
    ),
    Kind(
        "drops-branches", "github_environment", "Branches that were added to the stack's environment are shut out.",
        consent=True, back="gh api repos/OWNER/REPO/environments/NAME/deployment-branch-policies",
    ),
    Kind("environment-open", "github_environment", "Other branches may use an environment that others made."),
    Kind("environment-shut", "github_environment", "An environment that others made lets in protected branches only."),
    Kind("environment-contents", "destroy", "The environment's secrets, variables and history go with it."),
    Kind("variables-edited", "github_variables", "What somebody changed in the stack's variables is undone."),
    # ---- how the service is reached
    Kind("public-service", "load_balancer", "Everybody on the internet can reach the service."),
    Kind("balancer-cost", "load_balancer", "A load balancer costs money while it exists, also when nobody calls."),
    Kind(
        "classic-balancer", "load_balancing", "No controller makes network load balancers: AWS makes a Classic one.",
        consent=True,
    ),
    Kind("address-gone", "destroy", "The load balancer goes, and its address with it."),
)  # fmt: skip
"""Every id, by what it is about."""

CATALOGUE = {kind.id: kind for kind in KINDS}
EVERY = frozenset(CATALOGUE)
"""All ids: what a rehearsal allows, since it happens in a world of its own."""


def unagreed(plan: Plan, allowed: frozenset[str]) -> Iterator[tuple[str, Risk]]:
    """Address and risk of every pending change that needs a consent and has none; an unknown id needs one."""
    for change in plan.pending:
        if change.action is Action.DELETE or _blocked(change.risks):
            continue
        for risk in change.risks:
            kind = CATALOGUE.get(risk.id)
            if (kind is None or kind.consent) and risk.id not in allowed:
                yield change.address, risk


def require(plan: Plan, allowed: frozenset[str]) -> None:
    """Refuse a plan whose risks were not all agreed to.

    Raises:
        Consentless: It names every id that is missing.
    """
    missing = list(unagreed(plan, allowed))
    if not missing:
        return
    ids = sorted({risk.id for _, risk in missing})
    said = "; ".join(f"{address}: {risk.id}: {risk.sentence}" for address, risk in missing)
    flags = " ".join(f"--allow-risk {name}" for name in ids)
    raise Consentless(f"these changes may break somebody. {said}", f"If that is all right: {flags}")


def table() -> str:
    """The reference page's table."""
    lines = ["| id | where | what it means | consent | the way back |", "| --- | --- | --- | --- | --- |"]
    for kind in sorted(KINDS, key=lambda one: one.id):
        consent = f"`--allow-risk {kind.id}`" if kind.consent else ""
        lines.append(f"| `{kind.id}` | {kind.where} | {kind.means} | {consent} | {kind.back} |")
    return "\n".join(lines) + "\n"


def _blocked(risks: tuple[Risk, ...]) -> bool:
    """A foreign object is not changed at all: what the change would break is not at stake."""
    return any(risk.id == "foreign-object" for risk in risks)
