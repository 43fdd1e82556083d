"""What is in the wheel and in the sdist: exactly what belongs there, built from this tree."""

from __future__ import annotations

import re
import tarfile
import zipfile
from email.parser import HeaderParser
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DATA = (
    "ekswiz/py.typed",
    "ekswiz/data/*.schema.json",
    "ekswiz/data/price*.toml",
    "ekswiz/deliver/templates/*.yml",
    "ekswiz/deliver/templates/*.txt",
    "ekswiz/export/page.css",
    "ekswiz/hand_off/guards.sh",
    "ekswiz/tui/rehearsal/rehearsal.tcss",
    "ekswiz_sim/py.typed",
    "ekswiz_sim/data/report.schema.json",
    "ekswiz_sim/data/sample/app/.dockerignore",
    "ekswiz_sim/data/sample/app/Dockerfile",
    "ekswiz_sim/data/sample/app/requirements.txt",
    "ekswiz_sim/data/sample/manifests/*.yaml",
    "ekswiz_sim/kubernetes/embedded/data/NOTICE",
    "ekswiz_sim/kubernetes/embedded/data/*.json.gz",
)
"""Everything in the wheel that is no Python."""
META = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
OUTSIDE = (
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "pyproject.toml",
    "PKG-INFO",
    ".gitignore",
    "docs/*.md",
    "docs/*.toml",
    "docs/conf.py",
)
"""Of the sdist, besides the sources. (hatchling puts `.gitignore` in, by which it leaves things out.)"""
LARGEST = 2_500_000
"""Bytes of either file."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    from hatchling.builders.sdist import SdistBuilder
    from hatchling.builders.wheel import WheelBuilder

    folder = str(tmp_path_factory.mktemp("dist"))
    makers = {"wheel": WheelBuilder, "sdist": SdistBuilder}
    return {name: Path(next(maker(str(ROOT)).build(directory=folder))) for name, maker in makers.items()}


@pytest.fixture(scope="module")
def wheel(built: dict[str, Path]) -> list[str]:
    with zipfile.ZipFile(built["wheel"]) as file:
        return file.namelist()


@pytest.fixture(scope="module")
def sdist(built: dict[str, Path]) -> list[str]:
    with tarfile.open(built["sdist"]) as file:
        return [name.partition("/")[2] for name in file.getnames()]


def sources() -> set[str]:
    """Every module of both packages, by its name in the wheel."""
    places = (ROOT / "wizard", ROOT / "sim")
    return {path.relative_to(place).as_posix() for place in places for path in place.glob("ekswiz*/**/*.py")}


def test_the_wheel_holds_every_module_and_the_data_that_is_listed_here(wheel: list[str]) -> None:
    meta = {name for name in wheel if ".dist-info/" in name}
    sample = {"ekswiz_sim/data/sample/app/main.py"}
    assert {name for name in wheel if name.endswith(".py")} == sources() | sample
    data = {name for name in wheel if not name.endswith(".py")} - meta
    assert [name for name in data if not any(fnmatchcase(name, pattern) for pattern in DATA)] == []
    assert [pattern for pattern in DATA if not any(fnmatchcase(name, pattern) for name in data)] == []
    assert {name.partition("/")[2] for name in meta} == set(META)


def test_the_sdist_holds_the_sources_and_the_words_about_them(sdist: list[str]) -> None:
    folders = ("wizard/ekswiz/", "sim/ekswiz_sim/", "app/", "manifests/")
    others = [name for name in sdist if not name.startswith(folders)]
    assert [name for name in others if not any(fnmatchcase(name, pattern) for pattern in OUTSIDE)] == []
    assert {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "docs/architecture.md"} <= set(others)
    assert {
        name.split("/", 1)[1] for name in sdist if name.startswith(folders[:2]) and name.endswith(".py")
    } == sources()


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_neither_holds_tests_pictures_or_leftovers(kind: str, wheel: list[str], sdist: list[str]) -> None:
    names = {"wheel": wheel, "sdist": sdist}[kind]
    bad = re.compile(r"(^|/)(tests?|__pycache__|\.mypy_cache|\.venv[^/]*|\.git)(/|$)|\.(pyc|svg|png|cast|log)$")
    assert [name for name in names if bad.search(name)] == []


def test_a_file_that_does_not_belong_would_be_noticed() -> None:
    assert not any(fnmatchcase("ekswiz/data/secret.pem", pattern) for pattern in DATA)
    assert not any(fnmatchcase("tests/conftest.py", pattern) for pattern in OUTSIDE)


def test_both_are_small(built: dict[str, Path]) -> None:
    assert {name: file.stat().st_size for name, file in built.items() if file.stat().st_size > LARGEST} == {}


def test_the_wheel_says_its_licence_and_takes_the_extras_apart(built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as file:
        (name,) = (name for name in file.namelist() if name.endswith("METADATA"))
        said = HeaderParser().parsestr(file.read(name).decode())
        (licence,) = (name for name in file.namelist() if name.endswith("licenses/LICENSE"))
        assert file.read(licence) == (ROOT / "LICENSE").read_bytes()
    assert said["License-Expression"] == "Apache-2.0"
    assert said["Requires-Python"] == ">=3.11"
    assert {"sim", "full", "github"} == set(said.get_all("Provides-Extra", []))
    plain = [each for each in said.get_all("Requires-Dist", []) if "extra ==" not in each]
    assert not [each for each in plain if re.match(r"(moto|aiohttp|cryptography|docker|githubkit)", each)]


def test_the_licence_is_apaches_own_text() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_changes_tell_of_the_version() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased" or headings[0].startswith(version[1])
