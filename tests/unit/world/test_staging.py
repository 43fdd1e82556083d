from __future__ import annotations

from pathlib import Path

import pytest
from dulwich.repo import Repo

from ekswiz.errors import InputError
from ekswiz_sim import staging


def _tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def _names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_what_is_never_pushed_is_not_staged(tmp_path: Path) -> None:
    source = _tree(tmp_path / "s", {"a.py": "1", "node_modules/x.js": "2", ".venv/lib.py": "3", ".git/config": "4"})

    assert _names(staging.stage(source, tmp_path / "copy")) == {"a.py"}


def test_gitignore_is_honoured_in_a_git_checkout(tmp_path: Path) -> None:
    source = _tree(tmp_path / "s", {"a.py": "1", "secret.env": "2", ".gitignore": "*.env\n"})
    Repo.init(str(source)).close()

    assert _names(staging.stage(source, tmp_path / "copy")) == {"a.py", ".gitignore"}


def test_the_original_stays_untouched_by_a_commit_of_the_copy(tmp_path: Path) -> None:
    source = _tree(tmp_path / "s", {"a.py": "1"})
    copy = staging.stage(source, tmp_path / "copy")

    first = staging.commit(copy, "first")
    (copy / "a.py").write_text("2")
    second = staging.commit(copy, "second")

    assert len(first) == len(second) == 40
    assert first != second
    assert _names(source) == {"a.py"}
    with Repo(str(copy)) as repo:
        assert repo.head().decode() == second


def test_a_source_that_is_no_folder_is_refused_by_its_flag(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--source"):
        staging.stage(tmp_path / "absent", tmp_path / "copy")


def test_more_than_a_source_tree_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MAX_BYTES", 10)
    source = _tree(tmp_path / "s", {"big": "x" * 11})

    with pytest.raises(InputError, match="Name a source tree"):
        staging.stage(source, tmp_path / "copy")


def test_a_link_is_staged_as_a_link(tmp_path: Path) -> None:
    source = _tree(tmp_path / "s", {"a": "1"})
    (source / "b").symlink_to("a")
    (source / "out").symlink_to("/etc/passwd")

    copy = staging.stage(source, tmp_path / "copy")

    assert (copy / "b").is_symlink()
    assert (copy / "out").is_symlink()
