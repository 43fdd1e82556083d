"""From the plan to the result, in lines: look at it, agree, carry it out, and what to do when it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ekswiz import narrate, render, saved, view
from ekswiz.errors import EkswizError, Exit
from ekswiz.events import Event
from ekswiz.frontend import exit_code
from ekswiz.plain import endings
from ekswiz.plain.console import Back, Console
from ekswiz.plan import Change, Plan
from ekswiz.signals import stop_on_signals
from ekswiz.state import Verb
from ekswiz.steps import consent
from ekswiz.steps.wizard_state import Wizard

PLAN_FILE = "plan.json"
HAND_OFF = "hand-off"
WRONG_DIGITS = 3
"""Tries at the account's digits."""


class Road:
    """One plan at a time: the object that was shown is the one that is carried out."""

    def __init__(self, console: Console, wizard: Wizard, rehearse: Callable[[], Exit]) -> None:
        self._console, self._wizard, self._rehearse = console, wizard, rehearse

    def walk(self, verb: Verb) -> Exit:
        """Preview, confirm, carry out, result; the exit code.

        Raises:
            Back: From the preview.
            Quit, Closed: The user left; nothing is in flight then.
        """
        while True:
            self._wizard.verb, self._wizard.allow_risks = verb, frozenset()
            if not self._read(verb):
                raise Back
            agreed = self._preview(verb)
            if not agreed:
                return Exit.OK
            outcome = self._carry_out(verb)
            following = self._after(outcome, verb)
            if following is None:
                return outcome
            verb = following

    # ---- the plan

    def _read(self, verb: Verb) -> bool:
        self._console.say("", "Reading what is there. Nothing is changed ...")
        try:
            with self._wizard.road() as road:
                made = road.destroy_plan() if verb == "destroy" else road.plan()
                self._wizard.view = view.look(road, made, permissions=bool(made.pending))
        except EkswizError as error:
            self._console.say(f"xx  {error}")
            return False
        return True

    def _preview(self, verb: Verb) -> bool:
        """Show it and answer questions about it; whether to carry it out."""
        seen = self._wizard.view
        assert seen is not None  # it was read
        self._show(seen)
        barred = consent.barred(seen, verb)
        if barred:
            self._console.say(barred)
        does: dict[str, Callable[[], object]] = {"s": lambda: self._save(seen), "h": self._hand_off}
        if verb == "apply":
            does["r"] = self._rehearse
        while True:
            typed = self._console.ask(self._keys(verb, barred=bool(barred)))
            if typed == "x":
                return False
            if typed == "a" and not barred:
                if self._confirm(seen.plan, verb):
                    return True
            elif typed in does:
                does[typed]()
            else:
                self._explain(seen.plan, typed)

    def _explain(self, made: Plan, typed: str) -> None:
        """All of one change, or what may be typed."""
        if typed.isdecimal() and 0 < int(typed) <= len(made.changes):
            self._console.say(*self._details(made.changes[int(typed) - 1]))
        else:
            self._console.say("Type one of the letters, or the number of a change: why, what differs, its command.")

    def _keys(self, verb: Verb, *, barred: bool) -> str:
        words = [] if barred else ["a apply" if verb == "apply" else "a remove them"]
        words += ["r rehearse"] if verb == "apply" else []
        words += ["number details", "s save as JSON", "h hand-off", "b back", "x finish", "q quit"]
        return "What now? " + ", ".join(words)

    def _show(self, seen: view.View) -> None:
        made = seen.plan
        self._console.say(f"{made.stack} in account {made.account}, {made.region}", render.summary(made), "")
        for number, change in enumerate(made.changes, start=1):
            mark = " !" if change.risks else ""
            self._console.say(f"{number:>3}  {change.action.value} {change.action.word:<7} {change.address}{mark}")
            self._console.say(*(f"       ! {risk.sentence}" for risk in change.risks)) if change.risks else None
        sums = list(view.lines(seen))[len(list(render.plan_lines(made))) :]
        self._console.say("", *sums, "Nothing has been changed.")

    def _details(self, change: Change) -> Sequence[str]:
        lines = ["", *render.change_lines(change)]
        if change.after is not None and change.before is None:
            lines += list(render.difference({}, change.after))
        needs = [f"      after {', '.join(change.needs)}"] if change.needs else []
        return [*lines, *needs, "      the same by hand:", *(f"        {line}" for line in change.cli.splitlines())]

    def _save(self, seen: view.View) -> None:
        path = self._wizard.given.source / PLAN_FILE
        try:
            saved.save(path, view.document(seen))
            self._console.say(f"Saved: {path}. Later: ekswiz apply {path}")
        except EkswizError as error:
            self._console.say(f"xx  {error}")

    def _hand_off(self) -> None:
        seen, folder = self._wizard.view, self._wizard.given.source / HAND_OFF
        assert seen is not None  # it is on screen
        try:
            written = self._wizard.application.look.hand_off(seen.plan, self._wizard.answers(), folder)
            self._console.say("For an administrator:", *(f"  {path}" for path in written))
        except EkswizError as error:
            self._console.say(f"xx  {error}")

    # ---- consent

    def _confirm(self, made: Plan, verb: Verb) -> bool:
        """One yes for each risk, then the account's digits. No answer that can be given by accident agrees."""
        given = set()
        try:
            for tick in consent.ticks(made, verb):
                if not self._console.agreed(tick.sentence):
                    self._console.say("Not agreed to. Nothing was changed.")
                    return False
                given.add(tick.id)
            self._console.say(*(f"! {sentence}" for sentence in consent.informed(made, verb)))
            self._console.say(
                "You can stop at any time with Ctrl-C: the change in flight finishes, nothing else starts."
            )
            if not self._digits(made):
                return False
        except Back:
            self._console.say("Nothing was changed.")
            return False
        self._wizard.allow_risks = consent.allowed(frozenset(given), made, verb)
        return True

    def _digits(self, made: Plan) -> bool:
        question = f"{len(made.pending)} changes in account {made.account}. Type its last four digits"
        for _ in range(WRONG_DIGITS):
            if self._console.ask(question) == made.account[-4:]:
                return True
            self._console.say("xx  These are not the last four digits.")
        self._console.say("Nothing was changed.")
        return False

    # ---- the work

    def _carry_out(self, verb: Verb) -> Exit:
        seen = self._wizard.view
        assert seen is not None  # it was confirmed
        events: list[Event] = []
        self._wizard.events = events
        with stop_on_signals() as stop:
            try:
                with self._wizard.road() as road:
                    run = road.destroy(seen.plan, stop) if verb == "destroy" else road.apply(seen.plan, stop)
                    for event in run:
                        events.append(event)
                        self._console.say(narrate.line(event))
            except EkswizError as error:
                self._console.say(f"xx  {error}")
                return error.exit_code
        outcome = exit_code(events, stop.exit_code)
        self._console.say("", narrate.closing(seen.plan, events))
        return outcome

    def _after(self, outcome: Exit, verb: Verb) -> Verb | None:
        """What comes next: None to finish, or the verb to go on with."""
        if outcome is Exit.OK:
            self._console.say(*endings.done(self._wizard, verb))
            return None
        options: list[tuple[Verb | None, str]] = [(verb, "Retry from here: plan again and look")]
        if verb == "apply" and any(event.type == "applied" for event in self._wizard.events):
            options.append(("destroy", "Undo: remove what was made"))
        options.append((None, "Keep it and finish; later: ekswiz resume"))
        numbered = [(str(number), text) for number, (_, text) in enumerate(options)]
        while True:
            try:
                typed = self._console.choose("What now?", numbered, numbered[-1][0])
            except Back:
                return None
            if typed.isdecimal():
                return options[int(typed)][0]
