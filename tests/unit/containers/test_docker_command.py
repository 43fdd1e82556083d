"""The docker command of workflows, carried out by the engine, against a registry that judges every request."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from ekswiz_sim.containers import labels
from unit.containers.docker_command import Docker
from unit.docker_twin.tool import TOOL

pytest.importorskip("docker", reason="the docker SDK (pip install 'ekswiz[full]') is not installed")


def test_the_road_of_a_workflow(docker: Docker) -> None:
    image = f"{docker.room.host}/app:0123abc"

    docker.login()
    built = docker("build", "--tag", image, ".")
    pushed = docker("push", image)
    shown = docker("inspect", "--format", "{{index .RepoDigests 0}}", image)

    digest = docker.room.call("DescribeImages", repositoryName="app")["imageDetails"][0]["imageDigest"]
    assert shown.stdout == f"{docker.room.host}/app@{digest}\n"
    assert f"0123abc: digest: {digest} size: " in pushed.stdout
    assert "RUN echo made by $(id -u) > /made" in built.stdout
    assert "Successfully built" in built.stdout
    assert {action for _, action, _ in docker.room.gate.asked} >= {"ecr:InitiateLayerUpload", "ecr:PutImage"}
    assert docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.count(image) == 1


def test_what_run_made_is_in_the_image(docker: Docker) -> None:
    platform = f"linux/{docker.workshop.facts.architecture}"
    identity = docker("build", "--quiet", "--platform", platform, ".").stdout.strip()
    client = docker.workshop.client

    made = client.create_container(identity, labels=labels.of(docker.workshop.world))["Id"]
    client.start(made)
    client.wait(made)

    assert client.logs(made) == b"made by 0\n"
    assert client.inspect_image(identity)["Config"]["Labels"] == labels.of(docker.workshop.world)


def test_buildx_builds_pushes_and_writes_what_it_made(docker: Docker) -> None:
    image = f"{docker.room.host}/app:1"
    docker.login()

    docker("buildx", "build", "--push", "--tag", image, "--metadata-file", "made.json", ".")

    written = json.loads((docker.context / "made.json").read_text())
    digest = docker.room.call("DescribeImages", repositoryName="app")["imageDetails"][0]["imageDigest"]
    assert written["containerimage.digest"] == digest
    assert written["containerimage.config.digest"].startswith("sha256:")


def test_a_base_that_the_dockerfile_does_not_take_is_said(docker: Docker) -> None:
    (docker.context / "Dockerfile").write_text(f"FROM {docker.base}\nCOPY main.txt /\n")

    said = docker("build", ".").stderr

    assert "Dockerfile has no `ARG BASE_IMAGE`" in said


def test_a_base_that_cannot_be_had_is_explained(docker: Docker) -> None:
    said = docker("build", ".", code=1, EKSWIZ_BASE_IMAGE="127.0.0.1:9/none:1").stderr

    assert "ERROR: failed to build: " in said
    assert "--base-image IMAGE" in said


def test_a_run_that_fails_ends_the_build_and_leaves_no_container(docker: Docker) -> None:
    (docker.context / "Dockerfile").write_text(f"FROM {docker.base}\nRUN echo marker-of-this-test && exit 3\n")

    done = docker("build", ".", code=1)

    assert "returned a non-zero code: 3" in done.stderr
    assert _running(docker, "marker-of-this-test") == []


def test_a_build_that_is_killed_leaves_no_container(docker: Docker) -> None:
    (docker.context / "Dockerfile").write_text(f"FROM {docker.base}\nRUN echo up && sleep 77.25\n")
    with subprocess.Popen(
        [*TOOL, "build", "."], cwd=docker.context, env=docker.environment(), stdout=subprocess.DEVNULL
    ) as building:
        _until(lambda: _running(docker, "sleep 77.25"))
        building.kill()
        building.wait(10)

    _until(lambda: not _running(docker, "sleep 77.25"))


def test_a_wrong_password_is_refused_by_the_registry(docker: Docker) -> None:
    done = docker("login", "--username", "AWS", "--password", "wrong", docker.room.host, code=1)

    assert "unauthorized" in done.stderr.lower()
    assert not (docker.folder / "config" / "config.json").exists()


def test_a_push_without_a_login_is_refused(docker: Docker) -> None:
    image = f"{docker.room.host}/app:1"
    docker("build", "--tag", image, ".")

    assert "no basic auth credentials" in docker("push", image, code=1).stderr


def test_a_push_that_is_not_permitted_says_who_may_not_do_what(docker: Docker) -> None:
    image = f"{docker.room.host}/app:1"
    docker.login()
    docker("build", "--tag", image, ".")
    docker.room.gate.denied.add("ecr:PutImage")

    said = docker("push", image, code=1).stderr

    assert "denied: User: arn:aws:sts::123456789012:assumed-role/push/gha-1-1 is not authorized to perform" in said
    assert "ecr:PutImage" in said


def test_images_of_others_are_neither_shown_nor_removed(docker: Docker) -> None:
    foreign = f"foreign-{os.getpid()}"
    docker.workshop.client.import_image_from_data(_empty_tar(), repository=foreign, tag="1")
    try:
        shown = docker("images").stdout
        refused = docker("rmi", "--force", f"{foreign}:1", code=1).stderr

        assert foreign not in shown
        assert "is not of this rehearsal" in refused
    finally:
        docker.workshop.client.remove_image(f"{foreign}:1", force=True)


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        ("RUN --mount=type=cache,target=/x true", "Dockerfile:2: RUN --mount needs BuildKit"),
        ("COPY --link main.txt /", "Dockerfile:2: COPY --link needs BuildKit"),
        ("RUN <<EOF\ntrue\nEOF", "Dockerfile:2: a here-document needs BuildKit"),
    ],
)
def test_what_needs_buildkit_is_named_where_there_is_none(docker: Docker, dockerfile: str, words: str) -> None:
    (docker.context / "Dockerfile").write_text(f"FROM {docker.base}\n{dockerfile}\n")

    said = docker("build", ".", code=1).stderr

    assert words in said
    assert "docker-buildx-plugin" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("build", "nowhere"), 'path "nowhere" not found'),
        (("build", "--tag", "UPPER", "."), "repository name must be lowercase"),
        (("build", "--push", "."), "tag is needed when pushing"),
        (("push", "127.0.0.1:9/none:1"), "An image does not exist locally with the tag"),
        (("inspect", "none"), "No such object: none"),
        (("tag", "none", "x:1"), "No such image"),
        (("rmi", "none"), "No such image"),
        (("run", "x"), "is not modelled by ekswiz's docker"),
    ],
)
def test_bad_input_is_refused_in_dockers_words(docker: Docker, words: tuple[str, ...], said: str) -> None:
    done = subprocess.run(
        [*TOOL, *words], cwd=docker.context, env=docker.environment(), capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_engine_that_is_gone_is_named(docker: Docker) -> None:
    said = docker("images", code=1, EKSWIZ_ENGINE=f"unix://{docker.folder}/none.sock").stderr

    assert (
        said == f"Cannot connect to the Docker daemon at unix://{docker.folder}/none.sock. "
        "Is the docker daemon running?\n"
    )


def test_it_says_whose_engine_it_is(docker: Docker) -> None:
    assert docker("version", "--format", "{{.Server.Version}}").stdout == f"{docker.workshop.facts.version}\n"
    assert docker("info", "--format", "{{.OSType}}").stdout == "linux\n"


def _running(docker: Docker, command: str) -> list[Any]:
    return [one for one in docker.workshop.client.containers(all=True, trunc=False) if command in one["Command"]]


def _until(ask: Any, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _empty_tar() -> bytes:
    return bytes(10240)


def test_buildkit_is_left_to_dockers_own_command(docker: Docker, tmp_path: Path) -> None:
    beside, twins = tmp_path / "beside", tmp_path / "twins"
    identity = docker.workshop.client.inspect_image(docker.base)["Id"]
    for folder in (beside, twins):
        folder.mkdir()
    script = f"""#!/bin/sh
