"""Chapter "Policy evaluation logic"."""

from __future__ import annotations

from typing import Any

import pytest

from ekswiz.iam.decision import Decision
from ekswiz.iam.evaluate import evaluate

from .policies import ACCOUNT, allow, ask, deny, policy

USER = f"arn:aws:iam::{ACCOUNT}:user/ops/jane"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci/deploy"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/gha-1"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/Bob"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/app"
NOTHING = policy(allow("ec2:*"))
PULL = policy(allow("ecr:*"))


def decide(
    principal: str | None, named: Any, *, identity: Any = NOTHING, resource: str = REPOSITORY, **more: Any
) -> Decision:
    statement = {"Effect": "Allow", "Action": "ecr:*", "Principal": named}
    return evaluate(
        more.pop("action", "ecr:BatchGetImage"),
        resource,
        {"aws:userid": ["AROAEXAMPLEEXAMPLE12:gha-1"]},
        identity=[identity],
        resource_policy=more.pop("resource_policy", policy(statement)),
        principal=principal,
        **more,
    )


def test_nothing_allows_by_default() -> None:
    decision = evaluate("s3:GetObject", "*", {}, identity=[])
    assert not decision.allowed
    assert decision.by is None


def test_an_explicit_deny_wins_wherever_it_is() -> None:
    everything = policy(allow())
    never = policy(allow(), deny(Sid="Never"))
    wherever: list[dict[str, Any]] = [
        {"identity": [everything, never]},
        {"identity": [everything], "boundary": never},
        {"identity": [everything], "session": [everything, never]},
    ]
    for documents in wherever:
        decision = evaluate("s3:GetObject", "*", {}, **documents)
        assert not decision.allowed
        assert decision.by == "Never"
        assert decision.layer == ("boundary" if "boundary" in documents else "permission")
    assert evaluate("s3:GetObject", "*", {}, identity=[everything]).allowed


def test_an_explicit_deny_shows_its_condition() -> None:
    condition = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    decision = ask(allow(), deny(Sid="Region", Condition=condition), context={"aws:RequestedRegion": ["us-east-1"]})
    assert (decision.by, decision.key) == ("Region", "aws:RequestedRegion")
    assert (decision.expected, decision.got) == (("eu-west-1",), ("us-east-1",))


def test_a_boundary_limits_and_never_grants() -> None:
    assert ask(allow("s3:*"), boundary=policy(allow("s3:Get*"))).allowed
    outside = ask(allow("s3:*"), boundary=policy(allow("ec2:*")))
    assert not outside.allowed
    assert outside.layer == "boundary"
    assert not ask(allow("ec2:*"), boundary=policy(allow("s3:*"))).allowed


def test_session_policies_limit_and_any_of_them_allows() -> None:
    assert ask(allow(), session=[policy(allow("ec2:*")), policy(allow("s3:*"))]).allowed
    assert not ask(allow(), session=[policy(allow("ec2:*"))]).allowed
    assert not ask(allow("ec2:*"), session=[policy(allow())]).allowed


def test_the_layer_is_the_callers_word() -> None:
    assert ask(allow(), layer="registry").layer == "registry"
    assert ask(deny(), layer="registry").layer == "registry"


@pytest.mark.parametrize(
    ("principal", "named", "expected"),
    [
        (USER, {"AWS": USER}, True),
        (USER, {"AWS": f"arn:aws:iam::{ACCOUNT}:user/jane"}, False),
        (USER, "*", True),
        (USER, {"AWS": "*"}, True),
        (USER, {"AWS": ROOT}, False),  # delegates to the account, which has not granted it
        (USER, {"AWS": ACCOUNT}, False),
        (USER, {"Service": "ecr.amazonaws.com"}, False),
        (SESSION, {"AWS": ROLE}, True),
        (SESSION, {"AWS": SESSION}, True),
        (SESSION, {"AWS": "AROAEXAMPLEEXAMPLE12"}, True),
        (SESSION, {"AWS": "AROAEXAMPLEEXAMPLE34"}, False),
        (SESSION, {"AWS": SESSION + "0"}, False),
        (SESSION, {"AWS": f"arn:aws:iam::{ACCOUNT}:user/deploy"}, False),
        (SESSION, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/deployer"}, False),
        (SESSION, {"AWS": ROLE.replace(ACCOUNT, "999999999999")}, False),
        (SESSION, {"AWS": ROLE.replace("arn:aws:", "arn:aws-cn:")}, False),
        (None, "*", True),
        (None, {"AWS": USER}, False),
    ],
)
def test_within_an_account_a_resource_policy_can_allow_alone(principal: str | None, named: Any, expected: bool) -> None:
    assert decide(principal, named).allowed is expected


def test_an_account_principal_needs_the_identity_too() -> None:
    assert decide(USER, {"AWS": ROOT}, identity=PULL).allowed


@pytest.mark.parametrize(
    ("principal", "named", "boundary", "session"),
    [
        (USER, USER, True, False),
        (SESSION, SESSION, True, True),
        (FEDERATED, FEDERATED, True, True),
        (SESSION, ROLE, False, False),
        (ROLE, ROLE, False, False),
        (USER, "*", False, False),
    ],
)
def test_how_a_caller_is_named_decides_what_still_limits(
    principal: str, named: str, boundary: bool, session: bool
) -> None:
    assert decide(principal, {"AWS": named}, boundary=NOTHING).allowed is boundary
    assert decide(principal, {"AWS": named}, session=[NOTHING]).allowed is session


def test_across_accounts_both_sides_must_allow() -> None:
    stranger = USER.replace(ACCOUNT, "999999999999")
    assert not decide(stranger, {"AWS": stranger}).allowed
    assert not decide(stranger, {"AWS": USER}, identity=PULL).allowed
    assert decide(stranger, {"AWS": stranger}, identity=PULL).allowed
    assert decide(stranger, {"AWS": "999999999999"}, identity=PULL).allowed
    without = evaluate("ecr:BatchGetImage", REPOSITORY, {}, identity=[PULL], principal=stranger)
    assert not without.allowed


def test_a_key_policy_must_allow_even_within_the_account() -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
    kms = policy({"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": USER}, "Resource": "*"})
    other = policy({"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": ROLE}, "Resource": "*"})
    ask_kms: dict[str, Any] = {"action": "kms:Decrypt", "resource": key, "identity": policy(allow())}
    assert decide(USER, None, resource_policy=kms, **ask_kms).allowed
    assert not decide(USER, None, resource_policy=other, **ask_kms).allowed


