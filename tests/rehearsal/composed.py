"""A stack with a cluster of its own, put together where `blueprint` does not do so (yet)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

from ekswiz.answers import Answers
from ekswiz.blueprint import blueprint
from ekswiz.resource import Resource
from ekswiz.resources.access_policy import access_policy
from ekswiz.resources.cluster import before_entries, cluster
from ekswiz.resources.network import network
from ekswiz.resources.operator_access import with_operator_access


def whole(answers: Answers, **consents: Any) -> list[Resource[Any]]:
    """Everything that the answers ask for."""
    protected = consents.pop("delete_protected", True)
    found = blueprint(answers, **consents)
    if any(each.address in ("nodegroup.main", "access_policy.deploy", "operator_access.open") for each in found):
        return found  # it does
    rest = [each for each in found if each.address != "eks_cluster.main"]
    rest += [access_policy(answers)] if answers.rights == "edit" else []
    for each in rest:
        if each.address == "access_entry.deploy":
            each.needs = (*each.needs, *before_entries(answers))
    made = cluster(answers, delete_protected=protected)
    return with_operator_access(answers, [*(network(answers) if answers.create_cluster else ()), *made, *rest])


@contextlib.contextmanager
def composed() -> Iterator[None]:
    """Sessions and operator policies of whole stacks."""
    with mock.patch("ekswiz.session.blueprint", whole), mock.patch("ekswiz.operator_policy.blueprint", whole):
        yield
