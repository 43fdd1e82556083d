"""Inside the cluster: the namespace, the rights in it, and what runs there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ekswiz.clients.kube_api import at
from ekswiz.doctor.checks.roles import AGAIN, NOT_YET
from ekswiz.doctor.checks.stack import named
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, skip, warn
from ekswiz.errors import EkswizError, Transient
from ekswiz.resources.load_balancing import load_balancing
from ekswiz.resources.namespace import POD_SECURITY

ENFORCE = "pod-security.kubernetes.io/enforce"
STUCK = frozenset({
    "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "CrashLoopBackOff", "CreateContainerConfigError",
    "CreateContainerError", "RunContainerError",
})  # fmt: skip
PULLS = "The image is gone, or the nodes may not pull: see checks registry, node-pull and running-images."
ADVICE = {
    "ImagePullBackOff": PULLS,
    "ErrImagePull": PULLS,
    "CreateContainerConfigError": "Name a numeric USER in the Dockerfile: runAsNonRoot cannot be checked by name.",
}


def reach(facts: Facts) -> Finding:
    """Whoever calls gets into the cluster."""
    name = facts.cluster()["name"]
    try:
        facts.kube(at("api", "v1", "namespaces", facts.answers().namespace))
    except Transient as error:
        return fail(error.detail, error.remedy)
    except EkswizError as error:
        hand_over = "Say --operator-access true for a temporary entry, or let somebody else do it: ekswiz hand-off DIR"
        return fail(error.detail, f"{error.remedy} {hand_over}".strip())
    return ok(f"{name} answers and knows you")


def namespace(facts: Facts) -> Finding:
    """It is there, stays there, and admits only `restricted` Pods."""
    found = _namespace(facts)
    if found is None:
        return fail(f"there is no namespace {facts.answers().namespace}", AGAIN) if facts.applied() else skip(NOT_YET)
    metadata = found["metadata"]
    if "deletionTimestamp" in metadata:
        return fail(f"{metadata['name']} is being deleted", "Wait until it is gone, then: ekswiz apply")
    level = metadata.get("labels", {}).get(ENFORCE, "none")
    if level != POD_SECURITY[ENFORCE]:
        return warn(
            f"{metadata['name']} enforces Pod Security {level}", f"ekswiz apply sets it to {POD_SECURITY[ENFORCE]}."
        )
    return ok(f"{metadata['name']}, {level}")


def group(facts: Facts) -> Finding:
    """The entry's group is bound to a Role in the namespace."""
    answers = facts.answers()
    if answers.rights == "edit":
        return ok("AWS's edit policy takes the place of a group")
    if _namespace(facts) is None:
        raise Unasked("there is no namespace yet")
    found = facts.kube(at("apis", "rbac.authorization.k8s.io", "v1", "namespaces", answers.namespace, "rolebindings"))
    roles = [
        item["roleRef"]["name"]
        for item in (found or {}).get("items", [])
        for subject in item.get("subjects", [])
        if (subject.get("kind"), subject.get("name")) == ("Group", answers.kubernetes_group)
    ]
    if roles:
        return ok(f"{answers.kubernetes_group} is bound to {named(roles)}")
    said = f"nothing is bound to {answers.kubernetes_group}: the deploy role gets in and may do nothing (403)"
    return fail(said, AGAIN) if facts.applied() else skip(NOT_YET)


def rollout(facts: Facts) -> Finding:
    """The Deployment has the Pods that it wants."""
    answers = facts.answers()
    path = at("apis", "apps", "v1", "namespaces", answers.namespace, "deployments", answers.workload)
    found = facts.kube(path)
    if found is None:
        return skip(f"{answers.workload} is not deployed yet", "Start the workflow: git push")
    wanted = found.get("spec", {}).get("replicas", 1)
    there = found.get("status", {}).get("availableReplicas", 0)
    see = f"kubectl describe deployment {answers.workload} --namespace {answers.namespace}"
    if there < wanted:
        return fail(f"{there} of {wanted} Pods are available", f"See why: {see}")
    return ok(f"{there} of {wanted} Pods are available")


def pods(facts: Facts) -> Finding:
    """No Pod is stuck."""
    stuck = dict(_stuck(facts.kube(_pods_path(facts)) or {}))
    if not stuck:
        return ok("none is stuck")
    reason = next(iter(stuck.values()))
    see = f"kubectl logs --previous {next(iter(stuck))} --namespace {facts.answers().namespace}"
    return fail(named(f"{name}: {why}" for name, why in stuck.items()), ADVICE.get(reason, f"See why: {see}"))


def balancer(facts: Facts) -> Finding:
    """Something in the cluster makes load balancers, if the answers ask for one."""
    answers = facts.answers()
    if answers.expose == "inside":
        return ok("none is asked for")
    facts.cluster()
    live = load_balancing(answers).read(facts.target())
    mechanism = live.attributes.mechanism if live else "unknown"
    if mechanism == "classic":
        return warn(
            "neither Auto Mode nor the AWS Load Balancer Controller: AWS makes a Classic one",
            "Install the controller: https://docs.aws.amazon.com/eks/latest/userguide/lbc-helm.html",
        )
    return ok(mechanism)


def running_images(facts: Facts) -> list[str]:
    """Digests of images that run in the namespace."""
    items = (facts.kube(_pods_path(facts)) or {}).get("items", [])
    found = {
        status.get("imageID", "").rpartition("@")[2]
        for item in items
        for status in item.get("status", {}).get("containerStatuses", [])
    }
    return sorted(digest for digest in found if digest.startswith("sha256:"))


def _pods_path(facts: Facts) -> str:
    return at("api", "v1", "namespaces", facts.answers().namespace, "pods")


def _namespace(facts: Facts) -> dict[str, Any] | None:
    return facts.kube(at("api", "v1", "namespaces", facts.answers().namespace))


def _stuck(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for item in found.get("items", []):
        status = item.get("status", {})
        for each in (*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])):
            reason = each.get("state", {}).get("waiting", {}).get("reason", "")
            if reason in STUCK:
                yield item["metadata"]["name"], reason


CHECKS = (
    Examination("kubernetes", "Kubernetes API", "ekswiz makes the namespace and its Role through it.", reach),
    Examination(
        "namespace",
        "Namespace",
        "Whoever can create Pods in a namespace can read its Secrets: it is the service's own.",
        namespace,
    ),
    Examination("group-binding", "Group", "EKS does not look whether a group is bound to anything.", group),
    Examination("rollout", "Deployment", "A rollout that hangs keeps the old version running, or none.", rollout),
    Examination("pods", "Pods", "A Pod that is stuck says why, if somebody looks.", pods),
    Examination(
        "load-balancer", "Load balancer", "A Service of type LoadBalancer needs something that makes one.", balancer
    ),
)
