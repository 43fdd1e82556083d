"""The wizard in lines: the whole road, back from everywhere, and nothing that changes by accident."""

from __future__ import annotations

import sys

import pytest

from ekswiz import steps
from ekswiz.errors import Conflict, Exit, Expired, InputError, Refused
from ekswiz.events import Event
from ekswiz.state import Unfinished
from unit.plain.talk import ACCOUNT, GONE, IDS, KNOWN, PLAN, RISKY, ROLE, SETTLED, Product, done, talk

TO_THE_PLAN = ("1", "d", "platform", "d")
"""Set up; take everything; the cluster is asked, since there are two; the rest."""
TO_SUBJECT = ("1", "n", *[""] * [one.name for one in steps.GITHUB.fields].index("subject"))
"""Up to the question about the form of sub."""
LAST = [one.label for one in steps.TARGET.fields if not one.more][-1]
"""The last question that everybody is asked."""
TO_THE_RESULT = (*TO_THE_PLAN, "a", ACCOUNT[-4:])


def test_the_whole_road_from_the_questions_to_the_result() -> None:
    product = Product()

    said, code = talk(product, *TO_THE_RESULT, "q")

    assert code is Exit.OK
    assert product.carried_out == [("apply", PLAN)]
    assert "Step 1 of 4: Account. Which AWS account do we set up?" in said
    assert "sub of the build job   repo:acme@1001/payments-api@2002:ref:refs/heads/main" in said
    assert "  1  + create  iam_role.push !" in said
    assert "2 of 2 changes made." in said
    assert "acme/payments-api can deploy from main." in said
    assert "  git add -- deploy.yml" in said


def test_what_was_made_is_proven_by_reading_the_world_again() -> None:
    said, _ = talk(Product(), *TO_THE_RESULT, "q")

    assert "xx  File deploy.yml is not as planned: create is still to be done" in said


def test_the_plan_that_was_shown_is_the_very_object_that_is_carried_out() -> None:
    product = Product()

    talk(product, *TO_THE_RESULT, "q")

    assert product.carried_out[0][1] is product.made


def test_nothing_drawn_and_no_control_character_ever_leaves() -> None:
    said, _ = talk(Product(), *TO_THE_RESULT, "q")

    assert all(letter == "\n" or letter.isprintable() for letter in said)
    assert said.isascii()


def test_answers_are_saved_after_each_step_and_before_anything_is_planned() -> None:
    product = Product()

    talk(product, *TO_THE_PLAN, "q")

    assert len(product.look.saved) == 4
    assert product.look.saved[-1].values | KNOWN | IDS == product.look.saved[-1].values


def test_everything_that_can_be_found_out_is_proposed_with_its_source() -> None:
    said, _ = talk(Product(), "1", "", "", "", "", "", "", "", "q")

    assert "AWS profile (from AWS_PROFILE) [dev-admin]:" in said
    assert f"ok  account {ACCOUNT} (acme-dev) as arn:aws:iam::{ACCOUNT}:user/mira" in said
    assert "Repository (from git remote origin) [acme/payments-api]:" in said
    assert "Owner's id (from GitHub) [1001]:" in said


def test_b_goes_back_question_by_question_across_steps_and_keeps_the_answers() -> None:
    said, _ = talk(Product(), "1", "", "", "eu-central-1", "b", "", "q")

    assert said.count("Which AWS account do we set up?") == 2
    assert said.rstrip().endswith("Repository (from git remote origin) [acme/payments-api]: q")
    assert "Region (typed here) [eu-central-1]:" in said


def test_b_at_the_first_question_leads_to_the_menu_and_from_the_plan_to_the_last_question() -> None:
    said, _ = talk(Product(), "1", "b", "q")
    assert said.count("What do you want to do?") == 2

    said, _ = talk(Product(), *TO_THE_PLAN, "b", "q")
    assert LAST in said.rsplit("What now?", 1)[1]


def test_b_goes_back_although_the_present_question_has_no_usable_answer() -> None:
    product = Product()
    product.look.values = {}

    said, _ = talk(product, "1", "", "", "", "not a repository", "b", "q")

    assert "is not OWNER/NAME" in said
    assert said.rstrip().splitlines()[-1].startswith("Region")


def test_an_answer_that_looks_like_a_key_is_written_with_a_sign() -> None:
    product = Product()

    talk(product, "1", "n", "", "", "", "=b", "d", "platform", "d", "q")

    assert product.look.saved[-1].values["branch"] == "b"


def test_a_question_mark_says_why_and_asks_again() -> None:
    said, _ = talk(Product(), "1", "?", "q")

    assert "It keeps no credentials" in said
    assert said.count("AWS profile (from AWS_PROFILE) [dev-admin]:") == 2


