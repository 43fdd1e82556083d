"""EC2's part of the operator's policy: make what bears this stack's tag, touch what bears it, and nothing else.

EC2 makes up its ids, so ARNs cannot tell this stack's objects from others; tags can. A new object is judged by the tag
that the request gives it, everything else by the tag that it has, and a create call's tagging by the call it is part
of. The surprising thing: an action that makes something inside something (a subnet in a VPC) is judged on both, so
nothing that is a parent may stand in the statement that makes its children.
Source: EC2 user guide, "Control access to resource tagging"; Service Authorization Reference, Amazon EC2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ekswiz.answers import Answers
from ekswiz.resources.ec2 import MAKES, scope
from ekswiz.resources.tags import STACK

SERVICE = "ec2:"
TAG = "ec2:CreateTags"
INSIDE = frozenset({"ec2:CreateSubnet", "ec2:CreateRouteTable", "ec2:CreateNatGateway"})
"""Judged on what is made and on what it is made in."""
LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"ec2:CreateVpc", "ec2:CreateNatGateway"}),
    frozenset({"ec2:CreateSubnet", "ec2:CreateRouteTable", "ec2:CreateInternetGateway", "ec2:AllocateAddress"}),
)
"""What may be made by one statement: in neither does one action's object hold another's."""


def narrowed(action: str) -> bool:
    """Whether the statements here are what allows an action, and not the ordinary ones by ARN."""
    return action.startswith(SERVICE) and not action.startswith("ec2:Describe")


def network_statements(answers: Answers, actions: Iterable[str]) -> list[dict[str, Any]]:
    """The statements that allow these actions for this stack's objects; none for no actions."""
    wanted = frozenset(actions)
    requested = {f"aws:RequestTag/{STACK}": answers.stack}
    found = [
        _statement(f"MakeNetwork{level}", makes, sorted(scope(answers, a) for a in makes), requested)
        for level, makes in enumerate((sorted(wanted & each) for each in LEVELS), 1)
        if makes
    ]
    calls = sorted(action.removeprefix(SERVICE) for action in wanted & MAKES.keys())
    anything = [scope(answers, TAG)]
    if TAG in wanted and calls:
        found.append(_statement("TagWhatIsMade", [TAG], anything, {**requested, "ec2:CreateAction": calls}))
    touched = sorted((wanted - MAKES.keys()) | (wanted & INSIDE))
    if touched:
        found.append(_statement("TouchOwnNetwork", touched, anything, {f"aws:ResourceTag/{STACK}": answers.stack}))
    return found


def _statement(sid: str, actions: list[str], on: list[str], keys: Mapping[str, str | list[str]]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": on if len(on) > 1 else on[0],
        "Condition": {"StringEquals": dict(keys)},
    }
