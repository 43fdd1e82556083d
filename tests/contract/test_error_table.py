"""Every row of the error table, provoked behind the gate and met by a real client on the wire."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ekswiz.clients import aws_errors
from ekswiz.clients.aws_errors import Absent, InUse, tell
from ekswiz.clients.error_table import BROKEN, ROWS, Row, find
from ekswiz.errors import Conflict, Expired, NotYet, Refused, TargetError, Transient
from ekswiz.operator_policy import operator_policy
from ekswiz_sim.seams import ServiceError
from ekswiz_sim.sim_target import make_target
from ekswiz_sim.world import World
from unit.engine.fakes import ANSWERS

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    "wait": Transient, "absent": Absent, "held": InUse, "taken": Conflict, "denied": Refused, "no entries": NotYet,
    "not yet": NotYet, "expired": Expired, "stop": TargetError,
}  # fmt: skip
CALLS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "iam": {
        "create_role": {"RoleName": "x", "AssumeRolePolicyDocument": "{}"},
        "delete_role": {"RoleName": "x"},
        "create_open_id_connect_provider": {"Url": "https://x.example"},
    },
    "eks": {
        "describe_cluster": {"name": "x"},
        "delete_cluster": {"name": "x"},
        "update_cluster_config": {"name": "x", "deletionProtection": True},
        "associate_access_policy": {
            "clusterName": "x", "principalArn": "arn:aws:iam::123456789012:role/x", "policyArn": "arn:x",
            "accessScope": {"type": "cluster"},
        },
    },
    "ecr": {
        "create_repository": {"repositoryName": "abc"},
        "delete_repository": {"repositoryName": "abc"},
    },
    "ec2": {
        "delete_vpc": {"VpcId": "vpc-1"},
        "attach_internet_gateway": {"VpcId": "vpc-1", "InternetGatewayId": "igw-1"},
    },
}  # fmt: skip
TEXTS = {
    r"[Rr]ole .* (does not exist|cannot be found)": "The role with name x cannot be found.",
    r"update .* in progress": "Cluster x currently has update 1 in progress",
    r"[Dd]eletion protection": "Cluster has deletion protection enabled.",
}
"""A message for each pattern that is not its own message."""
BY_FAULT = ("throttle", "500", "503", "ExpiredToken", "AccessDenied", "skew")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World.start(ANSWERS, operator_policy(ANSWERS))
    try:
        yield made
    finally:
        made.close()
        gc.collect()


def operation_of(row: Row) -> tuple[str, str]:
    """A call that the row speaks of: service and boto3's name of the operation."""
    service = "iam" if row.service == "*" else row.service
    calls = CALLS[service]
    named = {aws_errors._action(service, name): name for name in calls}
    return service, next(iter(calls)) if row.operation == "*" else named[f"{service}:{row.operation}"]


def cases() -> list[Any]:
    return [
        pytest.param(row, code.replace("*", "Thing", 1), id=f"{row.service}-{row.operation}-{code}-{row.text[:20]}")
        for row in ROWS
        for code in row.codes
    ]


def answering(monkeypatch: pytest.MonkeyPatch, world: World, service: str, failure: ServiceError) -> None:
    """Let the emulated service answer with this error, once the gate has let the call through."""

    def fail(*_: Any, **__: Any) -> Any:
        raise failure

    monkeypatch.setattr(type(world.parts.gate._calls), "_effect", fail)


def met(world: World, service: str, operation: str, **more: Any) -> TargetError:
    target = make_target(world.doorway, world._root_keys(), Path())
    client = target.aws(service)
    with pytest.raises(TargetError) as caught:
        tell(replace(target, aws=lambda _: client), service, operation, **{**CALLS[service][operation], **more})
    return caught.value


@pytest.mark.parametrize(("row", "code"), cases())
def test_each_row_is_met_on_the_wire(world: World, monkeypatch: pytest.MonkeyPatch, row: Row, code: str) -> None:
    service, operation = operation_of(row)
    text = TEXTS.get(row.text, row.text or "said by a test")
    answering(monkeypatch, world, service, ServiceError(code, text, 400))

    error = met(world, service, operation)

    assert find(aws_errors._action(service, operation), code, text, 400) is row
    assert type(error) is KINDS[row.kind]
    assert code in str(error)
    assert text in str(error)
    if isinstance(error, Transient):
        assert error.within == row.within


@pytest.mark.parametrize("fault", BY_FAULT)
@pytest.mark.parametrize("service", ["iam", "eks", "ecr", "ec2"])
def test_the_gates_faults_are_in_the_table(world: World, service: str, fault: Any) -> None:
    operation = next(iter(CALLS[service]))
    kinds = {"throttle": Transient, "500": Transient, "503": Transient, "ExpiredToken": Expired,
             "AccessDenied": Refused, "skew": TargetError}  # fmt: skip
    if service == "ec2" and fault == "skew":
        kinds["skew"] = Expired  # EC2 says RequestExpired for both
    world.parts.gate.faults.add("*", "*", fault, count=3)  # the client tries three times what it takes for passing

    error = met(world, service, operation)
    world.parts.gate.faults.clear()

    assert type(error) is kinds[fault]


def test_an_unknown_code_with_a_servers_status_may_pass_and_one_without_does_not() -> None:
    assert find("iam:GetRole", "Surprise", "", 502) is BROKEN
    assert find("iam:GetRole", "Surprise", "", 400) is None


def test_every_row_names_its_source_and_those_that_stop_say_what_to_do() -> None:
    for row in ROWS:
        assert row.source.startswith("https://")
        assert row.do
        assert (row.within > 0) == (row.kind in ("wait", "absent", "held"))


def test_the_printed_reference_is_current() -> None:
    script = ROOT / "tests/house/error_reference.py"
    found = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stdout