def test_m_asks_what_else_only_those_who_want_it_are_asked() -> None:
    more = [one.label for one in steps.TARGET.fields if one.more]
    assert more

    usual, _ = talk(Product(), "1", "n", "n", "n", "", "platform", "n", "q")
    said, _ = talk(Product(), "1", "n", "n", "n", "m", "", "platform", *[""] * 30, "q")

    assert "more questions, whose usual answers fit most." in usual
    assert more[-1] not in usual
    assert more[-1] in said


def test_a_choice_is_its_number_or_its_value_and_nothing_else() -> None:
    product = Product()

    said, _ = talk(product, *TO_SUBJECT, "7", "classic", "n", "q")

    assert "'7' is none of these. Type a number from 1 to 2." in said
    assert "accepted as well       repo:acme@1001/payments-api@2002:ref:refs/heads/main" in said


def test_a_new_cluster_asks_what_a_new_cluster_needs() -> None:
    said, _ = talk(Product(), "1", "n", "n", "n", "2", "shop", "", "q")

    assert "Kubernetes version" in said
    assert "Switch it to access entries" not in said


# ---- errors


def test_an_expired_session_says_so_and_offers_to_sign_in_and_everything_else_goes_on() -> None:
    product = Product()
    product.look.errors["identity"] = Expired("the token of profile dev-admin ended")

    said, _ = talk(product, "1", "", "q")

    assert "xx  The AWS session has expired.  l runs: aws sso login --profile dev-admin" in said
    assert said.rstrip().endswith("AWS account (12 digits): q")


def test_r_asks_again_what_could_not_be_found_out() -> None:
    product = Product()
    product.look.errors["repository"] = Refused("GitHub answers 403 for acme/payments-api.")

    said, _ = talk(product, "1", "n", "", "r", "q")

    assert said.count("Denied: GitHub answers 403") == 2


def test_answers_that_cannot_be_saved_are_no_reason_to_stop() -> None:
    product = Product()
    product.look.errors["save"] = InputError("ekswiz.toml", "cannot be written: Read-only file system.", "Elsewhere.")

    said, _ = talk(product, *TO_THE_PLAN, "q")

    assert "Not saved." in said
    assert "What now?" in said


def test_a_plan_that_cannot_be_read_leads_back_to_the_last_question() -> None:
    product = Product(errors=[Refused("eks:DescribeCluster is denied.")])

    said, _ = talk(product, *TO_THE_PLAN, "q")

    assert "xx  Denied: eks:DescribeCluster is denied." in said
    assert LAST in said.split("xx  Denied")[1]


# ---- the plan


def test_a_number_shows_all_of_a_change() -> None:
    said, _ = talk(Product(), *TO_THE_PLAN, "1", "q")

    shown = said.rsplit("What now?", 2)[1]
    assert "The build job pushes images with it." in shown
    assert "aws iam create-role" in shown
    assert "branch-publishes" in shown


def test_nothing_to_do_cannot_be_applied() -> None:
    product = Product(made=SETTLED)

    said, _ = talk(product, *TO_THE_PLAN, "a", "q")

    assert "Everything already matches. Nothing to do." in said
    assert product.carried_out == []


def test_r_rehearses_before_anything_is_applied() -> None:
    product = Product()

    said, _ = talk(product, *TO_THE_PLAN, "r", "x", "q")

    assert product.rehearsed == 1
    assert "ok  Everything works as intended." in said
    assert product.carried_out == []


def test_h_writes_a_hand_off_from_the_plan_that_is_shown() -> None:
    product = Product()

    said, _ = talk(product, *TO_THE_PLAN, "h", "q")

    assert product.look.handed == [product.made]
    assert "apply.sh" in said


# ---- consent


def test_every_risk_that_needs_it_is_agreed_to_by_a_whole_yes_and_reaches_the_engine() -> None:
    product = Product(made=RISKY)

    talk(product, *TO_THE_PLAN, "a", "yes", ACCOUNT[-4:], "q")

    assert [verb for verb, _ in product.carried_out] == ["apply"]
    assert product.choices[-1].allow_risks == frozenset({"shortens-session"})


@pytest.mark.parametrize("typed", [("a", ""), ("a", "no"), ("a", "y", "no"), ("a", "yes", "b"), ("a", "b")])
def test_whoever_does_not_agree_changes_nothing(typed: tuple[str, ...]) -> None:
    product = Product(made=RISKY)

    talk(product, *TO_THE_PLAN, *typed, "q")

    assert product.carried_out == []


