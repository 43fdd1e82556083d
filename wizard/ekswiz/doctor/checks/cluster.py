"""The cluster, as EKS describes it."""

from __future__ import annotations

from datetime import datetime

from ekswiz.doctor.checks.stack import named
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, skip, warn
from ekswiz.plan import Json
from ekswiz.probes.aws import CONFIG_MAP

EVERYBODY = "0.0.0.0/0"
SOON = 60
"""Days before the end of standard support from which it is worth a word."""
BUSY = ("CREATING", "UPDATING")
STANDARD, EXTENDED = "STANDARD", "EXTENDED"


def cluster(facts: Facts) -> Finding:
    """It exists and is ACTIVE."""
    answers = facts.answers()
    try:
        found = facts.cluster()
    except Unasked as error:
        if answers.create_cluster and not facts.applied():
            return skip("not made yet: ekswiz apply makes it")
        facts.target()
        return fail(str(error), f"List them: aws eks list-clusters --region {answers.region}. Name one: --cluster")
    status = str(found.get("status"))
    if status == "ACTIVE":
        return ok(f"{found['name']}, Kubernetes {found.get('version')}, ACTIVE")
    if status in BUSY:
        return warn(f"{found['name']} is {status}", "Wait until it is ACTIVE: aws eks wait cluster-active")
    return fail(f"{found['name']} is {status}", f"See why: aws eks describe-cluster --name {found['name']}")


def version(facts: Facts) -> Finding:
    """Its Kubernetes version is in standard support, and stays there for a while."""
    found = facts.cluster()
    name, running = found["name"], str(found.get("version"))
    offered = {
        str(each.get("clusterVersion")): each
        for each in facts.listed("eks", "describe_cluster_versions", "clusterVersions")
    }
    upgrade = f"Upgrade, one minor version at a time: aws eks update-cluster-version --name {name}"
    if running not in offered:
        return fail(f"EKS does not offer {running} any more", upgrade)
    status = str(offered[running].get("versionStatus") or offered[running].get("status", ""))
    if not status.upper().startswith(STANDARD):
        return warn(f"{running} is in extended support, at six times the price", upgrade)
    ends = offered[running].get("endOfStandardSupportDate")
    if isinstance(ends, datetime) and (ends - facts.source.now()).days < SOON:
        return warn(f"standard support of {running} ends {ends.date()}", upgrade)
    return ok(f"{running}, in standard support")


def support(facts: Facts) -> Finding:
    """It does not slide into extended support by itself."""
    found = facts.cluster()
    if found.get("upgradePolicy", {}).get("supportType", EXTENDED) == EXTENDED:
        command = f"aws eks update-cluster-config --name {found['name']} --upgrade-policy supportType=STANDARD"
        return warn(
            "EXTENDED: when standard support ends it costs six times as much", f"Upgrade in time, or: {command}"
        )
    return ok(STANDARD)


def mode(facts: Facts) -> Finding:
    """It uses access entries."""
    found = facts.cluster()
    name = found["name"]
    held = found.get("accessConfig", {}).get("authenticationMode", CONFIG_MAP)
    if held == CONFIG_MAP:
        command = f"aws eks update-cluster-config --name {name} --access-config authenticationMode=API_AND_CONFIG_MAP"
        return fail(
            f"{held}: access entries are not looked at",
            f"There is no way back from: {command}, or --migrate-access true",
        )
    return ok(str(held))


def endpoint(facts: Facts) -> Finding:
    """GitHub's runners can reach its API."""
    network: Json = facts.cluster().get("resourcesVpcConfig", {})
    if not network.get("endpointPublicAccess", True):
        return warn(
            "private alone: GitHub's own runners cannot reach it", "Use self-hosted runners inside the network."
        )
    open_to = list(network.get("publicAccessCidrs", [EVERYBODY]))
    if EVERYBODY not in open_to:
        return warn(
            f"open to {named(open_to)} alone", "GitHub's own runners have other addresses: use runners of your own."
        )
    return ok("public; who gets in is IAM's to say")


def health(facts: Facts) -> Finding:
    """EKS has found nothing wrong with it."""
    found = facts.cluster()
    issues = [f"{issue.get('code')}: {issue.get('message')}" for issue in found.get("health", {}).get("issues", [])]
    if issues:
        return fail(named(issues), "https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html")
    return ok("no issues")


CHECKS = (
    Examination(
        "cluster", "Cluster", "The deploy job asks for it by name; only an ACTIVE one can be changed.", cluster
    ),
    Examination(
        "cluster-version",
        "Kubernetes version",
        "Past standard support it costs $0.60 an hour in place of $0.10.",
        version,
    ),
    Examination(
        "cluster-support", "Support policy", "Extended support begins by itself unless it is switched off.", support
    ),
    Examination(
        "cluster-mode",
        "Authentication mode",
        "In CONFIG_MAP mode the deploy role's access entry counts for nothing.",
        mode,
    ),
    Examination(
        "cluster-endpoint", "API endpoint", "A runner that cannot reach it waits until its job times out.", endpoint
    ),
    Examination(
        "cluster-health", "Cluster health", "EKS itself says when its subnets, roles or keys are gone.", health
    ),
)
