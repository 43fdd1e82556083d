"""`docs/reference/resources.md`: every resource type with the permissions that each verb needs, from the blueprint."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any, get_args

from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.resource import Resource, Tenure, Verb
from house.pages.markdown import code, table

HEAD = """\
# Resource types

Printed from the blueprint by `make docs`. An address is `<type>.<name>`. The permissions are IAM actions, those that
depend on others included; `ekswiz operator-policy` puts all that a stack needs on exactly the ARNs that are asked.
What needs none is not in AWS: Kubernetes objects, files, GitHub.

| tenure | whose it is |
| --- | --- |
| owned | the stack's alone; a foreign object of that name is a conflict |
| shared | may exist before and be used by others: adopted, only added to |
| kept | made if absent, else left as it is |
| external | must exist; never touched |
| offered | others', and in the way: shown, changed only with `--adopt`, never deleted |

"""
SOME = Answers(
    stack="payments", account="123456789012", region="eu-west-1", owner="acme", repo="payments", owner_id="1",
    repo_id="2", branch="main", cluster="platform", namespace="payments", ecr_repository="payments",
    workload="payments",
)  # fmt: skip
KINDS: tuple[dict[str, Any], ...] = tuple(
    {"create_cluster": made, "compute": compute, "expose": expose, "rights": rights, "github": github, **more}
    for made, compute, expose, rights, github, more in itertools.product(
        (False, True),
        ("nodegroup", "auto"),
        ("inside", "public"),
        ("group", "edit"),
        ("files", "pull_request"),
        ({}, {"operator_access": True, "migrate_access": True, "oidc_check": True}),
    )
)
"""Answers that together ask for every type."""


def every() -> dict[str, Resource[Any]]:
    """One resource of every type that some answers ask for."""
    found: dict[str, Resource[Any]] = {}
    for more in KINDS:
        for resource in blueprint(dataclasses.replace(SOME, **more), adopt=True):
            found.setdefault(resource.address.split(".")[0], resource)
    return found


def text() -> str:
    """The whole page."""
    types = sorted(every().items())
    assert {resource.tenure for _, resource in types} <= set(get_args(Tenure))
    head = ("type", "tenure", "why", *(f"to {verb}" for verb in get_args(Verb)), "cannot change in place")
    return HEAD + table(head, (tuple(_row(name, resource)) for name, resource in types))


def _row(name: str, resource: Resource[Any]) -> Iterator[str]:
    yield code(name)
    yield resource.tenure
    yield resource.why
    for verb in get_args(Verb):
        yield ", ".join(map(code, sorted(resource.permissions.get(verb, ()))))
    yield ", ".join(map(code, sorted(resource.replaces)))
