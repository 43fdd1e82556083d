"""What the engine promises to other rooms: every resource type keeps the contract, and plans are plain data."""

import dataclasses
import inspect
import json
from typing import Any

import pytest

from ekswiz.blueprint import blueprint
from ekswiz.engine.order import ordered
from ekswiz.engine.values import attributes
from ekswiz.frontend import OpenRoad
from ekswiz.plan import Action
from ekswiz.resource import Resource
from ekswiz.session import BoundSession, Session
from unit.engine.fakes import ANSWERS, Fake, Shop

EVERY = [*blueprint(ANSWERS), *blueprint(dataclasses.replace(ANSWERS, environment=None)), Fake(Shop(), "fake.a")]
METHODS = ("read", "create", "update", "delete", "cli", "risks", "farewell")


@pytest.mark.parametrize("resource", EVERY, ids=lambda resource: resource.address)
def test_a_resource_type_keeps_the_contract(resource: Any) -> None:
    for name in METHODS:
        promised = list(inspect.signature(getattr(Resource, name)).parameters)[1:]
        assert list(inspect.signature(getattr(resource, name)).parameters) == promised
    kind, dot, name = resource.address.partition(".")
    assert kind
    assert dot
    assert name
    assert resource.why.endswith(".")
    assert resource.tenure in ("owned", "shared", "kept", "external", "offered")
    assert dataclasses.is_dataclass(resource.desired)
    assert resource.replaces <= {field.name for field in dataclasses.fields(resource.desired)}
    json.dumps(attributes(resource.desired), default=lambda ref: ref.to_json())
    for action in Action:
        assert resource.cli(action)


def test_the_blueprint_can_be_ordered_and_names_each_type() -> None:
    desired = blueprint(ANSWERS)
    assert len(ordered(desired)) == len(desired)
    assert {resource.address.partition(".")[0] for resource in desired} == {
        "oidc_provider", "iam_role", "ecr_repository", "eks_cluster", "access_entry", "namespace", "deployer_rbac",
        "repository_file", "legacy_access",
    }  # fmt: skip


def test_the_access_entry_goes_before_its_role_and_the_role_before_the_provider() -> None:
    place = {resource.address: number for number, resource in enumerate(ordered(blueprint(ANSWERS)))}
    assert place["access_entry.deploy"] > place["iam_role.deploy"] > place["oidc_provider.github"]
    assert place["access_entry.deploy"] > place["deployer_rbac.deployer"] > place["namespace.app"]


def test_a_session_is_a_road_and_a_bound_session_what_front_ends_see() -> None:
    for name, parameters in {
        "plan": ["target"],
        "apply": ["plan", "target", "stop"],
        "destroy": ["target", "stop"],
    }.items():
        assert list(inspect.signature(getattr(Session, name)).parameters)[1:] == parameters
    for name in ("plan", "apply", "destroy_plan", "destroy"):
        promised = inspect.signature(getattr(OpenRoad, name))
        assert list(inspect.signature(getattr(BoundSession, name)).parameters) == list(promised.parameters)
