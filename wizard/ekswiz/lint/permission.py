"""Rules about what a policy allows, whoever has it.

Sources: IAM User Guide, "Security best practices", "Grant a user permissions to pass a role"; Service Authorization
Reference (which actions know no resources).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from ekswiz.iam.grammar import validate_document
from ekswiz.lint.clauses import WILD, Clause
from ekswiz.lint.finding import Document, Said

NO_RESOURCE = (
    "ec2:describe*", "ecr:getauthorizationtoken", "ecr:get*registry*", "ecr:put*registry*", "ecr:describeregistry",
    "ecr:putregistry*", "ecr:deleteregistrypolicy", "eks:describeaddonversions", "eks:describeclusterversions",
    "eks:describeaddonconfiguration", "eks:listclusters", "eks:listaccesspolicies", "iam:list*s", "iam:getaccount*",
    "sts:getcalleridentity", "s3:listallmybuckets", "elasticloadbalancing:describe*", "autoscaling:describe*",
    "access-analyzer:validatepolicy", "iam:simulatecustompolicy", "logs:describeloggroups", "kms:listaliases",
)  # fmt: skip
"""Actions that know no resources, as far as this field meets them: `*` is the only way to allow them."""
WRITES_POLICIES = (
    "iam:putrolepolicy", "iam:putuserpolicy", "iam:putgrouppolicy", "iam:attachrolepolicy", "iam:attachuserpolicy",
    "iam:attachgrouppolicy", "iam:createpolicyversion", "iam:setdefaultpolicyversion", "iam:updateassumerolepolicy",
    "iam:createaccesskey", "iam:createloginprofile", "iam:updateloginprofile", "iam:addusertogroup",
    "iam:deleterolepermissionsboundary", "iam:deleteuserpermissionsboundary",
)  # fmt: skip
"""Actions with which whoever may use them on everything can give themselves everything."""
OPTIONAL = ("aws:requesttag/", "aws:principaltag/", "aws:multifactorauth", "aws:sourcevpc")
"""Condition keys, in lower case, that many requests do not have."""
ENTRY = ("eks:createaccessentry", "eks:associateaccesspolicy", "eks:updateaccessentry")
EVERYWHERE = frozenset({"0.0.0.0/0", "::/0"})


def malformed(document: Document) -> Said:
    """What IAM would not store, or nobody could evaluate."""
    for problem in validate_document(document.content, document.kind):
        yield document.name, problem


def old_version(document: Document) -> Said:
    """A document in the language of 2008."""
    content = document.content if isinstance(document.content, dict) else {}
    if content.get("Version") != "2012-10-17":
        held = "${" in str(content)
        effect = "its policy variables are plain text" if held else "it knows no policy variables"
        yield document.name, f"Version is {content.get('Version', 'absent')}: {effect}."


def action_everything(document: Document) -> Said:
    """Every action of every service."""
    for clause in _grants(document):
        if not clause.not_action and {"*", "*:*"} & set(clause.actions) and document.kind != "boundary":
            yield document.where(clause), "Action * allows every action of every service."


def action_service(document: Document) -> Said:
    """Every action of a service."""
    for clause in _grants(document):
        whole = [action for action in clause.actions if action.endswith(":*") and action != "*:*"]
        if whole and not clause.not_action and document.kind != "boundary":
            yield (
                document.where(clause),
                f"{', '.join(whole)}: every action, also those to come.",
            )


def not_action(document: Document) -> Said:
    """Everything but a list."""
    for clause in _grants(document):
        if clause.not_action and document.kind != "boundary":
            yield document.where(clause), f"NotAction allows everything but {', '.join(clause.actions)}."


def not_resource(document: Document) -> Said:
    """Every resource but a list."""
    for clause in _grants(document):
        if clause.not_resource:
            yield (
                document.where(clause),
                f"NotResource allows all but {', '.join(clause.resources or ())}.",
            )


def resource_everything(document: Document) -> Said:
    """Every resource, of actions that know resources."""
    for clause in _grants(document):
        if "*" in (clause.resources or ()) and not clause.not_resource and not clause.not_action and not clause.lines:
            could = [action for action in clause.actions if not knows_no_resource(action)]
            if could and not {"*", "*:*"} & set(could) and document.kind not in {"boundary", "resource"}:
                yield document.where(clause), f"Resource is * for {_some(could)}, which could name theirs."


def pass_role(document: Document) -> Said:
    """Any role to any service."""
    for clause in _grants(document):
        if _covers(clause, ("iam:passrole",)) and document.kind != "boundary":
            bound = any(line.key in {"iam:passedtoservice", "iam:associatedresourcearn"} for line in clause.lines)
            if _is_open(clause) and not bound:
                yield (
                    document.where(clause),
                    "iam:PassRole on any role, to any service: every role's rights can be had.",
                )


def writes_policies(document: Document) -> Said:
    """The way to everything: writing one's own policies."""
    for clause in _grants(document):
        held = _covers(clause, WRITES_POLICIES)
        if held and _is_open(clause) and not clause.lines and document.kind != "boundary":
            yield document.where(clause), f"{_some(held)} on any role or user is the way to every right there is."


