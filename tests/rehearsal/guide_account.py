"""An account that was set up by hand after the guide, planted through the account's root user.

It keeps the guide's choices, mistakes included: a mutable repository with a tag that moves, one role for build and
deployment with two of AWS's cluster policies, a trust policy by name alone, and the cluster's administration for CI.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ekswiz.answers import Answers
from rehearsal.plants import put_image

Client = Callable[[str], Any]
ISSUER = "token.actions.githubusercontent.com"
ROLE = "GitHubActionsEKSECRRole"
REPOSITORY = "fastapi-app"
POLICIES = ("AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy")
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
READS = (
    "GetDownloadUrlForLayer", "GetRepositoryPolicy", "DescribeRepositories", "ListImages", "DescribeImages",
    "GetLifecyclePolicy", "GetLifecyclePolicyPreview", "ListTagsForResource", "DescribeImageScanFindings",
)  # fmt: skip
WRITES = (
    "BatchCheckLayerAvailability", "BatchGetImage", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload",
    "PutImage",
)  # fmt: skip


def role_arn(answers: Answers) -> str:
    """ARN of the guide's one role."""
    return f"arn:aws:iam::{answers.account}:role/{ROLE}"


def plant(
    aws: Client,
    answers: Answers,
    *,
    audiences: Sequence[str] = ("sts.amazonaws.com",),
    entry: bool = True,
    subject: str = "",
) -> None:
    """Everything that the guide makes by hand, but its cluster.

    `audiences` are the provider's. `entry` is False where the quoted command of the guide was pasted as it stands and
    never ran. `subject` takes the place of the trust policy's pattern.
    """
    provider = aws("iam").create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=list(audiences))
    _role(aws, answers, provider["OpenIDConnectProviderArn"], subject)
    aws("ecr").create_repository(repositoryName=REPOSITORY)
    put_image(aws, REPOSITORY, "latest")
    if entry:
        where = {"clusterName": answers.cluster, "principalArn": role_arn(answers)}
        aws("eks").create_access_entry(**where, type="STANDARD")
        aws("eks").associate_access_policy(**where, policyArn=ADMIN, accessScope={"type": "cluster"})


def workload(namespace: str = "default") -> dict[str, Any]:
    """The guide's Deployment and Service, in the default namespace."""
    labels = {"app": "fastapi"}
    container = {"name": "fastapi", "image": f"registry.example.com/{REPOSITORY}:latest"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "fastapi-app", "namespace": namespace},
                "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
            },
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "fastapi-service", "namespace": namespace},
                "spec": {"type": "LoadBalancer", "selector": labels, "ports": [{"port": 80, "targetPort": 8000}]},
            },
        ],
    }


def _role(aws: Client, answers: Answers, provider: str, subject: str) -> None:
    iam = aws("iam")
    named = subject or f"repo:{answers.owner}/{answers.repo}:ref:refs/heads/{answers.branch}"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
                    "StringLike": {f"{ISSUER}:sub": named},
                },
            }
        ],
    }
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))
    for policy in POLICIES:
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    arn = f"arn:aws:ecr:{answers.region}:{answers.account}:repository/{REPOSITORY}"
    statements = [
        {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"},
        {"Effect": "Allow", "Action": [f"ecr:{name}" for name in (*READS, *WRITES)], "Resource": arn},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=document)
