"""The policy documents that ekswiz writes: two trust policies, two permission policies. Exact values, every one named.

The surprising thing: two roles separate nothing if both jobs send the same claims, because any step of a job can mint a
token with that job's claims. So each trust policy asks for a claim that the other job cannot have: the deploy job's
environment, or, without one, the reusable workflow file that holds the deploy job alone.
Sources: IAM's "Available keys for AWS OIDC federation", GitHub's "OpenID Connect reference", the ECR and EKS tables of
the Service Authorization Reference.
"""

from __future__ import annotations

import json
from typing import Any

from ekswiz.answers import Answers
from ekswiz.errors import InputError

AUDIENCE = "sts.amazonaws.com"
"""The audience that configure-aws-credentials asks GitHub for in the commercial partition."""
VERSION = "2012-10-17"
TRUST_LIMIT = 2048
"""Characters of a role's trust policy (IAM quota)."""

PUSH_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
"""A push, and the look at an existing tag that makes a second run of the same commit harmless."""

Document = dict[str, Any]


def push_trust(answers: Answers) -> Document:
    """Who may become the push role: the build job of a push to the branch, and nothing else.

    Raises:
        InputError: The names are so long that IAM would refuse the policy.
    """
    conditions = _common(answers, context=f"ref:{answers.ref}", workflow=answers.workflow)
    return _trust(answers, "BuildJobOfTheBranch", conditions)


def deploy_trust(answers: Answers) -> Document:
    """Who may become the deploy role: the deploy job, told apart by its environment or its own workflow file.

    Raises:
        InputError: The names are so long that IAM would refuse the policy.
    """
    if answers.environment is None:
        conditions = _common(answers, context=f"ref:{answers.ref}", workflow=answers.deploy_workflow)
    else:
        conditions = _common(answers, context=f"environment:{answers.environment}", workflow=answers.workflow)
        conditions |= {f"{answers.issuer}:environment": answers.environment}
    return _trust(answers, "DeployJobOfTheBranch", conditions)


def push_policy(answers: Answers) -> Document:
    """What the push role may do: log in to ECR and push to one repository."""
    return _document(
        _allow("LogInToRegistry", ("ecr:GetAuthorizationToken",), "*"),
        _allow("PushToOneRepository", PUSH_ACTIONS, repository_arn(answers)),
    )


def deploy_policy(answers: Answers) -> Document:
    """What the deploy role may do in AWS: find one cluster's address. The rest is granted inside Kubernetes."""
    return _document(_allow("FindOneCluster", ("eks:DescribeCluster",), cluster_arn(answers)))


def provider_arn(answers: Answers) -> str:
    """ARN of the account's OIDC provider for GitHub."""
    return f"arn:{answers.partition}:iam::{answers.account}:oidc-provider/{answers.issuer}"


def role_arn(answers: Answers, role: str) -> str:
    """ARN of one of the stack's roles, by name."""
    return f"arn:{answers.partition}:iam::{answers.account}:role/{role}"


def repository_arn(answers: Answers) -> str:
    """ARN of the ECR repository."""
    return f"arn:{answers.partition}:ecr:{answers.region}:{answers.account}:repository/{answers.ecr_repository}"


def cluster_arn(answers: Answers) -> str:
    """ARN of the EKS cluster."""
    return f"arn:{answers.partition}:eks:{answers.region}:{answers.account}:cluster/{answers.cluster}"


def size(document: Document) -> int:
    """Length as IAM counts it at most: characters of the shortest JSON. White space inside a name counts too, here."""
    return len(json.dumps(document, separators=(",", ":")))


def _common(answers: Answers, *, context: str, workflow: str) -> Document:
    """The conditions that both trust policies share."""
    subjects = [f"{prefix}:{context}" for prefix in answers.subject_prefixes]
    issuer = answers.issuer
    return {
        f"{issuer}:aud": AUDIENCE,
        f"{issuer}:sub": subjects if len(subjects) > 1 else subjects[0],
        f"{issuer}:repository_id": answers.repo_id,
        f"{issuer}:repository_owner_id": answers.owner_id,
        f"{issuer}:ref": answers.ref,
        f"{issuer}:job_workflow_ref": f"{answers.repository}/{workflow}@{answers.ref}",
    }


def _trust(answers: Answers, sid: str, conditions: Document) -> Document:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn(answers)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": conditions},
    }
    return _short_enough(answers, _document(statement))


def _short_enough(answers: Answers, document: Document) -> Document:
    over = size(document) - TRUST_LIMIT
    if over <= 0:
        return document
    names = {n: getattr(answers, n) or "" for n in ("environment", "branch", "repo", "owner", "issuer")}
    longest = max(names, key=lambda name: len(names[name]))
    raise InputError(
        longest,
        f"is {len(names[longest])} characters long, and a trust policy that names it is {over} characters over IAM's "
        f"limit of {TRUST_LIMIT}.",
        f"Shorten `{longest}`; every name stands in that policy several times.",
    )


def _allow(sid: str, actions: tuple[str, ...], resource: str) -> Document:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions) if len(actions) > 1 else actions[0],
        "Resource": resource,
    }


def _document(*statements: Document) -> Document:
    return {"Version": VERSION, "Statement": list(statements)}