def _all_but(*names: str) -> dict[str, Any]:
    return policy({"Effect": "Deny", "Action": "*", "NotPrincipal": {"AWS": list(names)}})


@pytest.mark.parametrize(
    ("principal", "names", "expected"),
    [
        (USER, (USER, ROOT), True),
        (USER, (USER,), False),  # the account is looked at first
        (USER, (ROOT,), False),
        (SESSION, (ROLE, ROOT), True),
        (SESSION, (ROLE, ACCOUNT), True),
        (SESSION, (ROLE, ROOT, SESSION), True),
        (SESSION, (ROLE, ROOT, SESSION + "0"), False),
        (SESSION, (SESSION, ROOT), False),
        (USER, (ROLE, ROOT), False),
    ],
)
def test_deny_with_not_principal(principal: str, names: tuple[str, ...], expected: bool) -> None:
    decision = decide(principal, None, identity=PULL, resource_policy=_all_but(*names))
    assert decision.allowed is expected


def test_not_principal_always_denies_who_has_a_boundary() -> None:
    exempting = _all_but(USER, ROOT)
    assert not decide(USER, None, identity=PULL, resource_policy=exempting, boundary=policy(allow())).allowed


@pytest.mark.parametrize("principal", ["jane", "", "arn:aws:iam::12:user/x", "arn:aws:s3:::x", f"{ROOT}/x", 5])
def test_an_unknown_caller_is_refused(principal: Any) -> None:
    decision = evaluate("s3:GetObject", "*", {}, identity=[policy(allow())], principal=str(principal))
    assert not decision.allowed
    assert decision.by == "principal"
    assert "is no ARN of a user, role, session or account" in decision.why


@pytest.mark.parametrize(
    ("caller", "names", "expected"),
    [
        ("eks.amazonaws.com", {"Service": "eks.amazonaws.com"}, True),
        ("eks.amazonaws.com", {"Service": "ec2.amazonaws.com"}, False),
        ("eks.amazonaws.com", {"AWS": ACCOUNT}, False),
        (None, {"AWS": ACCOUNT}, False),
        (ROOT, {"AWS": ROOT}, True),
        (ROOT, {"AWS": ACCOUNT}, True),
        (ROOT, {"AWS": USER}, False),
    ],
)
def test_deny_with_not_principal_for_services_strangers_and_the_root_user(
    caller: str | None, names: Any, expected: bool
) -> None:
    everybody = {"Effect": "Allow", "Action": "ecr:*", "Principal": "*"}
    document = policy(everybody, {"Effect": "Deny", "Action": "*", "NotPrincipal": names})
    assert decide(caller, None, resource_policy=document).allowed is expected


@pytest.mark.parametrize(
    ("caller", "userid", "named", "bounded"),
    [
        (USER, "AIDAEXAMPLEEXAMPLE12", "AIDAEXAMPLEEXAMPLE12", True),  # names the user itself: no boundary holds it
        (SESSION, "AROAEXAMPLEEXAMPLE12:gha-1", "AROAEXAMPLEEXAMPLE12", False),  # names the role
        (USER, "AIDAEXAMPLEEXAMPLE12", "AIDAEXAMPLEEXAMPLE34", None),
    ],
)
def test_a_unique_id_names_the_user_or_the_role(caller: str, userid: str, named: str, bounded: bool | None) -> None:
    document = policy({"Effect": "Allow", "Action": "ecr:*", "Principal": {"AWS": named}})
    asked: dict[str, Any] = {"identity": [NOTHING], "resource_policy": document, "principal": caller}
    context = {"aws:userid": [userid]}
    assert evaluate("ecr:BatchGetImage", REPOSITORY, context, **asked).allowed is (bounded is not None)
    assert evaluate("ecr:BatchGetImage", REPOSITORY, context, **asked, boundary=NOTHING).allowed is bool(bounded)


