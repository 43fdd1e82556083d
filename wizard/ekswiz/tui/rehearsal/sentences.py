"""The screen's sentences: where it stands, what it found, and why it could not begin."""

from __future__ import annotations

from textual.content import Content

from ekswiz.answers import Answers
from ekswiz.errors import EkswizError
from ekswiz.tui import clock
from ekswiz.tui.rehearsal.matrix import Matrix
from ekswiz.tui.rehearsal.progress import BROKEN, LogLine, Progress
from ekswiz.tui.rehearsal.work import Ended

MINUTE = 60
WHERE = 26
"""Columns of the log's second field."""
SHOWN = ("AWS", "Kubernetes", "images")
"""Parts of the world that the facts name; F1 lists all."""
WHY = (
    "The plan that you saw is carried out in a world of its own on this machine: an AWS whose gate judges every",
    "call by trust policies, permissions and access entries, a GitHub that signs tokens, a Kubernetes that real",
    "kubectl talks to. Then your workflow runs, and every principal tries every action.",
    "",
    "expected comes from your answers alone, got from real calls. A cell that differs is marked with ! and makes",
    "the rehearsal red. - means that there was nothing to try with: the principal became no role.",
    "",
    "The world is private. It is removed at the end, also after a failure or a stop.",
)


def facts(answers: Answers | None, progress: Progress, width: int) -> Content:
    """What is rehearsed, and in what kind of world; as much of it as `width` columns hold."""
    what = f"{answers.repository}@{answers.branch}" if answers else "reading the answers"
    said = f"{what}   no cloud calls"
    for tier in progress.tiers:
        more = f"{said}   {tier['part']}: {tier['chosen']}"
        said = more if tier["part"] in SHOWN and len(more) <= width - 2 else said
    return Content(said)


def state(progress: Progress, ended: Ended | None, *, stopping: bool) -> Content:
    """Where the rehearsal stands, in one line."""
    if ended is not None:
        style = "bold $success" if ended.report and ended.report["ok"] else "bold $error"
        return Content.styled(verdict(progress, ended, stopped=stopping), style)
    elapsed = minutes(clock.steady() - progress.began)
    stages = [step for step in progress.steps.values() if not step.depth]
    done = sum(step.state in ("done", "skip", *BROKEN) for step in stages)
    now = next((step.title for step in stages if step.state == "now"), "")
    if stopping:
        return Content.styled(
            f"Stopping. Finishing: {now or 'the present stage'}. Then all is removed.", "bold $warning"
        )
    return Content.assemble((f"Rehearsing {done + 1} of {len(stages)}", "bold"), f"   {now}   elapsed {elapsed}")


def verdict(progress: Progress, ended: Ended, *, stopped: bool) -> str:
    """The result in one sentence."""
    if ended.error is not None:
        return ended.error.summary
    left = f" LEFT BEHIND: {', '.join(ended.report['leftovers'])}" if ended.report and ended.report["leftovers"] else ""
    if stopped and not (ended.report and ended.report["ok"]):
        return f"Stopped before its end: this rehearsal proves nothing.{left or ' All of it is removed.'}"
    seconds = (progress.ended or progress.began) - progress.began
    wrong = progress.failed
    if wrong:
        return f"FAIL  {wrong[0].title}: {wrong[0].why}{left}"
    return f"ok  Everything works as intended. {len(progress.cells)} cells, {seconds:.0f} s, nothing left behind.{left}"


def count(progress: Progress, matrix: Matrix) -> Content:
    """How many cells were tried, and how many are not as meant."""
    total, tried, wrong = len(matrix.rows) * len(matrix.columns), len(progress.cells), progress.surprises
    if wrong:
        names = ", ".join(f"{cell.row}/{cell.column}" for cell in wrong[:2])
        more = f" and {len(wrong) - 2} more" if len(wrong) > 2 else ""  # noqa: PLR2004 - as many as are named
        return Content.styled(f"! {len(wrong)} of {tried} not as intended: {names}{more}", "bold $error")
    if not tried:
        return Content.styled("yes/no is what happened   - nothing to try with   . not tried yet", "dim")
    return Content(f"{tried} of {total} tried, all as intended   - nothing to try with")


def trouble(error: EkswizError) -> Content:
    """Why there is no rehearsal: what happened, why, what to do, and the key."""
    return Content.assemble(
        (f"xx  {error.summary}", "bold $error"), f"\n\n{error.detail}\n\n{error.remedy}\n\n",
        ("r", "bold"), " tries again   ", ("Esc", "bold"), " goes back, with all answers kept",
    )  # fmt: skip


def log_line(line: LogLine) -> str:
    """One line of the log."""
    return f"{clock.of_day(line.at)}  {line.where[:WHERE]:<{WHERE}}  {line.text}"


def minutes(seconds: float) -> str:
    """`0:07`."""
    return f"{int(seconds) // MINUTE}:{int(seconds) % MINUTE:02d}"
