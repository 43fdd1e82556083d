"""The nodes: whether there are any, whether they are well, and whether they may pull the image."""

from __future__ import annotations

from ekswiz.caller import Caller, Held, policies
from ekswiz.doctor.checks.stack import named
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, fail, ok, skip, warn
from ekswiz.iam.documents import repository_arn
from ekswiz.iam.evaluate import evaluate

PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
LOG_IN = "ecr:GetAuthorizationToken"
PULL_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
WELL = ("ACTIVE", "UPDATING")


def groups(facts: Facts) -> Finding:
    """Node groups are ACTIVE and without issues."""
    if facts.cluster().get("computeConfig", {}).get("enabled"):
        return ok("EKS Auto Mode makes them as they are needed")
    found = facts.nodegroups()
    if not found:
        return skip("no managed node groups; nodes of another kind are not looked at", "See: kubectl get nodes")
    ill = [f"{group['nodegroupName']} is {group['status']}" for group in found if group["status"] not in WELL]
    ill += [
        f"{group['nodegroupName']}: {issue.get('code')}: {issue.get('message')}"
        for group in found
        for issue in group.get("health", {}).get("issues", [])
    ]
    if ill:
        return fail(named(ill), "https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html")
    wanted = sum(group.get("scalingConfig", {}).get("desiredSize", 0) for group in found)
    if wanted == 0:
        return fail("every node group is scaled to nothing", "Scale one up: aws eks update-nodegroup-config")
    return ok(f"{wanted} in {len(found)} groups")


def pull(facts: Facts) -> Finding:
    """The nodes' role may pull from the repository."""
    roles = sorted({str(group.get("nodeRole", "")) for group in facts.nodegroups()} - {""})
    if not roles:
        return skip("no managed node groups: whose role pulls is not known")
    arn = repository_arn(facts.answers())
    for role in roles:
        held = _held(facts, role)
        lacking = [
            action for action, on in ((LOG_IN, "*"), *((each, arn) for each in PULL)) if not _may(held, action, on)
        ]
        if lacking:
            name = role.rpartition("/")[2]
            attach = f"aws iam attach-role-policy --role-name {name} --policy-arn {PULL_ONLY}"
            return fail(f"{name} lacks {named(lacking)}", f"Give it: {attach}")
    return ok(f"{named(role.rpartition('/')[2] for role in roles)} may pull")


def cordoned(facts: Facts) -> Finding:
    """Nodes are Ready and take Pods."""
    items = (facts.kube("/api/v1/nodes") or {}).get("items", [])
    if not items:
        return warn("there are no nodes yet", "Pods wait for one: scale a node group up, or let Auto Mode make one.")
    away = [
        item["metadata"]["name"]
        for item in items
        if item.get("spec", {}).get("unschedulable")
        or not any(
            each["type"] == "Ready" and each["status"] == "True"
            for each in item.get("status", {}).get("conditions", [])
        )
    ]
    if len(away) == len(items):
        return fail(f"none of {len(items)} takes Pods: {named(away)}", "See why: kubectl describe nodes")
    return warn(f"{named(away)} takes none", "See why: kubectl describe nodes") if away else ok(f"{len(items)} ready")


def _held(facts: Facts, role: str) -> Held:
    who = Caller(role, "role", role.rpartition("/")[2], role)
    return facts.once(f"policies.{role}", lambda: policies(who, facts.target()))


def _may(held: Held, action: str, on: str) -> bool:
    return evaluate(action, on, {}, identity=held.identity, boundary=held.boundary).allowed


CHECKS = (
    Examination("node-groups", "Node groups", "Without a healthy node a rollout waits until it times out.", groups),
    Examination("node-pull", "Image pulls", "A node whose role may not pull leaves Pods in ImagePullBackOff.", pull),
    Examination("nodes-ready", "Nodes", "A node that is not ready, or is cordoned, takes no Pods.", cordoned),
)
