"""Options of the generated files: each says what it changes, and leaves the rest as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ekswiz.answers import validate
from ekswiz.deliver import files
from ekswiz.errors import InputError
from ekswiz_sim.images.daemonless import Unbuildable, build

from .samples import answers, parsed, workflow


def deploy(**changes: Any) -> Any:
    return workflow("deploy.yml", answers(**changes))


def text(path: str, **changes: Any) -> str:
    return next(file.text for file in files(answers(**changes)) if file.path == path)


def scripts(job: Any) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_without_options_nothing_of_them_is_in_the_files() -> None:
    made = deploy()
    assert list(made["jobs"]) == ["build", "deploy"]
    assert "needs" not in made["jobs"]["build"]
    assert "paths" not in made["on"]["push"]
    assert {job["runs-on"] for job in made["jobs"].values()} == {"ubuntu-latest"}
    assert "buildx" not in scripts(made["jobs"]["build"])
    assert {file.path for file in files(answers())} == {
        ".github/workflows/deploy.yml", "manifests/deployment.yaml", "manifests/service.yaml",
        "manifests/kustomization.yaml",
    }  # fmt: skip


@pytest.mark.parametrize("environment", ["production", None])
def test_tests_run_first_without_credentials(environment: str | None) -> None:
    made = deploy(test_command="python -m pytest -q", folder="services/api", environment=environment)
    job = made["jobs"]["test"]
    assert job["permissions"] == {"contents": "read"}
    assert job["steps"][-1]["run"].strip() == "python -m pytest -q"
    assert job["steps"][-1]["working-directory"] == "services/api"
    assert not any("credentials@" in step.get("uses", "") for step in job["steps"])
    assert made["jobs"]["build"]["needs"] == "test"
    assert job["if"] == made["jobs"]["build"]["if"]


@pytest.mark.parametrize(
    "command",
    ["make test; id", "a && b", "a | b", "$(id)", "`id`", "a > b", "a\nb", "${{ github.token }}", " a", "a  b", "-c x",
     "a*", "~/x", "a 'b'", 'a "b"', "#x", "!x", "x" * 201],
)  # fmt: skip
def test_a_test_command_is_words_and_nothing_else(command: str) -> None:
    with pytest.raises(InputError) as refused:
        files(answers(test_command=command))
    assert refused.value.field == "test_command"


def test_an_image_for_arm_is_built_on_arm() -> None:
    jobs = deploy(platform="arm64", test_command="make test")["jobs"]
    assert {name: job["runs-on"] for name, job in jobs.items()} == {
        "test": "ubuntu-24.04-arm", "build": "ubuntu-24.04-arm", "deploy": "ubuntu-latest",
    }  # fmt: skip
    assert "docker build --platform linux/arm64 --file" in scripts(jobs["build"])


@pytest.mark.parametrize(
    ("node_type", "platform", "fits"),
    [("t3.medium", "amd64", True), ("t3.medium", "arm64", False), ("m7g.large", "arm64", True),
     ("m7g.large", "amd64", False)],
)  # fmt: skip
def test_an_image_that_the_new_nodes_cannot_start_is_refused(node_type: str, platform: Any, fits: bool) -> None:
    made = answers(create_cluster=True, node_type=node_type, platform=platform)
    if fits:
        assert validate(made) is made
        return
    with pytest.raises(InputError) as refused:
        validate(made)
    assert refused.value.field == "platform"
    # Auto Mode chooses nodes by the image
    assert validate(answers(create_cluster=True, compute="auto", node_type=node_type, platform=platform))


def test_provenance_needs_buildkit_and_pushes_at_once() -> None:
    build = deploy(provenance=True)["jobs"]["build"]
    uses = [step.get("uses", "").partition("@")[0] for step in build["steps"]]
    assert uses.index("docker/setup-buildx-action") < [step["name"] for step in build["steps"]].index("Build and push")
    script = next(step["run"] for step in build["steps"] if step["name"] == "Build and push")
    assert "docker buildx build --push --provenance=mode=max --sbom=true" in script
    assert "docker push" not in script


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({}, ["**", "!**/*.md", "!docs/**"]),
        (
            {"folder": "services/api", "context": "services/api", "dockerfile": "services/api/Dockerfile"},
            ["services/api/**", "manifests/**", "services/api/Dockerfile", ".github/workflows/deploy-demo.yml"],
        ),
        (
            {"folder": "c++", "environment": None},
            [r"c\+\+/**", "manifests/**", "Dockerfile", ".github/workflows/deploy-demo.yml",
             ".github/workflows/deploy-demo-to-eks.yml"],
        ),
        (
            {"context": "./app/", "manifests": "."},
            ["app/**", "*.yaml", "*.yml", "Dockerfile", ".github/workflows/deploy.yml"],
        ),
    ],
)  # fmt: skip
def test_a_path_filter_lets_through_what_the_service_is_made_of(changes: dict[str, Any], paths: list[str]) -> None:
    assert deploy(path_filter=True, **changes)["on"]["push"]["paths"] == paths


def test_the_check_asks_for_what_the_trust_policies_ask_for() -> None:
    made = workflow("oidc-check.yml", answers(oidc_check=True))
    assert made["on"] == "workflow_dispatch"
    assert made["permissions"] == {}
    assert made["jobs"]["deploy"]["environment"] == "production"
    assert "environment" not in made["jobs"]["push"]
    assert {tuple(job["permissions"].items()) for job in made["jobs"].values()} == {(("id-token", "write"),)}
    assert '"repo:octo@123456/shop@456789:environment:production"' in made["jobs"]["deploy"]["env"]["EXPECTED"]
    assert '"repo:octo@123456/shop@456789:ref:refs/heads/main"' in made["jobs"]["push"]["env"]["EXPECTED"]


def test_dependabot_looks_where_the_dockerfile_is_and_waits_for_what_was_tampered_with() -> None:
    made = next(
        file for file in files(answers(dependabot=True, dockerfile="a/b/Dockerfile")) if "dependabot" in file.path
    )
    updates = {each["package-ecosystem"]: each for each in parsed(made)["updates"]}
    assert (updates["docker"]["directory"], updates["github-actions"]["directory"]) == ("/a/b", "/")
    assert {each["cooldown"]["default-days"] for each in updates.values()} == {7}
    assert made.kind == "manifest", "it is the user's own once it is there"


KINDS = ("fastapi", "flask", "django", "node", "go", "static")


@pytest.mark.parametrize("kind", KINDS)
def test_a_starter_has_no_root_the_right_port_and_lies_where_the_answers_say(kind: Any) -> None:
    where = {"context": "svc", "dockerfile": "svc/Dockerfile", "port": 9123}
    dockerfile = text("svc/Dockerfile", framework=kind, **where)
    user = re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE)[-1]
    assert user.isdecimal()
    assert int(user) > 0
    assert re.search(r"^EXPOSE 9123$", dockerfile, re.MULTILINE)
    assert "@" not in dockerfile.replace("you@", "")
    assert ".git\n" in text("svc/.dockerignore", framework=kind, **where)


@pytest.mark.parametrize(
    ("kind", "entry", "line"),
    [
        ("fastapi", "", 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]'),
        ("fastapi", "src.web:api", 'CMD ["uvicorn", "src.web:api", "--host", "0.0.0.0", "--port", "8000"]'),
        ("flask", "", 'CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]'),
        ("django", "shop.wsgi:application", 'CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi:application"]'),
        ("node", "dist/index.js", 'CMD ["node", "dist/index.js"]'),
        ("go", "cmd/server", "RUN CGO_ENABLED=0 go build -trimpath -o /service ./cmd/server"),
        ("go", "", "RUN CGO_ENABLED=0 go build -trimpath -o /service ."),
        ("static", "", "COPY public /usr/share/nginx/html"),
    ],
)
def test_a_starter_starts_what_was_named(kind: Any, entry: str, line: str) -> None:
    assert line in text("Dockerfile", framework=kind, app_entry=entry).splitlines()


@pytest.mark.parametrize("kind", KINDS)
def test_the_rehearsals_builder_reads_every_starter(kind: Any, tmp_path: Path) -> None:
    for name in ("requirements.txt", "package.json", "package-lock.json", "main.py", "server.js", "public/index.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "Dockerfile").write_text(text("Dockerfile", framework=kind))
    made = build(tmp_path, tmp_path / "Dockerfile", store=tmp_path.parent / "blobs")
    # a build in two stages needs a container engine; that is said, and something stands in for the container
    assert isinstance(made, Unbuildable) is (kind == "go")


@pytest.mark.parametrize("entry", ['a"b', "a b", "$(id)", "../x", "a\nUSER root", "`id`", "a/../b", "-x"])
def test_an_entry_cannot_leave_its_place(entry: str) -> None:
    with pytest.raises(InputError):
        files(answers(framework="fastapi", app_entry=entry))
