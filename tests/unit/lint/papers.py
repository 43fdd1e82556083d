"""Documents for rules: a good one, and short ways to spoil it."""

from __future__ import annotations

from typing import Any

ACCOUNT = "123456789012"
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
SUBJECT = "repo:acme@1/app@2:ref:refs/heads/main"
CLASSIC = "repo:acme/app:ref:refs/heads/main"
REPOSITORY = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/app"
GOOD = {
    "aud": "sts.amazonaws.com",
    "sub": SUBJECT,
    "repository_id": "2",
    "repository_owner_id": "1",
    "ref": "refs/heads/main",
    "job_workflow_ref": "acme/app/.github/workflows/deploy.yml@refs/heads/main",
}


def policy(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", **more, "Statement": list(statements)}


def claims(operator: str = "StringEquals", **named: Any) -> dict[str, Any]:
    return {operator: {f"{ISSUER}:{name}": value for name, value in named.items()}}


def trust(*conditions: dict[str, Any], without: str = "", provider: str = PROVIDER, **changed: Any) -> dict[str, Any]:
    """The good trust policy, with claims changed, one left out, and further blocks of conditions."""
    held = {name: value for name, value in {**GOOD, **changed}.items() if name not in without.split()}
    issuer = provider.partition("oidc-provider/")[2]
    condition: dict[str, Any] = {"StringEquals": {f"{issuer}:{name}": value for name, value in held.items()}}
    for block in conditions:
        for operator, lines in block.items():
            condition[operator] = {**condition.get(operator, {}), **lines}
    return policy(
        {
            "Sid": "Job",
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }
    )


def like(subject: str) -> dict[str, Any]:
    """The good trust policy with a pattern for `sub`."""
    return trust(claims("StringLike", sub=subject), without="sub")


def allow(action: Any = "ecr:PutImage", resource: Any = REPOSITORY, **more: Any) -> dict[str, Any]:
    return policy({"Sid": "One", "Effect": "Allow", "Action": action, "Resource": resource, **more})


def deny(**condition: Any) -> dict[str, Any]:
    return policy({"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition})


def resource(principal: Any, **more: Any) -> dict[str, Any]:
    return policy({"Effect": "Allow", "Principal": principal, "Action": "ecr:BatchGetImage", **more})
