from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from ekswiz import steps
from ekswiz.answers import Answers
from ekswiz.frontend import Draft, Given
from ekswiz.resolve import resolve

KNOWN = {
    "account": "123456789012",
    "region": "eu-west-1",
    "owner": "acme",
    "repo": "payments-api",
    "owner_id": "1001",
    "repo_id": "2002",
    "branch": "main",
    "cluster": "platform",
}
NOWHERE = Path("/nonexistent")
ASKED = [field.name for step in steps.STEPS for field in step.fields]


def drafted(**more: str) -> Draft:
    values = {**KNOWN, **more}
    return Draft(values, dict.fromkeys(values, "somewhere"))


def test_every_answer_is_asked_for_exactly_once() -> None:
    # partition and issuer have one value each that ekswiz supports: nobody is asked. Who has runners of their own says
    # so by a flag or in the file.
    unasked = {"partition", "issuer", "deploy_runner"}
    asked = {*ASKED, "owner", "repo"} - {"repository", "profile"}
    assert asked == {field.name for field in fields(Answers)} - unasked
    assert len(ASKED) == len(set(ASKED))


@pytest.mark.parametrize("step", steps.STEPS, ids=lambda step: step.id)
def test_every_question_says_why(step: steps.Step) -> None:
    assert step.why
    for field in step.fields:
        assert len(field.why) > 30, field.name
        assert "!" not in field.why
        assert "simply" not in field.why.lower()


def test_known_answers_leave_no_problem_and_make_answers() -> None:
    draft = drafted()
    assert {step.id: dict(steps.problems(step, draft)) for step in steps.STEPS} == {step.id: {} for step in steps.STEPS}
    answers = resolve(Given(fields=steps.answered(draft), source=NOWHERE), sim=False, sample={})
    assert answers.stack == "payments-api"
    for field in fields(Answers):
        said = steps.value(draft, field.name)
        meant = getattr(answers, field.name)
        assert said == ("none" if meant is None else str(meant).lower() if isinstance(meant, bool) else str(meant))


def test_what_is_missing_is_named_by_its_label() -> None:
    refused = steps.problems(steps.ACCOUNT, Draft())
    assert list(refused) == ["account", "region"]
    assert refused["account"].field == "AWS account"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("account", "12345", "12 digits"),
        ("region", "eu-vest-1", "eu-west-1"),
        ("repository", "payments", "OWNER/NAME"),
        ("repository", "acme/..", "'..'"),
        ("branch", "rel/*", "no wildcards"),
        ("environment", "a:b", "no : or %"),
        ("namespace", "kube-system", "kube-"),
        ("port", "80", "1024"),
        ("port", "x", "not a number"),
        ("vpc_cidr", "8.8.8.0/24", "private network"),
        ("boundary", "arn", "ARN"),
        ("node_type", "large", "instance type"),
        ("test_command", "make; rm -rf /", "one command"),
        ("app_entry", "../x", "outside"),
    ],
)
def test_bad_text_is_refused_in_words(name: str, text: str, words: str) -> None:
    field = next(field for step in steps.STEPS for field in step.fields if field.name == name)
    error = steps.problem(field, text)
    assert error is not None
    assert words in f"{error.detail} {error.remedy}"
    assert "quoted string" not in error.detail
    assert "`" not in error.remedy


def test_a_choice_offers_only_what_is_accepted() -> None:
    for step in steps.STEPS:
        for field in step.fields:
            for option in field.options:
                assert steps.problem(field, option.value) is None


def test_an_empty_box_means_what_the_field_says() -> None:
    environment, boundary = steps.GITHUB.field("environment"), steps.ACCESS.field("boundary")
    draft = steps.with_field(drafted(), environment, "  ")
    assert draft.values["environment"] == "none"
    assert steps.shown_text(draft, environment) == ""
    assert steps.value(steps.with_field(drafted(boundary="arn:x"), boundary, ""), "boundary") == ""
    answers = resolve(Given(fields=steps.answered(draft), source=NOWHERE), sim=False, sample={})
    assert answers.environment is None


def test_an_emptied_box_takes_the_answer_away() -> None:
    draft = steps.with_field(drafted(), steps.TARGET.field("cluster"), "")
    assert steps.value(draft, "cluster") == ""
    assert "cluster" in steps.problems(steps.TARGET, draft)


def test_the_profile_is_no_answer() -> None:
    draft = steps.with_field(drafted(), steps.ACCOUNT.field("profile"), "dev-admin")
    assert steps.value(draft, "profile") == "dev-admin"
    assert "profile" not in steps.answered(draft)


