"""The composition root: chooses the world (AWS or the simulator) and the front end. The only importer of ekswiz_sim."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ekswiz import failure, streams
from ekswiz.cli import ekswiz
from ekswiz.errors import EkswizError, InputError
from ekswiz.main_look import Looking, live_target, sample_of, simulator, simulator_for
from ekswiz.occasion import USUAL, Occasion

if TYPE_CHECKING:
    from ekswiz.access.see import Seen
    from ekswiz.answers import Answers
    from ekswiz.from_account import Found
    from ekswiz.frontend import Choice, Given, OpenRoad, RunningRehearsal
    from ekswiz.target import Flag, Target

HOMES: Mapping[str, str] = {
    "rehearse": "ekswiz.cli_rehearse",
    "plan": "ekswiz.cli_change",
    "apply": "ekswiz.cli_change",
    "destroy": "ekswiz.cli_change",
    "status": "ekswiz.cli_state",
    "resume": "ekswiz.cli_state",
    "operator-policy": "ekswiz.cli_state",
    "doctor": "ekswiz.cli_doctor",
    "hand-off": "ekswiz.cli_doctor",
    "access": "ekswiz.cli_iam",
    "lint": "ekswiz.cli_iam",
    "iam": "ekswiz.cli_iam",
    "answers": "ekswiz.cli_answers",
    "export": "ekswiz.cli_export",
    "files": "ekswiz.cli_files",
    "pins": "ekswiz.cli_files",
    "sim": "ekswiz.cli_sim",
    "completion": "ekswiz.cli_shell",
    "schema": "ekswiz.cli_shell",
}
"""Each command and its module, which adds it to `ekswiz` when it is asked for (see `root`)."""
ekswiz.homes = HOMES
TRACEBACK = "EKSWIZ_TRACEBACK"
"""Variable that asks for the traceback of an error that is ours."""
EXPECTED = (EkswizError, OSError, click.ClickException, click.Abort, KeyboardInterrupt)
"""What is no mistake of ours, and needs no traceback."""


class Ekswiz:
    """The use-cases over the real rooms (see `frontend.Application`)."""

    def __init__(self) -> None:
        self.look = Looking()

    def answers(self, given: Given, *, sim: bool) -> Answers:
        """Answers from flags, variables, file, sample and repository, validated."""
        from ekswiz import resolve  # `ekswiz --help` needs none of it

        return resolve.resolve(given, sim=sim, sample=sample_of(given, sim=sim))

    @contextmanager
    def road(self, given: Given, choice: Choice) -> Iterator[OpenRoad]:
        """Open the stack in AWS, or in the world that is up."""
        from ekswiz.risks import EVERY  # `ekswiz --help` needs none of it
        from ekswiz.session import Session

        answers, target, state = self._world(given, choice)
        session = Session(
            answers,
            adopt=choice.adopt,
            delete_images=choice.delete_images,
            delete_protected=choice.delete_protected,
            take_over=choice.take_over,
            allow_risks=EVERY if choice.sim else choice.allow_risks,
            state_dir=state,
        )
        yield session.bind(target)

    def _world(self, given: Given, choice: Choice) -> tuple[Answers, Target, Path | None]:
        """The stack's answers, where it is, and where its state lies (None: at the usual place)."""
        if choice.sim:
            answers, target, state = simulator().attach()
            _same_stack(given, answers)
            return _piped(given, answers), target, state
        from ekswiz.clients.aws_clients import aws_target  # boto3 is slow to import

        answers = self.answers(given, sim=False)
        where = given.source.resolve()
        return answers, aws_target(choice.profile, answers.region, answers.account, where, choice.endpoint_url), None

    def roles(self, given: Given, choice: Choice, names: Sequence[str]) -> Seen:
        """Real roles (the stack's by default), with what is wrong with them and who can do what."""
        from ekswiz.access.see import see  # other commands need none of it

        answers, target, _ = self._world(given, choice)
        return see(target, answers, names, ask_aws=True)

    def from_account(self, given: Given, choice: Choice, stack: str | None) -> tuple[Answers, Found]:
        """The answers of a stack that is there, and where each was found; what was said wins."""
        from ekswiz import resolve  # other commands need none of it
        from ekswiz.from_account import rebuild

        target = simulator().attach()[1] if choice.sim else live_target(given, choice)
        found = rebuild(target, stack or given.fields.get("stack"))
        return resolve.completed(given, found.values), found

    def operator_policy(self, given: Given, choice: Choice, *, self_check: bool = False) -> Mapping[str, Any]:
        """The IAM policy that whoever plans, applies and destroys needs."""
        return _operator_policy(self.answers(given, sim=choice.sim), adopt=choice.adopt, self_check=self_check)

    def rehearse(self, given: Given, stop: Flag, *, port: int = 0, occasion: Occasion = USUAL) -> RunningRehearsal:
        """Prepare a rehearsal in a world of its own."""
        from ekswiz.risks import EVERY  # `ekswiz --help` needs none of it
        from ekswiz.session import Session

        answers = self.answers(given, sim=True)
        rehearsal: RunningRehearsal = simulator_for(answers).rehearse(
            answers,
            source=None if given.sample else given.source.resolve(),
            road=lambda home: Session(
                answers, delete_images=True, delete_protected=True, state_dir=home, allow_risks=EVERY
            ),
            operator_policy=_operator_policy(answers),
            stop=stop,
            port=port,
            occasion=occasion,
            chosen=given.tiers,
        )
        return rehearsal

    def rehearse_apart(self, given: Given, stop: Flag) -> RunningRehearsal:
        """A rehearsal in a process of its own."""
        from ekswiz.apart import Apart  # `ekswiz --help` needs none of it

        return Apart(given, stop)

    def sim_up(self, given: Given, port: int) -> Mapping[str, Any]:
        """Start a world that outlives the command; its facts."""
        answers = self.answers(given, sim=True)
        source = None if given.sample else given.source.resolve()
        facts: Mapping[str, Any] = simulator_for(answers).up(
            answers, source, _operator_policy(answers, self_check=True), port, given.tiers
        )
        return facts

    def sim_status(self) -> Mapping[str, Any] | None:
        """Facts of the world that is up; None if there is none."""
        facts: Mapping[str, Any] | None = simulator().status()
        return facts

    def sim_env(self, *, root: bool = False) -> Mapping[str, str]:
        """Variables with which other tools reach the world that is up, as the operator or the root user."""
        variables: Mapping[str, str] = simulator().env(root=root)
        return variables

    def sim_down(self) -> list[str]:
        """Remove the world; what could not be removed."""
        leftovers: list[str] = simulator().down()
        return leftovers


