"""All checks, by what they look at."""

from __future__ import annotations

from ekswiz.doctor.checks.access import CHECKS as ACCESS
from ekswiz.doctor.checks.account import CHECKS as ACCOUNT
from ekswiz.doctor.checks.architecture import CHECKS as ARCHITECTURE
from ekswiz.doctor.checks.cluster import CHECKS as CLUSTER
from ekswiz.doctor.checks.files import CHECKS as FILES
from ekswiz.doctor.checks.github import CHECKS as GITHUB
from ekswiz.doctor.checks.inside import CHECKS as INSIDE
from ekswiz.doctor.checks.machine import CHECKS as MACHINE
from ekswiz.doctor.checks.nodes import CHECKS as NODES
from ekswiz.doctor.checks.registry import CHECKS as REGISTRY
from ekswiz.doctor.checks.repository import CHECKS as REPOSITORY
from ekswiz.doctor.checks.roles import CHECKS as ROLES
from ekswiz.doctor.checks.stack import CHECKS as STACK
from ekswiz.doctor.checks.workflows import CHECKS as WORKFLOWS
from ekswiz.doctor.finding import Examination

CHECKS: tuple[Examination, ...] = (
    *MACHINE,
    *STACK,
    *ACCOUNT,
    *ROLES,
    *GITHUB,
    *REPOSITORY,
    *CLUSTER,
    *NODES,
    *ACCESS,
    *INSIDE,
    *REGISTRY,
    *ARCHITECTURE,
    *FILES,
    *WORKFLOWS,
)
"""In the order in which a reader meets what they look at."""
