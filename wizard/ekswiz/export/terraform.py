"""Terraform or OpenTofu for IAM, ECR and the way into the cluster. The provider and the cluster are looked up.

Sources: the documentation of hashicorp/aws 5 and 6 and hashicorp/kubernetes 2, resource by resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ekswiz import __version__
from ekswiz.answers import Answers
from ekswiz.export.document import Document, Subject
from ekswiz.export.hcl import Block, Expression, call, render
from ekswiz.export.terraform_access import entries, kubernetes
from ekswiz.export.wanted import find, of_kind, require_apply, there, values
from ekswiz.hand_off.steps import tags
from ekswiz.plan import Change, Plan

PROVIDER = Expression("data.aws_iam_openid_connect_provider.github.arn")


def terraform(subject: Subject) -> tuple[Document, ...]:
    """The configuration, as one file.

    Raises:
        InputError: The plan removes the stack.
    """
    plan, answers = subject.view.plan, subject.answers
    require_apply(plan)
    head = "".join(f"# {line}".rstrip() + "\n" for line in _head(plan, answers))
    return (Document(f"ekswiz-{plan.stack}.tf", f"{head}\n{render([*_blocks(plan, answers)])}"),)


def _head(plan: Plan, answers: Answers) -> Iterator[str]:
    name = f"ekswiz-{plan.stack}.tf"
    yield f"Written by ekswiz {__version__} on {plan.made_at} for stack {plan.stack}. Plan {plan.fingerprint[:16]}."
    yield f"Lets workflows of {answers.repository}, branch {answers.branch}, deploy to cluster {answers.cluster}."
    yield ""
    yield f"Put {name} into a folder of its own; then: terraform init && terraform plan (or tofu)"
    yield "The account's OIDC provider is looked up and never owned: other roles may trust it. Where there is none yet:"
    provider = find(plan, "oidc_provider.github")
    url, audience = (values(provider)[each] for each in ("url", "audience")) if provider else ("", "")
    yield f"  aws iam create-open-id-connect-provider --url {url} --client-id-list {audience}"
    if answers.create_cluster:
        yield "The cluster is looked up, too. To make it: ekswiz export eksctl, then eksctl create cluster -f FILE"
    yield "The files for the repository are not in here: ekswiz files --out DIR writes them."


def _blocks(plan: Plan, answers: Answers) -> Iterator[Block]:
    yield from _settings(plan)
    yield from _lookups(plan, answers)
    for make in (_repositories, _roles, entries, kubernetes):
        yield from _each(make, plan)


def _each(make: Callable[[Plan], Iterator[Block]], plan: Plan) -> Iterator[Block]:
    return make(plan)


def _settings(plan: Plan) -> Iterator[Block]:
    wanted = {"aws": {"source": "hashicorp/aws", "version": ">= 5.40, < 7"}}
    if of_kind(plan, "namespace"):
        wanted["kubernetes"] = {"source": "hashicorp/kubernetes", "version": ">= 2.23, < 4"}
    required = Block("required_providers", (), wanted)
    yield Block("terraform", (), {"required_version": ">= 1.5"}, (required,))
    account = {"region": plan.region, "allowed_account_ids": [plan.account]}
    yield Block("provider", ("aws",), account, note="Refuses to act on any other account.")


def _lookups(plan: Plan, answers: Answers) -> Iterator[Block]:
    provider = find(plan, "oidc_provider.github")
    if provider:
        where = {"url": values(provider)["url"]}
        yield Block("data", ("aws_iam_openid_connect_provider", "github"), where, note=_note(provider))
    yield Block("data", ("aws_eks_cluster", "main"), {"name": answers.cluster})


def _repositories(plan: Plan) -> Iterator[Block]:
    for change in of_kind(plan, "ecr_repository"):
        after, name = values(change), _name(change)
        scanned = Block("image_scanning_configuration", (), {"scan_on_push": after["scan_on_push"]})
        mutability = {"name": after["name"], "image_tag_mutability": after["mutability"]}
        yield from _imported(change, "aws_ecr_repository", after["name"])
        arguments = {**mutability, "tags": tags(change, plan)}
        yield Block("resource", ("aws_ecr_repository", name), arguments, (scanned,), note=_note(change))
        if after["lifecycle"]:
            yield from _imported(change, "aws_ecr_lifecycle_policy", after["name"])
            policy = {"repository": Expression(f"aws_ecr_repository.{name}.name")}
            policy["policy"] = call("jsonencode", after["lifecycle"])
            yield Block("resource", ("aws_ecr_lifecycle_policy", name), policy)


def _roles(plan: Plan) -> Iterator[Block]:
    for change in of_kind(plan, "iam_role"):
        after, name = values(change), _name(change)
        arguments: dict[str, Any] = {
            "name": after["name"],
            "description": after["description"],
            "max_session_duration": after["session_seconds"],
            **({"permissions_boundary": after["boundary"]} if after["boundary"] else {}),
            "assume_role_policy": call("jsonencode", _trusting(after["trust"])),
            "tags": tags(change, plan),
        }
        yield from _imported(change, "aws_iam_role", after["name"])
        yield Block("resource", ("aws_iam_role", name), arguments, note=_note(change))
        for policy, document in after["policies"].items():
            yield from _imported(change, "aws_iam_role_policy", f"{after['name']}:{policy}")
            inline = {"name": policy, "role": Expression(f"aws_iam_role.{name}.id")}
            inline["policy"] = call("jsonencode", document)
            yield Block("resource", ("aws_iam_role_policy", name), inline)


def _trusting(trust: Mapping[str, Any]) -> Mapping[str, Any]:
    """The trust policy with the provider that was looked up in the place of its ARN."""
    statements = [{**each, "Principal": {"Federated": PROVIDER}} for each in trust["Statement"]]
    return {**trust, "Statement": statements}


def _imported(change: Change, kind: str, found: str) -> Iterator[Block]:
    """What exists is taken over by the first apply instead of being made again."""
    if there(change):
        yield Block("import", (), {"to": Expression(f"{kind}.{_name(change)}"), "id": found})


def _name(change: Change) -> str:
    return change.address.partition(".")[2]


def _note(change: Change) -> str:
    return " ".join(change.why.split())
