"""The published guide's workflow, unmodified, with twins that only note what they were asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ekswiz_sim.seams import ActionCall, ActionResult

if TYPE_CHECKING:
    from unit.runner.lab import Lab

GUIDE = Path(__file__).parents[1] / "workflow" / "data" / "guide.yml"


def test_the_guides_workflow_runs_unmodified_and_shows_its_image_bug(
    lab: Lab, tools: Callable[[Mapping[str, str]], None]
) -> None:
    calls: list[ActionCall] = []
    posts: list[str] = []

    def checkout(call: ActionCall) -> ActionResult:
        shutil.copytree(lab.checkout, call.workspace, dirs_exist_ok=True)
        return ActionResult(ok=True)

    def configure(call: ActionCall) -> ActionResult:
        calls.append(call)
        keys = {"AWS_REGION": call.inputs["aws-region"], "AWS_SECRET_ACCESS_KEY": "the-secret-key"}
        return ActionResult(ok=True, env=keys, masks=("the-secret-key",), post=lambda post: posts.append(post.uses))

    def login(call: ActionCall) -> ActionResult:
        assert call.env["AWS_SECRET_ACCESS_KEY"] == "the-secret-key"
        return ActionResult(ok=True, outputs={"registry": "127.0.0.1:5000"})

    lab.write(GUIDE.read_text())
    (lab.checkout / "fastapi-deploy.yaml").write_text("image: DOCKER_IMAGE\n")
    (lab.checkout / "fastapi-service.yaml").write_text("kind: Service\n")
    lab.actions.update(
        {
            "actions/checkout": checkout,
            "aws-actions/configure-aws-credentials": configure,
            "aws-actions/amazon-ecr-login": login,
        }
    )
    tools({"docker": 'echo "docker $*"', "aws": 'echo "aws $* $AWS_SECRET_ACCESS_KEY"', "kubectl": 'cat "$3"'})
    secrets = {"AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_REGION": "us-east-1", "EKS_CLUSTER_NAME": "demo"}
    result = lab.run(secrets=secrets)

    assert result.ok, result.failed_step
    assert [name for name, _ in lab.steps()] == [
        "Checkout code",
        "Configure AWS credentials",
        "Login to Amazon ECR",
        "Build, tag, and push docker image to Amazon ECR",
        "Update kube config",
        "Deploy to EKS",
        "Post Configure AWS credentials",
    ]
    assert calls[0].inputs == {
        "role-to-assume": "arn:aws:iam::1:role/x",
        "role-session-name": "GitHubActionsSession",
        "aws-region": "us-east-1",
    }
    assert calls[0].env["ACTIONS_ID_TOKEN_REQUEST_URL"] == "http://127.0.0.1:9/token?job=1"
    assert calls[0].env["GITHUB_ACTION"] == "__aws-actions_configure-aws-credentials"
    assert posts == ["aws-actions/configure-aws-credentials@v4"]
    log = lab.log()
    assert f"docker push 127.0.0.1:5000/fastapi-app:{'a' * 40}" in log
    assert "aws eks update-kubeconfig --name *** --region *** ***" in log
    assert f"image: 127.0.0.1:5000/:{'a' * 40}" in log, "the guide's bug: $REPOSITORY is empty in the last step"
