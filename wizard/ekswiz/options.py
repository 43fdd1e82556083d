"""Every answer as a flag and an `EKSWIZ_*` variable, declared once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from ekswiz.errors import InputError
from ekswiz.given import Choice, Given

F = TypeVar("F", bound=Callable[..., Any])
REPOSITORY = click.Path(path_type=Path, file_okay=False)

FIELDS: tuple[tuple[str, str, str, str], ...] = (
    ("stack", "--stack", "NAME", "Name of this pipeline; roles and tags carry it."),
    ("account", "--account", "ID", "The AWS account, 12 digits."),
    ("region", "--region", "REGION", "The AWS region of cluster and registry."),
    ("repository", "--repo", "OWNER/NAME", "The GitHub repository that may deploy."),
    ("owner_id", "--owner-id", "ID", "GitHub's numeric id of the owner."),
    ("repo_id", "--repo-id", "ID", "GitHub's numeric id of the repository."),
    ("branch", "--branch", "NAME", "The one branch that may deploy."),
    ("environment", "--environment", "NAME", 'GitHub environment of the deploy job; "none" for none.'),
    ("subject", "--subject", "FORM", 'Form of the token\'s sub: "immutable" or "classic".'),
    ("cluster", "--cluster", "NAME", "The EKS cluster."),
    ("namespace", "--namespace", "NAME", "The Kubernetes namespace to deploy to."),
    ("ecr_repository", "--ecr-repository", "NAME", "The ECR repository for images."),
    ("workload", "--workload", "NAME", "The Deployment whose first container takes the image."),
    ("context", "--context", "DIR", "Folder that the image is built from."),
    ("dockerfile", "--dockerfile", "FILE", "The Dockerfile."),
    ("manifests", "--manifests", "DIR", "Folder of the Kubernetes manifests."),
    ("port", "--app-port", "N", "Port that the service listens on."),
    ("create_cluster", "--create-cluster", "true|false", "Make the cluster and its network, too."),
    ("kubernetes_version", "--kubernetes-version", "VERSION", "Version of a new cluster, e.g. 1.35, or latest."),
    ("compute", "--compute", "KIND", 'Nodes of a new cluster: "nodegroup" or "auto" (EKS Auto Mode).'),
    ("node_type", "--node-type", "TYPE", "EC2 instance type of the nodes."),
    ("node_min", "--node-min", "N", "Fewest nodes."),
    ("node_max", "--node-max", "N", "Most nodes."),
    ("endpoint_cidrs", "--endpoint-cidrs", "CIDR,...", "Networks that may reach the cluster's public endpoint."),
    ("vpc_cidr", "--vpc-cidr", "CIDR", "Addresses of the new network."),
    ("zones", "--zones", "N", "Availability zones of the new network, 2 or 3."),
    ("deletion_protection", "--deletion-protection", "true|false", "Protect a new cluster from deletion."),
    ("migrate_access", "--migrate-access", "true|false", "Consent to switch the cluster to access entries (one-way)."),
    ("operator_access", "--operator-access", "true|false", "Give the operator access to Kubernetes while applying."),
    ("expose", "--expose", "HOW", 'How the service is reached: "inside", "internal" or "public".'),
    ("rights", "--rights", "KIND", 'Rights of the deploy role: "group" or "edit" (AWS\'s edit policy).'),
    ("boundary", "--boundary", "ARN", "Permissions boundary of both roles."),
    ("platform", "--platform", "KIND", 'What the image is built for: "amd64" or "arm64".'),
    ("provenance", "--provenance", "true|false", "Attest in the registry how each image was built."),
    ("path_filter", "--path-filter", "true|false", "Run only where something of the service changed."),
    ("folder", "--folder", "DIR", "The service's folder in a repository of several."),
    ("test_command", "--test-command", "COMMAND", 'Runs before the build, without credentials: "make test".'),
    ("framework", "--framework", "KIND", "Write a Dockerfile for: fastapi, flask, django, node, go, static."),
    ("app_entry", "--app-entry", "WHAT", "What that Dockerfile starts, e.g. main:app."),
    ("oidc_check", "--oidc-check", "true|false", "Add a workflow that shows the token's claims."),
    ("dependabot", "--dependabot", "true|false", "Add a Dependabot entry for actions and base image."),
    ("deploy_runner", "--deploy-runner", "LABEL", "Label of the deploy job's runner, where it is one of your own."),
    ("github", "--github", "HOW", 'What is set up at GitHub: nothing ("files"), "api" or "pull_request".'),
)


def _folder(_: click.Context, __: click.Parameter, path: Path) -> Path:
    """A repository that is not there is no empty one."""
    if not path.is_dir():
        raise InputError("--source", f"{path} is not a folder.", "Name the repository's folder.")
    return path


def answer_options(command: F) -> F:
    """Add all answer flags to a command; they reach it as one `given: Given`. Goes directly above the function."""

    @functools.wraps(command)
    def wrapped(**keywords: Any) -> Any:
        fields = {name: keywords.pop(f"answer_{name}") for name, *_ in FIELDS}
        file, sample, source = keywords.pop("answers"), keywords.pop("sample"), keywords.pop("source")
        return command(given=Given(fields, file, sample, source), **keywords)

    result: Any = wrapped
    for name, flag, metavar, text in reversed(FIELDS):
        variable = "EKSWIZ_" + flag.removeprefix("--").replace("-", "_").upper()
        result = click.option(
            flag,
            f"answer_{name}",
            metavar=metavar,
            envvar=variable,
            help=text,
            default=None,
            shell_complete=_offer(name),
        )(result)
    result = click.option(
        "--source", type=REPOSITORY, default=Path(), metavar="DIR", envvar="EKSWIZ_SOURCE", callback=_folder,
        help="The repository's folder (default: here).",
    )(result)  # fmt: skip
    result = click.option("--sample", is_flag=True, help="Use the bundled sample service.")(result)
    result = click.option(
        "--answers", "-f", "answers", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default=None,
        metavar="FILE", envvar="EKSWIZ_ANSWERS",
        help='Answers file (default: ekswiz.toml in the repository\'s folder; "-": standard input).',
    )(result)  # fmt: skip
    return cast("F", result)


def world_options(command: F) -> F:
    """Add the flags that say which world a command acts on and what it may do there, as one `choice: Choice`."""

    @functools.wraps(command)
    def wrapped(**keywords: Any) -> Any:
        names = ("profile", "endpoint_url", "adopt", "take_over")
        allowed = _allowed(keywords.pop("allow_risk"))
        choice = Choice(**{name: keywords.pop(name) for name in names}, allow_risks=allowed)
        return command(choice=choice, **keywords)

    profile = click.option("--profile", metavar="NAME", help="AWS profile.", shell_complete=_offer("profile"))
    result: Any = profile(wrapped)
    result = click.option("--endpoint-url", metavar="URL", help="Another AWS endpoint than AWS's own.")(result)
    result = click.option("--adopt", is_flag=True, help="Take over objects of our names that others made.")(result)
    result = click.option("--take-over", is_flag=True, help="Take over the lock of a run that died.")(result)
    result = click.option(
        "--allow-risk", multiple=True, metavar="ID", help="Agree to what a risk may break; the plan names its id.",
        shell_complete=_offer("allow_risk"),
    )(result)  # fmt: skip
    return cast("F", result)


def _offer(name: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """What the shell offers for a value; looked up only while somebody types."""

    def complete(ctx: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
        from ekswiz.completion import values  # only who completes pays for it

        return [value for value in values(name, ctx.params, ctx.obj.look) if value.startswith(typed)]

    return complete


def _allowed(ids: tuple[str, ...]) -> frozenset[str]:
    """The risks that were agreed to.

    Raises:
        InputError: There is no risk of that id.
    """
    from difflib import get_close_matches  # help and completion need neither

    from ekswiz.risks import EVERY

    for name in sorted(set(ids) - EVERY):
        close = get_close_matches(name, sorted(EVERY), n=1)
        hint = f"Did you mean {close[0]}?" if close else "The plan names the id of each risk."
        raise InputError("--allow-risk", f"{name!a} is no risk's id.", hint)
    return frozenset(ids)
