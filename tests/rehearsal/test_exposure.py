"""A service behind a load balancer: the road is green, the balancer answers, and nothing of it is left."""

from __future__ import annotations

import pytest

from rehearsal.conftest import Rehearse

pytestmark = pytest.mark.xdist_group("exposure")


def test_a_public_service_answers_at_its_balancers_address(rehearse: Rehearse) -> None:
    run = rehearse(expose="public", stages=("plan", "apply", "settled", "push", "answer", "destroy", "empty"))
    assert run.first_red == "none", run.text(run.first_red)
    assert run.report["ok"]
    http = run.report["http"]
    assert http["status"] == 200
    assert http["url"].startswith("http://127.")
    assert "/proxy" not in http["url"]
    changes = {change["address"]: change for change in run.report["plan"]["changes"]}
    assert {risk["id"] for risk in changes["load_balancer.app"]["risks"]} == {"public-service", "balancer-cost"}
    assert {risk["id"] for risk in changes["load_balancing.cluster"]["risks"]} == {"classic-balancer"}
