"""What a rehearsal's world is made of, chosen by flags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ekswiz.errors import InputError
from ekswiz.frontend import Given
from ekswiz.main import ekswiz
from ekswiz.tiers import EMBEDDED, Tiers, Wish, choose, expected


class Asked:
    """Notes what it was asked to rehearse, and ends at once."""

    def __init__(self) -> None:
        self.given: list[Given] = []

    def rehearse(self, given: Given, stop: Any, **more: Any) -> Asked:
        self.given.append(given)
        return self

    def sim_up(self, given: Given, port: int) -> dict[str, str]:
        self.given.append(given)
        return {"aws_url": "http://127.0.0.1:1"}

    def __iter__(self) -> Any:
        return iter(())

    def close(self) -> None:
        pass

    @property
    def report(self) -> dict[str, bool]:
        return {"ok": True}


def tiers(*arguments: str) -> Tiers:
    asked = Asked()
    result = CliRunner().invoke(ekswiz, arguments, obj=asked, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return asked.given[0].tiers


def test_nothing_said_is_the_embedded_tier() -> None:
    assert tiers("rehearse") == EMBEDDED == Tiers()
    assert not EMBEDDED.engine


def test_full_takes_every_real_part() -> None:
    assert tiers("rehearse", "--full") == Tiers("localstack", "", "docker", "kind")


def test_one_flag_takes_one_part_back() -> None:
    assert tiers("rehearse", "--full", "--aws", "embedded", "--kubernetes", "embedded") == Tiers(images="docker")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--sim", "--headless", "--images", "docker"),
        ("rehearse", "--images", "docker"),
        ("sim", "up", "--images", "docker"),
    ],
)
def test_every_command_that_makes_a_world_has_the_flags(arguments: tuple[str, ...]) -> None:
    assert tiers(*arguments) == Tiers(images="docker")


def test_flags_before_a_command_hold_for_it() -> None:
    assert tiers("--kubernetes", "kind", "rehearse").cluster == "kind"


def test_the_clusters_name_is_no_tier() -> None:
    # --cluster is the EKS cluster that the pipeline deploys to; its name may be anything.
    assert tiers("rehearse", "--cluster", "kind") == EMBEDDED


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("http://localhost:4566", "http://localhost:4566"),
        ("http://localhost:4566/", "http://localhost:4566"),
        (" https://[::1]:8443 ", "https://[::1]:8443"),
    ],
)
def test_an_address_is_an_endpoint_tier(said: str, meant: str) -> None:
    assert choose(Wish(aws_endpoint=said)) == Tiers("endpoint", meant)
    assert choose(Wish(aws="localstack", aws_endpoint=said)) == Tiers("localstack", meant)
    assert choose(Wish(full=True, aws_endpoint=said)).aws == "endpoint"


@pytest.mark.parametrize(
    "said",
    ["", "localhost:4566", "ftp://x", "http://", "http://a b/c?d", "http://user:pass@host", "http://host:99999", "http://host:0",
     "http://host/path", "http://[::1", "http://host#x"],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_its_flag(said: str) -> None:
    with pytest.raises(InputError, match="is no address") as refused:
        choose(Wish(aws_endpoint=said))
    assert refused.value.field == "--aws-endpoint"


@pytest.mark.parametrize(
    ("wish", "flag"),
    [
        (Wish(aws="embedded", aws_endpoint="http://localhost:4566"), "--aws-endpoint"),
        (Wish(aws="moto"), "--aws"),
        (Wish(images="podman"), "--images"),
        (Wish(cluster="k3s"), "--kubernetes"),
        (Wish(node_image="kindest/node:v1.35.0"), "--node-image"),
        (Wish(keep=True), "--keep"),
        (Wish(keep=True, images="docker"), "--keep"),
        (Wish(mount_socket=True), "--mount-socket"),
    ],
)
def test_a_flag_that_nothing_would_notice_is_refused(wish: Wish, flag: str) -> None:
    with pytest.raises(InputError) as refused:
        choose(wish)
    assert refused.value.field == flag
    assert refused.value.remedy


def test_keep_is_for_what_takes_long_to_start() -> None:
    assert choose(Wish(keep=True, cluster="kind")).keep
    assert choose(Wish(keep=True, aws="localstack")).keep


def test_what_will_be_downloaded_is_said_before(tmp_path: Path) -> None:
    asked = Asked()
    result = CliRunner().invoke(ekswiz, ["rehearse", "--full"], obj=asked)
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["LocalStack", "Docker", "kind"]
    assert list(expected(EMBEDDED)) == []
    assert list(expected(Tiers("localstack", "http://localhost:4566"))) == []
