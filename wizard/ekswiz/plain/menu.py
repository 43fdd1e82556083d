"""Where one begins: what can be done, the likeliest first."""

from __future__ import annotations

from ekswiz import narrate
from ekswiz.errors import EkswizError, Exit, InputError
from ekswiz.frontend import Application, Given
from ekswiz.plain.console import Back, Closed, Console, Quit
from ekswiz.plain.questions import Questions
from ekswiz.plain.road import Road
from ekswiz.signals import stop_on_signals
from ekswiz.state import Verb
from ekswiz.steps.wizard_state import Wizard

HEADLINE = "ekswiz: deploy from GitHub to EKS, without stored keys."
PROMISE = "Nothing changes until you type the account number."
SET_UP, REHEARSE, RESUME, REMOVE, CHECK = "set up", "rehearse", "resume", "remove", "check"
SIGNS = {"ok": "ok", "warn": "--", "fail": "xx", "skip": ".."}


class Menu:
    """The wizard in lines."""

    def __init__(self, application: Application, given: Given, *, sim: bool, console: Console | None = None) -> None:
        self._console = console or Console.standard()
        self._wizard = Wizard(application, given, sim)
        self._questions = Questions(self._console, self._wizard)
        self._detected = False
        self._road = Road(self._console, self._wizard, self._rehearse)

    def run(self) -> Exit:
        """Until the user leaves; the exit code of what was done last.

        Raises:
            InputError: The input ended in the middle.
        """
        self._console.say(HEADLINE, PROMISE)
        outcome: Exit | None = None
        try:
            while True:
                outcome = self._do(self._ask(first=outcome is None))
        except (Quit, Back):
            return outcome or Exit.OK
        except Closed as closed:
            raise InputError(
                "--plain", "the input has ended, and a question was open. Nothing more was changed.",
                "Answer in a terminal, or use flags: ekswiz plan, ekswiz apply.",
            ) from closed  # fmt: skip
        finally:
            self._leave()

    def _ask(self, *, first: bool) -> str:
        where = "on this machine, simulated" if self._wizard.sim else "in AWS"
        options = [
            (SET_UP, f"Set up a pipeline {where}"),
            (REHEARSE, "Rehearse on this machine. No AWS account needed"),
            (RESUME, "Go on with a run that was interrupted"),
            (REMOVE, "Remove what ekswiz created. Shows the list first"),
            (CHECK, "Check this machine"),
        ]
        self._console.say("")
        try:
            return self._console.choose("What do you want to do? q quits.", options, SET_UP)
        except Closed as closed:
            if first:
                raise
            raise Quit from closed  # something was done, and nobody asks for more

    def _do(self, what: str) -> Exit:
        try:
            if what == REHEARSE:
                return self._rehearse()
            self._detect()
            if what == CHECK:
                return self._check()
            if what == SET_UP:
                return self._set_up()
            return self._road.walk("destroy" if what == REMOVE else self._interrupted()) if what else Exit.OK
        except Back:
            return Exit.OK

    def _detect(self) -> None:
        """Once, and only when it is needed: it asks AWS and GitHub, which may take a while."""
        if not self._detected:
            self._detected = True
            self._questions.detect()

    def _set_up(self) -> Exit:
        """Questions and road; back from the plan leads to the last question."""
        last = False
        while True:
            self._questions.ask(last=last)
            try:
                return self._road.walk("apply")
            except Back:
                last = True

    def _interrupted(self) -> Verb:
        """The verb of the run that did not come to its end.

        Raises:
            Back: There is none.
        """
        try:
            with self._wizard.road() as road:
                left = road.unfinished()
        except EkswizError as error:
            self._console.say(f"xx  {error}")
            raise Back from error
        if left is None:
            self._console.say("There is nothing to resume: the last run came to its end.")
            raise Back
        self._console.say(f"The {left.verb} that began {left.began} did not come to its end.")
        self._console.say(
            *(f"  in flight   {what}" for what in left.in_flight), *(f"  not done    {what}" for what in left.left)
        )
        return left.verb

    def _rehearse(self) -> Exit:
        """The same lines as `ekswiz --sim --headless`."""
        self._console.say("", "Rehearsing in a world of its own. Ctrl-C stops it and removes everything.")
        with stop_on_signals() as stop:
            try:
                rehearsal = self._wizard.application.rehearse(self._wizard.current(), stop)
                try:
                    for event in rehearsal:
                        for text in narrate.rehearsal_lines(event):
                            self._console.say(text)
                finally:
                    rehearsal.close()
            except EkswizError as error:
                self._console.say(f"xx  {error}")
                return error.exit_code
        if stop.exit_code is not None:
            self._console.say("Stopped before its end: this rehearsal proves nothing.")
            return Exit.STOPPED
        ok = bool(rehearsal.report["ok"])
        self._console.say("ok  Everything works as intended." if ok else "FAIL  Not everything works as intended.")
        return Exit.OK if ok else Exit.RED

    def _check(self) -> Exit:
        """The doctor's lines."""
        failed = False
        try:
            for check in self._wizard.application.look.checks(self._wizard.current(), self._wizard.choice()):
                failed = failed or check.result == "fail"
                self._console.say(f"{SIGNS[check.result]}  {check.title}: {check.found}")
                if check.result in ("warn", "fail"):
                    self._console.say(f"      {check.why}", *([f"      {check.fix}"] if check.fix else []))
        except EkswizError as error:
            self._console.say(f"xx  {error}")
            return error.exit_code
        return Exit.PREFLIGHT if failed else Exit.OK

    def _leave(self) -> None:
        """End the world that was started here, if one was."""
        for what in self._wizard.close():
            self._console.say(f"could not be removed: {what}")
