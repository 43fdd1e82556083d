from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.lab import Lab
from ekswiz.errors import Expired, InputError, TargetError, Transient, Unreadable
from ekswiz.frontend import ClusterSeen, Profile
from ekswiz.probes import aws
from ekswiz.probes.aws_files import default_region, profiles
from unit.doctor.ward import Ward, open_ward, set_to


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path) as opened:
        yield opened


CONFIG = """
[default]
region = us-east-1
[profile dev-admin]
region = eu-west-1
sso_session = work
[profile old]
sso_start_url = https://x.awsapps.com/start
[sso-session work]
sso_start_url = https://x.awsapps.com/start
"""


def _files(home: Path, config: str = CONFIG, credentials: str = "") -> dict[str, str]:
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / "config").write_text(config)
    (home / ".aws" / "credentials").write_text(credentials)
    return {"HOME": str(home)}


def test_profiles_are_listed_without_a_word_of_their_keys(tmp_path: Path) -> None:
    secret = "aws_access_key_id = AKIAX\naws_secret_access_key = hush\n"
    found = profiles(_files(tmp_path, credentials=f"[default]\n{secret}[ci]\n{secret}"))

    assert [profile.name for profile in found] == ["default", "ci", "dev-admin", "old"]
    assert [profile.name for profile in found if profile.sso] == ["dev-admin", "old"]
    assert "hush" not in repr(found)


def test_the_profile_that_was_chosen_comes_first_even_if_no_file_knows_it(tmp_path: Path) -> None:
    environment = _files(tmp_path)

    chosen = profiles({**environment, "AWS_PROFILE": "dev-admin"})[0]
    unknown = profiles({**environment, "AWS_PROFILE": "nope"})[0]

    assert chosen == Profile("dev-admin", "eu-west-1", sso=True, source="from AWS_PROFILE")
    assert unknown == Profile("nope", "", sso=False, source="from AWS_PROFILE")


def test_keys_in_variables_are_a_profile_without_a_name(tmp_path: Path) -> None:
    environment = {**_files(tmp_path), "AWS_ACCESS_KEY_ID": "AKIAX", "AWS_REGION": "eu-north-1"}

    assert profiles(environment)[0] == Profile("", "eu-north-1", sso=False, source="from AWS_ACCESS_KEY_ID")


@pytest.mark.parametrize("config", ["", "[default", "\x00\xff", "[profile a]\n[profile a]\nregion"])
def test_files_that_cannot_be_read_are_no_profiles_and_no_error(tmp_path: Path, config: str) -> None:
    assert [profile.name for profile in profiles(_files(tmp_path, config)) if profile.name != "a"] == []


def test_no_files_are_no_profiles(tmp_path: Path) -> None:
    assert profiles({"HOME": str(tmp_path)}) == []


def test_the_region_says_where_it_is_from(tmp_path: Path) -> None:
    environment = _files(tmp_path)

    assert default_region({**environment, "AWS_DEFAULT_REGION": "eu-north-1"}) == (
        "eu-north-1",
        "from AWS_DEFAULT_REGION",
    )
    assert default_region(environment) == ("us-east-1", "from AWS profile default")
    assert default_region({"HOME": "/nowhere"}) == ("", "")


def test_listing_profiles_loads_no_sdk() -> None:
    code = "import sys, ekswiz.main, ekswiz.probes.aws_files as a; a.profiles({}); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not {"boto3", "botocore", "kubernetes", "textual", "ekswiz_sim"} & set(loaded)


# ---- identity


def test_who_a_profile_is(ward: Ward) -> None:
    ward.alter("iam", "ListAccountAliases", set_to("AccountAliases", value=["acme-dev"]))

    found = aws.who(ward.target().aws)

    assert (found.account, found.alias) == (ward.answers.account, "acme-dev")
    assert found.arn.endswith(":user/operator")


def test_an_alias_that_may_not_be_read_is_none(ward: Ward) -> None:
    _only(ward, "eks:*")

    assert aws.who(ward.target().aws).alias == ""


def _only(ward: Ward, *actions: str) -> None:
    from unit.doctor.provoked_aws import _allow

    _allow(ward, *actions)


@pytest.mark.usefixtures("bare")
def test_no_credentials_are_said_with_what_to_do() -> None:
    with pytest.raises(TargetError, match=r"no AWS credentials.*Sign in"):
        aws.identity(None, "eu-west-1")


