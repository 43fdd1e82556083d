"""Each change to the world turns the right stage red, with a message that names the cause."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ekswiz.clients import kube_api
from ekswiz.clients.kube_api import at
from ekswiz.events import Event
from ekswiz_sim.push import push
from ekswiz_sim.scene import Scene, Verdict
from ekswiz_sim.stages import Stage, answer

ROAD = ("plan", "apply", "push", "answer")


def _edit(scene: Scene, path: str, old: str, new: str) -> None:
    file = scene.checkout / path
    text = file.read_text()
    assert old in text, f"{path} does not hold {old!r}"
    file.write_text(text.replace(old, new))


def _trust(scene: Scene, role: str, change: Callable[[dict[str, Any]], None]) -> None:
    iam = scene.world.root("iam")
    document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    change(document)
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(document))


def _equals(document: dict[str, Any]) -> dict[str, Any]:
    conditions: dict[str, Any] = document["Statement"][0]["Condition"]["StringEquals"]
    return conditions


def test_the_whole_road_is_green(rehearse: Any) -> None:
    run = rehearse()

    assert run.report["ok"], [s for s in run.report["stages"] if not s["ok"]]
    assert run.report["leftovers"] == []
    assert run.report["subject"]["commit"] in run.report["http"]["body"]
    rows = {cell["row"] for cell in run.report["matrix"]}
    columns = {cell["column"] for cell in run.report["matrix"]}
    assert len(rows) >= 10
    assert len(columns) >= 6


@pytest.mark.parametrize("environment", [None])
def test_without_an_environment_the_reusable_workflow_separates_the_roles(rehearse: Any, environment: None) -> None:
    run = rehearse(environment=environment)

    assert run.report["ok"], [s for s in run.report["stages"] if not s["ok"]]


def test_a_trust_for_another_branch(rehearse: Any) -> None:
    def other_branch(scene: Scene) -> None:
        def change(document: dict[str, Any]) -> None:
            equals = _equals(document)
            key = next(name for name in equals if name.endswith(":sub"))
            equals[key] = [f"{scene.answers.subject_prefix}:ref:refs/heads/other"]

        _trust(scene, scene.answers.push_role, change)

    run = rehearse(stages=ROAD, interfere={"push": other_branch})

    assert run.first_red == "push"
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in run.text("push")
    assert "token.actions.githubusercontent.com:sub" in run.text("push")
    assert "refs/heads/other" in run.text("push")


def test_a_deploy_role_that_the_build_job_can_assume(rehearse: Any) -> None:
    def open_deploy_role(scene: Scene) -> None:
        push_trust = scene.world.root("iam").get_role(RoleName=scene.answers.push_role)["Role"]
        statement = push_trust["AssumeRolePolicyDocument"]["Statement"][0]
        _trust(scene, scene.answers.deploy_role, lambda d: d["Statement"].append({**statement, "Sid": "Also"}))

    run = rehearse(stages=(*ROAD, "access"), interfere={"push": open_deploy_role})

    assert run.first_red == "access"
    wrong = {(cell["row"], cell["column"]) for cell in run.report["matrix"] if not cell["ok"]}
    assert ("build-job", "assume-deploy") in wrong
    assert ("build-job", "deploy") in wrong


def test_no_right_to_put_an_image(rehearse: Any) -> None:
    def without_put(scene: Scene) -> None:
        iam, role = scene.world.root("iam"), scene.answers.push_role
        name = iam.list_role_policies(RoleName=role)["PolicyNames"][0]
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            if "ecr:PutImage" in statement["Action"]:
                statement["Action"].remove("ecr:PutImage")
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

    run = rehearse(stages=ROAD, interfere={"push": without_put})

    assert run.first_red == "push"
    assert "ecr:PutImage" in run.stage("push")["why"]


def test_no_access_entry(rehearse: Any) -> None:
    def without_entry(scene: Scene) -> None:
        arn = f"arn:aws:iam::{scene.answers.account}:role/{scene.answers.deploy_role}"
        scene.world.root("eks").delete_access_entry(clusterName=scene.answers.cluster, principalArn=arn)

    run = rehearse(stages=ROAD, interfere={"push": without_entry})

    assert run.first_red == "push"
    assert "access entry" in run.stage("push")["why"]
    assert scene_role(run) in run.stage("push")["why"]


def scene_role(run: Any) -> str:
    return "ekswiz-hello-eks-deploy"


def test_one_rbac_rule_less(rehearse: Any) -> None:
    def without_patch(scene: Scene) -> None:
        cluster, namespace = scene.answers.cluster, scene.answers.namespace
        path = at("apis", "rbac.authorization.k8s.io", "v1", "namespaces", namespace, "roles", "ekswiz-deployer")
        role = kube_api.get(scene.target, cluster, path)
        assert role is not None
        for rule in role["rules"]:
            if "deployments" in rule["resources"]:
                rule["verbs"].remove("patch")
        kube_api.send(scene.target, cluster, "PATCH", path, {"rules": role["rules"]})

    run = rehearse(stages=ROAD, interfere={"push": without_patch})

    assert run.first_red == "push"
    assert "deployments" in run.stage("push")["why"]
    assert "rbac" in run.stage("push")["why"]


def test_a_crash_in_the_second_deployment_is_rolled_back_to_the_first(rehearse: Any) -> None:
    first: dict[str, str] = {}

    def crash(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        first["commit"] = scene.commit
        _edit(scene, "app/main.py", "app = FastAPI(", "raise SystemExit('broken on purpose')\napp = FastAPI(")
        _edit(scene, "manifests/deployment.yaml", "progressDeadlineSeconds: 120", "progressDeadlineSeconds: 3")
        yield from push(scene, verdict)

    def still_first(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        scene.commit = first["commit"]
        yield from answer(scene, verdict)

    run = rehearse(stages=ROAD, extra=[Stage("crash", "", crash), Stage("still", "", still_first)])

    assert not run.stage("crash")["ok"]
    assert "broken on purpose" in run.text("crash")
    assert "rolled back" in run.text("crash").lower()
    assert run.stage("still")["ok"], run.stage("still")


def test_a_wrong_image_name(rehearse: Any) -> None:
    def wrong(scene: Scene) -> None:
        from ekswiz.paths import WORKFLOW_PATH

        named = "reference=$REGISTRY/$ECR_REPOSITORY@$digest"
        _edit(scene, WORKFLOW_PATH, named, named.replace("$ECR_REPOSITORY", "wrong-name"))
        _edit(scene, "manifests/deployment.yaml", "progressDeadlineSeconds: 120", "progressDeadlineSeconds: 3")

    run = rehearse(stages=ROAD, interfere={"push": wrong})

    assert run.first_red == "push"
    assert "wrong-name" in run.stage("push")["why"]
    assert "nothing to go back to" in run.text("push")


def test_no_id_token_permission(rehearse: Any) -> None:
    def without(scene: Scene) -> None:
        from ekswiz.paths import WORKFLOW_PATH

        file = scene.checkout / WORKFLOW_PATH
        lines = [line for line in file.read_text().splitlines() if "id-token: write" not in line]
        file.write_text("\n".join(lines) + "\n")

    run = rehearse(stages=ROAD, interfere={"push": without})

    assert run.first_red == "push"
    assert "id-token" in run.stage("push")["why"]


def test_an_operator_who_may_not_create_roles(rehearse: Any) -> None:
    def without(document: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(document)
        assert '"iam:CreateRole"' in text
        return dict(json.loads(text.replace('"iam:CreateRole"', '"iam:GetRole"')))

    run = rehearse(stages=ROAD, policy=without)

    assert run.first_red == "apply"
    assert "iam:CreateRole" in run.stage("apply")["why"]


def test_an_evaluator_that_always_allows_turns_the_matrix_red(rehearse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ekswiz.iam import evaluate, trust
    from ekswiz.iam.decision import Decision

    def allow(*_: Any, **__: Any) -> Decision:
        return Decision(allowed=True, layer="permission", by="mutant", key=None, expected=(), got=(), why="always")

    monkeypatch.setattr(evaluate, "evaluate", allow)
    monkeypatch.setattr(trust, "evaluate_trust", allow)

    run = rehearse(stages=(*ROAD, "access"))

    red = [cell for cell in run.report["matrix"] if not cell["ok"]]
    assert len(red) >= 20
