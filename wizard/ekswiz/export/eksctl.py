"""eksctl's ClusterConfig: the cluster as the plan makes it, or, where it exists, the way into it alone.

Source: eksctl's documentation, "Config file schema", eksctl.io/v1alpha5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ekswiz import __version__
from ekswiz.answers import Answers
from ekswiz.export.document import Document, Subject
from ekswiz.export.wanted import find, of_kind, require_apply, values
from ekswiz.export.yaml_text import commented, dumped
from ekswiz.plan import Plan

Json = dict[str, Any]


def eksctl(subject: Subject) -> tuple[Document, ...]:
    """The configuration.

    Raises:
        InputError: The plan removes the stack.
    """
    plan, answers = subject.view.plan, subject.answers
    require_apply(plan)
    config = _new(plan, answers) if answers.create_cluster else _existing(plan, answers)
    text = commented(_head(plan, answers)) + dumped([config])
    return (Document(f"ekswiz-{plan.stack}.eksctl.yaml", text),)


def _head(plan: Plan, answers: Answers) -> Iterator[str]:
    name = f"ekswiz-{plan.stack}.eksctl.yaml"
    yield f"Written by ekswiz {__version__} on {plan.made_at} for stack {plan.stack}. Plan {plan.fingerprint[:16]}."
    yield f"For account {plan.account}:"
    if answers.create_cluster:
        yield f"  eksctl create cluster -f {name}"
        yield "Network and service roles are eksctl's own then, and so is the cluster. For the rest, say"
        yield "create_cluster = false in the answers, and: ekswiz export terraform, or cloudformation, or bash."
    else:
        yield f"  eksctl create accessentry -f {name}"
        yield f"The cluster {answers.cluster} exists and is not described in here. The role has to be there first."


def _existing(plan: Plan, answers: Answers) -> Json:
    return {**_kind(answers), "accessConfig": {"accessEntries": [*_entries(plan)]}}


def _new(plan: Plan, answers: Answers) -> Json:
    cluster = find(plan, "eks_cluster.main")
    after = values(cluster) if cluster else {}
    kind = _kind(answers)
    # No tags of the stack: the cluster is eksctl's, and the stack uses it as it is.
    kind["metadata"] |= {"version": after.get("version", "")}
    return {
        **kind,
        "upgradePolicy": {"supportType": after.get("support", "STANDARD")},
        "accessConfig": {"authenticationMode": after.get("mode", "API_AND_CONFIG_MAP")},
        "availabilityZones": sorted({values(each)["zone"] for each in of_kind(plan, "subnet")}),
        "vpc": _network(plan, after),
        "cloudWatch": {"clusterLogging": {"enableTypes": after.get("logs", [])}},
        **_nodes(plan),
    }


def _network(plan: Plan, after: Any) -> Json:
    vpc = find(plan, "vpc.main")
    endpoints = {
        "publicAccess": after.get("public_endpoint", True),
        "privateAccess": after.get("private_endpoint", True),
    }
    return {
        **({"cidr": values(vpc)["cidr"]} if vpc else {}),
        "nat": {"gateway": "Single"},
        "clusterEndpoints": endpoints,
        "publicAccessCIDRs": after.get("cidrs", []),
    }


def _nodes(plan: Plan) -> Json:
    """A node group with the add-ons that it needs, or Auto Mode, which brings its own."""
    groups = [values(each) for each in of_kind(plan, "nodegroup")]
    if not groups:
        return {"autoModeConfig": {"enabled": True}}
    names = [values(each)["name"] for each in of_kind(plan, "addon")]
    return {"addons": [{"name": name} for name in names], "managedNodeGroups": [_group(each) for each in groups]}


def _group(after: Any) -> Json:
    return {
        "name": after["name"],
        "instanceType": after["instance_type"],
        "amiFamily": "AmazonLinux2023",
        "minSize": after["least"],
        "maxSize": after["most"],
        "desiredCapacity": after["least"],
        "volumeSize": after["disk"],
        "privateNetworking": True,
    }


def _entries(plan: Plan) -> Iterator[Json]:
    for change in of_kind(plan, "access_entry"):
        after = values(change)
        policies = [_policy(values(each)) for each in of_kind(plan, "access_policy")]
        yield {
            "principalARN": after["principal_arn"],
            "type": after["type"],
            **({"kubernetesGroups": after["groups"]} if after["groups"] else {}),
            **({"accessPolicies": policies} if policies else {}),
        }


def _policy(after: Any) -> Json:
    scope = {"type": "namespace", "namespaces": after["namespaces"]}
    return {"policyARN": after["policy"], "accessScope": scope}


def _kind(answers: Answers) -> Json:
    where = {"name": answers.cluster, "region": answers.region}
    return {"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig", "metadata": where}
