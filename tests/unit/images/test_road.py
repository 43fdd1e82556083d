"""From a Dockerfile to a running folder: built, pushed, pulled, verified."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ekswiz_sim.images.client import RegistryError
from ekswiz_sim.images.daemonless import build
from ekswiz_sim.images.puller import Puller
from ekswiz_sim.images.push import push
from ekswiz_sim.images.reference import parse
from ekswiz_sim.seams import Image, PullError, RefusedByGate
from unit.registry.room import NODE, Room

DOCKERFILE = """\
FROM python:3.12-slim
WORKDIR /srv/app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY main.py ./
ENV GREETING="hello world"
USER 10001
EXPOSE 8000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
"""


@pytest.fixture
def image(tmp_path: Path) -> Image:
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "requirements.txt").write_text("fastapi\n")
    (context / "main.py").write_text("print('hello')\n" * 50)
    made = build(context, context / "Dockerfile", store=tmp_path / "blobs")
    assert isinstance(made, Image)
    return made


def pushed(room: Room, image: Image, tag: str = "v1") -> str:
    push(image, parse(f"{room.host}/app:{tag}"), room.login(), lambda _line: None)
    return f"{room.host}/app@{image.digest}"


def puller(room: Room, tmp_path: Path) -> Puller:
    return Puller(lambda _host: room.login(NODE), tmp_path / "node")


async def test_an_image_arrives_as_it_was_built(room: Room, image: Image, tmp_path: Path) -> None:
    reference = pushed(room, image)

    got = await puller(room, tmp_path).pull(reference)

    assert got.digest == image.digest
    assert (got.root / "srv/app/main.py").read_text().startswith("print")
    assert got.config["Cmd"][0] == "uvicorn"
    assert got.config["WorkingDir"] == "/srv/app"
    assert got.config["Env"] == ["GREETING=hello world"]
    assert {action for arn, action, _ in room.gate.asked if arn == NODE.arn} == {
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
    }


async def test_a_tag_and_its_digest_are_the_same_folder(room: Room, image: Image, tmp_path: Path) -> None:
    reference, node = pushed(room, image), puller(room, tmp_path)

    by_digest, by_tag = await asyncio.gather(node.pull(reference), node.pull(f"{room.host}/app:v1"))

    assert by_digest == by_tag
    assert [path.name for path in (tmp_path / "node").iterdir()] == [image.digest.removeprefix("sha256:")]


async def test_one_changed_byte_in_a_layer_fails_the_pull(room: Room, image: Image, tmp_path: Path) -> None:
    reference, node = pushed(room, image), puller(room, tmp_path)
    layer = max(image.blobs, key=lambda digest: image.blobs[digest].stat().st_size)
    stored = room.blob_file(layer)
    data = bytearray(stored.read_bytes())
    data[len(data) // 2] ^= 1
    stored.write_bytes(data)

    with pytest.raises(PullError) as failed:
        await node.pull(reference)

    text = str(failed.value)
    assert text.startswith(f'failed to pull and unpack image "{reference}": failed commit on ref "')
    assert f"-{layer}" in text
    assert "unexpected commit digest sha256:" in text
    assert text.endswith(f"expected {layer}: failed precondition")
    assert list((tmp_path / "node").iterdir()) == []


async def test_a_pulled_image_is_fetched_again_only_after_eviction(room: Room, image: Image, tmp_path: Path) -> None:
    reference, node = pushed(room, image), puller(room, tmp_path)
    await node.pull(reference)
    for digest in image.blobs:
        room.blob_file(digest).write_bytes(b"x")

    again = await node.pull(reference)
    node.evict(image.digest)

    assert again.digest == image.digest
    with pytest.raises(PullError, match=r"failed commit on ref"):
        await node.pull(reference)


async def test_what_is_not_there_is_not_found(room: Room, tmp_path: Path) -> None:
    reference = f"{room.host}/app:nowhere"

    with pytest.raises(PullError) as failed:
        await puller(room, tmp_path).pull(reference)

    start = f'failed to pull and unpack image "{reference}"'
    assert str(failed.value) == f'{start}: failed to resolve reference "{reference}": {reference}: not found'


async def test_a_node_that_may_not_read_is_told_403(room: Room, image: Image, tmp_path: Path) -> None:
    reference = pushed(room, image)
    room.gate.denied.add("ecr:BatchGetImage")

    with pytest.raises(PullError) as failed:
        await puller(room, tmp_path).pull(reference)

    assert "failed to resolve reference" in str(failed.value)
    assert "403 Forbidden: denied: User: " + NODE.arn in str(failed.value)


async def test_a_node_that_may_not_fetch_layers_is_told_403(room: Room, image: Image, tmp_path: Path) -> None:
    reference = pushed(room, image)
    room.gate.denied.add("ecr:GetDownloadUrlForLayer")

    with pytest.raises(PullError, match=r"failed to copy: httpReadSeeker: .* 403 Forbidden: denied: User: "):
        await puller(room, tmp_path).pull(reference)


async def test_a_node_without_login_is_told_so(room: Room, image: Image, tmp_path: Path) -> None:
    reference = pushed(room, image)

    async def auth(_host: str) -> tuple[str, str]:
        raise RefusedByGate(room.gate.authorize("registry", NODE, "ecr:GetAuthorizationToken", "*"))

    with pytest.raises(PullError, match=r"no basic auth credentials"):
        await Puller(auth, tmp_path / "node").pull(reference)
    with pytest.raises(PullError, match=r"no basic auth credentials$"):
        await Puller(lambda _host: ("AWS", "made up"), tmp_path / "node").pull(reference)


async def test_nothing_but_loopback_is_asked(tmp_path: Path) -> None:
    def never(_host: str) -> tuple[str, str]:
        raise AssertionError

    for reference in ("nginx:1.27", "ghcr.io/o/r:1", "10.0.0.1:5000/app", "localhost.example:80/app"):
        with pytest.raises(PullError, match=r"nothing but loopback"):
            await Puller(never, tmp_path / "node").pull(reference)


async def test_a_malformed_reference_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PullError, match=r"invalid reference format: repository name must be lowercase"):
        await Puller(lambda _host: ("AWS", ""), tmp_path).pull("127.0.0.1:1/App:1")


async def test_a_registry_that_is_gone_is_named(room: Room, tmp_path: Path) -> None:
    reference = "127.0.0.1:1/app:1"

    with pytest.raises(PullError, match=r"dial tcp 127.0.0.1:1: connect: connection refused"):
        await puller(room, tmp_path).pull(reference)


async def test_many_pulls_at_once_share_one_fetch(room: Room, image: Image, tmp_path: Path) -> None:
    reference, node = pushed(room, image), puller(room, tmp_path)

    await asyncio.gather(*(node.pull(reference) for _ in range(20)))

    layers = [one for one in room.gate.asked if one[1] == "ecr:GetDownloadUrlForLayer"]
    assert len(layers) == len(image.blobs)


async def test_a_cancelled_waiter_does_not_cancel_the_others(room: Room, image: Image, tmp_path: Path) -> None:
    reference, node = pushed(room, image), puller(room, tmp_path)
    first, second = asyncio.create_task(node.pull(reference)), asyncio.create_task(node.pull(reference))
    await asyncio.sleep(0)
    first.cancel()

    assert (await second).digest == image.digest


def test_a_second_push_uploads_nothing(room: Room, image: Image) -> None:
    first: list[str] = []
    second: list[str] = []
    push(image, parse(f"{room.host}/app:v1"), room.login(), first.append)

    push(image, parse(f"{room.host}/app:v2"), room.login(), second.append)

    assert first[0] == f"The push refers to repository [{room.host}/app]"
    assert all(line.endswith(": Pushed") for line in first[1:-1])
    assert all(line.endswith(": Layer already exists") for line in second[1:-1])
    assert second[-1] == f"v2: digest: {image.digest} size: {len(image.manifest)}"


@pytest.mark.parametrize(
    "action", ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"]
)
def test_a_push_without_one_action_names_it(room: Room, image: Image, action: str) -> None:
    room.gate.denied.add(action)

    with pytest.raises(RegistryError) as failed:
        pushed(room, image)

    arn = "arn:aws:ecr:eu-central-1:123456789012:repository/app"
    assert str(failed.value).startswith("denied: User: arn:aws:sts::123456789012:assumed-role/push/gha-1-1 ")
    assert f"is not authorized to perform: {action} on resource: {arn}" in str(failed.value)


def test_a_push_without_login_fails_as_docker_says(room: Room, image: Image) -> None:
    with pytest.raises(RegistryError, match=r"^no basic auth credentials$"):
        push(image, parse(f"{room.host}/app:v1"), None, lambda _line: None)


def test_a_push_to_nowhere_names_the_registry(room: Room, image: Image) -> None:
    with pytest.raises(RegistryError) as failed:
        push(image, parse(f"{room.host}/other:v1"), room.login(), lambda _line: None)

    text = "The repository with name 'other' does not exist in the registry with id '123456789012'"
    assert str(failed.value) == f"name unknown: {text}"


def test_a_push_leaves_this_machine_for_nobody(image: Image) -> None:
    with pytest.raises(RegistryError, match=r"nothing but loopback"):
        push(image, parse("ghcr.io/o/app:v1"), None, lambda _line: None)
