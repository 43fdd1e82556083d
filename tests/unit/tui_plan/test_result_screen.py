"""After a run: what comes next, what was proved, what stays in the scrollback."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ekswiz.errors import Exit, Refused
from ekswiz.plan import Action
from unit.tui_plan.plans import ANSWERS, CREATE, FakeRoad, change, destroy_plan, event, full_plan, plan


def all_kept() -> None:
    return plan(*(replace(each, action=Action.KEEP, before=each.after) for each in full_plan().changes))


async def finished(at: Any, verb: Any = "apply") -> None:
    """From the preview through the run."""
    await at.preview(verb=verb)
    at.road.made = all_kept
    await at.agree()
    await at.on("ResultScreen")


async def test_it_says_what_was_made_and_what_comes_next(seat: Any) -> None:
    async with seat() as at:
        await finished(at)
        await at.sees(
            "7 of 7 changes made in", "acme/payments-api can deploy from main.",
            "1  git add -- .github/workflows/deploy.yml", "3  git push origin main", "port-forward service/payments",
        )  # fmt: skip
        await at.sees("ok   the roles exist, and their trust is what the plan says", "waiting for your push")
        assert at.app.wizard.outcome is Exit.OK


async def test_y_copies_the_commands_and_enter_leaves_the_summary(seat: Any) -> None:
    async with seat() as at:
        await finished(at)
        await at.press("y")
        await at.until(lambda: at.app.clipboard.startswith("git add -- ") and at.app.clipboard.count("\n") == 2)
        await at.press("enter")
        await at.until(lambda: at.app._exit)
        assert at.app.return_value is Exit.OK
        assert at.app.wizard.farewell[0].startswith("ekswiz: 7 of 7 changes made")
        assert at.app.wizard.farewell[-1] == "ekswiz destroy removes what was made, and nothing else."


async def test_the_runs_page_is_one_key_away(seat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    async with seat() as at:
        monkeypatch.setattr(at.app, "open_url", opened.append)
        await finished(at)
        await at.press("w", "o")
        assert opened[0] == "https://github.com/acme/payments-api/actions"
        assert opened[1].startswith("file://")


async def test_a_proof_that_cannot_be_made_says_why_and_can_be_tried_again(seat: Any) -> None:
    def denied() -> None:
        raise Refused("iam:GetRole.")

    async with seat() as at:
        await at.preview()
        at.road.made = denied
        await at.agree()
        await at.on("ResultScreen")
        await at.sees("Denied: iam:GetRole.")
        at.road.made = all_kept
        await at.press("r")
        await at.sees("ok   the roles exist")


async def test_what_is_not_as_planned_is_not_called_proved(seat: Any) -> None:
    async with seat() as at:
        await at.preview()
        await at.agree()
        await at.on("ResultScreen")
        await at.sees("xx   Role ekswiz-payments-api-deploy is not as planned")


async def test_the_url_is_called_and_its_answer_shown(seat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ekswiz.tui.result import proof

    monkeypatch.setattr(proof, "call", lambda url: proof.Proof("ok", f"{url} answers: 200 OK"))
    made = plan(change("load_balancer.app", CREATE, after={"scheme": "internal", "load_balancer_class": "x"}))

    def run(given: Any, stop: Any) -> None:
        yield event("started", "load_balancer.app")
        yield event("applied", "load_balancer.app", 3.0, outputs={"url": "http://lb.example.com/"})

    async with seat(FakeRoad(made=lambda: made, run=run, answers=replace(ANSWERS, expose="internal"))) as at:
        await at.preview()
        await at.agree()
        await at.on("ResultScreen")
        await at.sees("ok   http://lb.example.com/ answers: 200 OK")
        assert "Service: http://lb.example.com/" in at.app.wizard.farewell


async def test_after_a_destroy_it_says_what_is_left_and_why(seat: Any) -> None:
    async with seat() as at:
        await at.preview(verb="destroy")
        at.road.gone = lambda: plan(*(each for each in destroy_plan().changes if each.action is Action.KEEP))
        await at.agree()
        await at.on("ResultScreen")
        await at.sees("2 of 2 objects removed", "Kept: it holds 3 images.", "ok   nothing that ekswiz created is left")
        assert "git add" not in at.text
        assert any("kept  Repository payments-api" in line for line in at.app.wizard.farewell)
