"""Events that must not deploy, and workflows that ekswiz did not write: what a rehearsal makes of them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ekswiz.errors import InputError
from ekswiz.occasion import Occasion
from ekswiz.paths import WORKFLOW_PATH
from ekswiz_sim import by_hand, occasions, sample
from ekswiz_sim.scene import Scene
from ekswiz_sim.stages import STAGES, stages
from rehearsal.worlds import Run, rehearsed
from unit.engine.fakes import ANSWERS

GUIDE = Path(__file__).parents[1] / "unit" / "workflow" / "data" / "guide.yml"
SHORT = ("plan", "apply", "review", "push")
ASKING = """\
on: [push, pull_request, pull_request_target]
permissions: {}
jobs:
  ask:
    runs-on: ubuntu-latest
    permissions: {id-token: write, contents: read}
    env: {SECRET: "${{ secrets.PASSWORD }}", VARIABLE: "${{ vars.PLACE }}"}
    steps:
      - run: echo "url=[${ACTIONS_ID_TOKEN_REQUEST_URL:+there}] secret=[${SECRET:+there}] variable=[$VARIABLE]"
      - uses: aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c
        with:
          aws-region: eu-west-1
          role-to-assume: ${{ secrets.ROLE }}
          retry-max-attempts: '1'
"""


def repository(folder: Path, **files: str) -> Path:
    """The sample's service at the top of a repository of its own, with more files."""
    source = folder / "repository"
    shutil.copytree(sample.source() / "app", source)
    for name, text in files.items():
        path = source / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return source


def tried(occasion: Occasion, source: Path | None = None, **how: Any) -> Run:
    if source is not None:
        how = {"context": ".", "dockerfile": "Dockerfile", "manifests": "k8s", **how}
    return rehearsed(occasion=occasion, source=source, stages=how.pop("stages", SHORT), **how)


@pytest.mark.parametrize(
    ("occasion", "why"),
    [
        (Occasion(branch="feature/x"), "a push to feature/x starts nothing: Branch feature/x does not pass"),
        (Occasion("pull_request", fork=True), "a pull_request from a fork starts nothing: `on` of"),
        (
            Occasion("workflow_dispatch", branch="feature/x"),
            "a manual start on feature/x ran no job (its `if` skips them all), got no token, and became no role",
        ),
    ],
)
def test_what_must_not_deploy_starts_nothing(occasion: Occasion, why: str) -> None:
    run = tried(occasion)
    assert run.first_red == "none", run.text(run.first_red)
    assert run.why("push").startswith(why)
    assert run.report["findings"] == []
    assert run.report["image"] is None


def test_the_generated_workflow_is_green_when_somebody_starts_it_by_hand_on_the_branch() -> None:
    run = tried(Occasion("workflow_dispatch"), stages=("plan", "apply", "push", "answer"))
    assert (run.first_red, run.report["findings"]) == ("none", []), run.text(run.first_red)
    assert run.report["image"]["digest"].startswith("sha256:")


def occasion_of(source: Path, event: Any, **more: Any) -> Occasion:
    secrets = {"PASSWORD": "s3cret-Passw0rd", **more.pop("secrets", {})}
    file = source / ".github" / "workflows" / "ask.yml"
    return Occasion(event, workflow=file, secrets=secrets, variables={"PLACE": "here"}, **more)


def wide_open(scene: Scene) -> None:
    """The mistake that people make: the whole repository, whatever ran there."""
    answers, iam = scene.answers, scene.world.root("iam")
    trust = by_hand._trust(answers)
    trust["Statement"][0]["Condition"]["StringLike"] = {f"{answers.issuer}:sub": f"repo:{answers.repository}:*"}
    iam.create_role(RoleName="wide", AssumeRolePolicyDocument=json.dumps(trust))