@pytest.mark.parametrize(
    ("documents", "by", "layer"),
    [
        ({"identity": [PULL, {}]}, "policy[1]", "permission"),
        ({"identity": PULL}, "policy", "permission"),
        ({"identity": [PULL], "boundary": {}}, "boundary", "boundary"),
        ({"identity": [PULL], "session": [PULL, {}]}, "session[1]", "permission"),
        ({"identity": [PULL], "session": PULL}, "session", "permission"),
        ({"identity": [PULL], "resource_policy": {}}, "resource-policy", "permission"),
    ],
)
def test_a_document_that_is_not_understood_names_itself(documents: dict[str, Any], by: str, layer: str) -> None:
    decision = evaluate("ecr:BatchGetImage", REPOSITORY, {}, **documents)
    assert (decision.allowed, decision.by, decision.layer) == (False, by, layer)
    assert decision.why.startswith(f"{by} is not understood, so nothing is allowed: ")
    assert ("must be a list" in decision.why) is (by in {"policy", "session"})


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"identity": [NOTHING]}, "no statement of the identity's policies allows"),
        ({"identity": [PULL], "boundary": NOTHING}, "no statement of the permissions boundary allows"),
        ({"identity": [PULL], "session": [NOTHING]}, "no statement of the session policies allows"),
        (
            {"identity": [PULL], "principal": USER.replace(ACCOUNT, "999999999999")},
            "no statement of the resource's policy allows",
        ),
    ],
)
def test_a_refusal_says_whose_allow_is_missing(more: dict[str, Any], where: str) -> None:
    decision = evaluate("ecr:BatchGetImage", REPOSITORY, {}, **more)
    assert not decision.allowed
    assert decision.why.startswith(where)


def test_a_refusal_shows_the_nearest_statement_of_the_policies_that_refuse() -> None:
    """Not one of another kind, however near that came."""
    other = policy(allow("ecr:*", REPOSITORY + "2"))
    far = {"identity": [policy(allow("ecr:*", REPOSITORY + "1"))]}
    assert evaluate("ecr:BatchGetImage", REPOSITORY, {}, **far).expected == (REPOSITORY + "1",)
    near: list[dict[str, Any]] = [{"boundary": other}, {"session": [other]}]
    for limit in near:
        assert evaluate("ecr:BatchGetImage", REPOSITORY, {}, identity=[PULL], **limit).expected == (REPOSITORY + "2",)
    stranger = USER.replace(ACCOUNT, "999999999999")
    decision = decide(stranger, {"AWS": USER}, identity=PULL)
    assert (decision.expected, decision.got) == ((USER,), (stranger,))


@pytest.mark.parametrize("order", [1, -1])
def test_the_closest_naming_of_a_caller_counts(order: int) -> None:
    statements = [{"Effect": "Allow", "Action": "ecr:*", "Principal": named} for named in ("*", {"AWS": SESSION})]
    assert decide(SESSION, None, resource_policy=policy(*statements[::order]), boundary=NOTHING).allowed


def test_a_deny_that_does_not_apply_is_not_the_nearest_statement() -> None:
    passed_over = deny(Condition={"StringEquals": {"aws:x": "a"}})
    decision = ask(passed_over, allow("s3:*", REPOSITORY))
    assert decision.expected == (REPOSITORY,)
    alone = ask(passed_over, allow("ec2:*"))
    assert (alone.by, alone.key, alone.expected, alone.got) == (None, None, (), ())
    assert alone.why == "no statement of the identity's policies allows s3:GetObject on arn:aws:s3:::example/key"


@pytest.mark.parametrize(
    ("action", "resource", "by"),
    [
        (5, "*", "action"),
        (None, "*", "action"),
        ("s3:*", "*", "action"),
        ("s3:Get", 5, "resource"),
        ("s3:Get", "", "resource"),
    ],
)
def test_a_request_that_is_not_understood_names_itself(action: Any, resource: Any, by: str) -> None:
    decision = evaluate(action, resource, {}, identity=[policy(allow())])
    assert (decision.allowed, decision.by) == (False, by)


@pytest.mark.parametrize(("length", "expected"), [(8_192, True), (8_193, False)])
def test_a_resource_has_a_longest_length(length: int, expected: bool) -> None:
    assert evaluate("s3:Get", "x" * length, {}, identity=[policy(allow())]).allowed is expected
