"""The IAM policy that whoever runs plan, apply and destroy needs for one stack, and not more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.errors import InputError
from ekswiz.iam.documents import VERSION, size

MANAGED_LIMIT = 6144
"""Characters of a managed policy (IAM quota)."""


def operator_policy(answers: Answers) -> dict[str, Any]:
    """The policy document: every action that a resource of this stack needs, on exactly the ARN that it is asked on.

    `sts:GetCallerIdentity` needs no permission. What happens inside Kubernetes is not IAM's to allow.

    Raises:
        InputError: The names are so long that the policy would not fit into a managed policy.
    """
    actions: dict[str, set[str]] = defaultdict(set)
    for resource in blueprint(answers):
        for action in (action for verb in resource.permissions.values() for action in verb):
            actions[resource.scopes[action]].add(action)
    document = {"Version": VERSION, "Statement": _statements(actions)}
    if size(document) > MANAGED_LIMIT:
        raise InputError("ecr_repository", f"makes the operator's policy longer than {MANAGED_LIMIT} characters.")
    return document


def _statements(actions: Mapping[str, set[str]]) -> list[dict[str, Any]]:
    """One statement per set of actions; resources that need the same ones share it."""
    resources: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for arn, needed in actions.items():
        resources[tuple(sorted(needed))].append(arn)
    return [
        {
            "Sid": f"Operate{number}{_service(needed)}",
            "Effect": "Allow",
            "Action": list(needed),
            "Resource": sorted(arns) if len(arns) > 1 else arns[0],
        }
        for number, (needed, arns) in enumerate(resources.items(), 1)
    ]


def _service(actions: tuple[str, ...]) -> str:
    return actions[0].partition(":")[0].upper()
