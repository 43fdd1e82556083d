"""Layers from whoever may have made them: what is hostile is refused, what is odd is contained."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ekswiz_sim.images.unpack import Refused, unpack

GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
TAR = "application/vnd.oci.image.layer.v1.tar"
Add = Callable[[tarfile.TarFile], None]


def file(name: str, text: str = "content", mode: int = 0o644) -> Add:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(text), mode
        tar.addfile(info, io.BytesIO(text.encode()))

    return add


def other(name: str, kind: bytes, target: str = "", mode: int = 0o755) -> Add:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode = kind, target, mode
        tar.addfile(info)

    return add


def folder(name: str) -> Add:
    return other(name, tarfile.DIRTYPE)


def link(name: str, target: str) -> Add:
    return other(name, tarfile.SYMTYPE, target)


class Node:
    def __init__(self, home: Path) -> None:
        self.home, self.root = home, home / "root"
        self.root.mkdir()

    def layer(self, *entries: Add, most: int = 10**6) -> None:
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as tar:
            for add in entries:
                add(tar)
        self.apply(data.getvalue(), "sha256:" + hashlib.sha256(data.getvalue()).hexdigest(), most=most)

    def apply(self, data: bytes, diff_id: str, kind: str = TAR, most: int = 10**6) -> None:
        path = self.home / "layer"
        path.write_bytes(data)
        unpack(path, kind, self.root, diff_id, most)

    def files(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.root)): path.read_text()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_files_folders_and_modes(node: Node) -> None:
    node.layer(folder("a"), file("a/b", "text", 0o6755), file("./c/d/e"), file("/absolute"))

    assert node.files() == {"a/b": "text", "absolute": "content", "c/d/e": "content"}
    assert (node.root / "a/b").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/../x", "a/..", "..", "a/b/../../../x"])
def test_a_name_that_leads_outside_is_refused(node: Node, name: str) -> None:
    with pytest.raises(Refused, match="leads outside of the image"):
        node.layer(file(name))

    assert sorted(path.name for path in node.home.iterdir()) == ["layer", "root"]


@pytest.mark.parametrize("target", ["/etc", "../../../../etc", "/", "..", "x/../../../..", "."])
def test_no_link_leads_outside(node: Node, target: str) -> None:
    node.layer(folder("deep/er"), link("deep/er/link", target), file("deep/er/link/planted"), file("deep/other"))

    inside = Path(os.path.realpath(node.root / "deep/er/link"))
    assert inside.is_relative_to(node.root)
    assert sum(name.endswith("planted") for name in node.files()) == 1
    assert not (node.home / "planted").exists()


def test_an_absolute_link_starts_at_the_images_root(node: Node) -> None:
    node.layer(file("usr/lib/x", "the library"), link("lib", "/usr/lib"), link("a/b/up", "../../usr"))

    assert (node.root / "lib/x").read_text() == "the library"
    assert (node.root / "a/b/up/lib/x").read_text() == "the library"


def test_links_in_a_circle_are_refused(node: Node) -> None:
    with pytest.raises(Refused, match="too many levels of symbolic links"):
        node.layer(link("a", "b"), link("b", "a"), file("a/x"))


def test_a_file_replaces_a_link_instead_of_following_it(node: Node) -> None:
    outside = node.home / "outside"
    outside.write_text("untouched")
    (node.root / "link").symlink_to(outside)

    node.layer(file("link", "mine"))

    assert outside.read_text() == "untouched"
    assert (node.root / "link").read_text() == "mine"


def test_hard_links_name_files_of_the_image(node: Node) -> None:
    node.layer(file("a", "text"), other("b", tarfile.LNKTYPE, "a"), other("c", tarfile.LNKTYPE, "/a"))

    assert node.files() == {"a": "text", "b": "text", "c": "text"}
    for target in ("../outside", "nothing", "link", ""):
        with pytest.raises(Refused):
            node.layer(link("link", "/etc/passwd"), other("x", tarfile.LNKTYPE, target))


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_refused(node: Node, kind: bytes) -> None:
    with pytest.raises(Refused, match="'dev/x' is a device or a pipe"):
        node.layer(other("dev/x", kind))


def test_whiteouts_hide_lower_layers(node: Node) -> None:
    node.layer(file("keep"), file("gone"), file("tree/x"), file("opaque/old"), file("opaque/deep/old"))

    node.layer(
        file(".wh.gone", ""),
        file(".wh.tree", ""),
        file("opaque/new"),
        file("opaque/deep/new"),
        file("opaque/.wh..wh..opq", ""),
    )

    assert set(node.files()) == {"keep", "opaque/new", "opaque/deep/new"}


def test_a_whiteout_cannot_reach_outside(node: Node) -> None:
    for name in (".wh...", ".wh.", ".wh.."):
        with pytest.raises(Refused, match="is no whiteout"):
            node.layer(file(name))


def test_a_layer_that_grows_too_large_is_stopped(node: Node) -> None:
    with pytest.raises(Refused, match="more bytes than this node takes"):
        node.layer(file("big", "x" * 200_000), most=100_000)


def test_another_tar_than_the_config_names_is_refused(node: Node) -> None:
    with pytest.raises(Refused, match="wrong diff id calculated on extraction"):
        node.apply(bytes(1024), "sha256:" + "0" * 64)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"no tar at all" * 100, TAR), (b"no gzip", GZIP), (b"\x1f\x8b\x08\x00broken", GZIP), (b"", GZIP)],
)
def test_what_is_no_layer_is_refused(node: Node, data: bytes, kind: str) -> None:
    with pytest.raises(Refused):
        node.apply(data, "sha256:" + "0" * 64, kind)


def test_another_kind_of_layer_is_refused_by_name(node: Node) -> None:
    with pytest.raises(Refused, match=r"unsupported layer media type application/x\+zstd"):
        node.apply(b"", "sha256:" + "0" * 64, "application/x+zstd")


NAMES = st.lists(st.sampled_from(["a", "b", "..", ".", "", "/", ".wh.a", "link"]), min_size=1, max_size=4).map("/".join)
ENTRIES = st.lists(
    st.one_of(
        NAMES.map(file),
        NAMES.map(folder),
        st.tuples(NAMES, NAMES).map(lambda pair: link(*pair)),
        st.tuples(NAMES, NAMES).map(lambda pair: other(pair[0], tarfile.LNKTYPE, pair[1])),
    ),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ENTRIES)
def test_nothing_is_ever_written_outside(tmp_path_factory: pytest.TempPathFactory, entries: list[Add]) -> None:
    node = Node(tmp_path_factory.mktemp("node"))
    with suppress(Refused):
        node.layer(*entries)
    assert {path.name for path in node.home.iterdir()} == {"root", "layer"}
    for path in node.root.rglob("*"):
        assert Path(os.path.realpath(path)).is_relative_to(node.root)