def test_a_fork_gets_no_token_no_secrets_and_no_variables(tmp_path: Path) -> None:
    source = repository(tmp_path, **{".github__workflows__ask.yml": ASKING})
    secrets = {"ROLE": "arn:aws:iam::200000000779:role/ekswiz-hello-eks-push"}
    run = tried(occasion_of(source, "pull_request", fork=True, secrets=secrets), source, account="200000000779")
    assert run.first_red == "none", run.text(run.first_red)
    assert run.why("push") == "a pull_request from a fork ran ask, got no token and no secrets, and became no role"
    assert "url=[] secret=[] variable=[]" in run.stage("push")["log"]


def test_a_pull_request_that_becomes_a_role_is_red_and_names_it(tmp_path: Path) -> None:
    source = repository(tmp_path, **{".github__workflows__ask.yml": ASKING})
    secrets = {"ROLE": "arn:aws:iam::200000000777:role/wide"}
    run = tried(
        occasion_of(source, "pull_request", secrets=secrets), source,
        account="200000000777", subject="classic", interfere={"review": wide_open},
    )  # fmt: skip
    assert run.why("push") == "a pull_request from a branch of this repository became wide, which must not be"
    assert "url=[there] secret=[there] variable=[here]" in run.stage("push")["log"]
    assert not run.report["ok"]


def test_the_target_of_a_fork_is_denied_by_the_roles_of_ekswiz(tmp_path: Path) -> None:
    source = repository(tmp_path, **{".github__workflows__ask.yml": ASKING})
    secrets = {"ROLE": "arn:aws:iam::200000000778:role/ekswiz-hello-eks-push"}
    run = tried(
        occasion_of(source, "pull_request_target", fork=True, secrets=secrets), source, account="200000000778"
    )  # fmt: skip
    assert run.stage("push")["ok"], run.text("push")
    assert run.why("push").endswith("ran ask, got 1 token, and became no role")


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: fastapi-app}
spec:
  replicas: 1
  selector: {matchLabels: {app: fastapi}}
  template:
    metadata: {labels: {app: fastapi}}
    spec: {containers: [{name: fastapi, image: DOCKER_IMAGE, ports: [{containerPort: 8000}]}]}
