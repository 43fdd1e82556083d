"""What `aws` can do in a rehearsal, by service and command."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ekswiz_sim.runner.tools import aws_eks
from ekswiz_sim.runner.tools.aws_client import Client
from ekswiz_sim.runner.tools.aws_options import Kind, Options, shorthand

Run = Callable[[Client, Options], Any]
"""Answers what is to be printed through `--query` and `--output`; a str is printed as it is."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: what it does, its options, and those that must be given."""

    run: Run
    options: Mapping[str, Kind] = field(default_factory=dict)
    required: tuple[str, ...] = ()


def caller_identity(client: Client, _: Options) -> Mapping[str, str]:
    """`aws sts get-caller-identity`."""
    return client.caller()


def login_password(client: Client, _: Options) -> str:
    """`aws ecr get-login-password`: what `docker login -u AWS --password-stdin` wants."""
    data = client.ecr("GetAuthorizationToken", {})["authorizationData"][0]
    return base64.b64decode(data["authorizationToken"]).decode().partition(":")[2] + "\n"


def describe_images(client: Client, options: Options) -> Mapping[str, Any]:
    """`aws ecr describe-images`, all pages."""
    body: dict[str, Any] = {"repositoryName": options.one("repository-name")}
    if options.many("image-ids"):
        body["imageIds"] = shorthand(options.many("image-ids"))
    return _all_pages(client, "DescribeImages", body, "imageDetails")


def describe_repositories(client: Client, options: Options) -> Mapping[str, Any]:
    """`aws ecr describe-repositories`, all pages."""
    names = list(options.many("repository-names"))
    return _all_pages(client, "DescribeRepositories", {"repositoryNames": names} if names else {}, "repositories")


def _all_pages(client: Client, operation: str, body: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    found: list[Any] = []
    token: str | None = ""
    while token is not None:
        page = client.ecr(operation, {**body, **({"nextToken": token} if token else {})})
        found += page.get(member, [])
        token = page.get("nextToken")
    return {member: found}


COMMANDS: Mapping[tuple[str, str], Command] = {
    ("eks", "get-token"): Command(
        aws_eks.get_token, {"--cluster-name": "one", "--cluster-id": "one", "--role-arn": "one"}, ()
    ),
    ("eks", "update-kubeconfig"): Command(
        aws_eks.update_kubeconfig,
        {"--name": "one", "--kubeconfig": "one", "--alias": "one", "--user-alias": "one", "--role-arn": "one"},
        ("--name",),
    ),
    ("eks", "describe-cluster"): Command(aws_eks.describe_cluster, {"--name": "one"}, ("--name",)),
    ("ecr", "get-login-password"): Command(login_password),
    ("ecr", "describe-images"): Command(
        describe_images, {"--repository-name": "one", "--image-ids": "many"}, ("--repository-name",)
    ),
    ("ecr", "describe-repositories"): Command(describe_repositories, {"--repository-names": "many"}),
    ("sts", "get-caller-identity"): Command(caller_identity),
}
"""Nothing else: an unknown command is refused by name."""
