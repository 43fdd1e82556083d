from __future__ import annotations

import os
import stat
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ekswiz_sim.containers import pause, settings, texts, volumes
from ekswiz_sim.containers.engine import EngineError
from ekswiz_sim.kubernetes.embedded.kubelet.sources import Unconfigured

RUNC = (
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
    'exec: "nope": executable file not found in $PATH: unknown'
)
OLD = 'OCI runtime create failed: starting container process caused: exec: "x": permission denied: unknown'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (RUNC, 'exec: "nope": executable file not found in $PATH'),
        (OLD, 'exec: "x": permission denied'),
        ("driver failed\n programming", "driver failed programming"),
    ],
)
def test_what_runtimes_put_around_a_refusal_is_taken_off(text: str, words: str) -> None:
    assert texts.start(text) == words


def test_the_user_is_the_containers_over_the_pods() -> None:
    pod = {"spec": {"securityContext": {"runAsUser": 1, "runAsGroup": 2}}}

    assert settings.user(pod, {}) == "1:2"
    assert settings.user(pod, {"securityContext": {"runAsUser": 0}}) == "0:2"
    assert settings.user({"spec": {}}, {}) is None


def test_limits_are_capped_by_what_the_engine_takes() -> None:
    limits = {"resources": {"limits": {"cpu": "64", "memory": "1Mi"}}}

    made = settings.host({"spec": {}}, limits, cpus=2)

    assert made["NanoCpus"] == 2 * 10**9
    assert made["Memory"] == 6 << 20


def test_groups_of_the_pod_are_given() -> None:
    pod = {"spec": {"securityContext": {"fsGroup": 7, "supplementalGroups": [8, 9]}}}

    assert settings.host(pod, {}, cpus=2)["GroupAdd"] == ["8", "9", "7"]


def test_a_part_of_a_volume_needs_an_engine_that_mounts_it() -> None:
    pod = {"spec": {"volumes": [{"name": "c", "configMap": {"name": "x"}}]}}
    container = {"volumeMounts": [{"name": "c", "mountPath": "/etc/a.conf", "subPath": "a.conf"}]}

    with pytest.raises(Unconfigured, match="subPath needs Docker Engine 26"):
        volumes.mounts(container, pod, {"c": "v"}, (1, 41))
    [made] = volumes.mounts(container, pod, {"c": "v"}, (1, 45))
    assert made["VolumeOptions"] == {"NoCopy": True, "Subpath": "a.conf"}
    assert made["ReadOnly"] is True


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_the_holder_is_an_executable_of_its_architecture(architecture: str) -> None:
    made = pause.program(architecture)

    kind, machine = struct.unpack("<HH", made[16:20])
    entry, table = struct.unpack("<QQ", made[24:40])
    assert made[:4] == b"\x7fELF"
    assert (kind, machine) == (2, {"amd64": 62, "arm64": 183}[architecture])
    assert (entry - 0x400000, table) == (120, 64)
    assert len(made) < 200


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the program is for x86_64, and this machine is not")
def test_the_holder_waits_until_it_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(pause.program("amd64"))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    with subprocess.Popen([program]) as running:
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(0.3)
        running.kill()
        assert running.wait(5) == -9


def test_an_architecture_that_is_not_known_is_named() -> None:
    with pytest.raises(EngineError, match="riscv64"):
        pause.program("riscv64")


def test_names_are_fit_for_the_engine() -> None:
    pod: dict[str, Any] = {"metadata": {"namespace": "web", "name": "app-1", "uid": "12345678-9"}}

    assert settings.name("ekswiz-sim-x", pod, "main", 3) == "ekswiz-sim-x-web-app-1-12345678-main-3"
