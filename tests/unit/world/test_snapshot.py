from __future__ import annotations

import json
from datetime import UTC, datetime
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


def test_nothing_that_kubernetes_counts_is_left_out() -> None:
    before = {"kubernetes": {"pod": {"metadata": {"resourceVersion": "1", "name": "p"}}}}
    after = {"kubernetes": {"pod": {"metadata": {"resourceVersion": "2", "name": "p"}}}}

    assert snapshot.differences(before, after) == ['~ /kubernetes/pod/metadata/resourceVersion: "1" -> "2"']


def test_a_snapshot_is_the_same_after_a_way_through_json() -> None:
    before = {"eks": {"c": {"at": datetime(2026, 1, 1, tzinfo=UTC), "groups": ("a", "b"), 1: True}}}

    assert snapshot.differences(before, json.loads(json.dumps(before, default=str))) == []


def test_files_are_seen_by_content_and_mode_folders_and_links_too(tmp_path: Path) -> None:
    # given a checkout with git's own folder
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.txt").write_text("a")
    (tmp_path / "link").symlink_to("src")
    before = snapshot.files(tmp_path)
    # when a file's mode changes, another one's content, a link, and an empty folder is left behind
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/other")
    (tmp_path / "src" / "a.txt").write_text("b")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("elsewhere")
    (tmp_path / ".github").mkdir()
    after = snapshot.files(tmp_path)
    # then all but git's own is named
    assert sorted(before) == ["link", "src", "src/a.txt"]
    assert [line.split(":")[0] for line in snapshot.differences(before, after)] == [
        "+ /.github",
        "~ /link/link",
        "~ /src/a.txt/sha256",
    ]


def test_no_checkout_is_no_files(tmp_path: Path) -> None:
    assert snapshot.files(tmp_path / "none") == {}


def test_what_is_left_out_is_at_most_ten_and_all_in_the_documents() -> None:
    page = (ROOT / "docs" / "snapshot.md").read_text()
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]

    assert len(snapshot.EXCLUDED) <= 10
    assert rows == list(snapshot.EXCLUDED)