"""
SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: fastapi}\nspec: {selector: {app: fastapi}, ports: [{port: 80}]}\n"
)


def test_the_guides_workflow_runs_as_it_is_and_the_report_names_what_is_wrong_with_it(tmp_path: Path) -> None:
    # given the guide's repository, and its file somewhere else
    source = repository(tmp_path, **{"fastapi-deploy.yaml": DEPLOYMENT, "fastapi-service.yaml": SERVICE})
    run = tried(Occasion(workflow=GUIDE, outside=True), source, subject="classic")
    # then every step was green, and yet nothing was deployed
    parts = [event for event in run.events if event.type == "stage" and event.data.get("parent") == "push"]
    assert [event.data["ok"] for event in parts if event.data["phase"] == "finished"] == [True] * 8
    assert "ran green, and deployed nothing: Deployment default/fastapi-app has the image '127.0.0.1:" in run.why(
        "push"
    )
    # and the report names the variable, the actions and the role
    found = {(row["rule"], row["severity"]) for row in run.report["findings"]}
    assert {
        ("undefined-variable", "error"),
        ("unpinned-action", "warning"),
        ("managed-for-machines", "error"),
        ("cluster-admin", "error"),
        ("one-role", "warning"),
    } <= found
    (variable,) = [row for row in run.report["findings"] if row["rule"] == "undefined-variable"]
    assert variable["where"] == ".github/workflows/guide.yml:50:52"
    assert variable["sentence"].startswith("$REPOSITORY is not defined in this step")
    assert sum(row["rule"] == "unpinned-action" for row in run.report["findings"]) == 3
    assert "$REPOSITORY" in run.why("review")


def test_with_the_immutable_subject_the_guides_role_lets_nobody_in(tmp_path: Path) -> None:
    source = repository(tmp_path, **{".github__workflows__guide.yml": GUIDE.read_text()})
    run = tried(Occasion(workflow=Path(".github/workflows/guide.yml")), source, subject="immutable")
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in run.why("push")
    assert "carries the ids of owner and repository" in run.why("push")


@pytest.mark.parametrize(
    ("occasion", "field", "words"),
    [
        (Occasion(fork=True), "--fork", "Add --event pull_request"),
        (Occasion(branch="a b"), "--branch", "Name another"),
        (Occasion(branch="-x"), "--branch", "Name another"),
        (Occasion(branch="a..b"), "--branch", "Name another"),
        (Occasion(workflow=Path("nowhere.yml")), "--workflow", "Name a workflow file"),
        (Occasion(workflow=GUIDE), "--workflow", "add --run-on-host"),
        (Occasion(actions=Path("nowhere")), "--actions-dir", "Name the folder"),
    ],
)
def test_what_cannot_happen_is_refused_by_its_flag(tmp_path: Path, occasion: Occasion, field: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        occasions.check(occasion, tmp_path, ANSWERS)
    assert refused.value.field == field
    assert words in str(refused.value)


CHECK = Path(".github/workflows/oidc-check.yml")


@pytest.mark.parametrize("changes", [{}, {"environment": None, "subject": "classic"}])
def test_the_check_of_the_token_shows_every_claim_and_that_all_are_as_asked_for(changes: dict[str, Any]) -> None:
    run = tried(Occasion("workflow_dispatch", workflow=CHECK), oidc_check=True, **changes)
    assert run.first_red == "none", run.text(run.first_red)
    log = run.stage("push")["log"]
    rows = [line for line in log if line.startswith("| ")]
    assert [row for row in rows if row.endswith("differs |")] == []
    for claim in ("aud", "sub", "repository_id", "repository_owner_id", "ref", "job_workflow_ref"):
        assert sum(row.startswith(f"| {claim} |") for row in rows) == 2, claim
    assert not any("eyJ" in line for line in log), "the token is never shown"


def test_the_check_names_the_claim_that_differs() -> None:
    run = tried(Occasion("workflow_dispatch", branch="feature/x", workflow=CHECK), oidc_check=True)
    assert any("::error::" not in line and "The claim ref differs" in line for line in run.stage("push")["log"])


@pytest.mark.parametrize(
    ("occasion", "ids"),
    [
        (Occasion(), [stage.id for stage in STAGES]),
        (Occasion(branch="main"), [stage.id for stage in STAGES]),
        (Occasion("workflow_dispatch"), [stage.id for stage in STAGES]),
        (Occasion(branch="x"), ["plan", "apply", "push", "destroy", "empty"]),
        (Occasion("pull_request"), ["plan", "apply", "push", "destroy", "empty"]),
        (Occasion(workflow=GUIDE), ["plan", "apply", "review", "push", "destroy"]),
    ],
)
def test_the_road_of_an_occasion(occasion: Occasion, ids: list[str]) -> None:
    assert [stage.id for stage in stages(occasion, "main")] == ids


REAL = os.environ.get("EKSWIZ_ACTIONS_DIR", "")


@pytest.mark.skipif(not REAL or shutil.which("node") is None, reason="EKSWIZ_ACTIONS_DIR names no clones, or no node")
def test_with_the_actions_own_javascript_the_road_is_as_green() -> None:
    run = rehearsed(occasion=Occasion(actions=Path(REAL)), stages=("plan", "apply", "push", "answer"))
    assert run.first_red == "none", run.text(run.first_red)
    log = run.stage("push")["log"]
    for name in ("configure-aws-credentials", "amazon-ecr-login"):
        assert any(line.startswith(f"aws-actions/{name}: its own code from") for line in log)
    (row,) = [row for row in run.report["tiers"] if row["part"] == "runner"]
    assert row["chosen"] == "embedded + node"


def test_the_generated_file_may_be_named(tmp_path: Path) -> None:
    occasions.check(Occasion(workflow=Path(WORKFLOW_PATH)), tmp_path, ANSWERS)