def opens_cluster(document: Document) -> Said:
    """The way into every cluster: making oneself an access entry."""
    for clause in _grants(document):
        held = _covers(clause, ENTRY)
        if held and document.facts.ci:
            yield document.where(clause), f"{_some(held)} lets the pipeline give itself the cluster's administration."


def destroys(document: Document) -> Said:
    """What a pipeline never needs."""
    wanted = ("eks:deletecluster", "eks:updateclusterconfig", "ecr:deleterepository", "iam:deleterole")
    for clause in _grants(document) if document.facts.ci else ():
        held = _covers(clause, wanted)
        if held:
            yield document.where(clause), f"{_some(held)} in the hands of a pipeline: a deployment needs none of it."


def ip_everywhere(document: Document) -> Said:
    """An address condition that every address meets."""
    for clause in document.clauses:
        for line in clause.lines:
            if line.base == "IpAddress" and EVERYWHERE & set(line.values):
                yield document.where(clause), f"{line.key} may be any address: the line limits nothing."


def contradiction(document: Document) -> Said:
    """A line that asks for a key which another line wants absent."""
    for clause in document.clauses:
        absent = {line.key for line in clause.lines if line.base == "Null" and set(line.values) == {"true"}}
        for line in clause.lines:
            if line.binding and line.key in absent:
                yield (
                    document.where(clause),
                    f"{line.key} must be absent and have a value: this never applies.",
                )


def deny_needs_key(document: Document) -> Said:
    """A Deny that a request without the key walks past."""
    for clause in document.clauses:
        for line in clause.lines if not clause.allow else ():
            if line.key.startswith(OPTIONAL) and line.binding and line.base != "Bool":
                yield (
                    document.where(clause),
                    f"{line.operator} on {line.key}: a request without the key is not denied.",
                )
            if line.key == "aws:multifactorauthpresent" and line.operator == "Bool" and "false" in line.values:
                yield document.where(clause), "Bool on aws:MultiFactorAuthPresent passes over calls with access keys."


def boundary_is_open(document: Document) -> Said:
    """A boundary that bounds nothing."""
    if document.kind != "boundary" or not all(clause.allow for clause in document.clauses):
        return
    for clause in document.clauses:
        if {"*", "*:*"} & set(clause.actions) and "*" in (clause.resources or ()) and not clause.lines:
            yield document.where(clause), "The boundary allows everything, and denies nothing."


def boundary_is_shut(document: Document) -> Said:
    """A boundary without an Allow."""
    if document.kind == "boundary" and document.clauses and not any(clause.allow for clause in document.clauses):
        yield document.name, "The boundary only denies: nothing that it bounds is allowed anything."


def knows_no_resource(action: str) -> bool:
    """Whether an action, in lower case, can only be allowed on `*`."""
    return any(fnmatch.fnmatchcase(action, pattern) for pattern in NO_RESOURCE)


def _grants(document: Document) -> Iterator[Clause]:
    return (clause for clause in document.clauses if clause.allow and document.kind != "trust")


def _covers(clause: Clause, wanted: tuple[str, ...]) -> list[str]:
    """The wanted actions that the statement allows, by name or pattern; a bare `*` has a rule of its own."""
    if clause.not_action:
        return []
    patterns = [action for action in clause.actions if action not in {"*", "*:*"}]
    return [action for action in wanted if any(fnmatch.fnmatchcase(action, pattern) for pattern in patterns)]


def _is_open(clause: Clause) -> bool:
    """Whether some resource is a pattern over all names of its kind."""
    return any(_names_all(resource) for resource in clause.resources or ()) or clause.not_resource


def _names_all(resource: str) -> bool:
    name = resource.rpartition("/")[2] if "/" in resource else resource.rpartition(":")[2]
    return resource == "*" or (bool(name) and set(name) <= WILD)


def _some(actions: list[str]) -> str:
    more = f" and {len(actions) - 3} more" if len(actions) > 3 else ""  # noqa: PLR2004 - as many as one reads
    return ", ".join(actions[:3]) + more
