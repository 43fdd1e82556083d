"""The frame's two lines as text: the rail, and whose account it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from textual.content import Content

from ekswiz import steps
from ekswiz.frontend import Identity

if TYPE_CHECKING:
    from ekswiz.tui.wizard_state import Wizard

RAIL = (*((step.id, step.title) for step in steps.STEPS), ("preview", "Preview"), ("apply", "Apply"))
DONE, NOW, AHEAD = "v", "*", "o"
GAP = "  "
BRAND, BRAND_GAP = "ekswiz", "   "
MINUTE = 60
ACCOUNT_DIGITS = 12


def rail_line(step: str, *, sim: bool, width: int) -> Content:
    """Brand, steps and mode in one line; a narrow one names the present step only."""
    mode = Content.styled(" SIM " if sim else " LIVE ", "bold reverse $accent" if sim else "bold reverse $warning")
    brand = Content.styled(BRAND, "bold $primary")
    rail = _rail(step)
    if len(brand) + len(BRAND_GAP) + len(rail) + 1 + len(mode) > width:
        rail = _short_rail(step)
    left = Content.assemble(brand, BRAND_GAP, rail)
    return Content.assemble(left, " " * max(1, width - len(left) - len(mode)), mode)


def _rail(step: str) -> Content:
    ids = [name for name, _ in RAIL]
    if step not in ids:
        return Content(step)
    at = ids.index(step)
    parts: list[Content] = []
    for index, (_, title) in enumerate(RAIL):
        sign = DONE if index < at else NOW if index == at else AHEAD
        style = "$success" if index < at else "bold $accent" if index == at else "dim"
        parts.append(Content.styled(f"{sign} {title}", style))
    return Content(GAP).join(parts)


def step_at(step: str, column: int) -> str | None:
    """The step whose word stands in a column of the line; None beside them, and where the rail shows no words."""
    if step not in [name for name, _ in RAIL]:
        return None
    at = len(BRAND) + len(BRAND_GAP)
    for name, title in RAIL:
        end = at + len(NOW) + 1 + len(title)
        if at <= column < end:
            return name
        at = end + len(GAP)
    return None


def _short_rail(step: str) -> Content:
    ids = [name for name, _ in RAIL]
    if step not in ids:
        return Content(step)
    at = ids.index(step)
    return Content.styled(f"{NOW} {RAIL[at][1]}, step {at + 1} of {len(RAIL)}", "bold $accent")


def context_line(wizard: Wizard, *, width: int) -> Content:
    """Account, profile, region, session and identity; in a simulation, that it is one. What has no room is left out."""
    parts = _sim_parts(wizard) if wizard.sim else _live_parts(wizard)
    shown = parts[:1]
    for part in parts[1:]:
        if sum(map(len, shown)) + len(GAP) * len(shown) + len(part) <= width:
            shown.append(part)
    return Content(GAP).join(
        Content(part) if i else Content.styled(part, "bold $accent") for i, part in enumerate(shown)
    )


def _sim_parts(wizard: Wizard) -> list[str]:
    repository = steps.value(wizard.draft, "repository") or "no repository yet"
    branch = steps.value(wizard.draft, "branch")
    region = steps.value(wizard.draft, "region")
    account = steps.value(wizard.draft, "account")
    parts = [f"{repository}{'@' + branch if branch else ''}", "no cloud calls"]
    return [*parts, *([f"simulated account {grouped(account)}"] if account else []), *([region] if region else [])]


def _live_parts(wizard: Wizard) -> list[str]:
    account, who = steps.value(wizard.draft, "account"), wizard.identity
    said = grouped(account) if len(account) == ACCOUNT_DIGITS else "account unknown"
    if who and who.account == account and who.alias:
        said += f" ({who.alias})"
    parts = [said, wizard.profile or "default credentials", steps.value(wizard.draft, "region") or "region unknown"]
    return [*parts, *([session(who), short_arn(who.arn)] if who else ["not signed in yet"])]


def grouped(account: str) -> str:
    """Twelve digits in fours, as one reads them aloud: `1234-5678-9012`."""
    return "-".join(account[i : i + 4] for i in range(0, len(account), 4))


def short_arn(arn: str) -> str:
    """Who an ARN is, without the account: `AdministratorAccess/mira`. IAM Identity Center's marks are taken off."""
    tail = arn.rpartition(":")[2]
    return re.sub(r"\AAWSReservedSSO_(.+)_[0-9a-f]+(?=/|\Z)", r"\1", tail.partition("/")[2]) or tail


def session(who: Identity) -> str:
    """How long the session still holds, in words; nothing said where nobody knows."""
    if who.seconds_left is None:
        return "no end of session known"
    if who.seconds_left <= 0:
        return "session expired"
    minutes = int(who.seconds_left // MINUTE)
    return f"session {minutes} min" if minutes < 2 * MINUTE else f"session {minutes // MINUTE} h"
