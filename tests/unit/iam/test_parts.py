"""A policy that is too long for one, as several."""

from __future__ import annotations

import pytest

from ekswiz.iam.documents import size
from ekswiz.iam.evaluate import evaluate
from ekswiz.iam.grammar import validate_document
from ekswiz.iam.parts import parts

from .policies import allow, policy

ACTIONS = [f"s3:Get{'x' * number}" for number in range(20)]
WHOLE = policy(*(allow(action) for action in ACTIONS))


@pytest.mark.parametrize("limit", [150, 300, 10_000])
def test_the_parts_allow_together_what_the_whole_allows(limit: int) -> None:
    made = parts(WHOLE, limit)
    assert [statement for part in made for statement in part["Statement"]] == WHOLE["Statement"]
    assert all(size(part) <= limit and validate_document(part, "identity") == () for part in made)
    assert (len(made) == 1) is (limit >= size(WHOLE))
    for action in [*ACTIONS, "s3:Put"]:
        whole = evaluate(action, "*", {}, identity=[WHOLE]).allowed
        assert evaluate(action, "*", {}, identity=made).allowed is whole


def test_a_statement_that_is_too_long_by_itself_is_named() -> None:
    with pytest.raises(ValueError, match="statement Long alone is longer than 100 characters"):
        parts(policy(allow("s3:*"), allow("x:" + "y" * 200, Sid="Long")), 100)
