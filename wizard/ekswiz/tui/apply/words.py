"""What the run's screen says: its head, its rows, its log, and what to do when it did not come to its end. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ekswiz.errors import EkswizError, StalePlan
from ekswiz.events import Event
from ekswiz.plan import Action
from ekswiz.state import Estimate, Verb
from ekswiz.tui import clock
from ekswiz.tui.apply.rows import Row, Run, State
from ekswiz.tui.preview.ink import INK_OF, Ink, Line, Piece, line
from ekswiz.tui.preview.names import label
from ekswiz.tui.preview.tree import shortened

MINUTE = 60
BAR = 28
SLOW = 2.0
"""How many times the usual time is "slower than usual"."""
INKS: Mapping[State, Ink] = {
    "wait": "faint",
    "now": "key",
    "done": "create",
    "FAIL": "delete",
    "skip": "update",
    "stop": "update",
}
VERBS: Mapping[Verb, str] = {"apply": "Applying", "destroy": "Removing"}
LABEL, SECONDS = 48, 9
"""Most cells of a name, and those of a duration."""


def head(run: Run, verb: Verb, *, elapsed: float, left: str, stopping: bool, width: int) -> Line:
    """How far the run is; while it stops, what is finished and what will not start."""
    done = run.count("done")
    if stopping:
        flying = ", ".join(f"{label(row.change)}" for row in run.running) or "nothing"
        waits = run.count("wait")
        later = f" {waits} {_changes(waits)} will not start." if waits else ""
        return ((f"Stopping. Finishing: {flying}.{later}", "strong"),)
    said = f"{VERBS[verb]} {done} of {run.total}"
    times = f"elapsed {minutes(elapsed)}  left {left}"
    room = min(BAR, width - len(said) - len(times) - 8)
    return ((f"{said}  ", "strong"), *_bar(done, run.total, room), (f"  {times}", "plain"))


def closing(run: Run, verb: Verb, elapsed: float) -> Line:
    """What the run came to."""
    done, total = run.count("done"), run.total
    made = "made" if verb == "apply" else "carried out"
    parts = [f"{done} of {total} {_changes(total)} {made} in {seconds(elapsed)}"]
    for state, word in (("FAIL", "failed"), ("skip", "skipped"), ("stop", "not started")):
        number = run.count(state)  # type: ignore[arg-type]  # the states are those of rows.State
        parts += [f"{number} {word}"] if number else []
    return ((", ".join(parts) + ".", "strong"),)


def left_in_words(left: Estimate | None, since: float) -> str:
    """What is left of an estimate made `since` seconds ago; a number only where one is known."""
    if left is None or left.seconds is None:
        return "unknown"
    rest = max(0.0, left.seconds - since)
    return f"{'over' if left.unknown else '~'}{' ' if left.unknown else ''}{minutes(rest)}"


def row_line(row: Row, *, now: float, usual: float | None, width: int) -> Line:
    """One change: state, sign, name, seconds, what it is doing; one line, whatever an error message holds."""
    spent = row.spent(now)
    message = row.message.partition("\n")[0]
    if row.state == "now" and usual is not None and spent > SLOW * max(usual, 1.0):
        message = f"slower than usual ({seconds(usual)})" + (f"; {message}" if message else "")
    if row.state == "wait" and row.change.action is Action.DELETE:
        message = "last, on purpose"
    name = min(LABEL, max(12, (width - SECONDS - 14) * 3 // 5))
    time = seconds(spent) if row.state != "wait" and spent > 0 else ""
    action = row.change.action
    pieces: list[Piece] = [
        (f"{row.state:<6}", INKS[row.state]),
        (f"{action.value} ", INK_OF[action]),
        (f"{shortened(label(row.change), name):<{name}}", "faint" if row.state == "wait" else "plain"),
        (f"{time:>{SECONDS}}", "faint"),
    ]
    return (*pieces, (f"  {message}", INKS[row.state] if row.state == "FAIL" else "faint"))


def log_line(event: Event) -> str:
    """An event for the log, with its time of day."""
    took = f"  {event.seconds:.1f} s" if event.seconds else ""
    outputs = event.data.get("outputs") or {}
    told = event.message or outputs.get("arn") or outputs.get("url") or outputs.get("uri") or ""
    return f"{clock.of_day(event.at)}  {event.type:<8}  {event.address}{took}{f'  {told}' if told else ''}"


def trouble_lines(run: Run, verb: Verb, error: EkswizError | None) -> Iterator[Line]:
    """Why the run did not come to its end, what exists now, and the keys that help."""
    yield from _why(run, error)
    yield line(state_of(run, verb), "strong")
    yield line()
    yield _keys(run, verb, error)


def state_of(run: Run, verb: Verb) -> str:
    """What exists now, in a sentence."""
    done, rest = run.count("done"), run.total - run.count("done")
    if verb == "apply":
        return f"{done} of {run.total} changes {_are(done)} made, {rest} {_are(rest)} not."
    return f"{done} of {run.total} objects {_are(done)} gone, {rest} {_are(rest)} still there."


def _why(run: Run, error: EkswizError | None) -> Iterator[Line]:
    if error is not None:
        yield ((f"{error.summary}: ", "delete"), (error.detail, "plain"))
        if error.remedy:
            yield line(error.remedy)
    for row in run.failed:
        yield ((f"FAIL {label(row.change)}: ", "delete"), (row.message, "plain"))
    if not run.failed and error is None:
        yield line("Stopped, as you asked. What was in flight has finished; nothing else was started.")


def _keys(run: Run, verb: Verb, error: EkswizError | None) -> Line:
    again = "r plan again" if isinstance(error, StalePlan) else "r go on from here"
    keys = [again]
    if verb == "apply" and made(run):
        keys.append(f"u undo the {len(made(run))}")
    if verb == "apply":
        keys.append("h hand-off file")
    return line("   ".join([*keys, "x exit, resume later"]), "key")


def made(run: Run) -> Sequence[str]:
    """Addresses of what this run created, which is what can be undone."""
    creating = (Action.CREATE, Action.REPLACE)
    return [a for a, row in run.rows.items() if row.state == "done" and row.change.action in creating]


def minutes(value: float) -> str:
    """`0:14`."""
    whole = round(value)
    return f"{whole // MINUTE}:{whole % MINUTE:02}"


def seconds(value: float) -> str:
    """`1.2 s`, and from a minute on `2 min 5 s`."""
    if value < MINUTE:
        return f"{value:.1f} s"
    return f"{int(value) // MINUTE} min {int(value) % MINUTE} s"


def _bar(done: int, total: int, room: int) -> tuple[Piece, ...]:
    if room < 6 or not total:  # noqa: PLR2004 - a shorter bar says nothing
        return ()
    full = room * done // total
    return (("[", "plain"), ("#" * full, "create"), ("." * (room - full), "faint"), ("]", "plain"))


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _changes(number: int) -> str:
    return "change" if number == 1 else "changes"
