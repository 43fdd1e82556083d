"""What AWS itself says of policies: IAM Access Analyzer's checks and IAM's simulator. Asked, never needed.

Both are reads and change nothing. AWS sees neither our rules nor all of an organisation's guard-rails.

Sources: IAM Access Analyzer API, ValidatePolicy; IAM API, SimulatePrincipalPolicy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ekswiz.access.compute import Cell
from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import ask, pages
from ekswiz.errors import EkswizError
from ekswiz.iam.documents import cluster_arn, repository_arn
from ekswiz.lint.finding import Finding, Role, Severity
from ekswiz.target import Target

SAYS = "AWS says"
_SEVERITY: Mapping[str, Severity] = {
    "ERROR": "error",
    "SECURITY_WARNING": "error",
    "WARNING": "warning",
    "SUGGESTION": "note",
}
_TRUST = {"policyType": "RESOURCE_POLICY", "validatePolicyResourceType": "AWS::IAM::AssumeRolePolicyDocument"}
_IDENTITY = {"policyType": "IDENTITY_POLICY"}


def analyzed(target: Target, roles: Sequence[Role]) -> tuple[tuple[Finding, ...], str]:
    """Access Analyzer's findings on every document, and why there are none if it was not to be asked."""
    try:
        return tuple(finding for role in roles for finding in _role(target, role)), ""
    except EkswizError as refused:
        return (), f"IAM Access Analyzer was not asked ({_short(refused)})."


def simulated(target: Target, role: Role, cells: Sequence[Cell], answers: Answers) -> tuple[tuple[Cell, ...], str]:
    """The cells with IAM's simulator's word on what it can judge, and why it has none if it was not to be asked."""
    asked = {
        "push-image": ("ecr:PutImage", repository_arn(answers)),
        "delete-cluster": ("eks:DeleteCluster", cluster_arn(answers)),
        "change-iam": ("iam:PutRolePolicy", role.arn),
    }
    try:
        said = {column: _simulated(target, role, *question) for column, question in asked.items()}
    except EkswizError as refused:
        return tuple(cells), f"IAM's simulator was not asked ({_short(refused)})."
    return tuple(_with(cell, said.get(cell.column)) for cell in cells), ""


def _short(refused: EkswizError) -> str:
    """The call and the code, without AWS's sentence: `iam:SimulatePrincipalPolicy: AccessDenied`."""
    return ": ".join(refused.detail.split(": ")[:2])


def _with(cell: Cell, said: str | None) -> Cell:
    return replace(cell, why=f"{cell.why} {SAYS}: {said}.") if said else cell


def _simulated(target: Target, role: Role, action: str, resource: str) -> str:
    answer = ask(
        target, "iam", "simulate_principal_policy",
        PolicySourceArn=role.arn, ActionNames=[action], ResourceArns=[resource],
    )  # fmt: skip
    (result,) = answer["EvaluationResults"] if answer else [{"EvalDecision": "nothing"}]
    return f"{result['EvalDecision']} ({action})"


def _role(target: Target, role: Role) -> Iterator[Finding]:
    yield from _document(target, role.trust, f"{role.name}, trust policy", _TRUST)
    for name, document in role.inline.items():
        yield from _document(target, document, f"{role.name}, {name}", _IDENTITY)
    if role.boundary is not None:
        yield from _document(target, role.boundary, f"{role.name}, permissions boundary", _IDENTITY)


def _document(target: Target, document: Any, where: str, kind: Mapping[str, str]) -> Iterator[Finding]:
    text = json.dumps(document)
    for found in pages(target, "accessanalyzer", "validate_policy", "findings", policyDocument=text, **kind):
        yield Finding(
            rule=found["issueCode"],
            severity=_SEVERITY.get(found["findingType"], "warning"),
            where=where,
            sentence=found["findingDetails"],
            why="IAM Access Analyzer found it.",
            fix=found.get("learnMoreLink", "See IAM Access Analyzer's policy check reference."),
            source=SAYS,
        )
