"""The stack's two roles: they say whom they trust, what may be pushed where, and which cluster is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz.clients.aws_errors import ask, pages
from ekswiz.errors import InputError
from ekswiz.from_account.found import Found
from ekswiz.iam.documents import PUSH_ACTIONS
from ekswiz.resources.iam_role import POLICY
from ekswiz.resources.tags import owner
from ekswiz.target import Target

NAME = re.compile(r"ekswiz-(?P<stack>[a-z0-9-]+)-deploy", re.ASCII)
FILE = re.compile(r"(?P<owner>[^/]+)/(?P<repo>[^/]+)/(?P<path>.+)@refs/heads/(?P<branch>.+)", re.DOTALL)
"""GitHub's `job_workflow_ref` of a push to a branch."""
ISSUER = ":oidc-provider/"
Json = Mapping[str, Any]


def stacks(target: Target) -> list[str]:
    """Names of the stacks whose roles are in this account, by name and tag."""
    names = (NAME.fullmatch(role["RoleName"]) for role in pages(target, "iam", "list_roles", "Roles"))
    return sorted(name["stack"] for name in names if name and _ours(target, name[0], name["stack"]))


def read_roles(target: Target, stack: str, found: Found) -> None:
    """What both roles say.

    Raises:
        InputError: One of them is missing, or its trust policy is none that ekswiz writes.
    """
    push, deploy = (_role(target, stack, kind) for kind in ("push", "deploy"))
    found.note({"stack": stack, "account": target.account}, f"role {deploy['RoleName']}")
    found.note({"region": target.region, "partition": target.partition}, "these credentials")
    _trust(push, found)
    deploy_claims = _claims(deploy)
    found.deploy_workflow = _file(deploy, deploy_claims)["path"]
    where = f"trust policy of {deploy['RoleName']}"
    found.note({"environment": deploy_claims.get("environment")}, where)
    found.note({"boundary": push.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")}, where)
    found.note({"ecr_repository": _resource(target, push, PUSH_ACTIONS[0], ":repository/")}, f"policy of {push['Arn']}")
    found.note({"cluster": _resource(target, deploy, "eks:DescribeCluster", ":cluster/")}, f"policy of {deploy['Arn']}")


def _ours(target: Target, role: str, stack: str) -> bool:
    answer = ask(target, "iam", "get_role", RoleName=role) or {}
    return owner(answer.get("Role", {}).get("Tags")) == stack


def _role(target: Target, stack: str, kind: str) -> dict[str, Any]:
    name = f"ekswiz-{stack}-{kind}"
    answer = ask(target, "iam", "get_role", RoleName=name)
    if answer is None:
        detail = f"there is no role {name} in account {target.account}: stack {stack!r} is not in it."
        raise InputError("--stack", detail, "Name another stack, or another --profile.")
    role: dict[str, Any] = answer["Role"]
    return role


def _trust(role: Json, found: Found) -> None:
    """Repository, branch and the form of `sub`."""
    claims = _claims(role)
    subjects = claims.get("sub", "")
    missing = [name for name in ("repository_id", "repository_owner_id", "ref", "sub") if not claims.get(name)]
    if missing:
        raise _not_ours(role, f"it does not ask for {', '.join(missing)}")
    file = _file(role, claims)
    found.workflow = file["path"]
    where = f"trust policy of {role['RoleName']}"
    found.note({name: file[name] for name in ("owner", "repo", "branch")}, where)
    found.note({"owner_id": claims["repository_owner_id"], "repo_id": claims["repository_id"]}, where)
    classic = not isinstance(subjects, str)
    found.note({"subject": "classic" if classic else "immutable", "issuer": claims["issuer"]}, where)


def _file(role: Json, claims: Json) -> re.Match[str]:
    """The workflow file whose jobs the role trusts."""
    file = FILE.fullmatch(str(claims.get("job_workflow_ref", "")))
    if file is None:
        raise _not_ours(role, "it does not ask for the job_workflow_ref of a push")
    return file


def _claims(role: Json) -> dict[str, Any]:
    """What the role's first statement asks for, by claim, and the issuer that it trusts."""
    statements = role["AssumeRolePolicyDocument"].get("Statement", [])
    first = statements[0] if isinstance(statements, list) and statements else {}
    federated = first.get("Principal", {}).get("Federated", "") if isinstance(first.get("Principal"), dict) else ""
    asked = first.get("Condition", {}).get("StringEquals", {})
    if not isinstance(federated, str) or ISSUER not in federated or not asked:
        raise _not_ours(role, "it trusts no OIDC provider by StringEquals")
    issuer = federated.partition(ISSUER)[2]
    claims = {key.removeprefix(f"{issuer}:"): value for key, value in asked.items()}
    return {**claims, "issuer": issuer}


def _not_ours(role: Json, why: str) -> InputError:
    detail = f"the trust policy of {role['RoleName']} is not as ekswiz writes it: {why}."
    return InputError("--from-account", detail, "Look at it: ekswiz lint --role " + str(role["Arn"]))


def _resource(target: Target, role: Json, action: str, kind: str) -> str:
    """The name of the one resource on which the role's own policy allows an action."""
    answer = ask(target, "iam", "get_role_policy", RoleName=role["RoleName"], PolicyName=POLICY) or {}
    named = {arn.partition(kind)[2] for arn in _resources(answer.get("PolicyDocument", {}), action) if kind in arn}
    if len(named) != 1:
        detail = f"the policy {POLICY} of {role['RoleName']} is not as ekswiz writes it: {action} on one resource."
        raise InputError("--from-account", detail, "Look at it: ekswiz lint --role " + str(role["Arn"]))
    return named.pop()


def _resources(document: Json, action: str) -> Iterator[str]:
    for statement in document.get("Statement", []):
        actions, resources = (_several(statement.get(name, ())) for name in ("Action", "Resource"))
        if statement.get("Effect") == "Allow" and action in actions:
            yield from resources


def _several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
