"""The report in one page: what it says, that it needs nothing, and what axe says of it in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ekswiz import intent
from ekswiz.export import Subject, documents
from ekswiz.export.access import matrix
from ekswiz.export.chain import boxes, picture, wrapped
from ekswiz.export.markup import Markup, join, tag
from ekswiz.plan import Change
from unit.export.conftest import KINDS, NASTY, poisoned

Subjects = Callable[[str], Subject]
ROOT = Path(__file__).parents[3]
VOID = {"meta", "link", "br", "rect", "path"}
REPORT: dict[str, Any] = {
    "stages": [
        {"id": "plan", "ok": True, "skipped": False, "seconds": 1.5, "why": "8 changes", "log": []},
        {"id": "push", "ok": False, "skipped": False, "seconds": 12.0, "why": "the <image> is missing", "log": []},
        {"id": "answer", "ok": True, "skipped": True, "seconds": 0.0, "why": "", "log": []},
    ],
    "tiers": [{"part": "AWS", "chosen": "moto + gate", "real": "signatures", "why": "the same everywhere"}],
}


class Reader(HTMLParser):
    """Elements in their nesting; complains where one is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _page(subject: Subject) -> str:
    (document,) = documents("html", subject)
    return document.text


def _read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("kind", [*KINDS, "destroyed"])
def test_the_page_is_whole_and_needs_nothing(subjects: Subjects, kind: str) -> None:
    text = _page(subjects(kind))

    found = _read(text)

    names = {name for name, _ in found.seen}
    assert not names & {"script", "link", "img", "iframe", "object", "form"}
    assert not [said for _, said in found.seen if {"src", "srcset", "onload", "onclick"} & {*said}]
    links = [str(said["href"]) for _, said in found.seen if "href" in said]
    ids = [said["id"] for _, said in found.seen if "id" in said]
    assert len(ids) == len({*ids})
    assert {*links} <= {f"#{name}" for name in ids}
    assert not {"url(", "@import"} & {*re.findall(r"url\(|@import", text)}


def test_every_change_is_on_it_with_its_reason(subjects: Subjects) -> None:
    subject = subjects("new cluster")

    text = " ".join(_read(_page(subject)).text)

    for change in subject.view.plan.changes:
        assert change.address in text
        assert change.why in text


def test_text_is_never_markup(subjects: Subjects) -> None:
    found = _read(_page(poisoned(subjects("from nothing"))))

    assert "script" not in {name for name, _ in found.seen}
    assert NASTY in "".join(found.text)
    made = tag("p", "<b>", tag("i", "&"), class_="x y", title='"')
    assert made == '<p class="x y" title="&quot;">&lt;b&gt;<i>&amp;</i></p>'
    assert join([Markup("<hr>"), "<hr>"]) == "<hr>&lt;hr&gt;"


@pytest.mark.parametrize("kind", ["from nothing", "applied", "edit policy"])
def test_without_a_rehearsal_the_matrix_is_computed_from_the_plan(subjects: Subjects, kind: str) -> None:
    subject = subjects(kind)

    cells, tried = matrix(subject)

    assert not tried
    assert {*cells} == {(row.id, column.id) for row in intent.rows(subject.answers) for column in intent.columns()}
    wanted = intent.expected(subject.answers)
    wrong = {place: cell.got for place, cell in cells.items() if cell.got != wanted[place]}
    # AWS's edit policy reads Secrets: the page says so, as the plan's risk does.
    assert {column for _, column in wrong} == ({"read-secrets"} if kind == "edit policy" else set())
    assert "not tried" in _page(subject)


def test_a_wider_trust_policy_is_seen_in_the_matrix(subjects: Subjects) -> None:
    subject = _wider(subjects("from nothing"))

    cells, _ = matrix(subject)

    assert (cells["other-branch", "assume-push"].got, cells["other-branch", "assume-push"].expected) == ("yes", "no")
    assert "answers are not as they were meant" in _page(subject)
    assert "yes (meant: no)" in _page(subject)


