"""A stack is applied, its answers are forgotten, and read again from what is there: a plan of them finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chaos.lab import Lab
from ekswiz.answers import Answers
from ekswiz.errors import InputError, Unreadable
from ekswiz.from_account import Found, rebuild
from ekswiz.frontend import Given
from ekswiz.paths import WORKFLOW_PATH
from ekswiz.resolve import Incomplete, completed
from ekswiz.target import Target
from unit.doctor.ward import Ward, open_ward
from unit.engine.fakes import ANSWERS

CHOICES: dict[str, dict[str, Any]] = {
    "the usual": {},
    "classic": {"subject": "classic"},
    "without an environment": {"environment": None},
    "AWS's edit policy": {"rights": "edit"},
    "another branch": {"branch": "release/2026.1"},
    "reached from the internet": {"expose": "public"},
    "tests and a folder": {"test_command": "make test", "folder": "services/pay"},
    "only where it changed": {"path_filter": True, "folder": "services/pay", "context": "services/pay/app"},
    "arm64, attested": {"platform": "arm64", "provenance": True},
    "other places": {"context": "app", "dockerfile": "app/Dockerfile", "manifests": "deploy/k8s", "port": 9000},
    "more files": {"oidc_check": True, "dependabot": True},
}
NEW: dict[str, dict[str, Any]] = {
    "nodes": {"node_min": 1, "node_max": 3, "vpc_cidr": "10.20.0.0/16", "endpoint_cidrs": "203.0.113.0/24"},
    "auto mode": {"compute": "auto", "deletion_protection": False, "zones": 3},
}

BY_SUB = (
    '{"Statement":[{"Principal":{"Federated":"arn:aws:iam::1:oidc-provider/x"},'
    '"Condition":{"StringEquals":{"x:sub":"repo:a/b"}}}]}'
)


def _nobody() -> Any:
    raise Unreadable("nobody is signed in to GitHub.")


def target_of(lab: Lab) -> Target:
    return replace(lab.target(), github=_nobody)


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path) as opened:
        yield opened


def _again(found: Found, **said: str) -> Answers:
    return completed(Given(dict(said)), found.values)


@pytest.mark.parametrize("choice", CHOICES)
def test_a_plan_of_what_was_read_finds_nothing_to_do(ward: Ward, choice: str) -> None:
    # given a stack of these answers, in which nothing else is written down
    ward.apply(**CHOICES[choice])
    # when its answers are read from what is there
    found = rebuild(target_of(ward.lab), None)
    read = _again(found)
    # then they are the same, and a plan of them finds nothing
    assert read == ward.answers
    assert replace(ward.lab.session(), answers=read).plan(ward.lab.target()).pending == ()
    assert found.notes == ["GitHub was not looked at: nobody is signed in to GitHub."]
    assert set(found.sources) == set(found.values)


@pytest.mark.parametrize("choice", NEW)
def test_a_cluster_of_the_stack_s_own_is_described_too(tmp_path: Path, choice: str) -> None:
    with Lab(replace(ANSWERS, create_cluster=True, **NEW[choice])) as lab:
        ward = Ward(lab, tmp_path, lab.answers)
        ward.apply()

        read = _again(rebuild(target_of(lab), None))

        assert read == lab.answers
        assert lab.plan().pending == ()


def test_a_stack_is_found_by_its_name_among_several(ward: Ward) -> None:
    ward.apply()
    (ward.lab.checkout / WORKFLOW_PATH).unlink()
    ward.apply(stack="billing", namespace="billing", ecr_repository="billing")

    with pytest.raises(InputError, match=r"has several: billing, payments\. Name one\."):
        rebuild(target_of(ward.lab), None)
    assert _again(rebuild(target_of(ward.lab), "billing")) == ward.answers
    other = rebuild(target_of(ward.lab), "payments")
    assert any(f"{WORKFLOW_PATH} is of stack billing" in note for note in other.notes)
    assert (other.values["namespace"], "workload" in other.values) == ("payments", False)


def test_an_account_without_a_stack_says_so(ward: Ward) -> None:
    with pytest.raises(InputError, match="has no stack of ekswiz"):
        rebuild(target_of(ward.lab), None)
    with pytest.raises(InputError, match="there is no role ekswiz-billing-push"):
        rebuild(target_of(ward.lab), "billing")


def test_a_role_of_our_name_that_nobody_tagged_is_no_stack(ward: Ward) -> None:
    document = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},'
        '"Action":"sts:AssumeRole"}}'
    )
    ward.lab.root("iam").create_role(RoleName="ekswiz-foreign-deploy", AssumeRolePolicyDocument=document)

    with pytest.raises(InputError, match="has no stack of ekswiz"):
        rebuild(target_of(ward.lab), None)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ('{"Version":"2012-10-17","Statement":[]}', "trusts no OIDC provider"),
        ('{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"}}]}', "trusts no OIDC provider"),
        (BY_SUB, "does not ask for repository_id, repository_owner_id, ref"),
    ],
)
def test_a_trust_policy_of_another_kind_is_named(ward: Ward, document: str, why: str) -> None:
    ward.apply()
    ward.alter("iam", "GetRole", lambda parsed: parsed["Role"].update(AssumeRolePolicyDocument=document))

    with pytest.raises(InputError, match=why):
        rebuild(replace(ward.target(), github=_nobody), None)


def test_what_no_object_tells_is_asked_for_by_its_flag(ward: Ward) -> None:
    ward.apply()
    (ward.lab.checkout / WORKFLOW_PATH).unlink()

    found = rebuild(target_of(ward.lab), None)

    assert any(WORKFLOW_PATH in note for note in found.notes)
    with pytest.raises(Incomplete, match="--workload"):
        _again(found)
    assert _again(found, workload="api").workload == "api"


def test_what_is_said_wins_over_what_was_read(ward: Ward) -> None:
    ward.apply()

    assert _again(rebuild(target_of(ward.lab), None), branch="next").branch == "next"
    with pytest.raises(InputError, match="--branch"):
        _again(rebuild(target_of(ward.lab), None), branch="two words")


def test_a_cluster_that_is_gone_is_noted(ward: Ward) -> None:
    ward.apply()
    target = target_of(ward.lab)
    client = target.aws("eks")

    def gone(**_: Any) -> Any:
        raise client.exceptions.ResourceNotFoundException({"Error": {"Code": "ResourceNotFoundException"}}, "x")

    client.describe_cluster = gone

    found = rebuild(target, None)

    assert "cluster platform-dev does not exist any more." in found.notes
    assert _again(found, namespace="payments").cluster == "platform-dev"


def test_a_workflow_that_is_no_yaml_is_noted_and_nothing_is_guessed(ward: Ward) -> None:
    ward.apply()
    (ward.lab.checkout / WORKFLOW_PATH).write_text("# Written by ekswiz for stack payments.\njobs: [")

    found = rebuild(target_of(ward.lab), None)

    assert any("is not YAML" in note for note in found.notes)
    assert "workload" not in found.values


SHAPES = ("", "[]", "jobs: 3", "jobs: {build: [], deploy: {env: 7}}", "on: []\njobs: null\n")


@pytest.mark.parametrize("text", SHAPES)
def test_a_workflow_of_another_shape_tells_nothing(ward: Ward, text: str) -> None:
    ward.apply()
    (ward.lab.checkout / WORKFLOW_PATH).write_text(f"# Written by ekswiz for stack payments.\n{text}")

    found = rebuild(target_of(ward.lab), None)

    assert found.values["namespace"] == ward.answers.namespace  # Kubernetes tells it
    assert "workload" not in found.values
