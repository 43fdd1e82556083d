"""What comes with ekswiz may be used with it: every package of the locks, by its own metadata."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements"
ALLOWED = re.compile(
    r"apache|\bmit\b|mit-0|bsd|\bisc\b|psf|python software foundation|mpl|mozilla public|zlib|unlicense", re.IGNORECASE
)
REFUSED = re.compile(
    r"agpl|affero|sspl|server side public|busl|business source|commons clause|proprietary", re.IGNORECASE
)
EXPLAINED = {"docutils": "public domain and BSD, but for a mode for Emacs; makes the documents, and is not shipped"}
STRONG = re.compile(r"\bl?gpl\b|general public", re.IGNORECASE)


def locked(name: str) -> list[str]:
    """Packages of a lock that this machine's kind installs."""
    found = []
    for line in (REQUIREMENTS / name).read_text(encoding="utf-8").splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            wanted = Requirement(line.removesuffix("\\").strip())
            if wanted.marker is None or wanted.marker.evaluate():
                found.append(wanted.name)
    return found


def licence(name: str) -> str:
    """What a package says of itself: expression, else classifiers, else free text."""
    about = metadata.metadata(name)
    classifiers = [each for each in about.get_all("Classifier") or [] if each.startswith("License ::")]
    said = about.get("License-Expression") or "; ".join(classifiers) or (about.get("License") or "").split("\n")[0]
    return str(said)


def fits(said: str) -> bool:
    """Whether it may be used: a choice is free to take the permissive side."""
    sides = re.split(r"\s+OR\s+", said)
    return any(ALLOWED.search(side) and not REFUSED.search(side) and not STRONG.search(side) for side in sides)


@pytest.mark.parametrize("name", locked("sim.txt"))
def test_what_a_user_installs_is_permissive(name: str) -> None:
    assert fits(licence(name)), licence(name)


def test_what_developers_install_is_too() -> None:
    here = {each.metadata["Name"].lower().replace("_", "-") for each in metadata.distributions()}
    names = [name for name in locked("dev.txt") if name in here]
    assert len(names) > len(locked("sim.txt"))
    assert {name: licence(name) for name in names if name not in EXPLAINED and not fits(licence(name))} == {}


@pytest.mark.parametrize(
    ("said", "may"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-2.0-or-later", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("License :: OSI Approved :: GNU Affero General Public License v3", False),
        ("BUSL-1.1", False),
        ("", False),
    ],
)
def test_the_judge_can_say_no(said: str, may: bool) -> None:
    assert fits(said) is may
