"""S0: what one can do, and what this machine says about itself meanwhile. The menu waits for nothing."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ekswiz import steps
from ekswiz.frontend import Check
from ekswiz.tui.frame import FrameScreen
from ekswiz.tui.signs import STYLES
from ekswiz.tui.start.rows import Offer, Seen, likeliest, machine, offers

PROMISE = "Deploy from GitHub to EKS, without stored keys."
BOUND = "Nothing changes until you type the account number."
SIGNS = {"ok": "ok", "warn": "--", "fail": "xx", "skip": "--"}
MARGIN = 24
"""Columns of a row that are not its text: sign, name, and what the screen keeps free."""
WIDE = 29
"""Columns of the menu's titles."""


class Menu(OptionList):
    """An option list that tells its key."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "choose", key_display="Enter")]


class StartScreen(FrameScreen):
    """The menu, and rows that flip from `..` to `ok`, `--` or `xx` as answers come in."""

    CONTEXT: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "doctor", "doctor"),
        Binding("f1", "why", "help", key_display="F1"),
        Binding("l", "sign_in", "sign in", show=False),
        Binding("r", "again", "look again", show=False),
        Binding("escape", "back", show=False),
    ]
    DEFAULT_CSS = """
    StartScreen #start { padding: 0 2; height: 1fr; scrollbar-size-vertical: 1; }
    StartScreen #promise { height: auto; margin: 1 0; }
    StartScreen #menu { height: auto; border: none; padding: 0; background: $background; margin: 0 0 1 0; }
    StartScreen.-low #promise, StartScreen.-low #menu { margin: 0; }
    StartScreen #menu > .option-list--option { text-wrap: nowrap; text-overflow: ellipsis; }
    StartScreen #machine { height: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._offered: list[Offer] = []
        self._moved = False

    def body(self) -> Iterable[Widget]:
        """Promise, menu, machine."""
        promise = Content.assemble(Content.styled(PROMISE, "bold"), "\n", BOUND)
        with_all = (Static(promise, id="promise"), Menu(id="menu", compact=True), Static(id="machine"))
        yield VerticalScroll(*with_all, id="start", can_focus=False)

    def on_mount(self) -> None:
        """The menu at once; the rest as it comes."""
        self.wizard_changed()
        self._menu.focus()
        self.ekswiz.title_now()

    @property
    def _menu(self) -> OptionList:
        return self.query_one("#menu", OptionList)

    def wizard_changed(self) -> None:
        """Something was found out."""
        super().wizard_changed()
        if not self.query("#menu"):
            return
        self._refresh_menu()
        rows = [self._row(seen) for seen in machine(self.wizard, self.ekswiz.lookups)]
        title = Content.styled("Checked on this machine", "bold")
        self.query_one("#machine", Static).update(Content("\n").join([title, *rows, *self._doctor()]))

    def _refresh_menu(self) -> None:
        engine = any(check.id == "docker" and check.result == "ok" for check in self.ekswiz.detection.checks)
        offered = offers(self.wizard, self.ekswiz.lookups, engine=engine)
        if offered == self._offered:
            return
        held = self._highlighted() if self._moved else likeliest(offered)
        self._offered = offered
        self._menu.clear_options()
        self._menu.add_options([Option(_offer(each), id=each.id) for each in offered])
        ids = [offer.id for offer in offered]
        self._menu.highlighted = ids.index(held) if held in ids else 0

    def _highlighted(self) -> str | None:
        at = self._menu.highlighted
        return self._offered[at].id if at is not None and at < len(self._offered) else None

    def _doctor(self) -> list[Content]:
        """The doctor in one line, and what it did not like."""
        checks, asked = self.ekswiz.detection.checks, self.ekswiz.lookups["checks"]
        if asked.state == "failed" and asked.error is not None:
            return [self._row(Seen("--", "Doctor", asked.error.detail))]
        if asked.state == "idle":
            return [self._row(Seen("..", "Doctor", "waits for what is above"))]
        count = Counter(SIGNS[check.result] for check in checks)
        said = ", ".join(f"{count[sign]} {sign}" for sign in ("ok", "--", "xx") if count[sign])
        sign = ".." if asked.state == "loading" else "xx" if count["xx"] else "ok" if checks else "--"
        none = "looking" if asked.state == "loading" else "nothing to check yet"
        row = Seen(sign, "Doctor", f"{said}  d shows every check" if said else none)
        return [self._row(each) for each in (row, *map(_check, _worst(checks)))]

    def _row(self, seen: Seen) -> Content:
        """Sign, what, and what was found, which keeps its column when it needs more lines."""
        room = max(20, (self.size.width or self.app.size.width) - MARGIN)
        lines = textwrap.wrap(seen.found, room, break_on_hyphens=False) or [""]
        sign = Content.styled(seen.sign, f"bold {STYLES[seen.sign]}")
        return Content.assemble("  ", sign, f"   {seen.what:<12}", ("\n" + " " * 19).join(lines))

    @on(OptionList.OptionHighlighted)
    def _walked(self) -> None:
        self._moved = self._moved or (self._menu.has_focus and self._highlighted() != likeliest(self._offered))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        """Go where the row says."""
        name = event.option.id or "gather"
        if name == "resume":
            left = self.ekswiz.lookups["unfinished"].found
            self.ekswiz.go("destroy" if left and left.verb == "destroy" else "preview")
        elif name == "open":
            self._open()
        else:
            self.ekswiz.go(name)

    def _open(self) -> None:
        """The file's answers: to the preview if they are complete, else to the first step that misses one."""
        for step in steps.STEPS:
            if steps.problems(step, self.wizard.draft):
                self.ekswiz.go("gather", step=step.id)
                return
        self.ekswiz.go("preview")

    def action_doctor(self) -> None:
        """Every check."""
        self.ekswiz.go("doctor")

    def action_sign_in(self) -> None:
        """Renew the AWS session."""
        self.ekswiz.sign_in()

    def action_again(self) -> None:
        """Look again at what failed."""
        self.ekswiz.look_again()

    def action_why(self) -> None:
        """The keys of this screen."""
        self.app.action_show_help_panel()


def _offer(offer: Offer) -> Content:
    return Content.assemble(offer.title.ljust(WIDE), Content.styled(offer.beside, "dim"))


def _check(check: Check) -> Seen:
    return Seen(SIGNS[check.result], "", f"{check.title}: {check.found}")


def _worst(checks: list[Check]) -> list[Check]:
    """Failed ones first, then warnings; three at most."""
    rank = {"fail": 0, "warn": 1}
    lost = [check for check in checks if check.result in rank]
    return sorted(lost, key=lambda check: rank[check.result])[:3]
