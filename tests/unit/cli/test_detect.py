from __future__ import annotations

from pathlib import Path

from ekswiz.detect import detect


def repository(folder: Path, url: str = "git@github.com:acme/payments.git") -> Path:
    git = folder / ".git"
    git.mkdir(parents=True)
    (git / "config").write_text(f'[remote "origin"]\n\turl = {url}\n')
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


def test_a_folder_below_a_repository_belongs_to_it(tmp_path: Path) -> None:
    below = repository(tmp_path / "r") / "services" / "payments"
    below.mkdir(parents=True)

    assert detect(below).fields["repo"] == "payments"


def test_a_worktree_has_its_own_branch_and_its_repository_s_remote(tmp_path: Path) -> None:
    main = repository(tmp_path / "main")
    own = main / ".git" / "worktrees" / "fix"
    own.mkdir(parents=True)
    (own / "commondir").write_text("../..\n")
    (own / "HEAD").write_text("ref: refs/heads/fix\n")
    tree = tmp_path / "fix"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {own}\n")

    found = detect(tree).fields

    assert (found["owner"], found["repo"], found["branch"]) == ("acme", "payments", "fix")


def test_a_submodule_is_not_taken_for_the_repository_around_it(tmp_path: Path) -> None:
    outer = repository(tmp_path / "outer", "git@github.com:acme/outer.git")
    module = outer / ".git" / "modules" / "inner"
    module.mkdir(parents=True)
    (module / "config").write_text('[remote "origin"]\n\turl = https://github.com/acme/inner\n')
    (module / "HEAD").write_text("ref: refs/heads/main\n")
    (outer / "inner").mkdir()
    (outer / "inner" / ".git").write_text("gitdir: ../.git/modules/inner\n")

    assert detect(outer / "inner").fields["repo"] == "inner"


def test_a_git_file_that_leads_nowhere_says_nothing(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")

    assert "repo" not in detect(tmp_path).fields


def test_a_detached_head_says_no_branch(tmp_path: Path) -> None:
    (repository(tmp_path / "r") / ".git" / "HEAD").write_text("0123456789012345678901234567890123456789\n")

    assert "branch" not in detect(tmp_path / "r").fields
