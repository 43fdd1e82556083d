"""The deploy job's scripts, run by bash as GitHub's runner runs them; rendering is done by real kubectl."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ruamel.yaml import YAML

from ekswiz.deliver import files

from .conftest import Ran, Shell
from .samples import answers, workflow

Step = Callable[[str, str], str]
Env = dict[str, str]


def manifests(shell: Shell, **texts: str) -> None:
    """Write the generated manifests into the workspace, or other texts in their place."""
    for file in files(answers()):
        if file.kind == "manifest":
            path = shell.workspace / file.path
            path.parent.mkdir(exist_ok=True)
            path.write_text(texts.get(path.stem, file.text))


def rendered(shell: Shell) -> dict[str, Any]:
    text = (shell.temp / "rendered.yaml").read_text()
    return {document["kind"]: document for document in YAML(typ="safe", pure=True).load_all(text)}


def test_the_first_container_gets_the_image_by_digest_and_says_where_it_came_from(
    shell: Shell, step: Step, deploy_env: Env
) -> None:
    manifests(shell)
    ran = shell.run(step("deploy", "Render the manifests"), deploy_env)
    assert ran.code == 0, ran.log
    container = rendered(shell)["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == deploy_env["IMAGE"]
    assert {e["name"]: e["value"] for e in container["env"]} == {
        "IMAGE_DIGEST": f"sha256:{'b' * 64}",
        "GIT_COMMIT": "a" * 40,
    }
    assert set(rendered(shell)) == {"Deployment", "Service"}


TWO_CONTAINERS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: main, image: "old:1", env: [{name: MODE, value: "on"}, {name: GIT_COMMIT, value: stale}]}
        - {name: proxy, image: "proxy:1"}
"""