def test_a_simulation_asks_for_no_profile() -> None:
    names = [field.name for field in steps.visible(steps.ACCOUNT, steps.empty(sim=True))]
    assert names == ["account", "region"]
    assert "sim" not in steps.answered(steps.empty(sim=True))


def test_fields_of_a_new_cluster_are_asked_only_for_a_new_cluster() -> None:
    def asked(draft: Draft) -> set[str]:
        return {field.name for field in steps.visible(steps.TARGET, draft)}

    existing, new = asked(drafted()), asked(drafted(create_cluster="true"))
    auto = asked(drafted(create_cluster="True", compute="auto"))
    assert "migrate_access" in existing
    assert "migrate_access" not in new
    assert {"kubernetes_version", "node_min", "zones"} <= new - existing
    assert new - auto == {"node_type", "node_min", "node_max"}


def test_a_hidden_field_stops_nobody() -> None:
    assert steps.problems(steps.TARGET, drafted(node_min="x")) == {}
    assert "node_min" in steps.problems(steps.TARGET, drafted(node_min="x", create_cluster="true"))


def test_least_nodes_may_not_pass_the_most() -> None:
    refused = steps.problems(steps.TARGET, drafted(create_cluster="true", node_min="9", node_max="3"))
    assert "9 is more than the most, 3" in refused["node_min"].detail


def test_an_image_for_other_nodes_is_refused() -> None:
    refused = steps.problems(steps.TARGET, drafted(create_cluster="true", node_type="t4g.medium"))
    assert "amd64 images do not start on t4g.medium" in refused["platform"].detail
    assert steps.problems(steps.TARGET, drafted(create_cluster="true", node_type="t4g.medium", platform="arm64")) == {}
    assert steps.problems(steps.TARGET, drafted(node_type="t4g.medium")) == {}


def test_what_is_asked_on_demand_has_a_default() -> None:
    for step in steps.STEPS:
        for field in step.fields:
            if field.more:
                assert steps.problem(field, steps.value(drafted(), field.name)) is None


def test_proposals_and_defaults_say_what_they_are() -> None:
    draft = drafted()
    assert (steps.value(draft, "stack"), steps.source(draft, "stack")) == (
        "payments-api",
        "proposed from the repository's name",
    )
    assert steps.source(draft, "port") == steps.DEFAULT
    assert steps.source(draft, "repository") == "somewhere"
    assert steps.source(Draft(), "cluster") == ""


class TestSubjects:
    def test_the_form_with_ids(self) -> None:
        told = steps.subjects(drafted())
        assert told.push == "repo:acme@1001/payments-api@2002:ref:refs/heads/main"
        assert told.deploy == "repo:acme@1001/payments-api@2002:environment:production"
        assert (told.audience, told.also, told.complete) == ("sts.amazonaws.com", (), True)

    def test_the_form_of_names_accepts_the_other_one_too(self) -> None:
        told = steps.subjects(drafted(subject="classic"))
        assert told.push == "repo:acme/payments-api:ref:refs/heads/main"
        assert told.also == (
            "repo:acme@1001/payments-api@2002:ref:refs/heads/main",
            "repo:acme@1001/payments-api@2002:environment:production",
        )

    def test_without_environment_both_jobs_send_the_ref(self) -> None:
        told = steps.subjects(drafted(environment="none"))
        assert told.deploy == told.push

    def test_what_is_not_known_yet_is_a_question_mark(self) -> None:
        told = steps.subjects(Draft({"owner": "acme"}))
        assert told.push == "repo:acme@?/?@?:ref:refs/heads/?"
        assert not told.complete

    @pytest.mark.parametrize("form", ["immutable", "classic"])
    @pytest.mark.parametrize("environment", ["none", "staging area"])
    def test_they_are_what_the_trust_policies_ask_for(self, form: str, environment: str) -> None:
        from ekswiz.iam.documents import deploy_trust, push_trust

        draft = drafted(subject=form, environment=environment)
        answers = resolve(Given(fields=steps.answered(draft), source=NOWHERE), sim=False, sample={})
        told = steps.subjects(draft)
        for document, first in ((push_trust(answers), told.push), (deploy_trust(answers), told.deploy)):
            trusted = document["Statement"][0]["Condition"]["StringEquals"][f"{answers.issuer}:sub"]
            listed = [trusted] if isinstance(trusted, str) else trusted
            assert first in listed
            assert set(listed) <= {first, *told.also}
