"""What the start screen offers and what it says about this machine: pure functions of what is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ekswiz import steps
from ekswiz.state import Unfinished
from ekswiz.steps.lookup import Lookup
from ekswiz.steps.trouble import trouble
from ekswiz.tui import clock
from ekswiz.tui.lookups import Lookups
from ekswiz.tui.words import grouped, session

if TYPE_CHECKING:
    from ekswiz.tui.wizard_state import Wizard

DAY = 86400


@dataclass(frozen=True, slots=True)
class Offer:
    """A row of the menu."""

    id: str
    title: str
    beside: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A row about this machine: `ok`, `--`, `xx`, or `..` while it is being looked at."""

    sign: str
    what: str
    found: str


def offers(wizard: Wizard, lookups: Lookups, *, engine: bool = False) -> list[Offer]:
    """The menu. Rows that would lead nowhere are not in it; `engine` says that a container engine answered."""
    found = [
        Offer("gather", "Set up a pipeline", "4 short steps, then the preview"),
        Offer("rehearsal", "Rehearse on this machine", "no AWS account needed"),
    ]
    if engine:
        found.append(Offer("rehearsal-full", "Rehearse with containers", "LocalStack, Docker, kind: takes minutes"))
    if wizard.file.is_file():
        found.append(Offer("open", f"Open {wizard.file.name}", _file_facts(wizard)))
    left = lookups["unfinished"].found
    if left is not None:
        found.append(Offer("resume", "Resume", _left(left)))
    found.append(Offer("destroy", "Remove what ekswiz created", "shows the list first"))
    return found


def likeliest(offered: list[Offer]) -> str:
    """Where the cursor starts: Resume, then Open, then Set up."""
    ids = [offer.id for offer in offered]
    return next(name for name in ("resume", "open", "gather") if name in ids)


def machine(wizard: Wizard, lookups: Lookups) -> list[Seen]:
    """What was looked at, in a fixed order, so that no row jumps."""
    rows = [_account(wizard, lookups)] if not wizard.sim else [_world()]
    rows += [_remote(wizard, lookups["draft"])]
    if not wizard.sim:
        rows += [_github(wizard, lookups["repository"])]
    return rows


def _file_facts(wizard: Wizard) -> str:
    repository = steps.value(wizard.draft, "repository")
    days = int((clock.wall() - wizard.file.stat().st_mtime) // DAY)
    when = {0: "today", 1: "yesterday"}.get(max(0, days), f"{days} days ago")
    return ", ".join(part for part in (repository, when) if part)


def _left(left: Unfinished) -> str:
    began = f" of {left.began[:10]}" if left.began else ""
    open_ = len(left.left) + len(left.in_flight)
    return f"the {left.verb}{began} left {open_} change{'' if open_ == 1 else 's'} undone"


def _account(wizard: Wizard, lookups: Lookups) -> Seen:
    asked, who = lookups["identity"], wizard.identity
    if asked.state == "failed" and asked.error is not None:
        told = trouble(asked.error, wizard.profile)
        return Seen(told.sign, "AWS", told.line)
    if who is not None:
        parts = (wizard.profile or "default credentials", f"account {grouped(who.account)}", session(who))
        return Seen("ok", "AWS", "  ".join(parts))
    profiles = lookups["profiles"]
    if asked.state == "idle" and profiles.state in ("ready", "failed") and lookups["draft"].state != "loading":
        if profiles.found:
            return Seen("--", "AWS", f"{wizard.profile or 'a profile'} names no region yet; you can choose one")
        return Seen("--", "AWS", "no profile here. Make one: aws configure sso. A rehearsal needs none")
    return Seen("..", "AWS", f"asking who {wizard.profile or 'this'} is" if asked.state == "loading" else "")


def _world() -> Seen:
    return Seen("ok", "AWS", "simulated on this machine: no account, no cost")


def _remote(wizard: Wizard, asked: Lookup) -> Seen:
    if asked.state in ("idle", "loading"):
        return Seen("..", "Repository", "")
    if asked.error is not None:
        return Seen("xx", "Repository", trouble(asked.error).line)
    repository, branch = steps.value(wizard.draft, "repository"), steps.value(wizard.draft, "branch")
    if not repository:
        return Seen("--", "Repository", "no git remote at GitHub in this folder; you can type it")
    where = steps.source(wizard.draft, "repository")
    parts = (repository, f"branch {branch}" if branch else "", where)
    return Seen("ok", "Repository", "  ".join(part for part in parts if part))


def _github(wizard: Wizard, asked: Lookup) -> Seen:
    if asked.state == "failed" and asked.error is not None:
        told = trouble(asked.error)
        return Seen("--", "GitHub", told.line)
    seen = wizard.repository
    if seen is not None:
        kind = "private" if seen.private else "public"
        return Seen("ok", "GitHub", f"knows it, {kind}, ids {seen.owner_id} and {seen.repo_id}")
    return Seen("..", "GitHub", "asking") if asked.state == "loading" else Seen("--", "GitHub", "not asked yet")
