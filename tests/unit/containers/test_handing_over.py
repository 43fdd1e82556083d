"""Images of an engine that does not reach the registry: taken out and pushed from here, pulled here and given to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ekswiz_sim.containers import labels, relay
from ekswiz_sim.seams import PulledImage
from unit.containers.docker_command import Docker

pytest.importorskip("docker", reason="the docker SDK (pip install 'ekswiz[full]') is not installed")


def test_an_engine_that_does_not_reach_the_registry_hands_its_images_over(docker: Docker, tmp_path: Path) -> None:
    notes, image = tmp_path / "relay", f"{docker.room.host}/app:1"
    beside = {"EKSWIZ_RELAY": str(notes)}
    user, password = docker.room.login()
    docker("login", "-u", user, "--password-stdin", docker.room.host, stdin=password, **beside)
    docker("build", "--tag", image, ".", **beside)

    first = docker("push", image, **beside)
    again = docker("push", image, **beside)

    digest = docker.room.call("DescribeImages", repositoryName="app")["imageDetails"][0]["imageDigest"]
    assert f"1: digest: {digest} size: " in first.stdout
    assert f"1: digest: {digest} size: " in again.stdout
    assert "Layer already exists" in again.stdout
    identity = docker.workshop.client.inspect_image(image)["Id"]
    assert [file.read_text() for file in notes.iterdir()] == [identity]
    docker.room.gate.denied.add("ecr:PutImage")
    assert "is not authorized to perform: ecr:PutImage" in docker("push", image, code=1, **beside).stderr
    assert "does not exist locally" in docker("push", f"{docker.room.host}/app:none", code=1, **beside).stderr


def test_an_image_that_the_engine_never_had_is_given_to_it(docker: Docker, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    shutil.copy(docker.workshop.busybox, root / "bin" / "cat")
    (root / "said").write_text("by the image")
    config = {"Entrypoint": ["cat"], "Cmd": ["said"], "Env": ["PATH=/bin", "A=b c"], "User": "10001", "WorkingDir": "/"}
    pulled = PulledImage(f"sha256:{'0' * 64}", root, config | {"ExposedPorts": {"8000/tcp": {}}})
    client, world = docker.workshop.client, docker.workshop.world

    made = relay.identity(client, world, pulled, tmp_path / "none")

    assert {key: client.inspect_image(made)["Config"][key] for key in config} == config
    container = client.create_container(made, labels=labels.of(world))["Id"]
    client.start(container)
    client.wait(container)
    assert client.logs(container) == b"by the image"