@pytest.mark.usefixtures("bare")
def test_a_profile_that_does_not_exist_is_named() -> None:
    with pytest.raises(InputError, match=r"there is no AWS profile 'nope'.*list-profiles"):
        aws.identity("nope", "eu-west-1")


@pytest.mark.usefixtures("bare")
def test_a_region_that_does_not_exist_is_refused_before_anybody_is_asked() -> None:
    with pytest.raises(InputError, match=r"region.*Did you mean"):
        aws.identity(None, "eu-west-9")


@pytest.mark.usefixtures("bare")
def test_an_endpoint_that_was_left_in_a_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")

    with pytest.raises(InputError, match="AWS_ENDPOINT_URL"):
        aws.clusters(None, "eu-west-1")


def test_an_sso_session_that_is_over_says_how_to_sign_in_again(bare: Path) -> None:
    (bare / ".aws" / "config").write_text(
        "[profile dev]\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = Admin\n"
        "[sso-session work]\nsso_region = eu-west-1\nsso_start_url = https://x.awsapps.com/start\n"
    )

    with pytest.raises(Expired) as caught:
        aws.identity("dev", "eu-west-1")

    assert caught.value.remedy == "Sign in again: aws sso login --profile dev"


def test_a_configuration_that_is_broken_is_said(bare: Path) -> None:
    (bare / ".aws" / "config").write_text("[default\n")

    with pytest.raises(TargetError, match=r"AWS configuration cannot be used"):
        aws.identity(None, "eu-west-1")


def test_no_network_is_said(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAX")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    _, clients = aws.open_session(None, "eu-west-1", "http://127.0.0.1:9")

    with pytest.raises(Transient, match=r"no answer.*Check the network"):
        aws.who(clients)


# ---- clusters


def test_clusters_are_described_in_eks_s_own_words(ward: Ward) -> None:
    assert aws.every_cluster(ward.target().aws) == [
        ClusterSeen("platform-dev", "1.35", "ACTIVE", "API_AND_CONFIG_MAP", public=True, nodes=0)
    ]


def test_an_account_without_clusters_has_none(tmp_path: Path) -> None:
    from dataclasses import replace

    from unit.engine.fakes import ANSWERS

    with Lab(replace(ANSWERS, create_cluster=True)) as lab:
        assert aws.every_cluster(lab.target().aws) == []


def test_clusters_that_may_not_be_listed_are_an_error_that_names_the_permission(ward: Ward) -> None:
    _only(ward, "eks:DescribeCluster")

    with pytest.raises(Unreadable, match="eks:ListClusters"):
        aws.every_cluster(ward.target().aws)


def test_a_cluster_that_may_not_be_described_is_unknown_and_not_left_out(ward: Ward) -> None:
    _only(ward, "eks:ListClusters")

    (found,) = aws.every_cluster(ward.target().aws)

    assert (found.name, found.version, found.status, found.mode) == ("platform-dev", "unknown", "unknown", "unknown")


def test_nodes_are_counted_and_unknown_where_nobody_can_count_them(ward: Ward) -> None:
    from unit.doctor.provoked_cluster import group

    group(ward)
    eks = ward.target().aws("eks")
    assert aws.one_cluster(eks, "platform-dev").nodes == 2  # type: ignore[union-attr]

    ward.alter("eks", "DescribeCluster", set_to("cluster", "computeConfig", value={"enabled": True}))
    assert aws.one_cluster(ward.target().aws("eks"), "platform-dev").nodes is None  # type: ignore[union-attr]

    _only(ward, "eks:DescribeCluster")
    ward.alterations.clear()
    assert aws.one_cluster(ward.target().aws("eks"), "platform-dev").nodes is None  # type: ignore[union-attr]


def test_a_cluster_from_before_access_entries_uses_the_map(ward: Ward) -> None:
    ward.alter("eks", "DescribeCluster", lambda parsed: parsed["cluster"].pop("accessConfig"))

    assert aws.one_cluster(ward.target().aws("eks"), "platform-dev").mode == "CONFIG_MAP"  # type: ignore[union-attr]


def test_a_cluster_that_is_not_there_is_none(ward: Ward) -> None:
    assert aws.one_cluster(ward.target().aws("eks"), "other") is None
