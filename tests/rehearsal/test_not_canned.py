"""Each change to the world turns the right stage red, with a message that names the cause."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ekswiz.clients import kube_api
from ekswiz.clients.kube_api import at
from ekswiz.events import Event
from ekswiz.paths import WORKFLOW_PATH
from ekswiz.plan import Action
from ekswiz_sim.push import push
from ekswiz_sim.scene import Scene, Verdict
from ekswiz_sim.stages import Stage, answer
from rehearsal.worlds import Run

Rehearse = Callable[..., Run]
ROAD = ("plan", "apply", "push", "answer")
SUB = "token.actions.githubusercontent.com:sub"
DEPLOY_ROLE = "role/ekswiz-hello-eks-deploy"


def _edit(scene: Scene, path: str, old: str, new: str) -> None:
    file = scene.checkout / path
    text = file.read_text()
    assert old in text, f"{path} does not hold {old!r}"
    file.write_text(text.replace(old, new))


def _impatient(scene: Scene) -> None:
    _edit(scene, "manifests/deployment.yaml", "progressDeadlineSeconds: 120", "progressDeadlineSeconds: 3")


def _trust(scene: Scene, role: str, change: Callable[[dict[str, Any]], None]) -> None:
    iam = scene.world.root("iam")
    document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    change(document)
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(document))


def _red(run: Run, stage: str) -> str:
    """The sentence of the one stage that failed by itself; those after it only needed it."""
    failed = [s for s in run.report["stages"] if not s["ok"] and not s["skipped"]]
    assert [s["id"] for s in failed] == [stage], run.report["stages"]
    assert run.report["ok"] is False
    return run.why(stage)


def test_a_trust_for_another_branch(rehearse: Rehearse) -> None:
    def other_branch(scene: Scene) -> None:
        def change(document: dict[str, Any]) -> None:
            equals = document["Statement"][0]["Condition"]["StringEquals"]
            equals[SUB] = [f"{scene.answers.subject_prefix}:ref:refs/heads/other"]

        _trust(scene, scene.answers.push_role, change)

    why = _red(rehearse(stages=ROAD, interfere={"push": other_branch}), "push")

    assert 'job build, step "Become the push role"' in why
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity." in why
    assert f'{SUB} is "repo:acme@1001/hello-eks@2002:ref:refs/heads/main"' in why
    assert 'asks for "repo:acme@1001/hello-eks@2002:ref:refs/heads/other"' in why


def test_a_deploy_role_that_the_build_job_can_assume(rehearse: Rehearse) -> None:
    def open_deploy_role(scene: Scene) -> None:
        push_trust = scene.world.root("iam").get_role(RoleName=scene.answers.push_role)["Role"]
        statement = push_trust["AssumeRolePolicyDocument"]["Statement"][0]
        _trust(scene, scene.answers.deploy_role, lambda d: d["Statement"].append({**statement, "Sid": "AlsoTheBuild"}))

    run = rehearse(stages=(*ROAD, "access"), interfere={"push": open_deploy_role})

    why = _red(run, "access")
    jobs = ("build-job", "deploy-steps-in-build-job")
    assert run.cells(wrong=True).keys() == {(job, column) for job in jobs for column in ("assume-deploy", "deploy")}
    assert "build-job/assume-deploy expected no, got yes" in why
    assert "AlsoTheBuild" in why
    assert "Decided by" not in why


def test_no_right_to_put_an_image(rehearse: Rehearse) -> None:
    def without_put(scene: Scene) -> None:
        iam, role = scene.world.root("iam"), scene.answers.push_role
        name = iam.list_role_policies(RoleName=role)["PolicyNames"][0]
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            if "ecr:PutImage" in statement["Action"]:
                statement["Action"].remove("ecr:PutImage")
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

    why = _red(rehearse(stages=ROAD, interfere={"push": without_put}), "push")

    assert 'job build, step "Build and push"' in why
    assert "is not authorized to perform: ecr:PutImage on resource: arn:aws:ecr:" in why
    assert "was denied ecr:PutImage on arn:aws:ecr:" in why
    assert "(permission)" in why


def test_no_access_entry(rehearse: Rehearse) -> None:
    def without_entry(scene: Scene) -> None:
        arn = f"arn:aws:iam::{scene.answers.account}:{DEPLOY_ROLE}"
        scene.world.root("eks").delete_access_entry(clusterName=scene.answers.cluster, principalArn=arn)

    run = rehearse(stages=ROAD, interfere={"push": without_entry})

    why = _red(run, "push")
    account = run.report["plan"]["account"]
    assert "the server has asked for the client to provide credentials" in why
    assert f"no access entry for arn:aws:iam::{account}:{DEPLOY_ROLE} in cluster platform" in why


def _made_anew(scene: Scene) -> None:
    """The deploy role, deleted and made again exactly as it was."""
    iam, name = scene.world.root("iam"), scene.answers.deploy_role
    role = iam.get_role(RoleName=name)["Role"]
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)
    trust = json.dumps(role["AssumeRolePolicyDocument"])
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Tags=role["Tags"], Description=role["Description"])
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def test_a_role_made_anew_behind_its_access_entry(rehearse: Rehearse) -> None:
    pending: list[list[tuple[Action, str]]] = []

    def repair(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        made = scene.road.plan(scene.target)
        yield from scene.road.apply(made, scene.target, scene.stop)
        plans = (made, scene.road.plan(scene.target))
        pending.extend([(change.action, change.address) for change in each.pending] for each in plans)
        verdict.passed("repaired")

    run = rehearse(
        stages=ROAD,
        interfere={"push": _made_anew},
        extra=[Stage("repair", "", repair), Stage("push-again", "", push), Stage("answer-again", "", answer)],
    )

    # The first deployment is refused, and says why; the entry looks healthy.
    why = _red(run, "push")
    assert "the server has asked for the client to provide credentials" in why
    assert f"{DEPLOY_ROLE} was made for another identity of that name: it was deleted and made again" in why
    assert "principal unique id: expected AROA" in why
    # The plan notices, apply makes the entry anew, and then the same push gets in.
    assert pending == [[(Action.REPLACE, "access_entry.deploy")], []]
    assert run.stage("answer-again")["ok"]


def test_one_rbac_rule_less(rehearse: Rehearse) -> None:
    def without_patch(scene: Scene) -> None:
        cluster, namespace = scene.answers.cluster, scene.answers.namespace
        path = at("apis", "rbac.authorization.k8s.io", "v1", "namespaces", namespace, "roles", "ekswiz-deployer")
        role = kube_api.get(scene.target, cluster, path)
        assert role is not None
        for rule in role["rules"]:
            if "deployments" in rule["resources"]:
                rule["verbs"].remove("patch")
        kube_api.send(scene.target, cluster, "PATCH", path, {"rules": role["rules"]})

    why = _red(rehearse(stages=ROAD, interfere={"push": without_patch}), "push")

    assert 'cannot patch resource "deployments" in API group "apps" in the namespace "hello-eks"' in why
    assert "was denied patch deployments.apps on platform/hello-eks/app (rbac)" in why


def test_a_crash_in_the_second_deployment_is_rolled_back_to_the_first(rehearse: Rehearse) -> None:
    first: dict[str, str] = {}

    def crash(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        first["commit"] = scene.commit
        _edit(scene, "app/main.py", "app = FastAPI(", "raise SystemExit('broken on purpose')\napp = FastAPI(")
        _impatient(scene)
        yield from push(scene, verdict)

    def still_first(scene: Scene, verdict: Verdict) -> Iterator[Event]:
        scene.commit = first["commit"]
        yield from answer(scene, verdict)

    run = rehearse(stages=ROAD, extra=[Stage("crash", "", crash), Stage("still", "", still_first)])

    why = _red(run, "crash")
    assert 'job deploy, step "Roll out"' in why
    assert "exceeded its progress deadline" in why
    assert "Kubernetes says: " in why
    assert "BackOff app-" in why
    assert "restarting failed container app" in why
    assert "broken on purpose" in run.text("crash")
    assert "deployment.apps/app rolled back" in run.text("crash")
    assert run.stage("still")["ok"], run.stage("still")


def test_a_wrong_image_name(rehearse: Rehearse) -> None:
    def wrong(scene: Scene) -> None:
        named = "reference=$REGISTRY/$ECR_REPOSITORY@$digest"
        _edit(scene, WORKFLOW_PATH, named, named.replace("$ECR_REPOSITORY", "wrong-name"))
        _impatient(scene)

    run = rehearse(stages=ROAD, interfere={"push": wrong})

    why = _red(run, "push")
    assert 'job deploy, step "Roll out"' in why
    assert 'Failed to pull image "127.0.0.1:' in why
    assert "/wrong-name@sha256:" in why
    assert why.endswith(": not found")
    assert "Decided by" not in why
    assert "nothing to go back to" in run.text("push")


def test_no_id_token_permission(rehearse: Rehearse) -> None:
    def without(scene: Scene) -> None:
        file = scene.checkout / WORKFLOW_PATH
        lines = [line for line in file.read_text().splitlines() if "id-token: write" not in line]
        file.write_text("\n".join(lines) + "\n")

    why = _red(rehearse(stages=ROAD, interfere={"push": without}), "push")

    assert "Could not load credentials from any providers" in why
    assert "Job build lacks the permission `id-token: write`" in why


def test_an_operator_who_may_not_create_roles(rehearse: Rehearse) -> None:
    def without(document: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(document)
        assert '"iam:CreateRole"' in text
        return dict(json.loads(text.replace('"iam:CreateRole"', '"iam:GetRole"')))

    run = rehearse(stages=ROAD, policy=without)

    why = _red(run, "apply")
    assert "user/operator is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::" in why
    assert "Ask for the permission iam:CreateRole" in why
    assert "user/operator was denied iam:CreateRole on arn:aws:iam::" in why
    named = why.split("iam:CreateRole on resource: ")[1].split(" ")[0]
    assert f"was denied iam:CreateRole on {named} (permission)" in why


def test_an_evaluator_that_always_allows_turns_the_matrix_red(
    rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ekswiz.iam import evaluate, trust
    from ekswiz.iam.decision import Decision

    def allow(*_: Any, **__: Any) -> Decision:
        return Decision(allowed=True, layer="permission", by="mutant", key=None, expected=(), got=(), why="always")

    monkeypatch.setattr(evaluate, "evaluate", allow)
    monkeypatch.setattr(trust, "evaluate_trust", allow)

    run = rehearse(stages=(*ROAD, "access"))

    red = run.cells(wrong=True)
    assert len(red) >= 20
    assert {column for _, column in red} >= {"assume-push", "assume-deploy", "push-other-repository", "change-iam"}
    assert all((cell["expected"], cell["got"]) == ("no", "yes") for cell in red.values())
    # What neither trust nor permission decides is still refused.
    assert not red.keys() & {("fork-pull-request", "assume-push"), ("expired-token", "assume-push")}
