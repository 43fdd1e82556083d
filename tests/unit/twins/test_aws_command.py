"""The `aws` command of a rehearsal: words, output, exit codes and errors of the AWS CLI, over real HTTP."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ekswiz_sim.runner.tools.aws import main

from .fake_aws import DIGEST, FakeAws

KUBECTL = Path(sys.executable).parent / "kubectl"
IMAGES = ("ecr", "describe-images", "--repository-name", "octo/shop")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(env: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the command; exit code, stdout and stderr."""

    def run(*arguments: str, **changes: str) -> tuple[int, str, str]:
        code = main(arguments, {**env, **changes})
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_a_digest_is_asked_for_as_the_workflow_asks(call: Call, aws: FakeAws) -> None:
    asked = ("--image-ids", "imageTag=v1", "--query", "imageDetails[0].imageDigest", "--output", "text")
    assert call(*IMAGES, *asked) == (0, f"{DIGEST}\n", "")
    assert aws.seen == [("DescribeImages", {"repositoryName": "octo/shop", "imageIds": [{"imageTag": "v1"}]})]


def test_a_missing_image_has_the_clis_words_and_exit_code(call: Call) -> None:
    code, out, err = call(*IMAGES, "--image-ids", "imageTag=v2")
    assert (code, out) == (254, "")
    assert err.startswith(
        "\nAn error occurred (ImageNotFoundException) when calling the DescribeImages operation: The image"
    )


def test_answers_are_json_with_dates(call: Call) -> None:
    _, out, _ = call(*IMAGES)
    assert json.loads(out) == {
        "imageDetails": [{"imageDigest": DIGEST, "imagePushedAt": "1970-01-01T00:00:01.500000+00:00"}]
    }


def test_a_query_that_finds_nothing_says_none_in_text_and_null_in_json(call: Call) -> None:
    assert call(*IMAGES, "--query", "nothing", "--output", "text")[1] == "None\n"
    assert call(*IMAGES, "--query", "nothing")[1] == "null\n"


def test_lists_are_separated_by_tabs(call: Call, aws: FakeAws) -> None:
    aws.images["v2"] = "sha256:d"
    _, out, _ = call(*IMAGES, "--query=imageDetails[].imageDigest", "--output=text")
    assert out == f"{DIGEST}\tsha256:d\n"


def test_all_pages_are_read(call: Call) -> None:
    _, out, _ = call("ecr", "describe-repositories", "--query", "repositories[].repositoryName", "--output", "text")
    assert out == "1\t2\n"


def test_a_wrong_secret_is_refused_by_its_signature(call: Call) -> None:
    code, _, err = call("ecr", "get-login-password", AWS_SECRET_ACCESS_KEY="wrong")
    assert (code, "InvalidSignatureException" in err) == (254, True)


def test_the_registry_password_keeps_its_colons(call: Call) -> None:
    assert call("ecr", "get-login-password") == (0, "pass:word\n", "")


def test_who_am_i(call: Call) -> None:
    _, out, _ = call("sts", "get-caller-identity")
    assert json.loads(out) == {
        "UserId": "AROAX:gha", "Account": "012345678901", "Arn": "arn:aws:sts::1:assumed-role/r/a&b",
    }  # fmt: skip


def test_a_missing_cluster(call: Call) -> None:
    code, _, err = call("eks", "describe-cluster", "--name", "two")
    assert code == 254
    assert err == (
        "\nAn error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: "
        "No cluster found for name: two.\n"
    )


def test_a_token_is_a_presigned_url_that_names_the_cluster_and_calls_nobody(call: Call, aws: FakeAws) -> None:
    code, out, _ = call("eks", "get-token", "--cluster-name", "one", "--output", "json")
    made = json.loads(out)
    token = made["status"]["token"].removeprefix("k8s-aws-v1.")
    url = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    query = parse_qs(url.query)
    assert (code, made["kind"], made["apiVersion"]) == (0, "ExecCredential", "client.authentication.k8s.io/v1beta1")
    assert f"{url.scheme}://{url.netloc}" == aws.url
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert query["X-Amz-Expires"] == ["60"]
    assert aws.seen == []


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("client.authentication.k8s.io/v1", "v1"), ("client.authentication.k8s.io/v9", "v1beta1"), ("", "v1beta1")],
)
def test_a_token_comes_in_the_version_that_kubectl_asks_for(call: Call, asked: str, answered: str) -> None:
    info = json.dumps({"apiVersion": asked}) if asked else "no json"
    _, out, _ = call("eks", "get-token", "--cluster-name", "one", KUBERNETES_EXEC_INFO=info)
    assert json.loads(out)["apiVersion"] == f"client.authentication.k8s.io/{answered}"


def view(path: Path) -> dict[str, object]:
    command = [str(KUBECTL), "config", "view", "--raw", "-o", "json", "--kubeconfig", str(path)]
    found: dict[str, object] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


ARN = "arn:aws:eks:eu-central-1:012345678901:cluster/one"


