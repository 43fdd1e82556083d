"""Every condition of both trust policies has a token that it alone keeps out.

Where GitHub mints none, because another condition repeats it in every token, the condition is defence in depth: it is
listed here by name, and the token is a synthetic one, forged in that claim alone.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from ekswiz import intent
from ekswiz.answers import ISSUER
from ekswiz.iam import documents
from ekswiz.iam.trust import evaluate_trust
from unit.engine.fakes import ANSWERS

WORLDS = {
    "environment": ANSWERS,
    "no environment": dataclasses.replace(ANSWERS, environment=None),
    "classic": dataclasses.replace(ANSWERS, subject="classic"),
    "classic, no environment": dataclasses.replace(ANSWERS, subject="classic", environment=None),
}
ROLES = {"assume-push": documents.push_trust, "assume-deploy": documents.deploy_trust}
IDS = {"repository_id", "repository_owner_id"}
DEPTH: Mapping[tuple[str, str], set[str]] = {
    ("environment", "assume-push"): {"ref", *IDS},
    ("environment", "assume-deploy"): {"ref", "environment", *IDS},
    ("no environment", "assume-push"): {"ref", *IDS},
    ("no environment", "assume-deploy"): {"ref", *IDS},
    ("classic", "assume-push"): {"ref"},
    ("classic", "assume-deploy"): {"ref", "environment", "sub"},
    ("classic, no environment", "assume-push"): {"ref"},
    ("classic, no environment", "assume-deploy"): {"ref"},
}
"""What others repeat: `sub` holds ref or environment (and the ids), job_workflow_ref ends in the ref."""


def _conditions(world: str, column: str) -> tuple[dict[str, Any], dict[str, Any]]:
    trust = ROLES[column](WORLDS[world])
    return trust, trust["Statement"][0]["Condition"]["StringEquals"]


CASES = [
    (world, column, key.rpartition(":")[2])
    for world in WORLDS
    for column in ROLES
    for key in _conditions(world, column)[1]
]


def _without(world: str, column: str, claim: str) -> dict[str, Any]:
    trust = copy.deepcopy(_conditions(world, column)[0])
    del trust["Statement"][0]["Condition"]["StringEquals"][f"{ISSUER}:{claim}"]
    return trust


def _lets_in(trust: Mapping[str, Any], claims: Mapping[str, str]) -> bool:
    return evaluate_trust(
        trust,
        principal_type="Federated",
        principal=documents.provider_arn(ANSWERS),
        action="sts:AssumeRoleWithWebIdentity",
        context={f"{ISSUER}:{name}": [value] for name, value in claims.items()},
    ).allowed


def _killers(world: str, column: str, claim: str) -> list[str]:
    """Rows whose minted tokens get in as soon as the condition is gone."""
    answers = WORLDS[world]
    whole, less = _conditions(world, column)[0], _without(world, column, claim)
    found = []
    for row in intent.rows(answers):
        claims = row.claims_for(column)
        if claims is None or row.origin != "minted" or row.lifetime <= 0:
            continue
        token = {**claims, "aud": row.audience}
        if not _lets_in(whole, token) and _lets_in(less, token):
            found.append(row.id)
    return found


@pytest.mark.parametrize(("world", "column", "claim"), CASES)
def test_a_condition_has_a_minted_killer_or_is_listed(world: str, column: str, claim: str) -> None:
    assert bool(_killers(world, column, claim)) is (claim not in DEPTH[world, column])


@pytest.mark.parametrize(("world", "column", "claim"), CASES)
def test_a_token_that_is_wrong_in_one_claim_is_kept_out_by_that_condition(world: str, column: str, claim: str) -> None:
    job: intent.Job = "build" if column == "assume-push" else "deploy"
    good = {**intent.intended(WORLDS[world]).claims(job), "aud": intent.AUDIENCE}
    whole, less = _conditions(world, column)[0], _without(world, column, claim)
    assert _lets_in(whole, good)
    for forged in ({**good, claim: f"{good[claim]}x"}, {k: v for k, v in good.items() if k != claim}):
        assert not _lets_in(whole, forged)
        assert _lets_in(less, forged)


def test_nothing_is_listed_that_is_no_condition() -> None:
    for (world, column), claims in DEPTH.items():
        assert claims < {key.rpartition(":")[2] for key in _conditions(world, column)[1]}
