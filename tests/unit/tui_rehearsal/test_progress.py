"""What is known of a rehearsal, from its events alone."""

from __future__ import annotations

from ekswiz.events import Event
from ekswiz.tui.rehearsal.progress import ROAD, Progress
from unit.tui_rehearsal.hosts import cells, road, stage
from unit.tui_snapshots.snapshot import Frozen, frozen

__all__ = ["frozen"]


def seen(*events: Event) -> Progress:
    progress = Progress(0.0)
    for second, event in enumerate(events, start=1):
        progress.see(event, float(second))
    return progress


def test_before_the_first_event_the_world_is_being_started_and_all_else_waits() -> None:
    steps = list(seen().steps.values())

    assert [step.state for step in steps] == ["now"] + ["wait"] * (len(ROAD) - 1)


def test_a_whole_road_leaves_every_stage_done_and_nothing_running() -> None:
    progress = seen(*road())

    assert [step.state for step in progress.shown()] == ["done"] * len(ROAD)
    assert progress.running is None
    assert (len(progress.cells), progress.surprises, progress.failed) == (200, [], [])


def test_the_parts_of_a_stage_stand_behind_it_while_it_runs_and_go_when_it_is_done() -> None:
    events = list(road())
    during = events[: next(i for i, e in enumerate(events) if e.address == "build/Log in to ECR") + 1]

    shown = [step.key for step in seen(*during).shown()]

    at = shown.index("push")
    assert shown[at : at + 5] == [
        "push", "push/build", "push/build/Check out", "push/build/Become the push role", "push/build/Log in to ECR",
    ]  # fmt: skip
    assert shown[at + 5] == "answer"
    assert seen(*during).running.title == "Log in to ECR"  # type: ignore[union-attr]


def test_what_was_stopped_says_so_and_so_do_its_parts_that_never_ended() -> None:
    parts = {"parent": "push"}
    progress = seen(
        stage("push", "started"),
        stage("build", "started", step=None, **parts),
        stage("build/One", "started", step="One", **parts),
        stage("push", "finished", 1.0, ok=False, message="stopped"),
    )

    states = {step.key: step.state for step in progress.shown()}
    assert states["push"] == states["push/build"] == states["push/build/One"] == "stop"
    assert progress.failed == []
    assert progress.running is not progress.steps["push/build/One"]


def test_a_job_that_is_done_hides_its_steps_while_the_next_one_runs() -> None:
    parts = {"parent": "push"}
    progress = seen(
        stage("push", "started"),
        stage("build", "started", step=None, **parts),
        stage("build/One", "finished", 1.0, step="One", **parts),
        stage("build", "finished", 1.0, step=None, **parts),
        stage("deploy", "started", step=None, **parts),
    )

    assert [step.key for step in progress.shown() if step.depth] == ["push/build", "push/deploy"]


def test_a_step_that_failed_stays_in_sight_with_what_it_said() -> None:
    failed = stage("build/Push", "finished", 1.0, parent="push", step="Push", error="denied", log=["no basic auth"])
    failed = Event("stage", 0.0, failed.address, 1.0, "", {**failed.data, "ok": False})
    broken = Event("stage", 0.0, "push", 2.0, "the workflow failed", {"phase": "finished", "ok": False})

    progress = seen(stage("push", "started"), stage("build", "started", step=None, parent="push"), failed, broken)

    step = progress.steps["push/build/Push"]
    assert step in progress.shown()
    assert (step.state, step.why, step.lines) == ("FAIL", "denied", ["no basic auth"])
    assert [one.key for one in progress.failed] == ["push"]


def test_a_job_may_be_called_like_a_stage() -> None:
    progress = seen(stage("plan", "started"), stage("plan", "started", step=None, parent="push", message="Plan it"))

    assert (progress.steps["plan"].depth, progress.steps["push/plan"].title) == (0, "Plan it")


def test_a_stage_that_nobody_knows_is_shown_at_the_end() -> None:
    assert seen(stage("audit", "started", message="Audit")).shown()[-1].title == "Audit"


def test_a_skipped_stage_says_so() -> None:
    skipped = Event("stage", 0.0, "push", 0.0, "needs apply", {"phase": "finished", "ok": False, "skipped": True})

    assert seen(skipped).steps["push"].state == "skip"


def test_the_matrix_of_a_finished_stage_counts_where_single_cells_were_lost() -> None:
    table = cells(surprise=("pull-request", "deploy"))

    progress = seen(Event("stage", 0.0, "access", 1.0, "", {"phase": "finished", "ok": False, "matrix": table}))

    assert [(cell.row, cell.column, cell.word) for cell in progress.surprises] == [("pull-request", "deploy", "!yes")]


def test_a_log_message_of_several_lines_is_several_lines_and_changes_are_logged_with_their_word() -> None:
    progress = seen(
        Event("log", 5.0, "build", message="one\ntwo"), Event("failed", 6.0, "iam_role.push", 1.2, "denied")
    )

    assert [line.text for line in progress.take_log()] == ["one", "two", "iam_role.push  1.2 s  denied"]
    assert progress.take_log() == []
    assert progress.log[-1].where == "FAIL"


def test_the_log_has_this_machines_time_since_the_world_turns_its_own_clock_forward(frozen: Frozen) -> None:
    progress = seen(Event("log", frozen.at + 3600.0, "access", message="an hour later, the token has expired"))

    assert [line.at for line in progress.log] == [frozen.at]
