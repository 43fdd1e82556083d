"""The network's types keep the contract of a resource type, and fit beside a new cluster."""

import dataclasses
import inspect
import json
from typing import Any

import pytest

from ekswiz.engine.order import ordered
from ekswiz.engine.values import attributes
from ekswiz.plan import Action
from ekswiz.resource import Resource
from ekswiz.resources.network import ROUTED, network, private_subnets, public_subnets
from ekswiz.risks import CATALOGUE
from unit.engine.fakes import ANSWERS

NEW = dataclasses.replace(ANSWERS, create_cluster=True, zones=3)
METHODS = ("read", "create", "update", "delete", "cli", "risks", "farewell")


@pytest.mark.parametrize("resource", network(NEW), ids=lambda resource: resource.address)
def test_a_type_keeps_the_contract(resource: Any) -> None:
    for name in METHODS:
        promised = list(inspect.signature(getattr(Resource, name)).parameters)[1:]
        assert list(inspect.signature(getattr(resource, name)).parameters) == promised
    assert resource.why.endswith(".")
    assert resource.tenure == ("external" if resource.address.startswith("availability_zones.") else "owned")
    assert resource.replaces <= {field.name for field in dataclasses.fields(resource.desired)}
    json.dumps(attributes(resource.desired), default=lambda ref: ref.to_json())
    assert all(resource.cli(action) for action in Action)
    assert {risk.id for risk in resource.risks(None)} <= CATALOGUE.keys()


def test_what_others_refer_to_is_there_and_comes_in_order() -> None:
    place = {resource.address: number for number, resource in enumerate(ordered(network(NEW)))}
    assert {*public_subnets(NEW), *private_subnets(NEW), *ROUTED} <= place.keys()
    assert place["vpc.main"] < place["internet_gateway.main"] < place["nat_gateway.main"]
    assert place["subnet.public1"] < place["nat_gateway.main"] < place["route_table.private"]


def test_an_existing_clusters_rehearsal_never_loads_ec2() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from ekswiz_sim.aws.moto_backend import MotoBackend; from ekswiz_sim.gate.gate import Gate\n"
        "backend = MotoBackend('123456789012', 'eu-west-1')\n"
        "gate = Gate(backend.account, backend.region, backend, {}, print)\n"
        "gate.seeds.user('operator'); gate.iam_snapshot(); gate.close()\n"
        "assert 'moto.iam.models' in sys.modules; assert not any(m.startswith('moto.ec2') for m in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
