from __future__ import annotations

from pathlib import Path

from ekswiz_sim import snapshot

ROOT = Path(__file__).resolve().parents[3]


def test_what_appeared_went_and_changed_is_named() -> None:
    before = {"iam": {"a": {"x": 1}, "b": {}}}
    after = {"iam": {"a": {"x": 2}, "c": {}}}

    assert snapshot.differences(before, after) == [
        "~ /iam/a/x: 1 -> 2",
        "- /iam/b: {}",
        "+ /iam/c: {}",
    ]


def test_excluded_fields_do_not_count_at_any_depth() -> None:
    before = {"kubernetes": {"pod": {"metadata": {"resourceVersion": "1", "name": "p"}}}}
    after = {"kubernetes": {"pod": {"metadata": {"resourceVersion": "2", "name": "p"}}}}

    assert snapshot.differences(before, after) == []


def test_the_excluded_fields_are_at_most_ten_and_all_in_the_documents() -> None:
    page = (ROOT / "docs" / "snapshot.md").read_text()

    assert len(snapshot.EXCLUDED) <= 10
    assert {name for name in snapshot.EXCLUDED if f"`{name}`" in page} == snapshot.EXCLUDED
