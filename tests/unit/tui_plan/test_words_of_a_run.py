"""What the run's and the result's screens say, without a screen."""

from __future__ import annotations

import http.server
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import StalePlan
from ekswiz.events import Event
from ekswiz.plan import Action
from ekswiz.state import Estimate
from ekswiz.tui.apply import words
from ekswiz.tui.apply.rows import Run
from ekswiz.tui.apply.work import usual
from ekswiz.tui.preview.ink import plain
from ekswiz.tui.result import proof
from ekswiz.tui.result.facts import Facts, farewell, reach
from unit.tui_plan.plans import (
    ANSWERS,
    CREATE,
    FakeRoad,
    change,
    destroy_plan,
    event,
    full_plan,
    kept_plan,
    plan,
    smooth,
)


def run_of(*events: Event, made: Any = None) -> Run:
    run = Run(made or full_plan())
    for each in events:
        run.see(each, 0.0)
    return run


def row(run: Run, address: str, **more: Any) -> str:
    given = {"now": 0.0, "usual": None, "width": 100, **more}
    return plain([words.row_line(run.rows[address], **given)])


# ---- rows


def test_deletions_stand_last_and_kept_objects_not_at_all() -> None:
    addresses = list(run_of().rows)
    assert addresses[-1] == "access_entry.old"
    assert "eks_cluster.main" not in addresses
    assert "last, on purpose" in row(run_of(), "access_entry.old")


@pytest.mark.parametrize(
    ("type_", "word"),
    [("started", "now"), ("applied", "done"), ("failed", "FAIL"), ("skipped", "skip"), ("stopped", "stop")],
)
def test_each_event_has_its_word(type_: Any, word: str) -> None:
    run = run_of(event(type_, "iam_role.deploy", 1.2, "why"))
    assert row(run, "iam_role.deploy").startswith(f"{word:<6}+ Role")


def test_a_change_in_flight_counts_its_seconds_and_says_what_it_does() -> None:
    run = run_of(event("started", "iam_role.deploy"), event("progress", "iam_role.deploy", message="waiting for IAM"))
    assert row(run, "iam_role.deploy", now=7.25).endswith("7.2 s  waiting for IAM")


def test_slower_than_usual_is_said_and_not_a_made_up_number() -> None:
    run = run_of(event("started", "iam_role.deploy"))
    assert "slower" not in row(run, "iam_role.deploy", now=3.9, usual=2.0)
    assert "slower than usual (2.0 s)" in row(run, "iam_role.deploy", now=4.1, usual=2.0)


def test_events_about_nothing_on_screen_do_no_harm() -> None:
    run = run_of(event("log", "journal", message="torn"), event("applied", "gone.thing"))
    assert run.count("done") == 0
    assert len(run.events) == 2


# ---- the head


def head(run: Run, **more: Any) -> str:
    given = {"elapsed": 14.2, "left": "~0:26", "stopping": False, "width": 80, **more}
    return plain([words.head(run, "apply", **given)])


def test_the_head_says_how_far_and_how_long() -> None:
    run = run_of(event("applied", "oidc_provider.github", 1.0))
    assert head(run) == "Applying 1 of 7  [####........................]  elapsed 0:14  left ~0:26"
    assert "[" not in head(run, width=50)


def test_a_stopping_head_says_what_finishes_and_what_will_not_start() -> None:
    run = run_of(event("started", "iam_role.deploy"))
    assert head(run, stopping=True) == (
        "Stopping. Finishing: Role ekswiz-payments-api-deploy. 6 changes will not start."
    )


@pytest.mark.parametrize(
    ("left", "since", "said"),
    [(None, 0, "unknown"), (Estimate(None, ("x",)), 0, "unknown"), (Estimate(40.0), 14.0, "~0:26"),
     (Estimate(10.0), 99.0, "~0:00"), (Estimate(70.0, ("vpc create",)), 0, "over 1:10")],
)  # fmt: skip
def test_what_is_left_is_a_number_only_where_one_is_known(left: Any, since: float, said: str) -> None:
    assert words.left_in_words(left, since) == said


def test_usual_times_are_asked_once_for_each_kind() -> None:
    asked = []
    road = FakeRoad()
    known = road.eta
    road.eta = lambda made: asked.append(len(made.pending)) or known(made)
    found = usual(road, full_plan())
    assert set(found) == {each.address for each in full_plan().pending}
    assert len(asked) == 7  # no two changes of this plan are of one kind and action
    twice = plan(change("subnet.a", CREATE, after={}), change("subnet.b", CREATE, after={}))
    asked.clear()
    usual(road, twice)
    assert asked == [1]


def test_what_was_never_timed_has_no_usual_time() -> None:
    assert usual(FakeRoad(usual=None), full_plan()) == {}


# ---- trouble


def trouble(run: Run, error: Exception | None = None, verb: Any = "apply") -> str:
    return plain(words.trouble_lines(run, verb, error))


