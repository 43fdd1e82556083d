"""What the preview says, without a screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ekswiz import view
from ekswiz.export.markdown import markdown
from ekswiz.plan import Action, Risk
from ekswiz.tui.preview import bar, consent, details, documents, names, roles, selection
from ekswiz.tui.preview.ink import hang, line, plain
from ekswiz.tui.preview.offers import offer
from ekswiz.tui.preview.subject import Subject
from ekswiz.tui.preview.tree import shortened
from unit.tui_plan.plans import (
    ANSWERS,
    CREATE,
    DELETE,
    KEEP,
    ROLE,
    SUB,
    FakeRoad,
    allowed,
    change,
    destroy_plan,
    full_plan,
    kept_plan,
    plan,
)


def seen(made: Any = None) -> view.View:
    return view.look(FakeRoad(), made or full_plan(), permissions=False)


def about(address: str, made: Any = None) -> Subject:
    shown = seen(made)
    return Subject(next(each for each in shown.plan.changes if each.address == address), shown, ANSWERS)


def said(tab: str, address: str) -> str:
    return plain(details.TABS[tab](about(address)))


# ---- the tree


def test_what_is_risky_or_removed_stands_first_and_again_below_its_heading() -> None:
    found = {title: [each.address for each in changes] for title, changes in names.sections(full_plan())}
    assert next(iter(found)) == "Review first"
    assert found["Review first"] == ["ecr_repository.app", "iam_role.deploy", "access_entry.old"]
    assert "access_entry.old" in found["EKS"]
    assert sum(len(v) for k, v in found.items() if k != "Review first") == len(full_plan().changes)


def test_where_everything_is_removed_only_losses_are_reviewed_first() -> None:
    found = dict(names.sections(destroy_plan()))
    assert [each.address for each in found["Review first"]] == ["iam_role.deploy"]


def test_an_unreadable_object_is_reviewed_first() -> None:
    made = plan(change("access_entry.deploy", Action.UNKNOWN, why="AccessDenied"))
    assert next(iter(names.sections(made)))[0] == "Review first"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("role", {"iam_role.deploy"}), ("delete", {"access_entry.old"}), ("access + ", {"access_entry.deploy"}),
     ("DEPLOY.yml", {"repository_file..github/workflows/deploy.yml"}), ("nothing-of-that-name", set())],
)  # fmt: skip
def test_the_filter_looks_at_sign_word_and_name(wanted: str, expected: Any) -> None:
    found = {each.address for _, changes in names.sections(full_plan(), wanted) for each in changes}
    assert found == expected


def test_an_unknown_type_has_a_place_and_a_name() -> None:
    made = plan(change("new_thing.it", CREATE, after={}))
    assert [(title, names.label(each[0])) for title, each in names.sections(made)] == [("Other", "new_thing it")]


def test_long_names_keep_the_end_where_they_differ() -> None:
    assert shortened("Role ekswiz-payments-api-deploy", 20).endswith("deploy")
    assert len(shortened("Role ekswiz-payments-api-deploy", 20)) == 20
    assert shortened("short", 20) == "short"


# ---- leaving out


def test_what_nothing_rests_on_can_be_left_out() -> None:
    made, address = full_plan(), "repository_file..github/workflows/deploy.yml"
    assert selection.refusal(made, address, frozenset()) == ""
    less = selection.without(made, frozenset({address}))
    assert address not in {each.address for each in less.changes}
    assert len(less.changes) == len(made.changes) - 1


def test_leaving_nothing_out_is_the_very_same_plan() -> None:
    made = full_plan()
    assert selection.without(made, frozenset()) is made


def test_dependants_are_named_and_have_to_go_first() -> None:
    made, entry, file = full_plan(), "access_entry.deploy", "repository_file..github/workflows/deploy.yml"
    refused = selection.refusal(made, "iam_role.deploy", frozenset())
    assert entry in refused
    assert file in refused
    assert selection.refusal(made, entry, frozenset({file})) == ""


def test_a_kept_object_cannot_be_left_out() -> None:
    assert "Nothing would be done" in selection.refusal(full_plan(), "eks_cluster.main", frozenset())


def test_a_deletion_that_stays_keeps_what_its_object_needs() -> None:
    refused = selection.refusal(destroy_plan(), "access_entry.deploy", frozenset())
    assert refused.startswith("iam_role.deploy must stay")
    assert selection.refusal(destroy_plan(), "iam_role.deploy", frozenset()) == ""


def test_what_was_left_out_comes_back_only_with_what_it_needs() -> None:
    made, role, entry = full_plan(), "iam_role.deploy", "access_entry.deploy"
    skipped = frozenset({role, entry, "repository_file..github/workflows/deploy.yml"})
    assert role in selection.reentry(made, entry, skipped)
    assert selection.reentry(made, role, skipped) == ""


def test_the_temporary_door_is_never_half_left_out() -> None:
    made = plan(change("operator_access.open", CREATE, after={}), change("operator_access.close", CREATE, after={}))
    assert "closes it afterwards" in selection.refusal(made, "operator_access.close", frozenset())


# ---- consent


def test_each_risk_that_needs_consent_has_one_tick_and_the_others_are_said() -> None:
    found = consent.ticks(full_plan(), "apply")
    assert [(tick.kind, tick.id) for tick in found] == [("risk", "replaces-lifecycle"), ("deletion", "deletion")]
    assert list(consent.informed(full_plan(), "apply")) == ["Whoever can push to main of acme/payments-api can deploy."]


def test_only_risks_are_passed_on_to_the_engine() -> None:
    ticked = frozenset(tick.id for tick in consent.ticks(full_plan(), "apply"))
    assert consent.allowed(ticked, full_plan(), "apply") == {"replaces-lifecycle"}


def test_two_objects_with_one_risk_make_one_tick_with_both_sentences() -> None:
    risks = [Risk("narrows-trust", "Mira loses push."), Risk("narrows-trust", "Tom loses deploy.")]
    made = plan(*(change(f"iam_role.{n}", Action.UPDATE, before={}, after={}, risks=(r,)) for n, r in enumerate(risks)))
    (tick,) = consent.ticks(made, "apply")
    assert "Mira loses push." in tick.sentence
    assert "Tom loses deploy." in tick.sentence


def test_a_risk_that_nobody_knows_needs_consent() -> None:
    made = plan(change("iam_role.a", CREATE, after={}, risks=(Risk("new-in-the-next-version", "Something."),)))
    assert [tick.id for tick in consent.ticks(made, "apply")] == ["new-in-the-next-version"]


def test_going_on_without_knowing_is_a_consent() -> None:
    made = plan(change("access_entry.deploy", Action.UNKNOWN, why="AccessDenied eks:DescribeAccessEntry"))
    (tick,) = consent.ticks(made, "apply")
    assert (tick.kind, "without knowing Access entry deploy" in tick.sentence) == ("unknown", True)


def test_in_a_destroy_every_loss_is_ticked() -> None:
    assert [tick.id for tick in consent.ticks(destroy_plan(), "destroy")] == ["workflow-stops"]


def test_what_aws_denies_is_not_begun_and_what_was_only_computed_is() -> None:
    made = full_plan()
    for source, barred in (("AWS says", True), ("computed, not tried", False)):
        shown = replace(seen(made), permissions=allowed(made, denied="iam:CreateRole", source=source))
        reason = consent.barred(shown, "apply")
        assert ("iam:CreateRole" in reason) is barred


def test_nothing_to_do_is_not_begun() -> None:
    assert "Nothing to do" in consent.barred(seen(kept_plan()), "apply")


# ---- the line above


def test_the_bar_counts_and_says_time_and_cost() -> None:
    assert plain([bar.bar(seen(), "apply")]) == (
        "+5 create  ~1 update  -1 delete  =1 keep  ! 2 to review   ~10 s  $0.10/mo"
    )
    assert len(plain([bar.bar(seen(), "apply")])) <= 78


def test_unknown_is_unknown_and_never_a_number() -> None:
    made = plan(change("nodegroup.main", CREATE, after={"capacity": "SPOT", "instance_type": "t3.medium", "least": 2}))
    shown = view.look(FakeRoad(usual=None), made, permissions=False)
    assert "time unknown  cost unknown" in plain([bar.bar(shown, "apply")])


@pytest.mark.parametrize(
    ("denied", "expected"),
    [("", "You have 3 of 3 permissions (AWS says)."), ("iam:CreateRole", "Denied: iam:CreateRole. h writes")],
)
def test_permissions_are_said_before_anything_is_attempted(denied: str, expected: Any) -> None:
    shown = replace(seen(), permissions=allowed(full_plan(), denied=denied))
    assert expected in bar.rights(shown)


def test_what_was_left_out_is_counted() -> None:
    assert "2 skipped" in plain([bar.bar(seen(), "apply", 2)])


# ---- the tabs


def test_a_role_is_told_in_plain_words() -> None:
    text = said("Diff", "iam_role.deploy")
    assert "GitHub Actions, if its token says exactly" in text
    repository, _, context = SUB.partition(":ref:")
    assert f"{repository}:" in text
    assert f"ref:{context}" in text
    assert "on cluster/platform-dev" in text
    assert "nothing else" in text
    assert "Undo: ekswiz destroy removes it." in text


def test_a_pattern_in_a_trust_policy_is_not_called_exact() -> None:
    role = {**ROLE, "trust": {"Statement": {"Principal": "*", "Condition": {"StringLike": {"x": ["a*", "b"]}}}}}
    text = plain(roles.role_lines(role))
    assert "anybody" in text
    assert "a* or b   StringLike" in text


def test_an_update_shows_before_and_after_and_folds_the_rest() -> None:
    text = said("Diff", "ecr_repository.app")
    assert "lifecycle.rules[0].selection.countNumber:\n    10\n -> 30" in text
    assert "3 unchanged" in text
    assert "The way back: ecr:PutLifecyclePolicy" in text


def test_a_file_is_compared_line_by_line() -> None:
    made = plan(change("repository_file.a", Action.UPDATE, before={"path": "a", "text": "x\ny\n"},
                       after={"path": "a", "text": "x\nz\n"}))  # fmt: skip
    text = plain(details.TABS["Diff"](about("repository_file.a", made)))
    assert "  x\n- y\n+ z" in text


def test_the_policy_tab_has_the_whole_document() -> None:
    text = said("Policy", "iam_role.deploy")
    assert '"sts:AssumeRoleWithWebIdentity"' in text
    assert '"eks:DescribeCluster"' in text


def test_an_object_without_policy_says_so() -> None:
    assert said("Policy", "namespace.app").startswith("No policy in this object.")


def test_why_names_what_breaks_and_what_it_needs() -> None:
    text = said("Why", "iam_role.deploy")
    assert "Without it, these cannot be made\n  access_entry.deploy" in text
    assert "It needs\n  oidc_provider.github" in text
    assert "iam:CreateRole" in text
    assert "https://" in text


def test_why_says_that_nothing_rests_on_a_leaf() -> None:
    assert "Space skips it" in said("Why", "repository_file..github/workflows/deploy.yml")


def test_the_command_is_what_is_copied() -> None:
    subject = about("oidc_provider.github")
    assert details.copied(subject, "AWS CLI") == subject.change.cli
    assert details.copied(subject, "Policy").startswith("{")
    assert "create" in details.copied(subject, "Diff")


def test_cost_has_its_assumption_and_its_source() -> None:
    text = said("Cost", "ecr_repository.app")
    assert "$0.10 a month" in text
    assert "Assumes 1 GB of images" in text
    assert "Source: https://" in text


def test_cost_of_what_is_not_ours_is_not_a_zero() -> None:
    assert "It existed before; its cost does not change." in said("Cost", "eks_cluster.main")


def test_access_is_this_rows_part_of_the_matrix() -> None:
    text = said("Access", "iam_role.deploy")
    assert "Who may become the deploy role\n  yes  deploy job of a push to the branch" in text
    assert "  no   pull request from a fork" in text
    assert "none of the" in text  # nobody may delete the cluster
    assert "nobody in" in said("Access", "repository_file..github/workflows/deploy.yml")


def test_every_tab_speaks_about_every_change_and_sign() -> None:
    odd = plan(
        change("access_entry.x", Action.UNKNOWN, why="AccessDenied"),
        change("vpc.x", Action.REPLACE, before={}, after={}),
        change("strange.x", DELETE, before={"a": [1, {"b": None}]}),
        *full_plan().changes,
    )
    for each in odd.changes:
        for name, tab in details.TABS.items():
            assert plain(tab(Subject(each, seen(odd), ANSWERS))).strip(), (each.address, name)


def test_values_known_later_are_said_to_be() -> None:
    assert "role_id: (known after apply)" in said("Diff", "access_entry.deploy")


# ---- offers, export, wrapping


@pytest.mark.parametrize(
    ("made", "flag"),
    [
        (change("iam_role.a", CREATE, risks=(Risk("foreign-object", "Not ours."),)), "adopt"),
        (change("ecr_repository.a", KEEP, why="Kept: it holds 3 images. Delete them with it by --delete-images."),
         "delete_images"),
        (change("eks_cluster.a", KEEP, why="Kept: protected. --delete-protected ends that."), "delete_protected"),
    ],
)  # fmt: skip
def test_a_row_that_waits_for_a_consent_offers_it(made: Any, flag: str) -> None:
    found = offer(made)
    assert found is not None
    assert found.flag == flag


def test_other_rows_offer_nothing() -> None:
    assert not any(offer(each) for each in full_plan().changes)


def test_markdown_has_every_change_and_cannot_be_broken_out_of() -> None:
    nasty = change("iam_role.x", CREATE, after={"name": "a|b `c` <img> @mira"}, why="```\n# no")
    text = markdown(seen(plan(*full_plan().changes, nasty)))
    for each in full_plan().changes:
        assert each.address.replace("_", r"\_") in text
    assert r"a\|b \`c\` \<img\> \@mira" in text
    assert text.count("```") == 2


def test_wrapping_loses_nothing_and_fits() -> None:
    for text in ("  no   a job that names the environment of another", "x" * 50, "! one two three four five six", ""):
        for width in (10, 17, 33):
            parts = list(hang((("  no   ", "delete"), (text, "plain")), width))
            assert all(len(plain([part])) <= width for part in parts)
            assert plain(parts).replace(" ", "").replace("\n", "") == f"no{text}".replace(" ", "")


def test_wrapped_text_stands_below_text_not_below_its_sign() -> None:
    parts = list(hang((("! ", "risk"), ("one two three", "plain")), 9))
    assert [plain([part]) for part in parts] == ["! one two", "  three"]
    assert [plain([part]) for part in hang(line("one two three"), 9)] == ["one two", "three"]


def test_documents_are_complete_json() -> None:
    assert '"rulePriority": 1' in plain(documents.json_lines(full_plan().changes[1].after))
