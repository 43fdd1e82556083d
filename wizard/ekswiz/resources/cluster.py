"""The cluster of a stack: a new one with all that it needs, or the one that is there."""

from __future__ import annotations

from typing import Any

from ekswiz.answers import Answers
from ekswiz.resource import Resource
from ekswiz.resources.access_mode import access_mode
from ekswiz.resources.addon import AFTER_NODES, BEFORE_NODES, addon
from ekswiz.resources.eks_cluster import eks_cluster
from ekswiz.resources.eks_new_cluster import new_eks_cluster
from ekswiz.resources.network import ROUTED, private_subnets, public_subnets
from ekswiz.resources.nodegroup import nodegroup
from ekswiz.resources.service_role import cluster_role, node_role


def cluster(answers: Answers, *, delete_protected: bool = False) -> list[Resource[Any]]:
    """What the answers ask for, in the order in which a reader meets it. The cluster's address is eks_cluster.main.

    A new cluster needs `network(answers)` beside it. `delete_protected` is the consent to switch its deletion
    protection off when it is destroyed.
    """
    if not answers.create_cluster:
        switch: list[Resource[Any]] = [access_mode(answers)] if answers.migrate_access else []
        return [eks_cluster(answers), *switch]
    subnets = (*public_subnets(answers), *private_subnets(answers))
    made = new_eks_cluster(answers, subnets, delete_protected=delete_protected)
    compute = _auto_mode if answers.compute == "auto" else _nodegroup
    return [cluster_role(answers), node_role(answers), made, *compute(answers, delete_protected=delete_protected)]


def _nodegroup(answers: Answers, *, delete_protected: bool) -> list[Resource[Any]]:
    """Nodes with a network of their own, and the add-ons that come before and after them."""
    before = [addon(answers, name, (), delete_protected=delete_protected) for name in BEFORE_NODES]
    needs = (*(each.address for each in before), *ROUTED)
    group = nodegroup(answers, private_subnets(answers), needs, delete_protected=delete_protected)
    after = [addon(answers, name, (group.address,), delete_protected=delete_protected) for name in AFTER_NODES]
    return [*before, group, *after]


def _auto_mode(answers: Answers, *, delete_protected: bool) -> list[Resource[Any]]:
    """EKS makes the nodes itself and brings all add-ons but one."""
    return [addon(answers, "metrics-server", ROUTED, delete_protected=delete_protected)]


def before_entries(answers: Answers) -> tuple[str, ...]:
    """Addresses that an access entry needs besides the cluster: the switch to access entries, where one is planned."""
    return ("access_mode.main",) if answers.migrate_access and not answers.create_cluster else ()
