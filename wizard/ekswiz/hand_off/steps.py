"""The plan's changes as steps of a bash script: each looks whether its object exists and whose, then makes it so.

Every value is quoted for the shell; nothing of a plan is ever read as code. `run` is the script's own function for what
changes something; `ours` ends the script where an object of that name is somebody else's.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz import __version__
from ekswiz.fields.regions import regions
from ekswiz.hand_off.objects import namespace_object, rights_objects
from ekswiz.plan import Action, Change, Plan, Ref, encode
from ekswiz.resources.load_balancer import BalancerAttributes, service
from ekswiz.resources.tags import ADDRESS, STACK, STACK_LABEL, labels

OURS = frozenset({"repository_file", "github_environment", "github_variables", "github_subject", "github_pull_request"})
"""Types whose changes an administrator of AWS has no part in: the user's own checkout and repository."""
AT_GITHUB = "github_"
"""How types begin whose objects are GitHub's: the administrator of an AWS account has no rights there."""
TEMPORARY = frozenset({"operator_access"})
"""Types that an administrator does not need: access for whoever applies."""
IN_KUBERNETES = frozenset({"namespace", "deployer_rbac", "load_balancer"})
VERSION = "ekswiz:version"
ENTRY_ROLE = "ekswiz:role-id"
NO_GROUPS = " --kubernetes-groups '[]'"


@dataclass(frozen=True, slots=True)
class Step:
    """One change as lines of bash; `kubernetes` says that it needs the cluster's API."""

    change: Change
    lines: tuple[str, ...]
    kubernetes: bool = False


def handed_over(plan: Plan) -> tuple[Change, ...]:
    """The changes that an administrator makes, in the order in which they can be made."""
    skipped = OURS | TEMPORARY
    theirs = (change for change in plan.pending if kind(change) not in skipped)
    return tuple(change for change in theirs if not kind(change).startswith(AT_GITHUB))


def kind(change: Change) -> str:
    """The resource type of a change."""
    return change.address.partition(".")[0]


def steps(plan: Plan) -> tuple[Step, ...] | None:
    """Every change as a step; None where one is of a kind that only ekswiz itself makes (a cluster, a network)."""
    found = []
    for change in handed_over(plan):
        step = step_of(change, plan)
        if step is None:
            return None
        found.append(step)
    return tuple(found)


def step_of(change: Change, plan: Plan) -> Step | None:
    """One change as a step; None where it is of a kind that only ekswiz itself makes, or takes something away."""
    make = _MAKERS.get(kind(change))
    anew = change.action is Action.REPLACE and kind(change) != "access_entry"
    if make is None or change.after is None or change.action is Action.DELETE or anew or _is_open(change):
        return None
    lines = make(change, encode(change.after), plan)
    return Step(change, tuple(lines), kind(change) in IN_KUBERNETES)


def _is_open(change: Change) -> bool:
    """Whether it needs what nobody knows yet; the id of a role is the one such thing that a script can ask for."""
    return any(isinstance(value, Ref) for name, value in (change.after or {}).items() if name != "role_id")


def q(value: Any) -> str:
    """One word of a command line; documents are written compactly."""
    return shlex.quote(value if isinstance(value, str) else json.dumps(value, separators=(",", ":")))


def tags(change: Change, plan: Plan) -> dict[str, str]:
    """The tags that make an object this stack's."""
    return {STACK: plan.stack, ADDRESS: change.address, VERSION: __version__}


def _pairs(tags: Mapping[str, str]) -> str:
    return " ".join(q(f"Key={key},Value={value}") for key, value in tags.items())


