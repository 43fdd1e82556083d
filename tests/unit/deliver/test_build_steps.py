"""The build job's scripts, run by bash as GitHub's runner runs them."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import Shell

Step = Callable[[str, str], str]
DIGEST = f"sha256:{'c' * 64}"
ENV = {"ECR_REPOSITORY": "octo/shop", "BUILD_CONTEXT": ".", "DOCKERFILE": "Dockerfile", "REGISTRY": "127.0.0.1:5000"}
COMMIT = "a" * 40


def test_an_image_that_is_there_is_used_again(shell: Shell, step: Step) -> None:
    shell.fake("aws", f"echo {DIGEST}")
    ran = shell.run(step("build", "Look for the image of this commit"), ENV)
    assert (ran.code, ran.outputs) == (0, {"digest": DIGEST})
    assert f"--image-ids imageTag={COMMIT}" in ran.calls[0]


def test_a_missing_image_is_no_failure(shell: Shell, step: Step) -> None:
    shell.fake("aws", "echo 'An error occurred (ImageNotFoundException) when calling ...' >&2; exit 254")
    ran = shell.run(step("build", "Look for the image of this commit"), ENV)
    assert (ran.code, ran.outputs) == (0, {})


def test_any_other_answer_stops_the_job_and_is_shown(shell: Shell, step: Step) -> None:
    shell.fake("aws", "echo 'An error occurred (AccessDeniedException) when calling ...' >&2; exit 254")
    ran = shell.run(step("build", "Look for the image of this commit"), ENV)
    assert ran.code == 1
    assert "AccessDeniedException" in ran.log


def test_the_image_is_built_and_pushed_under_the_commit(shell: Shell, step: Step) -> None:
    shell.fake("docker", "")
    ran = shell.run(
        step("build", "Build and push"), {**ENV, "DOCKERFILE": "my app/Dockerfile", "BUILD_CONTEXT": "my app"}
    )
    reference = f"127.0.0.1:5000/octo/shop:{COMMIT}"
    assert ran.calls == [
        f"docker build --file my app/Dockerfile --tag {reference} my app",
        f"docker push {reference}",
    ]


def test_a_failed_build_pushes_nothing(shell: Shell, step: Step) -> None:
    shell.fake("docker", "exit 3")
    ran = shell.run(step("build", "Build and push"), ENV)
    assert ran.code == 3
    assert len(ran.calls) == 1


def test_a_pushed_image_is_named_by_the_digest_that_ecr_answers(shell: Shell, step: Step) -> None:
    shell.fake("aws", f"echo {DIGEST}")
    ran = shell.run(step("build", "Name the image by its digest"), {**ENV, "EXISTING": ""})
    assert ran.outputs == {"reference": f"127.0.0.1:5000/octo/shop@{DIGEST}"}


def test_a_known_digest_needs_no_second_question(shell: Shell, step: Step) -> None:
    shell.fake("aws", "exit 1")
    ran = shell.run(step("build", "Name the image by its digest"), {**ENV, "EXISTING": DIGEST})
    assert (ran.outputs["reference"], ran.calls) == (f"127.0.0.1:5000/octo/shop@{DIGEST}", [])


def test_something_that_is_no_digest_is_refused(shell: Shell, step: Step) -> None:
    shell.fake("aws", "echo None")
    ran = shell.run(step("build", "Name the image by its digest"), {**ENV, "EXISTING": ""})
    assert (ran.code, ran.outputs) == (1, {})
    assert "::error::ECR answered 'None'" in ran.log
