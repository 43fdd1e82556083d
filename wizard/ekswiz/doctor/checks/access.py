"""The deploy role's way into the cluster."""

from __future__ import annotations

from ekswiz.answers import Answers
from ekswiz.doctor.checks.roles import AGAIN, NOT_YET, SETTLE
from ekswiz.doctor.checks.stack import named
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, skip, warn
from ekswiz.resources.access_entry import ROLE_TAG

EDIT = "AmazonEKSEditPolicy"
AWS_AUTH = "/api/v1/namespaces/kube-system/configmaps/aws-auth"


def entry(facts: Facts) -> Finding:
    """The entry is there, with the group that the Role is bound to."""
    answers = facts.answers()
    facts.cluster()
    try:
        found = facts.entry()
    except Unasked as error:
        return fail(str(error), AGAIN) if facts.applied() else skip(NOT_YET)
    if found.get("type", "STANDARD") != "STANDARD":
        return fail(f"its type is {found['type']}: groups and policies count for nothing", AGAIN)
    groups = list(found.get("kubernetesGroups", []))
    if answers.rights == "group" and answers.kubernetes_group not in groups:
        return fail(f"in {named(groups) or 'no group'}, not in {answers.kubernetes_group}", AGAIN)
    return ok(f"{answers.deploy_role} is in {named(groups) or 'no group'}")


def tombstone(facts: Facts) -> Finding:
    """The role behind the entry is the one that the entry was made for."""
    answers, found = facts.answers(), facts.entry()
    role = facts.role(answers.deploy_role)
    again = f"aws eks delete-access-entry --cluster-name {answers.cluster} --principal-arn {found['principalArn']}"
    if role is None:
        return fail(f"there is no role {answers.deploy_role} any more", AGAIN)
    remembered = found.get("tags", {}).get(ROLE_TAG, "")
    made, since = role.get("CreateDate"), found.get("createdAt")
    younger = made is not None and since is not None and made > since
    if (remembered and remembered != role["RoleId"]) or (not remembered and younger):
        return fail(
            "the role was deleted and made again: the entry belongs to the old one, and the cluster answers 401",
            f"ekswiz apply makes the entry anew. By hand: {again}",
        )
    return ok(f"made for {role['RoleId']}")


def rights(facts: Facts) -> Finding:
    """The entry carries no rights over the whole cluster."""
    answers = facts.answers()
    facts.entry()
    listed = facts.listed("eks", "list_associated_access_policies", "associatedAccessPolicies", **facts.entry_key())
    extra = [policy for policy in listed if not _wanted(policy, answers)]
    if extra:
        names = [
            f"{each['policyArn'].rpartition('/')[2]} on {each.get('accessScope', {}).get('type')}" for each in extra
        ]
        return fail(f"more than it needs: {named(names)}", f"Take it off: ekswiz apply. {SETTLE}")
    return ok("no access policy but what the answers ask for")


def aws_auth(facts: Facts) -> Finding:
    """The old map does not let the roles in beside the entry."""
    answers = facts.answers()
    found = facts.kube(AWS_AUTH)
    text = "\n".join(map(str, (found or {}).get("data", {}).values()))
    mapped = [name for name in (answers.push_role, answers.deploy_role) if f":role/{name}" in text]
    if mapped:
        return warn(
            f"aws-auth maps {named(mapped)} as well",
            "Remove it there: kubectl edit configmap aws-auth --namespace kube-system. The entry is enough.",
        )
    return ok("aws-auth says nothing of our roles")


def _wanted(policy: dict[str, object], answers: Answers) -> bool:
    """AWS's edit policy in the one namespace, where the answers ask for it."""
    scope = policy.get("accessScope")
    inside = (
        isinstance(scope, dict) and scope.get("type") == "namespace" and scope.get("namespaces") == [answers.namespace]
    )
    return answers.rights == "edit" and inside and str(policy["policyArn"]).endswith(f"/{EDIT}")


CHECKS = (
    Examination("access-entry", "Access entry", "Without it the cluster does not know the deploy role: 401.", entry),
    Examination(
        "access-entry-role",
        "Role behind the entry",
        "EKS remembers the role's id, not its name: an entry that outlived its role looks healthy.",
        tombstone,
    ),
    Examination(
        "access-entry-rights",
        "Rights in the cluster",
        "A workflow that is broken into can do whatever its entry can.",
        rights,
    ),
    Examination(
        "aws-auth",
        "aws-auth",
        "What it grants stays in force beside access entries, and is easily forgotten.",
        aws_auth,
    ),
)
