"""A rehearsal's report as Markdown: what is red first in sight, and text that stays text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ekswiz import main, summary
from ekswiz.errors import Exit
from ekswiz.lint.finding import Finding
from ekswiz.lint.sarif import sarif

CELL = {"row": "fork", "column": "deploy", "expected": "no", "got": "yes", "ok": False, "why": "Anybody | may."}
STAGE = {"id": "access", "ok": False, "skipped": False, "seconds": 1.23, "why": "1 of 62 <otherwise>", "log": []}


def report(**more: Any) -> dict[str, Any]:
    tier = {"part": "AWS", "chosen": "moto", "real": "judged", "why": "the same everywhere"}
    made = {"ok": False, "subject": {"repository": "acme/shop"}, "stages": [STAGE], "matrix": [CELL], "tiers": [tier]}
    return {**made, **more}


def test_what_is_red_is_named_with_its_reason() -> None:
    text = "\n".join(summary.lines(report()))

    assert "acme/shop: **not everything works as intended**" in text
    assert "| access | FAIL | 1.2 | 1 of 62 &lt;otherwise> |" in text
    assert "1 answers for 1 principals, **1 otherwise than intended**" in text
    assert "| fork | deploy | no | yes | Anybody \\| may. |" in text


def test_what_is_green_is_short() -> None:
    green = report(ok=True, stages=[{**STAGE, "ok": True}], matrix=[{**CELL, "got": "no", "ok": True}])
    text = "\n".join(summary.lines(green))

    assert "everything works as intended" in text
    assert "all as intended" in text
    assert "fork" not in text


def test_without_a_matrix_nothing_is_said_of_it() -> None:
    assert "principals" not in "\n".join(summary.lines(report(matrix=[])))


def test_it_is_added_to_what_others_wrote(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("# before\n")

    summary.append(str(file), report())

    assert file.read_text().startswith("# before\n## Rehearsal of")


def test_a_file_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main.run(["--sim", "--sample", "--headless", "--summary", str(tmp_path / "none" / "x.md")])

    assert code == Exit.USAGE
    assert "--summary" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "where", "uri"),
    [
        (["a.json", "b.json"], "b.json: Statement[0]", "b.json"),
        (["a.json", "a.json.old"], "a.json.old: Statement[0]", "a.json.old"),
        (["ekswiz.toml"], "ekswiz-shop-push, trust policy: Statement[0]", "ekswiz.toml"),
        ([], "arn:aws:iam::1:role/x", None),
    ],
)
def test_each_finding_is_in_the_file_that_it_was_found_in(files: list[str], where: str, uri: str | None) -> None:
    found = Finding("everybody", "error", where, "Principal is everybody.", "", "")
    (result,) = sarif([found], files, "1.0")["runs"][0]["results"]

    place = result["locations"][0].get("physicalLocation")
    assert (place["artifactLocation"]["uri"] if place else None) == uri
