"""Machine, files and workflows."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime

from ekswiz.errors import InputError
from ekswiz.paths import WORKFLOW_PATH
from unit.doctor.provoked import provokes
from unit.doctor.ward import Ward
from unit.probes.hub import HERE, Hub

HEAD = """
on: {push: {branches: [main]}}
permissions: {id-token: write, contents: read}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
"""


@provokes("aws-cli", "warn", "not installed", "Install version 2", world="any")
def no_aws(ward: Ward, hub: Hub) -> None:
    ward.path = "/nowhere"


@provokes("aws-cli", "warn", "version 1.46.3", "Install version 2", world="any")
def old_aws(ward: Ward, hub: Hub) -> None:
    ward.tool("aws", "aws-cli/1.46.3 Python/3.11.2 Linux")


@provokes("kubectl", "warn", "not installed", "https://kubernetes.io", world="any")
def no_kubectl(ward: Ward, hub: Hub) -> None:
    ward.path = "/nowhere"


@provokes("kubectl", "warn", "version 1.31, and the cluster is 1.35", "Install kubectl 1.35", world="any")
def old_kubectl(ward: Ward, hub: Hub) -> None:
    ward.tool("kubectl", '{"clientVersion": {"gitVersion": "v1.31.2"}}')


@provokes("git", "warn", "not installed", "https://git-scm.com", world="any")
def no_git(ward: Ward, hub: Hub) -> None:
    ward.path = "/nowhere"


@provokes("docker", "skip", "not installed", "Install Docker", world="any")
def no_docker(ward: Ward, hub: Hub) -> None:
    ward.path = "/nowhere"


@provokes("docker", "skip", "not running", "Start Docker", world="any")
def docker_without_daemon(ward: Ward, hub: Hub) -> None:
    ward.tool("docker", "Cannot connect to the Docker daemon", code=1)


@provokes("kind", "skip", "not installed", "https://kind.sigs.k8s.io", world="any")
def no_kind(ward: Ward, hub: Hub) -> None:
    ward.path = "/nowhere"


@provokes("localstack", "skip", "not running", "ekswiz --sim", world="any")
def no_localstack(ward: Ward, hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        ward.more["localstack"] = f"http://127.0.0.1:{free.getsockname()[1]}/_localstack/health"


@provokes("localstack", "warn", "version 4.1, without EKS", "needs a licence", world="any")
def localstack_without_eks(ward: Ward, hub: Hub) -> None:
    hub.put("/_localstack/health", {"services": {"s3": "available", "eks": "disabled"}, "version": "4.1"})
    ward.more["localstack"] = f"{hub.url}/_localstack/health"


@provokes("state-folder", "fail", "cannot be written", "a folder that you may write", world="any")
def state_folder_is_a_file(ward: Ward, hub: Hub) -> None:
    (ward.tmp / "state").write_text("")
    ward.more["state_dir"] = ward.tmp / "state"


@provokes("endpoint-variables", "fail", "calls would not go to AWS", "Unset it", world="any")
def endpoint_left_over(ward: Ward, hub: Hub) -> None:
    ward.environment["AWS_ENDPOINT_URL_STS"] = "http://localhost:4566"


# ---- answers and earlier runs


@provokes("answers", "fail", "region: 'eu-west-99' is not known", "Did you mean", world="any")
def answers_that_cannot_be_used(ward: Ward, hub: Hub) -> None:
    ward.failing = InputError("region", "'eu-west-99' is not known.", "Did you mean eu-west-1?")


@provokes("interrupted-run", "warn", "the apply that began", "ekswiz resume", world="empty")
def apply_that_stopped(ward: Ward, hub: Hub) -> None:
    from ekswiz.flag import StopFlag

    session, target, stop = ward.lab.session(), ward.lab.target(), StopFlag()
    for event in session.apply(session.plan(target), target, stop):
        if event.type == "applied":
            stop.set()


@provokes("interrupted-run", "fail", "is damaged: it is not JSON", "Restore the file")
def journal_that_is_damaged(ward: Ward, hub: Hub) -> None:
    path = ward.lab.session().journal_path
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "{not json", *lines[1:]]) + "\n")


@provokes("lock", "warn", "held this stack and no longer runs", "--take-over")
def lock_of_a_dead_run(ward: Ward, hub: Hub) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    holder = {"pid": pid, "host": socket.gethostname(), "started": "2026-11-01T00:00:00+00:00", "key": "x"}
    ward.lab.session().journal_path.with_suffix(".lock").write_text(json.dumps(holder))


# ---- checkout


@provokes("dockerfile", "fail", "there is no Dockerfile", "--dockerfile")
def no_dockerfile(ward: Ward, hub: Hub) -> None:
    (ward.lab.checkout / "Dockerfile").unlink()


@provokes("dockerfile", "warn", "no USER but root", "USER 10001")
def dockerfile_as_root(ward: Ward, hub: Hub) -> None:
    ward.file("Dockerfile", "FROM python AS build\nUSER 10001\nFROM python\nCOPY --from=build /x /x\n")


@provokes("dockerfile", "warn", "USER app", "USER 10001")
def dockerfile_with_a_named_user(ward: Ward, hub: Hub) -> None:
    ward.file("Dockerfile", "FROM python\nUSER app:app\n")


@provokes("manifests", "fail", "has no kustomization.yaml", "kustomize create")
def no_kustomization(ward: Ward, hub: Hub) -> None:
    (ward.lab.checkout / "manifests" / "kustomization.yaml").unlink()


@provokes("manifests", "fail", "Deployments are web, not payments-api", "--workload web")
def deployment_of_another_name(ward: Ward, hub: Hub) -> None:
    ward.file("manifests/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n")


@provokes("workflow", "fail", "there is no .github/workflows/deploy.yml", "ekswiz apply")
def workflow_that_is_gone(ward: Ward, hub: Hub) -> None:
    (ward.lab.checkout / WORKFLOW_PATH).unlink()


@provokes("workflow", "fail", "is not ekswiz's", "Move it away")
def workflow_of_somebody_else(ward: Ward, hub: Hub) -> None:
    ward.file(WORKFLOW_PATH, "name: mine\n")


@provokes("workflow", "warn", "differs from what ekswiz writes", "ekswiz plan")
def workflow_that_was_edited(ward: Ward, hub: Hub) -> None:
    path = ward.lab.checkout / WORKFLOW_PATH
    path.write_text(path.read_text() + "# more\n")


@provokes("workflow-syntax", "warn", ".github/workflows/bad.yml", "Correct that line")
def workflow_that_github_refuses(ward: Ward, hub: Hub) -> None:
    ward.file(".github/workflows/bad.yml", "on: push\njobs: 3\n")


@provokes("workflow-lint", "fail", "line ", "")
def workflow_without_the_environment(ward: Ward, hub: Hub) -> None:
    path = ward.lab.checkout / WORKFLOW_PATH
    path.write_text(path.read_text().replace("environment: 'production'", "environment: 'staging'"))


@provokes("workflow-roles", "fail", "release.yml asks for a role", "a role of its own")
def role_asked_for_elsewhere(ward: Ward, hub: Hub) -> None:
    ward.file(".github/workflows/release.yml", f"x: arn:aws:iam::{ward.answers.account}:role/ekswiz-payments-push\n")


@provokes("action-pins", "warn", "actions/checkout@v4 in .github/workflows/test.yml", "40 hex digits")
def action_by_tag(ward: Ward, hub: Hub) -> None:
    ward.file(".github/workflows/test.yml", f"{HEAD}      - uses: actions/checkout@v4\n")


@provokes("action-pins", "warn", "days old", "pip install --upgrade ekswiz", world="any")
def pins_that_are_old(ward: Ward, hub: Hub) -> None:
    ward.now = lambda: datetime(2028, 1, 1, tzinfo=UTC)


@provokes("workflow-variables", "fail", "vars.AWS_REGION (test.yml)", "gh variable set")
def variable_that_is_not_set(ward: Ward, hub: Hub) -> None:
    ward.file(".github/workflows/test.yml", f"{HEAD}      - run: echo ${{{{ vars.AWS_REGION }}}} ${{{{ vars.SET }}}}\n")
    hub.usual()
    hub.put(f"{HERE}/actions/variables", {"variables": [{"name": "SET"}]})
    ward.github = hub.api()


@provokes("stored-keys", "warn", "old.yml signs in with a stored key", "aws iam delete-access-key")
def key_in_a_workflow(ward: Ward, hub: Hub) -> None:
    ward.file(".github/workflows/old.yml", "x: ${{ secrets.AWS_ACCESS_KEY_ID }}\n")


@provokes("stored-keys", "warn", "AWS_SECRET_ACCESS_KEY is kept as a secret", "gh secret delete", world="any")
def key_as_a_secret(ward: Ward, hub: Hub) -> None:
    hub.usual()
    hub.put(f"{HERE}/actions/secrets", {"secrets": [{"name": "AWS_SECRET_ACCESS_KEY"}]})
    ward.github = hub.api()


# ---- GitHub


def _repository(ward: Ward, hub: Hub, **changes: object) -> None:
    hub.usual(**changes)
    ward.github = hub.api()


@provokes("github-sign-in", "warn", "not signed in", "gh auth login", world="any")
def nobody_is_signed_in(ward: Ward, hub: Hub) -> None:
    ward.github = hub.api(token="")


@provokes("github-sign-in", "fail", "401", "gh auth login", world="any")
def token_that_is_refused(ward: Ward, hub: Hub) -> None:
    hub.put("/user", {"message": "Bad credentials"}, status=401)
    ward.github = hub.api()


@provokes("repository", "fail", "GitHub calls it Acme/payments-api", "--repo Acme/payments-api", world="any")
def name_in_other_case(ward: Ward, hub: Hub) -> None:
    _repository(ward, hub, owner={"login": "Acme", "id": 123456})


@provokes("repository", "fail", "GitHub has no repository acme/payments-api", "gh auth login", world="any")
def no_such_repository(ward: Ward, hub: Hub) -> None:
    ward.github = hub.api()


@provokes("repository-ids", "fail", "repo_id is 7, the answers say 456789", "--repo-id 7", world="any")
def other_ids(ward: Ward, hub: Hub) -> None:
    _repository(ward, hub, id=7)


@provokes("subject-form", "fail", "sends the classic form", "--subject classic", world="any")
def classic_form(ward: Ward, hub: Hub) -> None:
    _repository(ward, hub)
    hub.put(f"{HERE}/actions/oidc/customization/sub", {"use_default": True, "use_immutable_subject": False})


@provokes("subject-template", "fail", "sub is made of repo, context", "use_default=true", world="any")
def other_template(ward: Ward, hub: Hub) -> None:
    _repository(ward, hub)
    template = {"use_default": False, "include_claim_keys": ["repo", "context"]}
    hub.put(f"{HERE}/actions/oidc/customization/sub", template)


@provokes("branch", "fail", "GitHub has no branch main", "git push origin main", world="any")
def no_branch(ward: Ward, hub: Hub) -> None:
    _repository(ward, hub)
    del hub.answers[f"{HERE}/branches/main"]


@provokes("branch", "warn", "main is not protected", "Rulesets", world="any")
def branch_without_protection(ward: Ward, hub: Hub) -> None:
    _repository(ward, hub)
    hub.put(f"{HERE}/branches/main", {"protected": False})


@provokes("environment", "warn", "production is not there", "Settings, Environments", world="any")
def no_environment(ward: Ward, hub: Hub) -> None:
    _repository(ward, hub)
    del hub.answers[f"{HERE}/environments/production"]


@provokes("environment", "warn", "open to every branch", "Limit it to main", world="any")
def environment_for_every_branch(ward: Ward, hub: Hub) -> None:
    _repository(ward, hub)
    hub.put(f"{HERE}/environments/production", {"deployment_branch_policy": None})
