"""Bad input: one sentence that names field or file and what to do, a documented exit code, at once, nothing left."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ekswiz_sim import sample
from rehearsal.commands import SAMPLE, Ground, Said

SECONDS = 2.0
"""Of processor time, since these tests do not run alone."""
USAGE, PREFLIGHT = 64, 5
REHEARSE = ("--sim", "--headless", "--repo", "acme/payments")
Edit = Callable[[Path], object]


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


@pytest.fixture
def checkout(ground: Ground) -> Path:
    """A repository with a service and manifests of its own, as the working directory."""
    for name in ("Dockerfile", "main.py", "requirements.txt"):
        shutil.copy(sample.source() / "app" / name, ground.cwd)
    shutil.copytree(sample.source() / "manifests", ground.cwd / "manifests")
    for file in (ground.cwd / "manifests").iterdir():
        file.write_text(file.read_text().replace("name: app\n", "name: payments\n"))
    ground.before = ground.listing()
    return ground.cwd


def refused(said: Said, code: int, *words: str, within: float = SECONDS) -> None:
    assert said.code == code, said.text
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    assert said.err.startswith("ekswiz: ")
    for word in words:
        assert word in said.err
    assert said.work < within


@pytest.mark.parametrize(
    ("flag", "value", "word"),
    [
        ("--region", "mars", "not known"),
        ("--region", "eu-wset-1", "Did you mean eu-west-1"),
        ("--repo", "acme", "is not OWNER/NAME"),
        ("--repo", "acme/a/b", "must be a GitHub repository's name"),
        ("--repo", "-acme/a", "must be a GitHub user or organisation"),
        ("--branch", "a..b", "must be one exact branch name"),
        ("--branch", "release/*", "no wildcards"),
        ("--account", "1234", "12 digits"),
        ("--account", "12345678901x", "12 digits"),
        ("--owner-id", "x", "numeric id"),
        ("--stack", "Über", "lower-case letters"),
        ("--namespace", "Pay", "Kubernetes namespace"),
        ("--environment", "a\nb", "environment"),
        ("--app-port", "80", "1024 to 65535"),
        ("--app-port", "http", "is not a number"),
        ("--manifests", "../up", "outside the repository"),
        ("--subject", "x", "immutable"),
    ],
)
def test_a_flag_that_is_not_usable(ground: Ground, checkout: Path, flag: str, value: str, word: str) -> None:
    said = ground.run(*REHEARSE, flag, value)

    refused(said, USAGE, f"Not usable: {flag}", word)
    ground.assert_nothing_left()


def test_a_variable_is_refused_as_its_flag_is(ground: Ground, checkout: Path) -> None:
    refused(ground.run(*REHEARSE, EKSWIZ_REGION="mars"), USAGE, "--region: 'mars'")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--context", "nope"), ("--context:", "nope is not a folder")),
        (("--dockerfile", "nope"), ("--dockerfile:", "there is no nope", "no image to deploy", "--sample")),
        (("--source", "/nope"), ("--source:", "/nope is not a folder")),
        (("--answers", "nope.toml"), ("--answers:", "there is no file nope.toml")),
        (("--json", "/nonexistent/r.json"), ("--json:", "there is no folder /nonexistent")),
        (("--json", "/tmp"), ("--json:", "/tmp is a folder")),
        (("--json", "/proc/version/r.json"), ("--json:", "there is no folder /proc/version")),
        (("--manifests", "main.py"), ("--manifests:", "main.py is not a folder")),
    ],
)
def test_a_file_or_folder_that_is_not_there(
    ground: Ground, checkout: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    refused(ground.run(*REHEARSE, *arguments), USAGE, *words)
    ground.assert_nothing_left()


def test_a_folder_without_git_and_without_a_flag(ground: Ground, checkout: Path) -> None:
    refused(ground.run("--sim", "--headless"), USAGE, "--repo", "EKSWIZ_REPO")


def test_a_folder_without_a_dockerfile(ground: Ground) -> None:
    refused(ground.run(*REHEARSE), USAGE, "there is no Dockerfile", "Add one")


def _replace(name: str, old: str, new: str) -> Edit:
    def edit(checkout: Path) -> None:
        file = checkout / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return edit


DEPLOYMENT, SERVICE, LIST = (f"manifests/{name}.yaml" for name in ("deployment", "service", "kustomization"))


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_replace(DEPLOYMENT, "metadata:\n  name", "metadata: [\n  name"), (DEPLOYMENT, "line 5", "no YAML")),
        (_replace(DEPLOYMENT, "containerPort", "containerPrt"),
         (DEPLOYMENT, "line 33", "spec.template.spec.containers[0].ports[0].containerPrt")),
        (_replace(DEPLOYMENT, "replicas: 2", "replicas: two"), (DEPLOYMENT, "line 8", "spec.replicas", "int32")),
        (_replace(DEPLOYMENT, "kind: Deployment", "kind: Deploymnt"), (DEPLOYMENT, "line 2", "Deploymnt of apps/v1")),
        (_replace(DEPLOYMENT, "kind: Deployment\n", ""), (DEPLOYMENT, "it has no kind")),
        (_replace(DEPLOYMENT, "app.kubernetes.io/name: payments\n  strategy", "app.kubernetes.io/name: x\n  strategy"),
         (DEPLOYMENT, "`selector` does not match template `labels`")),
        (_replace(DEPLOYMENT, "  name: payments\n  labels", "  name: other\n  labels"),
         ("--workload", "no Deployment", "is named payments (there is other)")),
        (_replace(SERVICE, "  name: payments\n  labels", "  name: other\n  labels"), ("--workload", "no Service")),
        (_replace(SERVICE, "metadata:\n", "metadata:\n  namespace: prod\n"),
         (SERVICE, "it is for namespace prod", "goes to payments")),
        (_replace(DEPLOYMENT, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
         (DEPLOYMENT, "spec.template.spec violates PodSecurity restricted", "allowPrivilegeEscalation != false")),
        (_replace(LIST, "- service.yaml", "- servce.yaml"), (LIST, "lists servce.yaml, which is not there")),
        (_replace(LIST, "- service.yaml", "- https://example.com/x.yaml"), (LIST, "nothing but loopback")),
        (_replace(LIST, "- service.yaml", "- ../../outside"), (LIST, "outside of the repository")),
        (lambda checkout: (checkout / LIST).rename(checkout / "manifests/Kustomization"),
         ("manifests/Kustomization", "Rename it to kustomization.yaml")),
        (lambda checkout: (checkout / SERVICE).write_bytes(b"\xff\xfe"), (SERVICE, "cannot be read")),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_deployed(ground: Ground, checkout: Path, edit: Edit, words: tuple[str, ...]) -> None:
    edit(checkout)
    ground.before = ground.listing()

    refused(ground.run(*REHEARSE), USAGE, *words)
    ground.assert_nothing_left()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FORM python\n", ("Dockerfile:1:", "unknown instruction: FORM")),
        ("FROM python:3.13-slim\nCOPY absent.py .\n", ("Dockerfile:2:", "'absent.py' does not exist", "cwd.")),
        ("", ("Dockerfile", "no instructions")),
    ],
)
def test_a_dockerfile_that_is_wrong(ground: Ground, checkout: Path, text: str, words: tuple[str, ...]) -> None:
    (checkout / "Dockerfile").write_text(text)
    ground.before = ground.listing()

    refused(ground.run(*REHEARSE), USAGE, "The image cannot be built: ", *words, within=2 * SECONDS)
    ground.assert_nothing_left()


def test_a_port_in_use(ground: Ground) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        for command in ((*SAMPLE, "--port", str(port)), ("sim", "up", "--sample", "--port", str(port))):
            refused(ground.run(*command), PREFLIGHT, f"port {port} on 127.0.0.1 cannot be used", "--port")
    ground.assert_nothing_left()


@pytest.mark.parametrize(
    "arguments",
    [("frobnicate",), ("--frob",), ("--sim", "--port", "99999"), ("sim",), ("plan", "--exit-cde"), ("--port", "x")],
)
def test_a_command_line_that_is_none(ground: Ground, arguments: tuple[str, ...]) -> None:
    said = ground.run(*arguments)

    assert said.code == USAGE, said.text
    assert "Usage: ekswiz" in said.text
    assert "Traceback" not in said.text


def test_a_reader_that_goes_away(ground: Ground) -> None:
    """As every filter does: without a word, with exit code 1."""
    said = ground.run(*SAMPLE, shell='{ "$0" "$@"; echo "code $?" >&2; } | { IFS= read -r line; echo "$line"; }')

    assert said.out.startswith("  part"), said.text
    assert said.out.count("\n") == 1
    assert said.err == "code 1\n"
    ground.assert_nothing_left()


def test_a_disk_that_is_full(ground: Ground) -> None:
    said = ground.run(*SAMPLE, shell='exec "$0" "$@" >/dev/full')

    assert said.code == 1
    assert said.err == "ekswiz: Stopped: No space left on device.\n"
    assert ground.run(shell='exec "$0" >/dev/full 2>&1').code == 1
    ground.assert_nothing_left()


@pytest.mark.parametrize("redirections", ["<&-", "<&- >&-", "<&- >&- 2>&-", ">/dev/null 2>&-"])
def test_streams_that_are_closed(ground: Ground, checkout: Path, redirections: str) -> None:
    start = ground.run(shell=f'exec "$0" {redirections}')
    bad = ground.run(*REHEARSE, "--region", "mars", shell=f'exec "$0" "$@" {redirections}')

    assert start.code == 0, start.text
    assert bad.code == USAGE
    assert "Traceback" not in bad.text
    ground.assert_nothing_left()


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"TERM": "dumb", "COLUMNS": "1"},
    ],
)
def test_a_terminal_or_locale_that_can_do_little(ground: Ground, checkout: Path, environment: dict[str, str]) -> None:
    start = ground.run(**environment)
    bad = ground.run(*REHEARSE, "--stack", "Über", **environment)

    assert start.code == 0, start.text
    assert "ekswiz" in start.out
    assert bad.code == USAGE
    assert "Traceback" not in bad.text


def test_the_report_is_json_whatever_the_locale(ground: Ground) -> None:
    said = ground.run(
        *SAMPLE, "--json", "-", PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C", TERM="dumb",
        shell='exec "$0" "$@" <&-',
    )  # fmt: skip

    assert said.code == 0, said.text
    report = json.loads(said.out)
    assert report["ok"]
    assert report["leftovers"] == []
    assert "ok    access" in said.err
    assert "nothing left: no process, no port, no file" in said.err
    ground.assert_nothing_left()
