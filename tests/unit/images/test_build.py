from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import InputError
from ekswiz_sim.images.daemonless import Unbuildable, build, stand_in
from ekswiz_sim.seams import Image


class Site:
    """A context in a folder, and builds of it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "context"
        self.store = root / "blobs"
        self.root.mkdir(parents=True)

    def write(self, **files: str) -> Site:
        for name, text in files.items():
            self.file(name.replace("__", "."), text)
        return self

    def file(self, name: str, text: str = "content") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def build(self, dockerfile: str, **options: Any) -> Image:
        made = build(self.root, self.file("Dockerfile", dockerfile), store=self.store, **options)
        assert isinstance(made, Image), made
        return made

    def beyond(self, dockerfile: str) -> Unbuildable:
        made = build(self.root, self.file("Dockerfile", dockerfile), store=self.store)
        assert isinstance(made, Unbuildable)
        return made

    def refused(self, dockerfile: str, **options: Any) -> str:
        with pytest.raises(InputError) as failed:
            self.build(dockerfile, **options)
        return str(failed.value)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def config(image: Image) -> Mapping[str, Any]:
    digest = json.loads(image.manifest)["config"]["digest"]
    document: Mapping[str, Any] = json.loads(image.blobs[digest].read_bytes())
    return document


def contents(image: Image) -> dict[str, str]:
    """Name and text of all files; folders end with a slash."""
    found = {}
    for row in json.loads(image.manifest)["layers"]:
        with tarfile.open(image.blobs[row["digest"]]) as tar:
            for member in tar:
                assert (member.uid, member.gid, member.mtime) == (0, 0, 0)
                file = tar.extractfile(member) if member.isreg() else None
                found[member.name + ("/" if member.isdir() else "")] = file.read().decode() if file else member.linkname
    return found


def test_settings_are_taken_over(site: Site) -> None:
    image = site.build(
        'ARG TAG=3.12\nFROM python:$TAG\nARG COMMIT\nENV A=1 B="x $COMMIT"\nENV C $A\nWORKDIR /a\nWORKDIR b\n'
        'LABEL one=1 two="$A"\nEXPOSE 8000 9000-9001/udp\nUSER 10001:10001\nVOLUME /data\nSTOPSIGNAL SIGINT\n'
        'HEALTHCHECK --interval=1m30s --retries=3 CMD ["x"]\nENTRYPOINT ["python"]\nCMD main.py $A\n',
        build_args={"COMMIT": "abc"},
        labels={"three": "3"},
        platform="linux/arm64",
    )

    document = config(image)
    assert (document["os"], document["architecture"]) == ("linux", "arm64")
    assert document["config"] == {
        "User": "10001:10001",
        "ExposedPorts": {"8000/tcp": {}, "9000/udp": {}, "9001/udp": {}},
        "Env": ["A=1", "B=x abc", "C=1"],
        "Entrypoint": ["python"],
        "Cmd": ["/bin/sh", "-c", "main.py $A"],
        "Volumes": {"/data": {}},
        "WorkingDir": "/a/b",
        "Labels": {"one": "1", "three": "3", "two": "1"},
        "StopSignal": "SIGINT",
        "Healthcheck": {"Test": ["CMD", "x"], "Interval": 90_000_000_000, "Retries": 3},
    }
    assert json.loads(image.manifest)["annotations"] == {"org.opencontainers.image.base.name": "python:3.12"}
    assert image.skipped == ("FROM python:3.12 recorded, not pulled: this host's Python stands in for it",)


def test_files_land_where_docker_puts_them(site: Site) -> None:
    for name in ("main.py", "a.txt", "b.txt", "pkg/one.py", "pkg/sub/two.py", "with space.txt"):
        site.file(name, name)

    found = contents(
        site.build(
            "FROM x\nWORKDIR /srv/app\nCOPY main.py .\nCOPY main.py renamed.py\nCOPY main.py /srv/app\n"
            "COPY *.txt texts/\n"
            'COPY pkg lib\nCOPY ["with space.txt", "/opt/"]\nCOPY main.py /etc\n'
        )
    )

    assert {name: text for name, text in found.items() if not name.endswith("/")} == {
        "srv/app/main.py": "main.py",
        "srv/app/renamed.py": "main.py",
        "srv/app/texts/a.txt": "a.txt",
        "srv/app/texts/b.txt": "b.txt",
        "srv/app/texts/with space.txt": "with space.txt",
        "srv/app/lib/one.py": "pkg/one.py",
        "srv/app/lib/sub/two.py": "pkg/sub/two.py",
        "opt/with space.txt": "with space.txt",
        "etc/main.py": "main.py",
    }
    assert {"srv/app/", "srv/app/texts/", "srv/app/lib/", "srv/app/lib/sub/"} <= found.keys()


def test_what_dockerignore_names_stays_out(site: Site) -> None:
    for name in ("main.py", "secret.env", "node_modules/x/y.js", "docs/a.md", "docs/keep.md"):
        site.file(name)
    site.file(".dockerignore", "*.env\nnode_modules\ndocs/*\n!docs/keep.md\nDockerfile\n.dockerignore\n")

    found = contents(site.build("FROM x\nCOPY . /srv/\n"))

    assert {name for name in found if not name.endswith("/")} == {"srv/main.py", "srv/docs/keep.md"}


def test_a_dockerfiles_own_ignore_file_comes_first(site: Site) -> None:
    site.file("main.py")
    site.file(".dockerignore", "*\n")
    site.file("Dockerfile.dockerignore", "Dockerfile*\n.dockerignore\n")

    assert "srv/main.py" in contents(site.build("FROM x\nCOPY . /srv/\n"))


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for number, name in enumerate(("one", "two")):
        site = Site(tmp_path / name)
        for file in ("b.py", "a.py") if number else ("a.py", "b.py"):
            os.utime(site.file(file, file), (number, number))
        (site.root / "a.py").chmod(0o600 if number else 0o664)
        digests.add(site.build("FROM x\nCOPY . /srv/\nCMD x\n").digest)

    assert len(digests) == 1


def test_a_changed_byte_or_executable_bit_gives_another_image(site: Site) -> None:
    site.file("a.py", "one")
    first = site.build("FROM x\nCOPY . /srv/\n").digest
    site.file("a.py", "two")
    second = site.build("FROM x\nCOPY . /srv/\n").digest
    (site.root / "a.py").chmod(0o755)

    assert len({first, second, site.build("FROM x\nCOPY . /srv/\n").digest}) == 3


def test_modes_and_links_are_kept(site: Site) -> None:
    site.file("run.sh").chmod(0o755)
    site.file("d/plain.txt")
    (site.root / "d/link").symlink_to("plain.txt")

    image = site.build("FROM x\nCOPY --chmod=4711 run.sh /a\nCOPY run.sh /b\nCOPY --chown=7:8 d /d\n")

    layers = [image.blobs[row["digest"]] for row in json.loads(image.manifest)["layers"]]
    with tarfile.open(layers[0]) as first, tarfile.open(layers[1]) as second, tarfile.open(layers[2]) as third:
        assert first.getmember("a").mode == 0o4711
        assert second.getmember("b").mode == 0o755
        assert third.getmember("d/link").linkname == "plain.txt"
        assert (third.getmember("d/plain.txt").uid, third.getmember("d/plain.txt").gid) == (7, 8)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("COPY nope.py .", "Dockerfile:2: COPY nope.py .: 'nope.py' does not exist in the build context"),
        ("COPY mian.py .", "Did you mean 'main.py'?"),
        ("COPY ../secret .", "'../secret' lies outside of the build context"),
        ("COPY /../../etc/passwd .", "lies outside of the build context"),
        ("COPY out .", "'out' is a link that leads outside of the build context"),
        ("COPY out/passwd .", "is a link that leads outside of the build context"),
        ("COPY *.zip .", "no file in the build context matches '*.zip'"),
        ("COPY a[ .", "is no pattern"),
        ("COPY ignored.env .", "'ignored.env' is left out by .dockerignore"),
        ("COPY main.py", "COPY requires at least two arguments"),
        ("COPY main.py Dockerfile target", "the destination must be a folder and end with /. Write target/."),
        ("COPY --chmod=9 main.py .", "--chmod=9 is not an octal mode"),
        ("COPY --chmod=u+x main.py .", "--chmod=u+x is not an octal mode"),
        ("COPY pipe /x", "is neither a file nor a folder nor a link"),
        ("EXPOSE web", "EXPOSE: Invalid containerPort: web"),
        ("EXPOSE 70000", "EXPOSE: Invalid containerPort: 70000"),
        ("SHELL bash", "SHELL requires the arguments to be in JSON form"),
        ("HEALTHCHECK --interval=soon CMD x", "time: invalid duration 'soon'"),
        ("HEALTHCHECK MAYBE x", "Unknown type 'MAYBE' in HEALTHCHECK"),
        ("HEALTHCHECK --often=1 CMD x", "unknown flag: --often=1"),
        ("ENV A", "ENV: must have two arguments"),
        ("ENV A=${B", "ENV: unsupported modifier in substitution of B"),
        ("LABEL a=1 b", "Syntax error - can't find ="),
        ("USER ${NAME:?}", "NAME: not set"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(site: Site, line: str, said: str) -> None:
    site.file("main.py")
    site.file("ignored.env")
    site.file(".dockerignore", "*.env\n")
    (site.root / "out").symlink_to("/etc")
    os.mkfifo(site.root / "pipe")

    text = site.refused(f"FROM x\n{line}\n")

    assert text.startswith("The image cannot be built: Dockerfile:2: ")
    assert said in text


def test_a_blank_base_a_missing_dockerfile_and_a_missing_context(site: Site, tmp_path: Path) -> None:
    assert "base name ($NONE) should not be blank" in site.refused("ARG NONE\nFROM $NONE\n")
    with pytest.raises(InputError, match=r"Dockerfile: .*nope does not exist. Write one, or name another with -f."):
        build(site.root, site.root / "nope", store=site.store)
    with pytest.raises(InputError, match=r"context: .*gone is no folder"):
        build(tmp_path / "gone", site.file("Dockerfile", "FROM x\n"), store=site.store)
    with pytest.raises(InputError, match="cannot be read"):
        build(site.root, site.root, store=site.store)
    (site.root / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        build(site.root, site.root / "binary", store=site.store)
    (site.root / ".dockerignore").write_text("a[\n")
    assert "syntax error in pattern" in site.refused("FROM x\n")


@pytest.mark.parametrize("platform", ["linux", "linux/", "a/b/c/d", "linux/amd64,linux/arm64"])
def test_a_platform_is_one_os_and_architecture(site: Site, platform: str) -> None:
    assert "is not one os/architecture" in site.refused("FROM x\n", platform=platform)


def test_arguments_have_dockers_scopes(site: Site) -> None:
    image = site.build(
        "ARG BASE=a\nARG OTHER=o\nFROM x:$BASE\nARG BASE\nARG MINE=m\nARG TARGETARCH\nENV A=$BASE B=$OTHER C=$MINE "
        "D=$TARGETARCH\n",
        build_args={"BASE": "given", "UNUSED": "1", "HTTP_PROXY": "p"},
        platform="linux/arm64",
    )

    assert config(image)["config"]["Env"] == ["A=given", "B=", "C=m", "D=arm64"]
    assert image.skipped[-1] == "--build-arg UNUSED is used by no ARG"
    assert not any("HTTP_PROXY" in line for line in image.skipped)


def test_a_skipped_run_is_said_and_what_it_needs_is_kept(site: Site) -> None:
    site.write(requirements__txt="fastapi\n-r more.txt\n", more__txt="httpx\n")

    image = site.build(
        "FROM x\nWORKDIR /srv\nCOPY *.txt ./\nRUN pip install -r requirements.txt uvicorn\nRUN make all\nCMD x\n"
    )

    labels = config(image)["config"]["Labels"]
    assert json.loads(labels["dev.ekswiz.requires"]) == ["fastapi", "httpx", "uvicorn"]
    assert labels["dev.ekswiz.cannot-run"] == "Dockerfile:5 runs 'make all', which was skipped"
    assert "RUN make all skipped (line 5)" in image.skipped


def test_a_file_that_shrinks_while_it_is_read_is_an_error_not_a_wrong_layer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.file("main.py", "short")
    larger = os.stat_result((0o100644, 0, 0, 1, 0, 0, 10_000, 0, 0, 0))
    monkeypatch.setattr("ekswiz_sim.images.layers.os.fstat", lambda _handle: larger)

    assert "unexpected end of data" in site.refused("FROM x\nCOPY main.py .\n")
    assert [one for one in site.store.iterdir() if one.name.startswith("layer-")] == []


STAGES = """\
ARG PORT=80
FROM node:22 AS base
ENV MODE=production
WORKDIR /work
FROM base AS build
RUN npm ci
FROM base
ARG PORT
COPY --from=build /work/dist /srv
EXPOSE $PORT
CMD ["node", "server.js"]
"""


def test_a_stand_in_has_the_last_stages_settings_and_says_what_it_is(site: Site) -> None:
    site.file("server.js", "one")
    beyond = site.beyond(STAGES)

    image = stand_in(site.root, site.root / "Dockerfile", beyond, store=site.store)
    site.file("server.js", "two")
    other = stand_in(site.root, site.root / "Dockerfile", beyond, store=site.store)

    settings = config(image)["config"]
    assert (beyond.line, beyond.reason) == (5, "this is a multi-stage build")
    assert settings["Env"] == ["MODE=production"]
    assert settings["ExposedPorts"] == {"80/tcp": {}}
    assert settings["Labels"]["dev.ekswiz.cannot-run"] == "Dockerfile:5: this is a multi-stage build"
    assert image.skipped[0] == str(beyond)
    assert other.digest != image.digest
