"""The questions, one line each, in the order of the steps. `b` goes back, also from a question without an answer."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from ekswiz import steps
from ekswiz.errors import EkswizError
from ekswiz.plain.console import AGAIN, KEYS, MORE, REST, SIGN_IN, STEP, WHY, Back, Console
from ekswiz.plain.lookups import Found, Lookups
from ekswiz.steps import Field, Step
from ekswiz.steps.trouble import sign_in_command
from ekswiz.steps.wizard_state import Wizard


class Questions:
    """Fills the wizard's draft."""

    def __init__(self, console: Console, wizard: Wizard) -> None:
        self._console, self._wizard = console, wizard
        self.lookups = Lookups(console, wizard)
        self._detection = self.lookups.detection
        self._told = False
        self._more: set[str] = set()
        """Steps of which every question is asked."""
        self._ahead: str | None = None
        """Whether the rest is taken as it is: of this step (`STEP`) or altogether (`REST`)."""

    def detect(self) -> None:
        """Take in what this machine and the answers file say."""
        if not self._wizard.sim:
            self.lookups.known["profiles"] = Found("loading")  # AWS is asked when it is known with which profile
        self._detection.start()

    def ask(self, *, last: bool = False) -> None:
        """Ask everything; answers are saved after each step.

        Args:
            last: Begin with the last question, because the user came back.

        Raises:
            Back: From the first question.
            Quit, Closed: The user left.
        """
        place, self._ahead = len(list(self._places())) - 1 if last else 0, None
        before: Step | None = None
        while place < len(places := list(self._places())):
            step, asked = places[place]
            if step is not before:
                self._open(step)
            before = step
            try:
                self._one(asked)
            except Back:
                if place == 0:
                    raise
                place, self._ahead = place - 1, None
                continue
            place += 1
            here = list(self._places())
            if place >= len(here) or here[place][0] is not step:
                self._close(step)

    def _places(self) -> Iterator[tuple[Step, Field]]:
        """Every question that the answers so far call for."""
        for step in steps.STEPS:
            yield from ((step, one) for one in steps.visible(step, self._wizard.draft) if not self._hidden(step, one))

    def _hidden(self, step: Step, one: Field) -> bool:
        """Whether a question is asked only of those who want them all. One without a usable answer is asked of all."""
        if not one.more or step.id in self._more:
            return False
        return steps.problem(one, steps.shown_text(self._wizard.draft, one)) is None

    def _open(self, step: Step) -> None:
        number = [one.id for one in steps.STEPS].index(step.id) + 1
        self._console.say("", f"Step {number} of {len(steps.STEPS)}: {step.title}. {step.question}")
        if not self._told:
            self._console.say(*KEYS)
        self._told = True
        further = sum(self._hidden(step, one) for one in steps.visible(step, self._wizard.draft))
        if further:
            self._console.say(f"m asks {further} more questions, whose usual answers fit most.")

    def _close(self, step: Step) -> None:
        """Save, and show what follows from the step."""
        if self._ahead == STEP:
            self._ahead = None
        if step.id == "github":
            self._subjects()
        if not self._wizard.saves:
            return
        try:
            self._console.say(f"Saved: {self._wizard.save()}")
        except EkswizError as error:
            self._console.say(f"--  Not saved. {error}")

    def _subjects(self) -> None:
        found = steps.subjects(self._wizard.draft)
        self._console.say("GitHub's tokens will say:", f"  sub of the build job   {found.push}")
        self._console.say(f"  sub of the deploy job  {found.deploy}", f"  aud                    {found.audience}")
        self._console.say(*(f"  accepted as well       {one}" for one in found.also)) if found.also else None
        self._console.say(f"  never accepted         {', '.join(found.refused)}")

    def _one(self, asked: Field) -> None:
        """One question, until its answer can be used."""
        while True:
            self._detection.follow()
            draft = self._wizard.draft
            default, source = steps.shown_text(draft, asked), steps.source(draft, asked.name)
            if self._ahead and steps.problem(asked, default) is None:
                return
            self._ahead = None
            typed = self._typed(asked, default, source)
            if typed in (STEP, REST):
                self._ahead = typed
            elif typed == MORE:
                self._more |= {step.id for step in steps.STEPS if asked in step.fields}
            elif typed == WHY:
                self._console.say(asked.why)
            elif typed == AGAIN and self._failed():
                self._detection.again()
            elif typed == SIGN_IN and self.lookups.expired:
                self._sign_in()
            elif self._take(asked, typed, default):
                return

    def _typed(self, asked: Field, default: str, source: str) -> str:
        where = f" ({source})" if source else ""
        if asked.kind == "choice":
            options = [(one.value, f"{one.label}. {one.means}".rstrip()) for one in asked.options]
            return self._console.choose(f"{asked.label}{where}", options, default)
        hint = f" ({asked.hint})" if asked.hint and not default else where
        listed = self._listed(asked)
        if listed:
            self._console.say(*(f"  {number}  {text}" for number, (_, text) in enumerate(listed, start=1)))
        typed = self._console.ask(f"{asked.label}{hint}", default)
        if listed and typed.isdecimal() and 0 < int(typed) <= len(listed):
            return listed[int(typed) - 1][0]
        return "" if asked.unset is not None and typed.lower() == "none" else typed

    def _listed(self, asked: Field) -> list[tuple[str, str]]:
        """What was looked up for a field: value and line."""
        if asked.name == "profile":
            found = self.lookups["profiles"].found or ()
            return [(one.name, f"{one.name}  {one.region}  {one.source}".rstrip()) for one in found if one.name]
        if asked.name == "cluster" and steps.value(self._wizard.draft, "create_cluster") != "true":
            return [(one.name, f"{one.name}  {one.version}  {one.status}  {one.mode}") for one in self._wizard.clusters]
        return []

    def _take(self, asked: Field, typed: str, default: str) -> bool:
        error = steps.problem(asked, typed)
        if error is not None:
            self._console.say(f"xx  {error.detail} {error.remedy}".rstrip())
            return False
        if typed != default:
            self._wizard.draft = steps.with_field(self._wizard.draft, asked, typed)
        return True

    def _failed(self) -> bool:
        return any(found.state == "failed" for found in self.lookups.known.values())

    def _sign_in(self) -> None:
        command = sign_in_command(self._wizard.profile)
        self._console.say(f"Running: {command}")
        try:
            profile = ["--profile", self._wizard.profile] if self._wizard.profile else []
            done = subprocess.run(["aws", "sso", "login", *profile], check=False).returncode == 0
        except OSError as error:
            self._console.say(f"xx  {command} could not be run: {error.strerror}.")
            return
        if done:
            self._detection.again()
