"""A CloudFormation template for IAM, ECR and the way into the cluster, and the Kubernetes objects beside it.

CloudFormation knows no object inside a cluster: those are the second file, for `kubectl apply`. The OIDC provider and
the cluster are named and never owned. Source: AWS CloudFormation template reference, type by type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz import __version__
from ekswiz.answers import Answers
from ekswiz.export.document import Document, Subject
from ekswiz.export.wanted import find, of_kind, require_apply, there, values
from ekswiz.export.yaml_text import commented, dumped
from ekswiz.hand_off.objects import namespace_object, rights_objects
from ekswiz.hand_off.steps import ENTRY_ROLE, tags
from ekswiz.plan import Change, Plan
from ekswiz.resources.tags import labels

Json = dict[str, Any]


def cloudformation(subject: Subject) -> tuple[Document, ...]:
    """The template, and the manifest with what it cannot hold.

    Raises:
        InputError: The plan removes the stack.
    """
    plan, answers = subject.view.plan, subject.answers
    require_apply(plan)
    name = f"ekswiz-{plan.stack}"
    objects = [*_objects(plan)]
    text = commented(_head(plan, answers, inside=bool(objects))) + dumped([_template(plan, answers)])
    found = [Document(f"{name}.cloudformation.yaml", text)]
    if objects:
        said = [f"Written by ekswiz {__version__} for stack {plan.stack}: what CloudFormation cannot hold."]
        found.append(Document(f"{name}.kubernetes.yaml", commented(said) + dumped(objects)))
    return tuple(found)


def _head(plan: Plan, answers: Answers, *, inside: bool) -> Iterator[str]:
    name = f"ekswiz-{plan.stack}"
    yield f"Written by ekswiz {__version__} on {plan.made_at} for stack {plan.stack}. Plan {plan.fingerprint[:16]}."
    yield f"For account {plan.account}, {plan.region}:"
    yield f"  aws cloudformation deploy --region {plan.region} --stack-name {name} \\"
    yield f"    --template-file {name}.cloudformation.yaml --capabilities CAPABILITY_NAMED_IAM"
    if inside:
        yield f"  kubectl apply -f {name}.kubernetes.yaml"
    provider = find(plan, "oidc_provider.github")
    url, audience = (values(provider)[each] for each in ("url", "audience")) if provider else ("", "")
    yield "The account's OIDC provider is named and never owned: other roles may trust it. Where there is none yet:"
    yield f"  aws iam create-open-id-connect-provider --url {url} --client-id-list {audience}"
    if answers.create_cluster:
        yield "The cluster has to be there first: ekswiz export eksctl, then eksctl create cluster -f FILE"
    if any(there(change) for change in (*of_kind(plan, "iam_role"), *of_kind(plan, "ecr_repository"))):
        yield "Some of it exists: CloudFormation refuses to make that again. Import it, by a change set of type IMPORT:"
        yield f"  {json.dumps([*_imports(plan)])}"


def _imports(plan: Plan) -> Iterator[Json]:
    """What CreateChangeSet takes as ResourcesToImport."""
    for change in of_kind(plan, "ecr_repository"):
        if there(change):
            yield _import("AWS::ECR::Repository", _logical(change), RepositoryName=values(change)["name"])
    for change in of_kind(plan, "iam_role"):
        if there(change):
            yield _import("AWS::IAM::Role", _logical(change), RoleName=values(change)["name"])
    for change in of_kind(plan, "access_entry"):
        if there(change):
            where = {"ClusterName": values(change)["cluster"], "PrincipalArn": values(change)["principal_arn"]}
            yield _import("AWS::EKS::AccessEntry", _logical(change), **where)


def _import(kind: str, logical: str, **named: str) -> Json:
    return {"ResourceType": kind, "LogicalResourceId": logical, "ResourceIdentifier": named}


def _template(plan: Plan, answers: Answers) -> Json:
    resources: Json = {}
    for change in of_kind(plan, "ecr_repository"):
        resources[_logical(change)] = _repository(change, plan)
    for change in of_kind(plan, "iam_role"):
        resources[_logical(change)] = _role(change, plan)
    for change in of_kind(plan, "access_entry"):
        resources[_logical(change)] = _entry(change, plan)
    about = f"Deployments of {answers.repository}, branch {answers.branch}, to EKS cluster {answers.cluster}."
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": about,
        "Resources": resources,
        "Outputs": {
            f"{_logical(change)}Arn": {"Value": {"Fn::GetAtt": [_logical(change), "Arn"]}}
            for change in of_kind(plan, "iam_role")
        },
    }


def _repository(change: Change, plan: Plan) -> Json:
    after = values(change)
    properties = {
        "RepositoryName": after["name"],
        "ImageTagMutability": after["mutability"],
        "ImageScanningConfiguration": {"ScanOnPush": after["scan_on_push"]},
        "LifecyclePolicy": {"LifecyclePolicyText": json.dumps(after["lifecycle"])},
        "Tags": _pairs(tags(change, plan)),
    }
    # Images outlive a stack that is deleted: nobody gets them back.
    return _resource("AWS::ECR::Repository", properties, "Retain")


def _role(change: Change, plan: Plan) -> Json:
    after = values(change)
    properties = {
        "RoleName": after["name"],
        "Description": after["description"],
        "MaxSessionDuration": after["session_seconds"],
        **({"PermissionsBoundary": after["boundary"]} if after["boundary"] else {}),
        "AssumeRolePolicyDocument": after["trust"],
        "Policies": [{"PolicyName": name, "PolicyDocument": each} for name, each in after["policies"].items()],
        "Tags": _pairs(tags(change, plan)),
    }
    return _resource("AWS::IAM::Role", properties, "Delete")


def _entry(change: Change, plan: Plan) -> Json:
    after = values(change)
    role = _logical(change).replace("AccessEntry", "Role")
    policies = [_policy(values(each)) for each in of_kind(plan, "access_policy")]
    marks = _pairs(tags(change, plan))
    properties = {
        "ClusterName": after["cluster"],
        "PrincipalArn": {"Fn::GetAtt": [role, "Arn"]},
        "Type": after["type"],
        **({"KubernetesGroups": after["groups"]} if after["groups"] else {}),
        **({"AccessPolicies": policies} if policies else {}),
        "Tags": [*marks, {"Key": ENTRY_ROLE, "Value": {"Fn::GetAtt": [role, "RoleId"]}}],
    }
    return _resource("AWS::EKS::AccessEntry", properties, "Delete")


def _policy(after: Mapping[str, Any]) -> Json:
    scope = {"Type": "namespace", "Namespaces": after["namespaces"]}
    return {"PolicyArn": after["policy"], "AccessScope": scope}


def _resource(kind: str, properties: Mapping[str, Any], at_the_end: str) -> Json:
    """An import wants the policies said; what was replaced by mistake stays."""
    return {
        "Type": kind,
        "DeletionPolicy": at_the_end,
        "UpdateReplacePolicy": "Retain",
        "Properties": dict(properties),
    }


def _objects(plan: Plan) -> Iterator[Json]:
    for change in of_kind(plan, "namespace"):
        yield namespace_object(values(change), labels(tags(change, plan)))
    for change in of_kind(plan, "deployer_rbac"):
        yield from rights_objects(values(change), labels(tags(change, plan)))


def _logical(change: Change) -> str:
    """`iam_role.push` becomes `PushRole`, as templates name their resources."""
    nouns = {"ecr_repository": "Repository", "iam_role": "Role", "access_entry": "AccessEntry"}
    kind, _, name = change.address.partition(".")
    return f"{name.capitalize()}{nouns[kind]}"


def _pairs(marks: Mapping[str, str]) -> list[Json]:
    return [{"Key": key, "Value": value} for key, value in marks.items()]
