"""What is written into the user's repository, judged by the linters that its users run and by YAML itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ekswiz.answers import Answers
from ekswiz.deliver import files
from ekswiz.errors import InputError

from .samples import answers, parsed, workflow

TOOLS = Path(sys.executable).parent

VARIANTS = {
    "environment": answers(),
    "odd environment": answers(environment="prod eu.1 - blue"),
    "environment that looks like a boolean": answers(environment="true"),
    "environment that looks like a number": answers(environment="1e3"),
    "reusable workflow": answers(environment=None),
    "odd branch": answers(branch="release/1.x+hot=@fix"),
    "odd branch, reusable workflow": answers(branch="_rel/@a+b=c-d.0", environment=None),
    "manifests at the top": answers(manifests=".", context="services/web", dockerfile="services/web/Dockerfile.prod"),
    "China": answers(partition="aws-cn", region="cn-north-1"),
    "long names": answers(cluster="C" * 100, ecr_repository="a" * 256, branch="b" * 244, environment="e" * 255),
}


@pytest.fixture(params=VARIANTS, ids=lambda name: name.replace(" ", "-"))
def variant(request: pytest.FixtureRequest) -> Answers:
    return VARIANTS[str(request.param)]


def written(of: Answers, root: Path) -> Path:
    for file in files(of):
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)
    return root / ".github" / "workflows"


def steps(of: Answers) -> Iterator[dict[str, Any]]:
    for file in files(of):
        if file.kind == "workflow":
            for job in parsed(file)["jobs"].values():
                yield from job.get("steps", ())


def test_actionlint_finds_nothing(variant: Answers, tmp_path: Path) -> None:
    folder = written(variant, tmp_path)
    done = subprocess.run(
        [str(TOOLS / "actionlint"), *map(str, folder.iterdir())], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_zizmor_finds_nothing_even_when_pedantic(tmp_path: Path) -> None:
    # One run over all variants: zizmor's start costs more than its work.
    folders = [written(of, tmp_path / str(index)) for index, of in enumerate(VARIANTS.values())]
    command = [
        str(TOOLS / "zizmor"),
        "--offline",
        "--no-progress",
        "--quiet",
        "--persona=pedantic",
        "--format=plain",
        *map(str, folders),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"HOME": str(tmp_path), "PATH": os.defpath}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_expression_reaches_a_script(variant: Answers) -> None:
    scripts = [step["run"] for step in steps(variant) if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_every_action_is_pinned_to_a_commit(variant: Answers) -> None:
    used = [step["uses"] for step in steps(variant) if "uses" in step]
    assert len(used) == 5
    assert [use for use in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", use)] == []


def test_a_checkout_never_leaves_credentials_behind(variant: Answers) -> None:
    checkouts = [step for step in steps(variant) if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"] for step in checkouts] == [{"persist-credentials": False}] * 2


def test_nothing_is_permitted_by_default_and_each_job_asks_for_two_things(variant: Answers) -> None:
    documents = [parsed(file) for file in files(variant) if file.kind == "workflow"]
    assert [document["permissions"] for document in documents] == [{}] * len(documents)
    jobs = [job for document in documents for job in document["jobs"].values()]
    assert all(job["permissions"] == {"contents": "read", "id-token": "write"} for job in jobs)


def test_each_job_assumes_its_own_role_and_accepts_one_account_only(variant: Answers) -> None:
    given = [step["with"] for step in steps(variant) if "configure-aws-credentials" in step.get("uses", "")]
    roles = [inputs["role-to-assume"] for inputs in given]
    prefix = f"arn:{variant.partition}:iam::012345678901:role/ekswiz-demo"
    assert roles == [f"{prefix}-push", f"{prefix}-deploy"]
    assert {inputs["allowed-account-ids"] for inputs in given} == {"012345678901"}
    assert {inputs["mask-aws-account-id"] for inputs in given} == {"false"}


def test_answers_survive_yaml(variant: Answers) -> None:
    name = "deploy.yml" if variant.environment else "deploy-to-eks.yml"
    deploy = workflow(name, variant)["jobs"]["deploy"]
    build = workflow("deploy.yml", variant)["jobs"]["build"]
    assert deploy.get("environment") == variant.environment
    assert (deploy["env"]["CLUSTER"], deploy["env"]["NAMESPACE"]) == (variant.cluster, variant.namespace)
    assert (deploy["env"]["WORKLOAD"], deploy["env"]["MANIFESTS"]) == (variant.workload, variant.manifests)
    assert build["env"]["ECR_REPOSITORY"] == variant.ecr_repository
    assert (build["env"]["BUILD_CONTEXT"], build["env"]["DOCKERFILE"]) == (variant.context, variant.dockerfile)
    assert deploy["if"] == build["if"] == f"github.ref == 'refs/heads/{variant.branch}'"


def test_the_reusable_file_exists_only_without_an_environment() -> None:
    workflows = {
        environment: [file.path for file in files(answers(environment=environment)) if file.kind == "workflow"]
        for environment in ("production", None)
    }
    assert workflows["production"] == [".github/workflows/deploy.yml"]
    assert workflows[None] == [".github/workflows/deploy.yml", ".github/workflows/deploy-to-eks.yml"]


def test_the_caller_passes_the_image_to_the_deploy_job_in_the_other_file() -> None:
    caller = workflow("deploy.yml", answers(environment=None))["jobs"]["deploy"]
    assert caller["uses"] == "./.github/workflows/deploy-to-eks.yml"
    assert caller["with"] == {"image": "${{ needs.build.outputs.image }}"}
    assert caller["needs"] == "build"


def test_a_running_deployment_is_never_cancelled_and_never_waits_for_itself(variant: Answers) -> None:
    groups = [parsed(file)["concurrency"] for file in files(variant) if file.kind == "workflow"]
    assert {group["cancel-in-progress"] for group in groups} == {False}
    assert len({group["group"] for group in groups}) == len(groups)


@pytest.mark.parametrize(
    ("branch", "pattern"), [("main", "main"), ("a+b", r"a\+b"), ("rel/1.x", "rel/1.x"), ("x[1]?*!", r"x\[1\]\?\*\!")]
)
def test_the_branch_filter_matches_the_branch_literally(branch: str, pattern: str) -> None:
    trigger = workflow("deploy.yml", answers(branch=branch))["on"]
    assert trigger == {"push": {"branches": [pattern]}, "workflow_dispatch": None}


@pytest.mark.parametrize(
    "field", ["cluster", "namespace", "ecr_repository", "context", "dockerfile", "branch", "stack"]
)
@pytest.mark.parametrize("evil", ["a${{ github.token }}", "a\n  b: c", "a\x85b", "a\u2028b"])
def test_what_could_start_an_expression_or_break_a_line_is_refused(field: str, evil: str) -> None:
    with pytest.raises(InputError):
        files(answers(**{field: evil}))


def test_quotes_cannot_leave_their_scalar() -> None:
    deploy = workflow("deploy.yml", answers(environment="it's 'here': #x"))["jobs"]["deploy"]
    assert deploy["environment"] == "it's 'here': #x"


def test_the_same_answers_give_the_same_bytes_and_every_file_says_who_wrote_it(variant: Answers) -> None:
    assert files(variant) == files(variant)
    assert all(file.text.startswith("# Written by ekswiz") for file in files(variant))
    assert all(file.text.endswith("\n") and "@include" not in file.text for file in files(variant))


def test_a_workflow_names_its_stack_in_its_first_line(variant: Answers) -> None:
    first = {file.text.partition("\n")[0] for file in files(variant) if file.kind == "workflow"}
    assert len(first) == 1
    assert first.pop().startswith("# Written by ekswiz for stack demo.")
