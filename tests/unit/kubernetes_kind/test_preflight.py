from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ekswiz.errors import InputError, RehearsalError
from ekswiz.tiers import Tiers, Wish, choose
from ekswiz_sim.containers.preflight import Facts as EngineFacts
from ekswiz_sim.kubernetes.kind import preflight, tier
from unit.kubernetes_kind.conftest import Books

ENGINE = EngineFacts("unix:///e", "29.0.0", "1.52", "amd64", 4, 8 << 30)


@pytest.fixture
def machine(books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has everything; the folder of its commands."""
    folder = Path(books.command).parent
    (folder / "docker").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    limits(tmp_path, monkeypatch, max_user_watches=524288, max_user_instances=512)
    engine(monkeypatch, ENGINE)
    return folder


def engine(monkeypatch: pytest.MonkeyPatch, facts: EngineFacts) -> None:
    monkeypatch.setattr(preflight.preflight, "check", lambda: facts)


def limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    folder = tmp_path / "inotify"
    folder.mkdir(exist_ok=True)
    for name, value in values.items():
        (folder / name).write_text(f"{value}\n")
    monkeypatch.setattr(preflight, "_INOTIFY", folder)


def refusal() -> RehearsalError:
    with pytest.raises(RehearsalError) as caught:
        preflight.check()
    return caught.value


def test_what_is_there_is_said(machine: Path) -> None:
    found = preflight.check()
    assert (found.kind, found.version) == (str(machine / "kind"), (0, 33, 0))
    assert found.sentence() == "kind 0.33.0, Docker Engine 29.0.0 at unix:///e"


def test_without_kind_it_says_where_to_get_it(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "kind").unlink()
    monkeypatch.setenv("PATH", str(machine))
    error = refusal()
    assert "needs the kind command" in error.detail
    assert "https://kind.sigs.k8s.io/" in error.remedy


def test_without_docker_it_says_so(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "docker").unlink()
    monkeypatch.setenv("PATH", str(machine))
    assert "needs the docker command" in refusal().detail


def test_all_that_is_missing_is_said_at_once(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    def no_engine() -> EngineFacts:
        raise RehearsalError("no container engine was found.", "Install Docker Engine.")

    monkeypatch.setattr(preflight.preflight, "check", no_engine)
    error = refusal()
    for missing in ("the kind command", "the docker command", "no container engine"):
        assert missing in error.detail
    for fix in ("kind.sigs.k8s.io", "command line", "Docker Engine."):
        assert fix in error.remedy


@pytest.mark.parametrize(
    ("said", "shown"),
    [("kind v0.19.9 go1.20 linux/amd64", "is 0.19.9, which is too old"), ("hello", "is of an unknown version")],
)
def test_a_kind_that_is_too_old_is_refused(machine: Path, said: str, shown: str) -> None:
    (machine / "kind").write_text(f"#!/bin/sh\necho '{said}'\n")
    assert shown in refusal().detail


def test_every_limit_that_is_too_low_has_its_fix(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits(tmp_path, monkeypatch, max_user_watches=8192, max_user_instances=64)
    error = refusal()
    assert "fs.inotify.max_user_watches is 8192" in error.detail
    assert "fs.inotify.max_user_instances is 64" in error.detail
    assert "sudo sysctl fs.inotify.max_user_watches=524288" in error.remedy
    assert "sudo sysctl fs.inotify.max_user_instances=512" in error.remedy
    # but they say nothing of an engine in a machine of its own, and there may be none at all
    engine(monkeypatch, replace(ENGINE, virtual=True))
    preflight.check()
    engine(monkeypatch, ENGINE)
    monkeypatch.setattr(preflight, "_INOTIFY", tmp_path / "nothing")
    preflight.check()


def test_an_engine_with_too_little_memory_is_refused(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch, replace(ENGINE, memory=2 << 30))
    error = refusal()
    assert error.detail == "the container engine has 2.0 GiB of memory, kind needs 3 GiB."
    engine(monkeypatch, replace(ENGINE, memory=2 << 30, virtual=True))
    assert "Docker Desktop" in refusal().remedy


def test_kind_takes_images_that_have_their_base_in_them() -> None:
    assert choose(Wish(cluster="kind")).images == "docker"
    assert choose(Wish()).images == "daemonless"
    with pytest.raises(InputError, match="kind cannot run daemonless images") as caught:
        choose(Wish(cluster="kind", images="daemonless"))
    assert caught.value.field == "--images"


def test_the_table_says_what_the_cluster_is(machine: Path) -> None:
    rows = {
        row["part"]: row for row in tier.rows(Tiers(images="docker", cluster="kind", node_image="node:1", keep=True))
    }
    assert rows["Kubernetes"]["why"] == "kind 0.33.0, Docker Engine 29.0.0 at unix:///e"
    assert rows["Kubernetes"]["real"].endswith("the node is node:1; the cluster stays (--keep)")
    assert "bridge" in rows["registry"]["real"]