[ "$2" = version ] && exit 0
printf '%s\\n' "$DOCKER_HOST" "$@" > {tmp_path}/asked
for one in "$@"; do case $one in --iidfile=*) printf '%s' {identity} > "${{one#--iidfile=}}";; esac; done
"""
    (beside / "docker").write_text(script)
    (beside / "docker").chmod(0o755)
    (twins / "docker").write_text("#!/bin/sh\nexec python -I -m ekswiz_sim.runner.tools.docker\n")
    (twins / "docker").chmod(0o755)
    (docker.context / "Dockerfile").write_text(f"ARG BASE_IMAGE\nFROM {docker.base}\nRUN --mount=type=ssh true\n")

    path = f"{twins}:{beside}:/usr/bin:/bin"
    docker("build", "--ssh", "default", "--tag", f"{docker.room.host}/app:kit", "--target", "x", ".", PATH=path)

    host, *asked = (tmp_path / "asked").read_text().splitlines()
    assert host == docker.workshop.facts.address
    assert asked[:3] == ["buildx", "build", "--load"]
    assert f"--label={labels.WORLD}={docker.workshop.world}" in asked
    assert f"--build-arg=BASE_IMAGE={docker.base}" in asked
    assert {"--ssh=default", "--target=x"} <= set(asked)
    assert docker.workshop.client.inspect_image(f"{docker.room.host}/app:kit")["Id"] == identity