def _wider(subject: Subject) -> Subject:
    """The push role trusts every job of the repository."""

    def widened(change: Change) -> Change:
        if change.address != "iam_role.push" or change.after is None:
            return change
        trust = json.loads(json.dumps(change.after["trust"]))
        asked = trust["Statement"][0]["Condition"]["StringEquals"]
        kept = {key: value for key, value in asked.items() if key.endswith((":aud", ":repository_id"))}
        trust["Statement"][0]["Condition"]["StringEquals"] = kept
        return replace(change, after={**change.after, "trust": trust})

    plan = replace(subject.view.plan, changes=tuple(map(widened, subject.view.plan.changes)))
    return replace(subject, view=replace(subject.view, plan=plan))


def _tried(subject: Subject, **one: str) -> Subject:
    """With the report of a rehearsal whose cells are all as they were meant, but for `one`."""
    cells = []
    for (row, column), expected in intent.expected(subject.answers).items():
        cell = {"row": row, "column": column, "got": expected, "expected": expected, "why": "it was tried"}
        cells.append({**cell, **(one if (row, column) == ("other-branch", "deploy") else {})})
    return replace(subject, report={**REPORT, "matrix": cells})


def test_a_rehearsal_brings_what_was_tried_and_how_long_it_took(subjects: Subjects) -> None:
    text = _page(_tried(subjects("from nothing")))

    assert "Tried in a rehearsal" in text
    assert "All 200 answers are as they were meant." in text
    assert "the &lt;image&gt; is missing" in text
    assert "FAILED" in text
    assert "moto + gate" in text
    assert '<th scope="row">answer</th>' not in text  # a stage that was skipped took no time


def test_a_cell_that_was_not_meant_is_said_in_words(subjects: Subjects) -> None:
    text = _page(_tried(subjects("from nothing"), got="yes"))

    assert "1 of 200 answers are not as they were meant." in text
    assert '<td class="wrong">yes (meant: no)</td>' in text


def test_a_report_of_other_answers_is_not_taken_for_these(subjects: Subjects) -> None:
    with_environment, without = subjects("from nothing"), subjects("edit policy")

    _, tried = matrix(replace(without, report=_tried(with_environment).report))

    assert not tried


def test_the_picture_says_the_same_as_its_list(subjects: Subjects) -> None:
    answers = subjects("from nothing").answers

    found = _read(picture(answers))

    drawn = "".join("".join(found.text).split())
    for box in boxes(answers):
        assert "".join(box.name.split()) in drawn
    assert ("svg", "img") in [(name, said.get("role")) for name, said in found.seen]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("token.actions.githubusercontent.com", ["token.actions.", "githubusercontent.", "com"]),
        ("a b", ["a b"]),
        ("", [""]),
        ("x" * 45, ["x" * 20, "x" * 20, "x" * 5]),
        ("release/2026 and more words", ["release/2026 and", "more words"]),
    ],
)
def test_lines_end_behind_signs_and_are_never_too_long(text: str, lines: list[str]) -> None:
    assert wrapped(text, 20) == lines


# ---- in a browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(subjects: Subjects, tmp_path: Path, scheme: str) -> None:
    axe = ROOT / ".node" / "node_modules" / "axe-core" / "axe.min.js"
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not axe.exists() or browser is None:
        pytest.skip("needs Chromium and npm's axe-core, which `make node` brings")
    page = tmp_path / "page.html"
    page.write_text(_watched(_page(_tried(subjects("new cluster"))), axe.read_text()))

    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=30000", *dark, "--dump-dom"]
    done = subprocess.run(
        [browser, f"--user-data-dir={tmp_path}/profile", *flags, page.as_uri()],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    found = re.search(r'data-axe="([^"]*)"', done.stdout)
    assert found, done.stderr[-2000:]
    assert json.loads(found[1].replace("&quot;", '"')) == []


def _watched(page: str, axe: str) -> str:
    """The page with axe in it, and everything that is folded unfolded."""
    script = (
        "document.querySelectorAll('details').forEach(d => d.open = true);"
        "axe.run().then(r => document.body.setAttribute('data-axe',"
        " JSON.stringify(r.violations.map(v => v.id + ' ' + v.nodes[0].target))))"
    )
    allowed = page.replace("style-src 'unsafe-inline'", "style-src 'unsafe-inline'; script-src 'unsafe-inline'")
    return allowed.replace("</body>", f"<script>{axe}</script><script>{script}</script></body>")
