"""The docker command as workflows call it: a process, a registry that listens, real files."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ekswiz_sim.runner.tools.docker import main
from unit.docker_twin.tool import Tool
from unit.registry.room import Room

DOCKERFILE = """\
FROM python:3.12-slim
ARG COMMIT=unknown
ENV COMMIT=$COMMIT
WORKDIR /srv/app
COPY main.py .
RUN pip install fastapi
EXPOSE 8000
CMD ["python", "main.py"]
"""
STAGES = "FROM node:22 AS build\nRUN npm ci\nFROM nginx\nCOPY --from=build /dist /usr/share/nginx/html\nEXPOSE 80\n"


@dataclass
class Docker(Tool):
    def environment(self, **more: str) -> dict[str, str]:
        home, store = str(self.folder / "home"), str(self.folder / "store")
        return super().environment(PATH=os.environ["PATH"], HOME=home, EKSWIZ_DOCKER_STORE=store) | more


@dataclass
class InProcess:
    """The same command without a process of its own, for what needs many of them."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str, code: int = 0) -> tuple[str, str]:
        assert main(words) == code
        shown = self.capture.readouterr()
        return shown.out, shown.err


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> InProcess:
    write_context(tmp_path / "context")
    monkeypatch.chdir(tmp_path / "context")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("EKSWIZ_DOCKER_STORE", str(tmp_path / "store"))
    return InProcess(capsys)


def write_context(context: Path) -> None:
    context.mkdir()
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "main.py").write_text("print('hello')\n")


@pytest.fixture
def docker(room: Room, tmp_path: Path) -> Docker:
    write_context(tmp_path / "context")
    return Docker(room, tmp_path)


def test_the_road_of_a_workflow(docker: Docker) -> None:
    image = f"{docker.room.host}/app:0123abc"

    docker.login()
    built = docker("build", "--tag", image, "--build-arg", "COMMIT=0123abc", ".")
    pushed = docker("push", image)
    shown = docker("inspect", "--format", "{{index .RepoDigests 0}}", image)

    digest = docker.room.call("DescribeImages", repositoryName="app")["imageDetails"][0]["imageDigest"]
    assert shown.stdout == f"{docker.room.host}/app@{digest}\n"
    assert f"0123abc: digest: {digest} size: " in pushed.stdout
    assert "ekswiz: FROM python:3.12-slim recorded, not pulled" in built.stderr
    assert "ekswiz: RUN pip install fastapi skipped" in built.stderr
    assert built.stdout == ""


def test_buildx_builds_and_pushes_in_one_command(docker: Docker) -> None:
    image, meta = f"{docker.room.host}/app:v1", docker.folder / "meta.json"
    docker.login()

    docker(
        *("buildx", "build", "--platform", "linux/amd64", "--provenance=false", "--push", "--no-cache", "--pull"),
        *("--metadata-file", str(meta), "--label", "a=b", "-t", image, "-f", "Dockerfile", "."),
    )

    document = json.loads(meta.read_text())
    stored = docker.room.call("DescribeImages", repositoryName="app")["imageDetails"][0]
    assert document["containerimage.digest"] == stored["imageDigest"]
    assert document["image.name"] == image
    labels = docker("inspect", "-f", "{{json .Config.Labels}}", image).stdout
    assert json.loads(labels)["a"] == "b"


def test_the_same_context_gives_the_same_image(docker: Docker) -> None:
    first = docker("build", "-q", ".").stdout
    os.utime(docker.folder / "context/main.py", (1, 1))

    assert docker("build", "--quiet", ".", EKSWIZ_DOCKER_STORE=str(docker.folder / "other")).stdout == first
    assert first.startswith("sha256:")


def test_login_is_tried_before_it_is_kept(docker: Docker) -> None:
    user, password = docker.room.login()
    config = docker.folder / "config/config.json"

    wrong = docker("login", "-u", user, "--password-stdin", docker.room.host, stdin=password[:-1], code=1)
    before = config.exists()
    right = docker("login", "-u", user, "--password-stdin", f"http://{docker.room.host}", stdin=password + "\n")

    assert "failed with status: 401 Unauthorized" in wrong.stderr
    assert not before
    assert right.stdout == "Login Succeeded\n"
    assert password not in right.stdout + right.stderr
    auth = json.loads(config.read_text())["auths"][docker.room.host]["auth"]
    assert base64.b64decode(auth).decode() == f"{user}:{password}"
    assert config.stat().st_mode & 0o777 == 0o600