def main() -> None:
    """The `ekswiz` command: every error is one sentence and an exit code, never a traceback."""
    streams.prepare()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; its exit code. Who asked for JSON gets a failure as JSON, too."""
    try:
        return int(ekswiz.main(args=arguments, prog_name="ekswiz", standalone_mode=False, obj=Ekswiz()) or 0)
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get(TRACEBACK) and not isinstance(error, EXPECTED):
            raise
        code = failure.code_of(error)
        if failure.asked(arguments, ekswiz.homes):
            streams.result(failure.line(error, code))
        _tell(error)
        return code
    finally:
        streams.abandon()


def _tell(error: BaseException) -> None:
    """One sentence on standard error."""
    if isinstance(error, click.ClickException):
        error.show()
    elif isinstance(error, click.Abort | KeyboardInterrupt):
        streams.tell("Stopped. Nothing more was changed.")
    elif isinstance(error, EkswizError):
        streams.tell(f"ekswiz: {error}")
    elif isinstance(error, OSError):
        streams.tell(f"ekswiz: Stopped: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}.")
    else:
        streams.tell(f"ekswiz: A mistake in ekswiz: {type(error).__name__}: {error}. To see where: {TRACEBACK}=1.")


def _operator_policy(answers: Answers, **more: bool) -> Mapping[str, Any]:
    from ekswiz.operator_policy import operator_policy  # `ekswiz --help` needs none of it

    return operator_policy(answers, **more)


def _piped(given: Given, answers: Answers) -> Answers:
    """The answers of a file that was named, if they are for the world that is up; else the world's own."""
    if given.file is None:
        return answers
    from ekswiz import answers_file  # seldom asked for

    said = answers_file.load(given.file)
    for name in ("account", "region", "partition", "issuer", "owner", "repo"):
        if getattr(said, name) != getattr(answers, name):
            meant = f"the world that is up was made for {getattr(answers, name)!r}, not {getattr(said, name)!r}."
            raise InputError(name, meant, "Start another one: ekswiz sim down; then ekswiz sim up with the file.")
    return said


def _same_stack(given: Given, answers: Answers) -> None:
    """With `--sim` the world's own answers hold: a flag that says something else is a mistake."""
    for name, said in given.fields.items():
        held = answers.repository if name == "repository" else getattr(answers, name)
        meant = str(held).lower() if isinstance(held, bool) else str(held if held is not None else "none")
        if said is not None and (said.lower() if isinstance(held, bool) else said) != meant:
            raise InputError(
                f"--{name.replace('_', '-')}",
                f"the world that is up was made for {held!r}, not {said!r}.",
                "Start another one: ekswiz sim down; then ekswiz sim up with the flag.",
            )


if __name__ == "__main__":
    main()