def test_other_containers_and_other_variables_stay_as_they_are(shell: Shell, step: Step, deploy_env: Env) -> None:
    manifests(shell, deployment=TWO_CONTAINERS)
    ran = shell.run(step("deploy", "Render the manifests"), deploy_env)
    assert ran.code == 0, ran.log
    main, proxy = rendered(shell)["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert proxy == {"name": "proxy", "image": "proxy:1"}
    assert {e["name"]: e["value"] for e in main["env"]} == {
        "MODE": "on", "GIT_COMMIT": "a" * 40, "IMAGE_DIGEST": f"sha256:{'b' * 64}",
    }  # fmt: skip


def test_a_missing_deployment_is_named(shell: Shell, step: Step, deploy_env: Env) -> None:
    manifests(shell, deployment=TWO_CONTAINERS.replace("name: web}", "name: other}", 1))
    ran = shell.run(step("deploy", "Render the manifests"), deploy_env)
    assert ran.code == 1
    assert "::error::The manifests in manifests hold no Deployment named web." in ran.log


def test_an_invalid_manifest_stops_before_the_cluster_is_asked(shell: Shell, step: Step, deploy_env: Env) -> None:
    manifests(shell, service="kind: [")
    ran = shell.run(step("deploy", "Render the manifests"), deploy_env)
    assert ran.code != 0
    assert not (shell.temp / "rendered.yaml").exists()


@pytest.mark.parametrize(("answer", "code"), [(0, 0), (1, 0), (2, 1)])
def test_differences_are_no_failure_but_problems_are(
    shell: Shell, step: Step, deploy_env: Env, answer: int, code: int
) -> None:
    shell.fake("kubectl", f"exit {answer}")
    assert shell.run(step("deploy", "Show what will change"), deploy_env).code == code


def test_the_revision_before_is_remembered(shell: Shell, step: Step, deploy_env: Env) -> None:
    shell.fake("kubectl", "echo -n 7")
    ran = shell.run(step("deploy", "Remember what runs now"), deploy_env)
    assert ran.outputs == {"revision": "7"}


def test_a_rollout_that_does_not_come_up_fails_the_step(shell: Shell, step: Step, deploy_env: Env) -> None:
    shell.fake("kubectl", 'case "$1" in rollout) exit 1;; esac')
    ran = shell.run(step("deploy", "Roll out"), deploy_env)
    assert ran.code == 1
    assert [call.split()[1] for call in ran.calls] == ["apply", "rollout"]


def back(shell: Shell, step: Step, env: Env, *, before: str, now: str) -> Ran:
    shell.fake("kubectl", f'case "$1" in get) echo -n "{now}";; esac')
    return shell.run(step("deploy", "Roll back"), {**env, "BEFORE": before})


def test_a_failed_rollout_goes_back_to_what_ran_before(shell: Shell, step: Step, deploy_env: Env) -> None:
    ran = back(shell, step, deploy_env, before="3", now="4")
    assert "kubectl rollout undo deployment/web --namespace shop --to-revision=3" in ran.calls
    assert "is back at what ran before (revision 3)" in ran.summary


def test_a_first_deployment_has_nothing_to_go_back_to(shell: Shell, step: Step, deploy_env: Env) -> None:
    ran = back(shell, step, deploy_env, before="", now="1")
    assert (ran.code, [call for call in ran.calls if "undo" in call]) == (0, [])
    assert "first deployment of web: there is nothing to go back to" in ran.log


def test_what_changed_no_pod_is_not_undone(shell: Shell, step: Step, deploy_env: Env) -> None:
    ran = back(shell, step, deploy_env, before="3", now="3")
    assert (ran.code, [call for call in ran.calls if "undo" in call]) == (0, [])


def test_diagnosing_never_fails_and_shows_the_logs_of_the_container_before(
    shell: Shell, step: Step, deploy_env: Env
) -> None:
    answers_pods = (
        'case "$*" in *go-template*) echo -n "app=web,tier=x,";; "get pods"*) echo pod/web-1;; *) exit 1;; esac'
    )
    shell.fake("kubectl", answers_pods)
    ran = shell.run(step("deploy", "Diagnose"), deploy_env)
    assert ran.code == 0
    assert any("--selector app=web,tier=x " in f"{call} " for call in ran.calls)
    assert any(call.startswith("kubectl logs pod/web-1") and call.endswith("--previous") for call in ran.calls)


def test_the_labels_template_works_in_real_kubectl(shell: Shell, deploy_env: Env) -> None:
    (shell.workspace / "d.yaml").write_text(TWO_CONTAINERS)
    ran = shell.run('kubectl patch --local -f d.yaml -p "{}" -o "go-template=$LABELS_TEMPLATE"', deploy_env)
    assert ran.log == "app=web,"


def test_the_revision_path_works_in_real_kubectl(shell: Shell, deploy_env: Env) -> None:
    annotated = 'metadata: {name: web, annotations: {deployment.kubernetes.io/revision: "12"}}'
    (shell.workspace / "d.yaml").write_text(TWO_CONTAINERS.replace("metadata: {name: web}", annotated, 1))
    ran = shell.run('kubectl patch --local -f d.yaml -p "{}" -o "jsonpath=$REVISION_PATH"', deploy_env)
    assert ran.log == "12"


SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"


@pytest.mark.parametrize(("expose", "scheme"), [("internal", "internal"), ("public", "internet-facing")])
def test_an_exposed_service_is_rendered_as_a_load_balancers(
    shell: Shell, step: Step, deploy_env: Env, expose: Any, scheme: str
) -> None:
    env = workflow("deploy.yml", answers(expose=expose))["jobs"]["deploy"]["env"]
    manifests(shell)
    ran = shell.run(step("deploy", "Render the manifests"), {**deploy_env, "LOAD_BALANCER": env["LOAD_BALANCER"]})
    assert ran.code == 0, ran.log
    service = rendered(shell)["Service"]
    assert (service["metadata"]["name"], service["spec"]["type"]) == ("web", "LoadBalancer")
    assert service["metadata"]["annotations"] == {SCHEME: scheme}
    assert service["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": "http"}]


def test_inside_the_cluster_the_manifests_decide(shell: Shell, step: Step, deploy_env: Env) -> None:
    manifests(shell)
    assert deploy_env["LOAD_BALANCER"] == ""
    shell.run(step("deploy", "Render the manifests"), deploy_env)
    assert rendered(shell)["Service"]["spec"]["type"] == "ClusterIP"


@pytest.mark.parametrize("member", ["hostname: a.elb.amazonaws.com", "ip: 127.0.0.9"])
def test_the_address_path_works_in_real_kubectl(shell: Shell, deploy_env: Env, member: str) -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nstatus: {loadBalancer: {ingress: [{%s}]}}\n"
    (shell.workspace / "s.yaml").write_text(service % member)
    ran = shell.run('kubectl patch --local -f s.yaml -p "{}" -o "jsonpath=$ADDRESS_PATH"', deploy_env)
    assert ran.log.strip() == member.partition(": ")[2]


@pytest.mark.parametrize(("script", "said"), [("echo -n a.example", "| a.example |"), ("exit 1", "not known yet")])
def test_the_summary_says_where_the_service_answers(
    shell: Shell, step: Step, deploy_env: Env, script: str, said: str
) -> None:
    shell.fake("kubectl", script)
    ran = shell.run(step("deploy", "Summary"), {**deploy_env, "LOAD_BALANCER": "internal", "RESULT": "success"})
    assert ran.code == 0, ran.log
    assert said in ran.summary