def test_logout_forgets_one_registry(docker: Docker) -> None:
    docker.login()
    config = docker.folder / "config/config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "other": 1}))

    first = docker("logout", docker.room.host)
    second = docker("logout", docker.room.host)

    assert first.stdout == f"Removing login credentials for {docker.room.host}\n"
    assert second.stdout == f"Not logged in to {docker.room.host}\n"
    assert json.loads(config.read_text()) == {"auths": {}, "other": 1}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["login", "--password-stdin", "127.0.0.1:1"], "the --password-stdin option requires --username to be set"),
        (["login", "127.0.0.1:1"], "Error: Cannot perform an interactive login from a non TTY device"),
        (["login", "-u", "AWS", "-p", "x", "ghcr.io"], "nothing but loopback"),
        (["login", "-u", "AWS", "-p", "x", "127.0.0.1:1"], "connect: connection refused"),
    ],
)
def test_a_login_that_cannot_be(called: InProcess, words: list[str], text: str) -> None:
    assert text in called(*words, code=1)[1]


def test_a_push_without_login_or_permission(docker: Docker) -> None:
    image = f"{docker.room.host}/app:v1"
    docker("build", "-q", "-t", image, ".")

    nobody = docker("push", image, code=1)
    docker.login()
    docker.room.gate.denied.add("ecr:PutImage")
    denied = docker("push", image, code=1)

    assert nobody.stderr == "no basic auth credentials\n"
    assert denied.stderr.startswith("denied: User: arn:aws:sts::123456789012:assumed-role/push/gha-1-1 is not auth")


def test_tags_and_images(docker: Docker) -> None:
    one, two = f"{docker.room.host}/app:v1", f"{docker.room.host}/app:v2"
    identity = docker("build", "-q", "-t", one, ".").stdout.strip()

    docker("tag", one, two)
    docker("tag", identity[7:19], "local")
    table = docker("images").stdout.splitlines()
    ids = docker("images", "-q", "--no-trunc").stdout
    chosen = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", two).stdout
    removed = docker("rmi", one, two, "local").stdout

    assert table[0].split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    assert [row.split()[:3] for row in table[1:]] == [
        [f"{docker.room.host}/app", "v1", identity[7:19]],
        [f"{docker.room.host}/app", "v2", identity[7:19]],
        ["local", "latest", identity[7:19]],
    ]
    assert ids == identity + "\n"
    assert chosen == two + "\n"
    assert removed.splitlines()[-1] == f"Deleted: {identity}"
    assert docker("images", "-q").stdout == ""


