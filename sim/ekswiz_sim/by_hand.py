"""What people make by hand before they have a workflow like the usual guide's: one role for everything.

A foreign workflow finds nothing of it in a fresh account, so it is made for the run: the role that its secrets name,
with the guide's trust policy, the two cluster policies, and the cluster's administration.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz.answers import Answers
from ekswiz.fields.rules import RULES
from ekswiz.workflow.model import Workflow
from ekswiz.workflow.references import references
from ekswiz.workflow.security import action_name
from ekswiz_sim.world import World

ROLE = "GitHubActionsEKSECRRole"
POLICIES = ("AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy")
ADMIN = "cluster-access-policy/AmazonEKSClusterAdminPolicy"
ECR_ACTIONS = (
    "BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "GetRepositoryPolicy", "DescribeRepositories",
    "ListImages", "DescribeImages", "BatchGetImage", "GetLifecyclePolicy", "GetLifecyclePolicyPreview",
    "ListTagsForResource", "DescribeImageScanFindings", "InitiateLayerUpload", "UploadLayerPart",
    "CompleteLayerUpload", "PutImage",
)  # fmt: skip
"""What the guide's inline policy lists."""
_REPOSITORY = re.compile(r"repo", re.IGNORECASE)
_MEANINGS = tuple(re.compile(word, re.IGNORECASE) for word in ("role|arn", "region", "cluster", "account"))
"""What a secret's or variable's name may say: role, region, cluster, account, in this order."""


def role_arn(answers: Answers) -> str:
    """ARN of the one role."""
    return f"arn:{answers.partition}:iam::{answers.account}:role/{ROLE}"


def missing(workflow: Workflow, context: str, given: Mapping[str, str]) -> list[str]:
    """The names that a workflow reads from `secrets` or `vars` and that nobody gave, as it writes them."""
    known = {name.lower() for name in (*given, "GITHUB_TOKEN")}
    found: dict[str, str] = {}
    for text in _texts(workflow):
        for offset, path in references(text):
            if path[0] == context and len(path) > 1 and path[1] not in known:
                at = text.lower().find(path[1], offset)
                found.setdefault(path[1], text[at : at + len(path[1])])
    return list(found.values())


def filled(names: list[str], answers: Answers) -> dict[str, str]:
    """Values for names that say what they are: a role's ARN, the region, the cluster, the account; others are left."""
    values = (role_arn(answers), answers.region, answers.cluster, answers.account)
    guesses = tuple(zip(_MEANINGS, values, strict=True))
    fitting = {name: [value for pattern, value in guesses if pattern.search(name)] for name in names}
    return {name: found[0] for name, found in fitting.items() if found}


def repositories(workflow: Workflow) -> list[str]:
    """ECR repositories that the workflow names in plain text, by variables that are called so."""
    texts = [(name, text.value) for _, step in workflow.steps() for name, text in step.env.items()]
    texts += [(name, text.value) for job in workflow.jobs.values() for name, text in job.env.items()]
    texts += [(name, text.value) for name, text in workflow.env.items()]
    named = [
        value for name, value in texts if _REPOSITORY.search(name) and RULES["ecr_repository"].breach(value) is None
    ]
    return list(dict.fromkeys(named))


def plant(world: World, names: list[str]) -> None:
    """Make the role with its rights in AWS and in the cluster, and repositories of these names, as the root user."""
    answers, iam = world.answers, world.root("iam")
    for name in names:
        if name != answers.ecr_repository:
            world.root("ecr").create_repository(repositoryName=name)
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(_trust(answers)))
    for policy in POLICIES:
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:{answers.partition}:iam::aws:policy/{policy}")
    iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=json.dumps(_policy(answers, names)))
    where = {"clusterName": answers.cluster, "principalArn": role_arn(answers)}
    world.root("eks").create_access_entry(**where, type="STANDARD")
    world.root("eks").associate_access_policy(
        **where, policyArn=f"arn:{answers.partition}:eks::aws:{ADMIN}", accessScope={"type": "cluster"}
    )


def _trust(answers: Answers) -> dict[str, Any]:
    """By name alone and with StringLike, as the guide has it."""
    provider = f"arn:{answers.partition}:iam::{answers.account}:oidc-provider/{answers.issuer}"
    condition = {
        "StringEquals": {f"{answers.issuer}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{answers.issuer}:sub": f"repo:{answers.repository}:ref:{answers.ref}"},
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _policy(answers: Answers, names: list[str]) -> dict[str, Any]:
    wanted = dict.fromkeys([answers.ecr_repository, *names])
    arn = [f"arn:{answers.partition}:ecr:{answers.region}:{answers.account}:repository/{name}" for name in wanted]
    statements = [
        {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"},
        {"Effect": "Allow", "Action": [f"ecr:{name}" for name in ECR_ACTIONS], "Resource": arn},
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def roles(workflow: Workflow, secrets: Mapping[str, str], variables: Mapping[str, str]) -> list[str]:
    """Names of the roles that the workflow's AWS steps ask for, as far as their values are known."""
    known = {("secrets", name.lower()): value for name, value in secrets.items()}
    known |= {("vars", name.lower()): value for name, value in variables.items()}
    found: dict[str, None] = {}
    for _, step in workflow.steps():
        text = step.inputs.get("role-to-assume")
        if text is None or action_name(step) != "aws-actions/configure-aws-credentials":
            continue
        read = [known.get((path[0], path[-1]), "") for _, path in references(text.value)]
        found.update(dict.fromkeys(arn.rpartition("/")[2] for arn in (read or [text.value]) if ":role/" in arn))
    return list(found)


def _texts(workflow: Workflow) -> Iterator[str]:
    yield from (text.value for text in workflow.env.values())
    for job in workflow.jobs.values():
        yield from (text.value for text in (*job.env.values(), *job.inputs.values()))
        yield from (text.value for text in (job.secrets.values() if not isinstance(job.secrets, str) else ()))
        for step in job.steps:
            yield from (text.value for text in (*step.env.values(), *step.inputs.values()))
            yield from (text.value for text in (step.run,) if text is not None)