def test_kubectl_understands_the_kubeconfig(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config"
    code, out, _ = call("eks", "update-kubeconfig", "--name", "one", "--kubeconfig", str(path))
    assert (code, out) == (0, f"Added new context {ARN} to {path}\n")
    found = view(path)
    assert found["current-context"] == ARN
    assert found["clusters"] == [
        {"name": ARN, "cluster": {"server": "https://127.0.0.1:6443", "certificate-authority-data": "Q0E="}}
    ]
    assert isinstance(found["users"], list)
    (user,) = found["users"]
    assert user["user"]["exec"]["command"] == "aws"
    assert user["user"]["exec"]["args"] == [
        "--region", "eu-central-1", "eks", "get-token", "--cluster-name", "one", "--output", "json",
    ]  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_arguments_in_the_kubeconfig_are_ones_that_this_command_knows(call: Call, tmp_path: Path) -> None:
    call("eks", "update-kubeconfig", "--name", "one", "--kubeconfig", str(tmp_path / "config"))
    (user,) = json.loads((tmp_path / "config").read_text())["users"]
    assert call(*user["user"]["exec"]["args"])[0] == 0


def test_what_was_in_a_kubeconfig_stays_and_a_second_time_updates(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("apiVersion: v1\nkind: Config\nclusters:\n- name: mine\n  cluster: {server: https://x}\n")
    call("eks", "update-kubeconfig", "--name", "one", "--alias", "short", KUBECONFIG=str(path))
    _, out, _ = call("eks", "update-kubeconfig", "--name", "one", "--alias", "short", KUBECONFIG=str(path))
    found = json.loads(path.read_text())
    assert out == f"Updated context short in {path}\n"
    assert [entry["name"] for entry in found["clusters"]] == ["mine", ARN]
    assert [entry["name"] for entry in found["contexts"]] == ["short"]


def test_without_a_path_the_steps_own_home_is_used(call: Call, env: dict[str, str]) -> None:
    call("eks", "update-kubeconfig", "--name", "one")
    assert (Path(env["HOME"]) / ".kube" / "config").exists()


def test_a_cluster_that_is_not_ready_is_not_written(call: Call, aws: FakeAws, tmp_path: Path) -> None:
    aws.status = "CREATING"
    code, _, err = call("eks", "update-kubeconfig", "--name", "one", "--kubeconfig", str(tmp_path / "config"))
    assert (code, err, (tmp_path / "config").exists()) == (255, "\nCluster status is CREATING\n", False)


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "- x"])
def test_a_kubeconfig_that_is_none_is_refused_and_kept(call: Call, tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    code, _, err = call("eks", "update-kubeconfig", "--name", "one", "--kubeconfig", str(path))
    assert (code, path.read_text(), str(path) in err) == (255, text, True)


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"AWS_ACCESS_KEY_ID": ""}, 253, "Unable to locate credentials"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, 253, "Partial credentials found in env"),
        ({"AWS_REGION": ""}, 253, "You must specify a region"),
        ({"AWS_ENDPOINT_URL": ""}, 255, "AWS_ENDPOINT_URL is not set"),
        ({"AWS_ENDPOINT_URL": "https://sts.amazonaws.com"}, 255, "is not on loopback"),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
            255,
            'Could not connect to the endpoint URL: "http://127.0.0.1:1/"',
        ),
    ],
)
def test_what_no_call_can_be_made_without_is_named(
    call: Call, changes: Mapping[str, str], code: int, words: str
) -> None:
    got, out, err = call("sts", "get-caller-identity", **changes)
    assert (got, out) == (code, "")
    assert words in err


def test_the_older_name_of_the_region_and_the_flag_work(call: Call) -> None:
    older = {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-central-1"}
    assert call("sts", "get-caller-identity", **older)[0] == 0
    assert call("--region", "eu-central-1", "sts", "get-caller-identity", AWS_REGION="xx")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("s3", "ls"), "'aws s3 ls' is not modelled"),
        (("ecr",), "'aws ecr' is not modelled"),
        ((), "'aws (nothing)' is not modelled"),
        (("ecr", "describe-images"), "the following arguments are required: --repository-name"),
        ((*IMAGES, "--profile", "x"), "Unknown options: --profile"),
        ((*IMAGES, "stray"), "Unknown options: stray"),
        ((*IMAGES, "--image-ids"), "argument --image-ids: expected at least one argument"),
        ((*IMAGES, "--image-ids", "v1"), "Error parsing parameter"),
        ((*IMAGES, "--query", "a[", "--output", "text"), "Bad value for --query a["),
        ((*IMAGES, "--output", "table"), "argument --output"),
        ((*IMAGES, "--output", "text"), "argument --output"),
        (("eks", "get-token"), "--cluster-name or --cluster-id"),
        (("eks", "get-token", "--cluster-name", "one", "--role-arn", "r"), "argument --role-arn"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(call: Call, arguments: tuple[str, ...], words: str) -> None:
    code, out, err = call(*arguments)
    assert (code, out) == (252, "")
    assert words in err


def test_profiles_and_files_are_never_read(call: Call, env: dict[str, str]) -> None:
    file = Path(env["HOME"]) / ".aws" / "credentials"
    file.parent.mkdir(parents=True)
    file.write_text("[default]\naws_access_key_id = ASIAGOOD\naws_secret_access_key = se/cret+key\n")
    assert call("sts", "get-caller-identity", AWS_ACCESS_KEY_ID="")[0] == 253


def test_a_version_is_told(call: Call) -> None:
    assert call("--version")[1].startswith("aws-cli/2.")