def test_a_failure_says_what_why_what_exists_and_the_keys() -> None:
    run = run_of(event("applied", "oidc_provider.github"), event("failed", "iam_role.deploy", message="Denied: x."))
    text = trouble(run)
    assert "FAIL Role ekswiz-payments-api-deploy: Denied: x." in text
    assert "1 of 7 changes is made, 6 are not." in text
    assert "r go on from here   u undo the 1   h hand-off file   x exit, resume later" in text


def test_a_stale_plan_is_planned_again_and_nothing_is_undone() -> None:
    text = trouble(run_of(), StalePlan("iam_role.deploy has appeared.", "Plan again."))
    assert "The plan is stale: iam_role.deploy has appeared." in text
    assert "r plan again" in text
    assert "undo" not in text


def test_a_stop_is_no_failure() -> None:
    assert "Stopped, as you asked." in trouble(run_of(event("stopped", "iam_role.deploy")))


def test_only_what_was_made_can_be_undone() -> None:
    run = run_of(event("applied", "oidc_provider.github"), event("applied", "ecr_repository.app"))
    assert words.made(run) == ["oidc_provider.github"]  # the registry was changed, not made


def test_a_destroy_counts_what_is_gone() -> None:
    run = run_of(event("applied", "access_entry.deploy"), made=destroy_plan())
    assert "1 of 2 objects is gone, 1 is still there." in trouble(run, verb="destroy")


# ---- the result


def facts(made: Any = None, verb: Any = "apply", events: Any = None, **more: Any) -> Facts:
    made = made or full_plan()
    events = list(smooth(made, threading.Event())) if events is None else events
    return Facts(made, verb, events, more.pop("answers", ANSWERS), more.pop("sim", False), **more)


def test_the_headline_says_what_is_possible_now() -> None:
    assert facts().headline == "7 of 7 changes made in 0.0 s. acme/payments-api can deploy from main."
    assert facts(destroy_plan(), "destroy").headline == "2 of 2 objects removed in 0.0 s."


def test_only_files_that_were_written_are_committed() -> None:
    file = Path("ekswiz.toml")
    assert facts(file=file).commands == [
        "git add -- .github/workflows/deploy.yml ekswiz.toml",
        'git commit -m "Deploy to EKS"',
        "git push origin main",
    ]
    assert facts(kept_plan(), events=[]).commands == []
    assert facts(destroy_plan(), "destroy").commands == []


def test_names_cannot_break_out_of_the_commands() -> None:
    made = plan(change("repository_file.x", CREATE, after={"path": "a b;$(c)"}))
    assert facts(made).commands[0] == "git add -- 'a b;$(c)'"


def test_the_url_comes_from_the_load_balancer() -> None:
    made = plan(change("load_balancer.app", CREATE, after={}))
    done = [event("applied", "load_balancer.app", outputs={"url": "http://lb.example.com/"})]
    assert list(reach(facts(made, events=done))) == ["http://lb.example.com/"]


@pytest.mark.parametrize(("expose", "words_"), [("inside", "port-forward service/"), ("public", "no address yet")])
def test_without_a_url_it_says_how_to_get_there(expose: Any, words_: str) -> None:
    assert words_ in " ".join(reach(facts(answers=replace(ANSWERS, expose=expose))))


def test_the_scrollback_gets_twelve_lines_at_most() -> None:
    many = [change(f"subnet.{n}", Action.KEEP, why="Kept: not ours.") for n in range(30)]
    for verb, made in (("apply", full_plan()), ("destroy", plan(*destroy_plan().changes, *many))):
        lines = farewell(facts(made, verb, file=Path("ekswiz.toml")))
        assert 2 <= len(lines) <= 12
    assert farewell(facts(sim=True))[0].startswith("ekswiz: (simulated) 7 of 7")


def test_proof_is_what_a_second_plan_says() -> None:
    kept = plan(change("iam_role.deploy", Action.KEEP), change("iam_role.push", Action.KEEP))
    assert [each.sign for each in proof.after_apply(kept)] == ["ok"]
    half = plan(change("iam_role.deploy", Action.KEEP), change("iam_role.push", Action.UPDATE, before={}, after={}))
    assert [(each.sign, "update" in each.sentence) for each in proof.after_apply(half)] == [("xx", True)]
    assert [each.sign for each in proof.after_destroy(kept)] == ["ok"]
    assert [each.sign for each in proof.after_destroy(destroy_plan())] == ["xx", "xx"]


@pytest.fixture
def service() -> None:
    """A service that answers 200 at / and 503 elsewhere."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 503)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_service_is_called_and_its_answer_is_told(service: str) -> None:
    assert proof.call(f"{service}/") == proof.Proof("ok", f"{service}/ answers: 200 OK")
    assert "503 Service Unavailable" in proof.call(f"{service}/x").sentence


def test_a_service_that_is_not_there_yet_is_no_error() -> None:
    found = proof.call("http://127.0.0.1:9/")
    assert (found.sign, "does not answer yet" in found.sentence) == ("--", True)


def test_only_the_web_is_called() -> None:
    assert proof.call("file:///etc/passwd").sign == "--"
