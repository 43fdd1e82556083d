"""What `ekswiz lint` finds in a role as it is now, as one risk beside the change that repairs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekswiz.lint.finding import Role
from ekswiz.lint.judge import lint_role
from ekswiz.plan import Risk

if TYPE_CHECKING:
    from ekswiz.resource import Live
    from ekswiz.resources.iam_role import RoleAttributes

SHOWN = 4
"""Findings that the sentence names; their number is always said."""


def findings(live: Live[RoleAttributes]) -> tuple[Risk, ...]:
    """One risk that names what is wrong with the role as it was found; none if nothing is."""
    held = live.attributes
    managed = {arn: {"Version": "2012-10-17", "Statement": []} for arn in held.attached}
    role = Role(live.outputs["arn"], held.trust, held.policies, managed, session_seconds=held.session_seconds)
    rules = list(dict.fromkeys(found.rule for found in lint_role(role) if found.severity != "note"))
    if not rules:
        return ()
    named = ", ".join(rules[:SHOWN]) + (f" and {len(rules) - SHOWN} more" if len(rules) > SHOWN else "")
    return (Risk("lint-findings", f"As it is now: {named} (ekswiz lint --role {held.name})."),)
