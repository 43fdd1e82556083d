from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ekswiz.errors import TargetError
from ekswiz.fields.machines import ARM
from ekswiz.resources.eks_cluster_request import ClusterSpec, described, new_cluster, steps
from ekswiz.resources.eks_versions import choose, minor
from unit.engine.fakes import bare_target

SPEC = ClusterSpec("c", "1.35", "arn:role", frozenset({"subnet-b", "subnet-a"}))


class Offers:
    """DescribeClusterVersions, in two pages."""

    def __init__(self, *versions: str) -> None:
        self.versions = versions

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_cluster_versions"
        return SimpleNamespace(paginate=self.paginate)

    def paginate(self, versionStatus: str) -> Any:  # noqa: N803 - EKS's own name
        for version in self.versions:
            yield {"clusterVersions": [{"clusterVersion": version, "versionStatus": versionStatus}]}


@pytest.mark.parametrize(
    ("asked", "live", "chosen"),
    [
        ("latest", None, "1.36"),
        ("latest", "1.35", "1.35"),
        ("latest", "1.34", "1.34"),
        ("latest", "1.32", "1.33"),
        ("1.35", None, "1.35"),
        ("1.36", "1.34", "1.35"),
        ("1.36", "1.35", "1.36"),
        ("1.33", "1.33", "1.33"),
    ],
)
def test_the_version_to_have_next(asked: str, live: str | None, chosen: str) -> None:
    offers = Offers("1.34", "1.36", "1.35")
    target = replace(bare_target(), aws=lambda _: offers)
    assert choose(target, asked, live) == chosen


@pytest.mark.parametrize(
    ("asked", "live", "words"),
    [
        ("1.33", None, "not in EKS's standard support, which has 1.34, 1.35, 1.36"),
        ("1.34", "1.35", "there is no way back"),
    ],
)
def test_versions_that_cannot_be_had(asked: str, live: str | None, words: str) -> None:
    target = replace(bare_target(), aws=lambda _: Offers("1.34", "1.35", "1.36"))
    with pytest.raises(TargetError, match=words):
        choose(target, asked, live)


def test_minors_are_numbers() -> None:
    assert minor("1.9") < minor("1.10")
    assert minor("latest") == 0


def test_what_is_made_reads_back_as_what_was_asked_for() -> None:
    for spec in (SPEC, replace(SPEC, auto_node_role="arn:node", cidrs=("10.0.0.0/8", "192.0.2.0/24"))):
        found = {**new_cluster(spec), "arn": "arn:c", "status": "ACTIVE"}
        assert described(found).attributes == spec


@pytest.mark.parametrize(
    ("change", "member", "request_"),
    [
        ({"deletion_protection": False}, "deletion_protection", {"deletionProtection": False}),
        ({"support": "EXTENDED"}, "support", {"upgradePolicy": {"supportType": "EXTENDED"}}),
        ({"version": "1.36"}, "version", {"version": "1.36"}),
        ({"subnets": frozenset({"z", "a"})}, "subnets", {"resourcesVpcConfig": {"subnetIds": ["a", "z"]}}),
        (
            {"logs": ("api",)},
            "logs",
            {
                "logging": {
                    "clusterLogging": [
                        {"types": ["api"], "enabled": True},
                        {"types": ["audit", "authenticator"], "enabled": False},
                    ]
                }
            },
        ),
    ],
)
def test_one_step_for_each_type_of_change(change: dict[str, Any], member: str, request_: dict[str, Any]) -> None:
    (step,) = steps(SPEC, replace(SPEC, **change))
    assert (step.member, dict(step.request)) == (member, request_)


def test_nothing_to_change_is_no_step() -> None:
    assert list(steps(SPEC, SPEC)) == []


@pytest.mark.parametrize(
    ("instance", "arm"),
    [("t3.medium", False), ("t4g.medium", True), ("m7g.large", True), ("c7gn.xlarge", True), ("a1.large", True),
     ("g4dn.xlarge", False), ("g5.xlarge", False), ("im4gn.large", True), ("p4d.24xlarge", False)],
)  # fmt: skip
def test_which_machines_have_awss_own_processors(instance: str, arm: bool) -> None:
    assert bool(ARM.fullmatch(instance)) is arm
