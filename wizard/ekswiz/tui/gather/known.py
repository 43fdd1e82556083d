"""What a pick can offer: profiles, regions, clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekswiz.fields.regions import regions
from ekswiz.tui.gather.pick import Known
from ekswiz.tui.lookups import Lookups

if TYPE_CHECKING:
    from ekswiz.tui.wizard_state import Wizard

COMMERCIAL = "aws"
"""The partition that ekswiz supports."""


def known(wizard: Wizard, lookups: Lookups, name: str) -> Known:
    """Values that a field's list shows, and what is said beside each."""
    if name == "profile":
        return [(each.name, _beside(each.region, each.source)) for each in lookups["profiles"].found or ()]
    if name == "region":
        return [(region, "") for region, partition in sorted(regions().items()) if partition == COMMERCIAL]
    if name == "cluster":
        return [(each.name, f"v{each.version}, {each.mode}, {each.status}") for each in wizard.clusters]
    return ()


def _beside(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