def _provider(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterable[str]:
    issuer = str(after["url"]).removeprefix("https://")
    audience = q(after["audience"])
    arn = q(f"arn:{_partition(plan)}:iam::{plan.account}:oidc-provider/{issuer}")
    look = f"aws iam get-open-id-connect-provider --open-id-connect-provider-arn {arn}"
    make = f"aws iam create-open-id-connect-provider --url {q(after['url'])} --client-id-list {audience}"
    add = (
        f"aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn} --client-id {audience}"
    )
    return (
        f'if {look} >"$scratch/found" 2>"$scratch/error"; then',
        f"  run {add}",
        "else",
        "  absent NoSuchEntity",
        f"  run {make} --tags {_pairs(tags(change, plan))}",
        "fi",
    )


def _repository(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterable[str]:
    name, marks = q(after["name"]), _pairs(tags(change, plan))
    scanned = f" --image-scanning-configuration scanOnPush={str(after['scan_on_push']).lower()}"
    mutability = q(after["mutability"])
    where = f"--repository-name {name}"
    arn = q(f"arn:{_partition(plan)}:ecr:{plan.region}:{plan.account}:repository/{after['name']}")
    look = f"aws ecr list-tags-for-resource --resource-arn {arn} --query {_tag_query('tags')} --output text"
    return (
        f'if owner="$({look} 2>"$scratch/error")"; then',
        f'  ours {q("ECR repository " + after["name"])} "$owner" {_adopted(change)}',
        f"  run aws ecr put-image-tag-mutability {where} --image-tag-mutability {mutability}",
        f"  run aws ecr put-image-scanning-configuration {where}{scanned}",
        "else",
        "  absent RepositoryNotFoundException",
        f"  run aws ecr create-repository {where} --image-tag-mutability {mutability}{scanned} --tags {marks}",
        "fi",
        f"run aws ecr put-lifecycle-policy {where} --lifecycle-policy-text {q(after['lifecycle'])}",
    )


def _role(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterable[str]:
    name, trust, about = q(after["name"]), q(after["trust"]), q(after["description"])
    marks = _pairs(tags(change, plan))
    boundary = f" --permissions-boundary {q(after['boundary'])}" if after["boundary"] else ""
    length = f"--max-session-duration {int(after['session_seconds'])}"
    look = f"aws iam get-role --role-name {name} --query {_tag_query('Role.Tags')} --output text"
    yield f'if owner="$({look} 2>"$scratch/error")"; then'
    yield f'  ours {q("role " + after["name"])} "$owner" {_adopted(change)}'
    yield f"  run aws iam update-assume-role-policy --role-name {name} --policy-document {trust}"
    yield f"  run aws iam update-role --role-name {name} --description {about} {length}"
    yield f"  run aws iam tag-role --role-name {name} --tags {marks}"
    if boundary:
        yield f"  run aws iam put-role-permissions-boundary --role-name {name}{boundary}"
    yield from _taken_off(change, after)
    yield "else"
    yield "  absent NoSuchEntity"
    described = f"--description {about} {length}{boundary} --tags {marks}"
    yield f"  run aws iam create-role --role-name {name} --assume-role-policy-document {trust} {described}"
    yield "fi"
    for policy, document in after["policies"].items():
        which = f"--role-name {name} --policy-name {q(policy)}"
        yield f"run aws iam put-role-policy {which} --policy-document {q(document)}"


def _taken_off(change: Change, after: Mapping[str, Any]) -> Iterable[str]:
    """What the plan saw on the role that does not belong there."""
    before: Mapping[str, Any] = encode(change.before) or {}
    name = q(after["name"])
    for arn in sorted(set(before.get("attached", ())) - set(after["attached"])):
        yield f"  run aws iam detach-role-policy --role-name {name} --policy-arn {q(arn)}"
    for policy in sorted(set(before.get("policies", ())) - set(after["policies"])):
        yield f"  run aws iam delete-role-policy --role-name {name} --policy-name {q(policy)}"
    if before.get("boundary") and not after["boundary"]:
        yield f"  run aws iam delete-role-permissions-boundary --role-name {name}"


def _mode(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterable[str]:
    del change, plan
    name = q(after["cluster"])
    look = f"aws eks describe-cluster --name {name} --query cluster.accessConfig.authenticationMode --output text"
    return (
        f'if [ "$({look})" = CONFIG_MAP ]; then',
        f"  run aws eks update-cluster-config --name {name} --access-config authenticationMode={q(after['mode'])}",
        f"  run aws eks wait cluster-active --name {name}",
        "fi",
    )


def _entry(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterable[str]:
    where = f"--cluster-name {q(after['cluster'])} --principal-arn {q(after['principal_arn'])}"
    role = after["principal_arn"].rpartition("/")[2]
    marks = ",".join(f"{key}={value}" for key, value in tags(change, plan).items())
    groups = " ".join(map(q, after["groups"]))
    query = q(f"accessEntry.tags.[{_key(STACK)},{_key(ENTRY_ROLE)}]")
    look = f"aws eks describe-access-entry {where} --query {query} --output text"
    make = f"aws eks create-access-entry {where} --type STANDARD"
    grouped = f" --kubernetes-groups {groups}" if groups else ""
    return (
        f'role_id="$(known aws iam get-role --role-name {q(role)} --query Role.RoleId --output text)"',
        f'if found="$({look} 2>"$scratch/error")"; then',
        '  read -r owner made_for <<<"$found"',
        f'  ours {q("access entry of " + role)} "$owner" {_adopted(change)}',
        '  if [ "$made_for" != "$role_id" ]; then  # it belongs to a role that is gone: the cluster would answer 401',
        f"    run aws eks delete-access-entry {where}",
        "    found=",
        "  fi",
        "else",
        "  absent ResourceNotFoundException",
        "  found=",
        "fi",
        'if [ -z "$found" ]; then',
        f'  run retried {make}{grouped} --tags {q(marks)},{q(ENTRY_ROLE)}="$role_id"',
        "else",
        f"  run aws eks update-access-entry {where}{grouped or NO_GROUPS}",
        "fi",
        *(
            f"run aws eks disassociate-access-policy {where} --policy-arn {q(arn)}"
            for arn in sorted(set((encode(change.before) or {}).get("policies", ())) - set(after["policies"]))
        ),
    )


def _policy(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterable[str]:
    del change, plan
    where = f"--cluster-name {q(after['cluster'])} --principal-arn {q(after['principal_arn'])}"
    scope = q("type=namespace,namespaces=" + ",".join(after["namespaces"]))
    return (
        f"run retried aws eks associate-access-policy {where} --policy-arn {q(after['policy'])} --access-scope {scope}",
    )


def _namespace(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterable[str]:
    name = q(after["name"])
    secured = " ".join(q(f"{key}={value}") for key, value in after["pod_security"].items())
    found = f"k8s get namespaces --field-selector {q('metadata.name=' + after['name'])} -o name"
    mine = f"{found} -l {q(f'{STACK_LABEL}={plan.stack}')}"
    return (
        f'found="$({found})"',
        f'mine="$({mine})"',
        'if [ -n "$found" ]; then',
        '  if [ -n "$mine" ]; then owner="$stack"; else owner=None; fi',
        f'  ours {q("namespace " + after["name"])} "$owner" {_adopted(change)}',
        f"  run k8s label --overwrite namespace {name} {secured}",
        "else",
        *_applied(namespace_object(after, labels(tags(change, plan))), "create", "  "),
        "fi",
    )


def _rbac(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterable[str]:
    role, binding = rights_objects(after, labels(tags(change, plan)))
    return (*_applied(role, "apply", ""), *_applied(binding, "apply", ""))


def _balancer(change: Change, after: Mapping[str, Any], plan: Plan) -> Iterable[str]:
    """A Service of that name that is there already becomes the balancer's, as when ekswiz applies it."""
    wanted = BalancerAttributes(after["namespace"], after["name"], after["scheme"], after["load_balancer_class"])
    return _applied(service(wanted, labels(tags(change, plan))), "apply", "")


def _applied(document: Mapping[str, Any], verb: str, indent: str) -> Iterable[str]:
    """An object through a file: `kubectl` asks nothing of the quoting of a document."""
    yield f'{indent}printf {q("%s")} {q(document)} >"$scratch/object.json"'
    yield f'{indent}run k8s {verb} -f "$scratch/object.json"'


def _adopted(change: Change) -> str:
    """Whether the plan takes over an object of somebody else, as its maker agreed to."""
    return "adopted" if change.adopted else "own"


def _tag_query(member: str) -> str:
    return q(f"{member}[?Key=='{STACK}'].Value | [0]")


def _key(name: str) -> str:
    return f'"{name}"'


def _partition(plan: Plan) -> str:
    return regions().get(plan.region, "aws")


_MAKERS: Mapping[str, Callable[[Change, Mapping[str, Any], Plan], Iterable[str]]] = {
    "oidc_provider": _provider,
    "ecr_repository": _repository,
    "iam_role": _role,
    "access_mode": _mode,
    "access_entry": _entry,
    "access_policy": _policy,
    "namespace": _namespace,
    "deployer_rbac": _rbac,
    "load_balancer": _balancer,
}
