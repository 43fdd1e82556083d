from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ekswiz.errors import RehearsalError
from ekswiz_sim import home


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def _orphan(base: Path, owner: object) -> Path:
    folder = base / f"{home.PREFIX}orphan"
    folder.mkdir()
    (folder / home.OWNER).write_text(json.dumps(owner))
    (folder / "blob").write_text("left")
    return folder


def test_a_new_home_is_private_and_bears_its_owner(base: Path) -> None:
    made = home.make()

    assert made.stat().st_mode & 0o777 == 0o700
    assert json.loads((made / home.OWNER).read_text())["pid"] == os.getpid()


def test_the_home_of_a_process_that_is_gone_is_removed_by_the_next_start(base: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    started = psutil.Process(gone.pid).create_time()
    gone.wait()
    orphan = _orphan(base, {"pid": gone.pid, "started": started})

    home.make()

    assert not orphan.exists()


def test_a_recycled_pid_is_no_alibi(base: Path) -> None:
    orphan = _orphan(base, {"pid": os.getpid(), "started": 1.0})

    assert home.reap(base) == [orphan]


def test_the_home_of_a_living_process_stays(base: Path) -> None:
    made = home.make()

    assert home.reap(base) == []
    assert made.is_dir()


def test_a_home_without_an_owner_gets_a_minute_of_grace(base: Path) -> None:
    young = base / f"{home.PREFIX}young"
    young.mkdir()
    assert home.reap(base) == []

    old = time.time() - home.GRACE_SECONDS - 1
    os.utime(young, (old, old))
    assert home.reap(base) == [young]


def test_a_link_that_bears_the_prefix_is_not_followed(base: Path) -> None:
    precious = base / "precious"
    precious.mkdir()
    (base / f"{home.PREFIX}link").symlink_to(precious)

    assert home.reap(base) == []
    assert precious.is_dir()


def test_read_only_folders_are_removed_too(base: Path) -> None:
    made = home.make()
    locked = made / "image" / "etc"
    locked.mkdir(parents=True)
    (locked / "file").write_text("x")
    locked.chmod(0o500)

    assert home.remove(made) == []
    assert not made.exists()


def test_no_room_for_temporary_files_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(**_: object) -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.mkdtemp", nowhere)

    with pytest.raises(RehearsalError, match=r"no room for temporary files: No usable.*TMPDIR=") as caught:
        home.make()
    assert caught.value.exit_code == 5


def test_a_zombie_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    held = {"pid": child.pid, "started": psutil.Process(child.pid).create_time()}
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
    assert not home.alive(held)
    child.wait()
