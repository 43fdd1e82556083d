"""What stands in the templates' places, by the answers: what is YAML is quoted, the rest stands in comments or scripts.

The surprising thing: a test command is a script's own line and no variable, so that people can read it. Its rule lets
no character through that means something to a shell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from ekswiz.answers import Answers, check_field
from ekswiz.deliver import pins
from ekswiz.deliver.text import flow, glob, quoted
from ekswiz.iam.documents import deploy_trust, push_trust

CHINA = "aws-cn"
SCHEMES = {"inside": "", "internal": "internal", "public": "internet-facing"}
"""Schemes of AWS's load balancers by how the service is reached; none inside the cluster."""
RUNNERS = {"amd64": "ubuntu-latest", "arm64": "ubuntu-24.04-arm"}
"""GitHub's runner with that processor: an image for the other one would be built by emulation, many times slower."""
PLAIN = re.compile(r"[A-Za-z0-9._/@+=-]+", re.ASCII)
"""Refs that mean nothing to YAML inside a plain scalar."""
DOCUMENTATION = ("!**/*.md", "!docs/**")
"""What changes no image where the service is the whole repository."""


def values(answers: Answers) -> Mapping[str, str]:
    """Every placeholder of the workflow templates.

    Raises:
        InputError: The test command is none that may stand in a script.
    """
    return {
        "stack": answers.stack,
        "branch": answers.branch,
        "push_role": answers.push_role,
        "deploy_role": answers.deploy_role,
        "branch_glob": quoted(glob(answers.branch)),
        "guard": _guard(answers.ref),
        "group": quoted(f"ekswiz-{answers.stack}"),
        "deploy_group": quoted(f"ekswiz-{answers.stack}-deploy"),
        "environment": quoted(answers.environment or ""),
        "push_arn": quoted(_role_arn(answers, answers.push_role)),
        "deploy_arn": quoted(_role_arn(answers, answers.deploy_role)),
        "audience": quoted("sts.amazonaws.com.cn" if answers.partition == CHINA else "sts.amazonaws.com"),
        "scheme": quoted(SCHEMES[answers.expose]),
        **_literals(answers),
        **_options(answers),
        "deploy_path": answers.deploy_workflow,
        "checkout": pins.CHECKOUT.uses,
        "credentials": pins.CREDENTIALS.uses,
        "ecr_login": pins.ECR_LOGIN.uses,
        "buildx": pins.BUILDX.uses,
    }


def check_values(answers: Answers) -> Mapping[str, str]:
    """What `oidc-check.yml` needs besides: the claims that each role asks for.

    Raises:
        InputError: The names are so long that IAM would refuse the trust policy.
    """
    return {
        **values(answers),
        "environment_name": answers.environment or "",
        "check_group": quoted(f"ekswiz-{answers.stack}-oidc-check"),
        "push_claims": quoted(_claims(push_trust(answers), answers.issuer)),
        "deploy_claims": quoted(_claims(deploy_trust(answers), answers.issuer)),
    }


def place(path: str) -> str:
    """A path inside the repository as GitHub writes it; `.` is the repository itself."""
    return str(PurePosixPath(path))


def _guard(ref: str) -> str:
    """The condition that only this ref fulfils; quoted for YAML where a plain scalar would end too early."""
    guard = f"github.ref == {quoted(ref)}"
    return guard if PLAIN.fullmatch(ref) else quoted(guard)


def _literals(answers: Answers) -> Mapping[str, str]:
    plain = {
        "account": answers.account,
        "region": answers.region,
        "ecr_repository": answers.ecr_repository,
        "context": answers.context,
        "dockerfile": answers.dockerfile,
        "cluster": answers.cluster,
        "namespace": answers.namespace,
        "workload_name": answers.workload,
        "manifests": answers.manifests,
        "folder": answers.folder,
    }
    return {name: quoted(value) for name, value in plain.items()}


def _options(answers: Answers) -> Mapping[str, str]:
    """What the user may switch on; empty leaves its part out."""
    check_field("test_command", answers.test_command)
    check_field("deploy_runner", answers.deploy_runner)
    arm = answers.platform == "arm64"
    return {
        "runner": RUNNERS[answers.platform],
        "deploy_runner": answers.deploy_runner,
        "platform_option": " --platform linux/arm64" if arm else "",
        "provenance": "yes" if answers.provenance else "",
        "test": "yes" if answers.test_command else "",
        "test_command": answers.test_command,
        "paths": flow(_paths(answers)) if answers.path_filter else "",
    }


def _paths(answers: Answers) -> tuple[str, ...]:
    """What an image and its deployment are made of, and the files that say how; later patterns win."""
    folders = [place(path) for path in (answers.folder, answers.context, answers.manifests)]
    if folders[:2] == [".", "."]:
        return ("**", *DOCUMENTATION)
    wanted = [f"{glob(path)}/**" for path in dict.fromkeys(folders) if path != "."]
    top = ("*.yaml", "*.yml") if folders[2] == "." else ()
    workflows = (answers.workflow, answers.deploy_workflow)
    return tuple(dict.fromkeys([*wanted, *top, glob(place(answers.dockerfile)), *workflows]))


def _claims(trust: Mapping[str, Any], issuer: str) -> str:
    """The claims that a trust policy asks for, each with the values that it takes."""
    asked: dict[str, list[str]] = {}
    for key, value in trust["Statement"][0]["Condition"]["StringEquals"].items():
        asked[key.removeprefix(f"{issuer}:")] = [value] if isinstance(value, str) else list(value)
    return json.dumps(asked)


def _role_arn(answers: Answers, role: str) -> str:
    return f"arn:{answers.partition}:iam::{answers.account}:role/{role}"