def test_a_pulled_image_is_the_pushed_one_and_can_go_elsewhere(docker: Docker) -> None:
    image, other = f"{docker.room.host}/app:v1", f"{docker.room.host}/other:v1"
    docker.room.call("CreateRepository", repositoryName="other")
    docker.login()
    docker("buildx", "build", "--push", "-t", image, ".")
    store = str(docker.folder / "second")

    pulled = docker("pull", image, EKSWIZ_DOCKER_STORE=store)
    docker("tag", image, other, EKSWIZ_DOCKER_STORE=store)
    docker("push", other, EKSWIZ_DOCKER_STORE=store)

    rows = [docker.room.call("ListImages", repositoryName=name)["imageIds"] for name in ("app", "other")]
    assert rows[0] == rows[1]
    assert pulled.stdout.splitlines()[-1] == image
    assert rows[0][0]["imageDigest"] in pulled.stdout


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{.Os}}/{{ .Architecture }}", "linux/amd64"),
        ("{{.Config.Cmd}}", "[python main.py]"),
        ("{{json .Config.Cmd}}", '["python","main.py"]'),
        ("{{index .Config.Cmd 1}}", "main.py"),
        ('{{index .Config.ExposedPorts "8000/tcp"}}', "map[]"),
        ("{{len .RepoTags}} tag", "1 tag"),
        ('{{join .Config.Env ", "}}', "COMMIT=unknown"),
    ],
)
def test_templates(called: InProcess, template: str, shown: str) -> None:
    called("build", "-q", "--platform", "linux/amd64", "-t", "local", ".")

    assert called("inspect", "--format", template, "local")[0] == shown + "\n"


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{index .RepoDigests 0}}", "error calling index: index out of range: 0"),
        ("{{.Nope}}", 'map has no entry for key "Nope"'),
        ("{{range .RepoTags}}{{.}}{{end}}", "does not model the template {{range .RepoTags}}"),
        ("{{.Id", "unclosed action"),
        ("{{}}", "missing value for command"),
        ("{{index .Config x}}", "does not model the argument x"),
    ],
)
def test_templates_that_fail(called: InProcess, template: str, why: str) -> None:
    called("build", "-q", "-t", "local", ".")

    assert why in called("inspect", "-f", template, "local", code=1)[1]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["frobnicate"], 1, "docker: unknown command: docker frobnicate"),
        (["buildx", "frobnicate"], 1, "docker: unknown command: docker buildx frobnicate"),
        (["run", "--rm", "x"], 125, "'run' is not modelled by ekswiz's docker"),
        (["buildx", "imagetools", "inspect", "x"], 125, "'buildx imagetools' is not modelled"),
        (["build", "--frobnicate", "."], 125, "unknown flag: --frobnicate\n\nUsage:  docker build [OPTIONS] PATH"),
        (["build", "-Z", "."], 125, "unknown shorthand flag: 'Z' in -Z"),
        (["build", "-t"], 125, "flag needs an argument: 't' in -t"),
        (["build", "--tag"], 125, "flag needs an argument: --tag"),
        (["build", "--push=maybe", "."], 125, 'invalid argument "maybe" for "--push" flag'),
        (["build", "--target", "x", "."], 125, "--target is not modelled"),
        (["build"], 1, "'docker build' requires 1 argument"),
        (["build", "a", "b"], 1, "'docker build' requires 1 argument"),
        (["tag", "a"], 1, "'docker tag' requires 2 arguments"),
        (["--frobnicate", "ps"], 125, "unknown flag: --frobnicate"),
        (["build", "-t", "UPPER:case", "."], 1, "repository name must be lowercase"),
        (["build", "-"], 1, "not from standard input"),
        (["build", "https://example.com/x.git"], 1, "or a URL"),
        (["build", "nowhere"], 1, "nowhere/Dockerfile does not exist"),
        (["build", "--push", "."], 1, "tag is needed when pushing"),
        (["build", "--platform", "linux/amd64,linux/arm64", "."], 1, "is not one os/architecture"),
        (["push", "127.0.0.1:1/app:v1"], 1, "An image does not exist locally with the tag: 127.0.0.1:1/app"),
        (["tag", "nope", "x"], 1, "Error response from daemon: No such image: nope:latest"),
        (["inspect", "nope"], 1, "Error: No such object: nope"),
        (["pull", "nginx"], 1, "nothing but loopback"),
        (["rmi", "nope"], 1, "No such image: nope"),
    ],
)
def test_refusals_in_dockers_words(called: InProcess, words: list[str], code: int, text: str) -> None:
    assert text in called(*words, code=code)[1]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--version"], "Docker version "),
        (["version", "--format", "{{.Server.Version}}"], "27."),
        (["version"], "no Docker Engine"),
        (["info", "-f", "{{.OSType}}"], "linux"),
        (["buildx", "version"], "github.com/docker/buildx v"),
        (["--help"], "Usage:  docker [OPTIONS] COMMAND"),
        (["build", "--help"], "--build-arg list"),
    ],
)
def test_what_it_says_about_itself(called: InProcess, words: list[str], text: str) -> None:
    assert text in called(*words)[0]


def test_a_build_beyond_this_tier_is_a_stand_in_and_says_so(docker: Docker) -> None:
    (docker.folder / "context/Dockerfile").write_text(STAGES)

    built = docker("build", "-t", "local", ".")

    labels = json.loads(docker("inspect", "-f", "{{json .Config.Labels}}", "local").stdout)
    assert "ekswiz: Dockerfile:3: FROM nginx: this is a multi-stage build" in built.stderr
    assert labels["dev.ekswiz.cannot-run"] == "Dockerfile:3: this is a multi-stage build"
    assert docker("inspect", "-f", "{{json .Config.ExposedPorts}}", "local").stdout == '{"80/tcp":{}}\n'


def test_a_dockerfile_that_is_wrong_names_its_line(docker: Docker) -> None:
    (docker.folder / "context/Dockerfile").write_text("FROM x\nCOPY mian.py .\n")

    error = docker("build", ".", code=1).stderr

    assert "Dockerfile:2: COPY mian.py .: 'mian.py' does not exist in the build context" in error
    assert "Did you mean 'main.py'?" in error


def test_it_works_in_a_rehearsal_only(docker: Docker) -> None:
    error = docker("images", code=1, EKSWIZ_DOCKER_STORE="").stderr

    assert "works in a rehearsal only (EKSWIZ_DOCKER_STORE)" in error


def test_it_starts_without_heavy_modules() -> None:
    code = (
        "import sys; from ekswiz_sim.runner.tools import docker, docker_build, docker_transfer; "
        "print([m for m in ('boto3', 'botocore', 'aiohttp', 'moto', 'yaml', 'ruamel') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
