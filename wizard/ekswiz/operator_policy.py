"""The IAM policy that whoever runs plan, apply and destroy needs for one stack, and not more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.iam.documents import VERSION
from ekswiz.operator_network import narrowed, network_statements

CONDITIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "iam:PassRole": {"iam:PassedToService": ("eks.amazonaws.com",)},
}
"""Condition keys (StringEquals) that keep an action to what ekswiz does with it: a role is handed to EKS alone."""


NETWORK = ("network", True)
"""Where EC2's changing actions are gathered: their statements go by tags."""
SELF_CHECK = ("iam:SimulatePrincipalPolicy", "iam:GetRole")
"""What testing one's own permissions asks for; applying does not need it."""


def operator_policy(answers: Answers, *, adopt: bool = False, self_check: bool = False) -> dict[str, Any]:
    """The policy document: every action that a resource of this stack needs, on exactly the ARN that it is asked on.

    `adopt` adds what narrowing older roles needs. `self_check` adds asking IAM's simulator about the account's users
    and roles. `sts:GetCallerIdentity` needs no permission. What happens inside Kubernetes is not IAM's to allow.
    It may be longer than IAM takes: `ekswiz.iam.parts` spreads it over several.
    """
    actions: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for resource in blueprint(answers, adopt=adopt):
        for action in (action for verb in resource.permissions.values() for action in verb):
            # What has conditions stands alone: they would hold for every action beside it.
            place = NETWORK if narrowed(action) else (resource.scopes[action], action in CONDITIONS)
            actions[place].add(action)
    network = network_statements(answers, actions.pop(NETWORK, ()))
    document: dict[str, Any] = {"Version": VERSION, "Statement": [*_statements(actions), *network]}
    if self_check:
        whoever = [f"arn:{answers.partition}:iam::{answers.account}:{kind}/*" for kind in ("user", "role")]
        statement = {"Sid": "SelfCheck", "Effect": "Allow", "Action": list(SELF_CHECK), "Resource": whoever}
        document["Statement"].append(statement)
    return document


def _statements(actions: Mapping[tuple[str, bool], set[str]]) -> list[dict[str, Any]]:
    """One statement per set of actions; resources that need the same ones share it."""
    resources: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for (arn, _), needed in actions.items():
        resources[tuple(sorted(needed))].append(arn)
    return [
        {
            "Sid": f"Operate{number}{_service(needed)}",
            "Effect": "Allow",
            "Action": list(needed),
            "Resource": sorted(arns) if len(arns) > 1 else arns[0],
            **_condition(needed),
        }
        for number, (needed, arns) in enumerate(resources.items(), 1)
    ]


def _condition(actions: tuple[str, ...]) -> dict[str, Any]:
    keys = {key: list(values) for action in actions for key, values in CONDITIONS.get(action, {}).items()}
    return {"Condition": {"StringEquals": keys}} if keys else {}


def _service(actions: tuple[str, ...]) -> str:
    return actions[0].partition(":")[0].upper()
