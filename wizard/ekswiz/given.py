"""What the user said on the command line, before anything is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ekswiz.tiers import EMBEDDED, Tiers


@dataclass(frozen=True, slots=True)
class Given:
    """What the user said, before it becomes Answers: flags and variables by field name, and where the rest is.

    `file` is `ekswiz.toml` or another answers file. `sample` asks for the bundled sample. `source` is the repository.
    `tiers` says what a rehearsal's world is made of.
    """

    fields: Mapping[str, str | None] = field(default_factory=dict)
    file: Path | None = None
    sample: bool = False
    source: Path = Path()
    tiers: Tiers = EMBEDDED


@dataclass(frozen=True, slots=True)
class Choice:
    """Which world a command acts on, and the consents that go with it."""

    sim: bool = False
    profile: str | None = None
    endpoint_url: str | None = None
    adopt: bool = False
    delete_images: bool = False
    delete_protected: bool = False
    take_over: bool = False
    allow_risks: frozenset[str] = frozenset()
