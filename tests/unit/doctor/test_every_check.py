from __future__ import annotations

import re

import pytest

from ekswiz.doctor.checks import CHECKS
from unit.doctor import provoked_aws, provoked_cluster, provoked_here
from unit.doctor.provoked import PROVOCATIONS, Provocation
from unit.doctor.ward import Ward
from unit.probes.hub import Hub

MODULES = (provoked_here, provoked_aws, provoked_cluster)
NOTHING_TO_FIX = frozenset({"rehearsal"})
"""Tried by itself below: its packages cannot be taken away from here."""


@pytest.mark.parametrize("provocation", PROVOCATIONS, ids=str)
def test_a_check_that_is_provoked_complains_and_says_what_to_do(
    provocation: Provocation, request: pytest.FixtureRequest, hub: Hub
) -> None:
    ward: Ward = request.getfixturevalue({"any": "visitor", "empty": "empty", "applied": "ward"}[provocation.world])

    provocation.arrange(ward, hub)
    found = ward.check(provocation.id)

    assert found.result == provocation.result, found
    assert provocation.found in found.found, found
    assert provocation.fix in found.fix, found
    assert found.fix, found


def test_every_check_is_provoked() -> None:
    provoked = {provocation.id for provocation in PROVOCATIONS}

    assert {check.id for check in CHECKS} - NOTHING_TO_FIX == provoked
    assert len(CHECKS) >= 30


def test_missing_packages_of_the_rehearsal_are_named(empty: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    from ekswiz.doctor.checks import machine

    monkeypatch.setattr(machine, "find_spec", lambda name: None if name == "moto" else object())
    found = empty.check("rehearsal")

    assert (found.result, found.found) == ("skip", "moto not installed")
    assert "pip install 'ekswiz[sim]'" in found.fix


def test_ids_and_titles_are_unique_and_every_reason_is_a_sentence() -> None:
    assert len({check.id for check in CHECKS}) == len({check.title for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert re.fullmatch(r"[a-z0-9-]+", check.id)
        assert check.why.endswith((".", '"'))
        assert check.why[0].isupper() or check.why.startswith(("ekswiz", "kubectl"))
