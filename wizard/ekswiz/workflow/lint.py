"""Lint: what is wrong with a workflow although GitHub accepts it.

Each rule is a function from a workflow to findings; scope.py, security.py and deployment.py hold them by concern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ekswiz.workflow import deployment, scope, security
from ekswiz.workflow.finding import Expectations, Finding
from ekswiz.workflow.model import Workflow

__all__ = ["Expectations", "Finding", "lint"]

_RULES: tuple[Callable[[Workflow], Iterator[Finding]], ...] = (
    scope.undefined_variables,
    scope.unknown_references,
    security.injections,
    security.missing_id_token,
    security.unpinned_actions,
    security.broad_permissions,
    security.untrusted_checkout,
    security.kept_credentials,
    security.always_true,
    deployment.dispatch_anywhere,
    deployment.masked_region,
    deployment.constant_session,
    deployment.unwatched_rollout,
    deployment.unbounded,
)
_ORDER = {"error": 0, "warning": 1, "info": 2}


def lint(workflow: Workflow, expected: Expectations | None = None) -> tuple[Finding, ...]:
    """All findings, the worst first, then in the file's order. `expected` is what the deployment's answers want."""
    wanted = expected or Expectations()
    found = [finding for rule in _RULES for finding in rule(workflow)]
    found += deployment.branch_filters(workflow, wanted)
    found += deployment.environments(workflow, wanted)
    return tuple(sorted(found, key=lambda finding: (_ORDER[finding.severity], finding.position, finding.id)))
