import dataclasses
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekswiz.answers import Answers, check_field, validate
from ekswiz.errors import Exit, InputError
from ekswiz.fields import names
from ekswiz.fields.rules import RULES
from unit.engine.fakes import ANSWERS

BAD = [
    ("stack", "Payments"),
    ("stack", "-a"),
    ("stack", "a" * 41),
    ("stack", ""),
    ("account", "12345678901"),
    ("account", "1234567890123"),
    ("account", "\uff11" * 12),
    ("region", "eu-west"),
    ("region", "EU-WEST-1"),
    ("owner", "acme-"),
    ("owner", "a--b"),
    ("owner", "-acme"),
    ("owner", "a" * 40),
    ("owner", "acme/x"),
    ("repo", ".."),
    ("repo", "x.git"),
    ("repo", "x.wiki"),
    ("repo", "a" * 101),
    ("repo", "a b"),
    ("owner_id", "0123"),
    ("repo_id", "-1"),
    ("branch", "main*"),
    ("branch", "HEAD"),
    ("branch", "a..b"),
    ("branch", "a//b"),
    ("branch", "a.lock"),
    ("branch", "a.lock/b"),
    ("branch", "a/.b"),
    ("branch", "a/"),
    ("branch", "a."),
    ("branch", "refs/heads/main"),
    ("branch", "${{ x }}"),
    ("branch", "main\n"),
    ("environment", "a:b"),
    ("environment", "a%3Ab"),
    ("environment", "none"),
    ("environment", "a" * 256),
    ("environment", "${{secrets.X}}"),
    ("cluster", "-x"),
    ("cluster", "a" * 101),
    ("namespace", "kube-system"),
    ("namespace", "a" * 64),
    ("namespace", "A"),
    ("ecr_repository", "a"),
    ("ecr_repository", "a//b"),
    ("ecr_repository", "A/b"),
    ("ecr_repository", "a" * 257),
    ("workload", "1abc"),
    ("issuer", "https://token.actions.githubusercontent.com"),
    ("context", "../x"),
    ("context", "/etc"),
    ("context", "a/../b"),
    ("dockerfile", "-f"),
    ("dockerfile", ".git/config"),
    ("dockerfile", "a\nb"),
    ("manifests", "$(id)"),
    ("manifests", "a b"),
    ("manifests", ""),
    ("subject", "old"),
    ("partition", "aws-mars"),
    ("port", 80),
    ("port", 65536),
    ("port", True),
    ("port", "8000"),
    ("account", 123456789012),
]
GOOD = [
    ("stack", "a"),
    ("account", "000000000001"),
    ("region", "us-east-1"),
    ("owner", "a"),
    ("owner", "a-b"),
    ("owner", "A" * 39),
    ("repo", ".github"),
    ("repo", "a" * 100),
    ("branch", "release/1.2+x@y=z"),
    ("branch", "a" * 244),
    ("environment", None),
    ("environment", "prod eu-1"),
    ("cluster", "0_a-B"),
    ("namespace", "0"),
    ("ecr_repository", "a--b/c__d.e"),
    ("context", "."),
    ("dockerfile", "build/Dockerfile.prod"),
    ("port", 65535),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_value_is_refused_with_its_field_and_what_to_do(field: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        validate(dataclasses.replace(ANSWERS, **{field: value}))
    assert caught.value.field == field
    assert caught.value.remedy
    assert caught.value.exit_code is Exit.USAGE
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("field", "value"), GOOD)
def test_a_legal_value_is_accepted(field: str, value: object) -> None:
    changed = dataclasses.replace(ANSWERS, **{field: value})
    assert validate(changed) is changed


def test_a_misspelt_region_is_answered_with_the_closest_ones() -> None:
    with pytest.raises(InputError, match="eu-west-1"):
        check_field("region", "eu-wset-1")


def test_a_region_of_another_partition_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="aws-cn") as caught:
        validate(dataclasses.replace(ANSWERS, region="cn-north-1"))
    assert caught.value.field == "partition"
    with pytest.raises(InputError, match="job_workflow_ref") as caught:
        validate(dataclasses.replace(ANSWERS, region="cn-north-1", partition="aws-cn"))
    assert caught.value.field == "region"


def test_a_long_hostile_value_is_shown_shortened_and_escaped() -> None:
    with pytest.raises(InputError) as caught:
        check_field("branch", "\x1b[31m" + "x" * 500)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400


HOSTILE = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("*?${}[]'\"`\\\n\r\t;|&<>%:#@ é" + string.ascii_letters)),
    max_size=60,
)


def refused(field: str, value: object) -> bool:
    try:
        check_field(field, value)
    except InputError as error:
        return error.field == field
    return False


@settings(max_examples=2000, deadline=None)
@given(field=st.sampled_from(sorted(RULES)), value=HOSTILE)
def test_no_accepted_value_can_be_a_pattern_an_expression_or_an_option(field: str, value: str) -> None:
    if refused(field, value):
        return
    assert value.isascii()
    assert value.isprintable()
    # A module and its application are written with a colon; one before a space or the end would be a key in YAML.
    colons = value.count(":") if field in ("app_entry", "test_command") else 0
    assert not value.endswith(":")
    assert ": " not in value
    assert not [char for char in value if char in set("*?${}'\"`\\\n;|&<>%:#")][colons:]
    assert not value.startswith("-") or field == "repo"


@given(st.text(max_size=120))
def test_proposed_names_are_always_legal(repo: str) -> None:
    check_field("stack", names.stack_name(repo))
    check_field("namespace", names.namespace_name(repo))
    check_field("workload", names.workload_name(repo))
    check_field("ecr_repository", names.ecr_name(repo))


def test_role_names_fit_into_iam_for_the_longest_stack() -> None:
    longest = dataclasses.replace(ANSWERS, stack="a" * 40)
    assert max(len(longest.push_role), len(longest.deploy_role)) <= 64


def test_answers_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ANSWERS.stack = "x"  # type: ignore[misc]
    assert isinstance(ANSWERS, Answers)
