"""The composition root: chooses the world (AWS or the simulator) and the front end. The only importer of ekswiz_sim."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from ekswiz import cli_state, resolve, streams
from ekswiz.answers import Answers
from ekswiz.errors import EkswizError, Exit, InputError, RehearsalError
from ekswiz.frontend import Choice, Given, OpenRoad, RunningRehearsal
from ekswiz.operator_policy import operator_policy
from ekswiz.risks import EVERY
from ekswiz.session import Session
from ekswiz.target import Flag

TRACEBACK = "EKSWIZ_TRACEBACK"
"""Variable that asks for the traceback of an error that is ours."""


class Ekswiz:
    """The use-cases over the real rooms (see `frontend.Application`)."""

    def answers(self, given: Given, *, sim: bool) -> Answers:
        """Answers from flags, variables, file, sample and repository, validated."""
        sample: Mapping[str, str] = {}
        if given.sample:
            if not sim:
                raise InputError("--sample", "the sample is for rehearsals.", "Add --sim.")
            sample = _simulator().SAMPLE
        return resolve.resolve(given, sim=sim, sample=sample)

    @contextmanager
    def road(self, given: Given, choice: Choice) -> Iterator[OpenRoad]:
        """Open the stack in AWS, or in the world that is up."""
        if choice.sim:
            answers, target, state = _simulator().attach()
            _same_stack(given, answers)
        else:
            from ekswiz.clients.aws_clients import aws_target  # noqa: PLC0415 - boto3 is slow to import

            answers, state = self.answers(given, sim=False), None
            target = aws_target(
                choice.profile, answers.region, answers.account, given.source.resolve(), choice.endpoint_url
            )
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

    def operator_policy(self, given: Given, choice: Choice, *, self_check: bool = False) -> Mapping[str, Any]:
        """The IAM policy that whoever plans, applies and destroys needs."""
        return operator_policy(self.answers(given, sim=choice.sim), adopt=choice.adopt, self_check=self_check)

    def rehearse(self, given: Given, stop: Flag, *, port: int = 0) -> RunningRehearsal:
        """Prepare a rehearsal in a world of its own."""
        answers = self.answers(given, sim=True)
        rehearsal: RunningRehearsal = _simulator().rehearse(
            answers,
            source=None if given.sample else given.source.resolve(),
            road=lambda home: Session(
                answers, delete_images=True, delete_protected=True, state_dir=home, allow_risks=EVERY
            ),
            operator_policy=operator_policy(answers),
            stop=stop,
            port=port,
        )
        return rehearsal

    def sim_up(self, given: Given, port: int) -> Mapping[str, Any]:
        """Start a world that outlives the command; its facts."""
        answers = self.answers(given, sim=True)
        source = None if given.sample else given.source.resolve()
        facts: Mapping[str, Any] = _simulator().up(answers, source, operator_policy(answers), port)
        return facts

    def sim_status(self) -> Mapping[str, Any] | None:
        """Facts of the world that is up; None if there is none."""
        facts: Mapping[str, Any] | None = _simulator().status()
        return facts

    def sim_env(self, *, root: bool = False) -> Mapping[str, str]:
        """Variables with which other tools reach the world that is up, as the operator or the root user."""
        variables: Mapping[str, str] = _simulator().env(root=root)
        return variables

    def sim_down(self) -> list[str]:
        """Remove the world; what could not be removed."""
        leftovers: list[str] = _simulator().down()
        return leftovers


def main() -> None:
    """The `ekswiz` command: every error is one sentence and an exit code, never a traceback."""
    streams.prepare()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; its exit code."""
    try:
        return int(cli_state.ekswiz.main(args=arguments, prog_name="ekswiz", standalone_mode=False, obj=Ekswiz()) or 0)
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        streams.tell("Stopped. Nothing more was changed.")
        return Exit.INTERRUPTED
    except EkswizError as error:
        streams.tell(f"ekswiz: {error}")
        return error.exit_code
    except OSError as error:
        streams.tell(f"ekswiz: Stopped: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}.")
        return Exit.FAILED
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        streams.tell(f"ekswiz: A mistake in ekswiz: {type(error).__name__}: {error}. To see where: {TRACEBACK}=1.")
        return Exit.FAILED
    finally:
        streams.abandon()


def _simulator() -> Any:
    from ekswiz_sim import packages  # noqa: PLC0415 - the simulator is loaded only when it is asked for

    missing = packages.missing()
    if missing:
        raise RehearsalError(
            f"the simulator's packages are not installed ({', '.join(missing)} missing).",
            "Install them with: pip install 'ekswiz[sim]'",
        )
    from ekswiz_sim import entry  # noqa: PLC0415 - as above

    return entry


def _same_stack(given: Given, answers: Answers) -> None:
    """With `--sim` the world's own answers hold: a flag that says something else is a mistake."""
    for name, said in given.fields.items():
        held = answers.repository if name == "repository" else getattr(answers, name)
        if said is not None and said != str(held if held is not None else "none"):
            raise InputError(
                f"--{name.replace('_', '-')}",
                f"the world that is up was made for {held!r}, not {said!r}.",
                "Start another one: ekswiz sim down; then ekswiz sim up with the flag.",
            )


if __name__ == "__main__":
    main()