def test_other_digits_than_the_accounts_open_nothing() -> None:
    product = Product()

    said, _ = talk(product, *TO_THE_PLAN, "a", "0000", "", ACCOUNT, "q")

    assert said.count("These are not the last four digits.") == 3
    assert product.carried_out == []


def test_consent_is_not_kept_for_another_plan() -> None:
    product = Product(made=RISKY)

    talk(product, *TO_THE_PLAN, "a", "yes", "b", "b", "d", "q")

    assert product.choices[-1].allow_risks == frozenset()


# ---- when it fails


def test_a_failure_offers_to_retry_and_the_retry_plans_anew() -> None:
    product = Product(events=[*done(PLAN)[:2], Event("failed", 0.0, "repository_file.deploy", 0.1, "denied")])

    said, code = talk(product, *TO_THE_RESULT, "1", "x", "q")

    assert "1 of 2 changes made, 1 failed." in said
    assert said.count("Reading what is there.") == 2
    assert code is Exit.OK


def test_a_failure_can_be_undone() -> None:
    product = Product(events=[*done(PLAN)[:2], Event("failed", 0.0, "repository_file.deploy", 0.1, "denied")])

    said, _ = talk(product, *TO_THE_RESULT, "2", "a", "yes", ACCOUNT[-4:], "q")

    assert [verb for verb, _ in product.carried_out] == ["apply", "destroy"]
    assert "2 of 2 objects removed" in said


def test_a_failure_that_is_kept_is_the_exit_code() -> None:
    product = Product(events=[Event("failed", 0.0, ROLE.address, 0.1, "denied")])

    assert talk(product, *TO_THE_RESULT, "", "q")[1] is Exit.FAILED


def test_an_error_of_the_engine_is_a_sentence() -> None:
    product = Product()
    product.errors = []

    def refuse(plan: object, stop: object) -> object:
        raise Conflict("role ekswiz-payments-api-push belongs to somebody else.", "Use --adopt.")

    product.apply = refuse  # type: ignore[method-assign,assignment]  # as the engine may

    said, _ = talk(product, *TO_THE_RESULT, "2", "q")

    assert "xx  Already exists: role ekswiz-payments-api-push belongs to somebody else. Use --adopt." in said


# ---- the menu


def test_removing_shows_the_list_first_and_asks_for_each_kind_of_loss() -> None:
    product = Product()

    said, _ = talk(product, "4", "a", "yes", ACCOUNT[-4:], "q")

    assert "- delete  iam_role.push !" in said
    assert product.carried_out == [("destroy", GONE)]


def test_an_interrupted_run_goes_on_with_its_own_verb() -> None:
    product = Product(left=Unfinished("destroy", "2026-01-01T00:00:00Z", (), ("iam_role.push (delete)",)))

    said, _ = talk(product, "3", "q")

    assert "The destroy that began 2026-01-01T00:00:00Z did not come to its end." in said
    assert "a remove them" in said


def test_nothing_to_resume_is_said() -> None:
    assert "There is nothing to resume" in talk(Product(), "3", "q")[0]


def test_the_checks_are_lines_with_what_to_do() -> None:
    said, code = talk(Product(), "5", "q")

    assert "xx  Clock: off by 400 s" in said
    assert "Set the clock." in said
    assert code is Exit.PREFLIGHT


def test_a_red_rehearsal_is_6() -> None:
    said, code = talk(Product(green=False), "2", "q")

    assert "FAIL  Not everything works as intended." in said
    assert code is Exit.RED


def test_a_rehearsal_asks_neither_aws_nor_github() -> None:
    product = Product()

    talk(product, "2", "q")

    assert product.look.asked == []


def test_in_a_simulation_a_world_is_started_once_and_removed_at_the_end() -> None:
    product = Product()
    product.look.values = {**KNOWN, "account": ACCOUNT, "region": "eu-west-1", "cluster": "platform"}

    said, _ = talk(product, "1", "d", "a", ACCOUNT[-4:], "q", sim=True)

    assert (product.up, product.down) == (1, 1)
    assert "The simulated account is gone with the wizard." in said


@pytest.mark.parametrize("lines", [(), ("1",), TO_THE_PLAN, (*TO_THE_PLAN, "a")])
def test_input_that_ends_at_a_question_is_an_error_and_changes_nothing(lines: tuple[str, ...]) -> None:
    product = Product()

    with pytest.raises(InputError, match="the input has ended"):
        talk(product, *lines)

    assert product.carried_out == []


def test_input_that_ends_at_the_menu_after_something_was_done_is_the_end() -> None:
    assert talk(Product(), *TO_THE_RESULT)[1] is Exit.OK


def test_lines_need_no_textual() -> None:
    import subprocess

    script = "import sys, ekswiz.plain.menu; sys.exit(any(name.split('.')[0] == 'textual' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
