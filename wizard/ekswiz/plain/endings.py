"""The last lines: what was done, what proves it, and what comes next. The same facts as on the result's screen."""

from __future__ import annotations

from collections.abc import Iterator

from ekswiz.errors import EkswizError
from ekswiz.state import Verb
from ekswiz.steps.wizard_state import Wizard


def done(wizard: Wizard, verb: Verb) -> Iterator[str]:
    """After a run that did everything. Reads the world once more."""
    from ekswiz.tui.result import facts  # it brings some of Textual, which lines need for nothing else

    if wizard.plan is None:
        return
    file = wizard.file if wizard.file.is_file() and not wizard.sim else None
    try:
        answers = wizard.answers()
    except EkswizError as error:
        yield f"--  {error}"
        return
    known = facts.Facts(wizard.plan, verb, wizard.events, answers, wizard.sim, file, wizard.sim and wizard.world.ours)
    yield known.headline
    yield from _proof(wizard, verb, known.url)
    if verb == "apply":
        yield from _next(known.commands)
        yield from (f"The service: {line}" for line in (known.url,) if line)
    yield from (f"  kept  {change.address}: {change.why}" for change in known.kept if verb == "destroy")
    if verb == "apply":
        yield facts.removal(known)


def _next(commands: list[str]) -> Iterator[str]:
    if commands:
        yield ""
        yield "Next, in your repository:"
        yield from (f"  {command}" for command in commands)


def _proof(wizard: Wizard, verb: Verb, url: str) -> Iterator[str]:
    from ekswiz.tui.result import proof

    try:
        with wizard.road() as road:
            found = proof.after_apply(road.plan()) if verb == "apply" else proof.after_destroy(road.destroy_plan())
            yield from (f"{one.sign}  {one.sentence}" for one in found)
    except EkswizError as error:
        yield f"--  not proven: {error}"
    if url:
        answer = proof.call(url)
        yield f"{answer.sign}  {answer.sentence}"
