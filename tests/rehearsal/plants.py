"""Somebody else's things: two of each kind that ekswiz deals with. The second one of each looks as if it were ours."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ekswiz.answers import Answers

Client = Callable[[str], Any]
Kubectl = Callable[..., str]

GITHUB = "token.actions.githubusercontent.com"
ONES = ("elses-one", "elses-two")
LOOKS_OURS = "elses-two"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
FILES = {
    ".github/workflows/nightly.yml": "on: push\njobs: {}\n",
    ".github/CODEOWNERS": "* @acme/platform\n",
    "docs/notes.md": "Notes.\n",
}


def tags(name: str, answers: Answers) -> dict[str, str]:
    """Tags of a plant: its team's, or those of our stack."""
    ours = {"ekswiz:stack": answers.stack, "ekswiz:address": "iam_role.push"}
    return ours if name == LOOKS_OURS else {"team": "platform"}


def provider(aws: Client, *audiences: str) -> str:
    """The account's GitHub provider, made by somebody else; its ARN."""
    made = aws("iam").create_open_id_connect_provider(
        Url=f"https://{GITHUB}", ClientIDList=list(audiences), Tags=[{"Key": "team", "Value": "platform"}]
    )
    return str(made["OpenIDConnectProviderArn"])


def github_trust(provider_arn: str) -> dict[str, Any]:
    """A trust policy of another team's repository."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{GITHUB}:sub": "repo:acme/another:ref:refs/heads/main"}},
            }
        ],
    }


def service_trust(service: str = "ec2.amazonaws.com") -> dict[str, Any]:
    """A trust policy of an AWS service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def role(aws: Client, name: str, trust: Mapping[str, Any], marks: Mapping[str, str]) -> str:
    """A role with an inline policy; its ARN."""
    pairs = [{"Key": key, "Value": value} for key, value in marks.items()]
    made = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), Tags=pairs)
    aws("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(_policy()))
    return str(made["Role"]["Arn"])


def plant(aws: Client, kubectl: Kubectl, checkout: Path, answers: Answers) -> None:
    """Two of each kind."""
    github = provider(aws, "sts.amazonaws.com", "https://example.com")
    aws("iam").create_open_id_connect_provider(Url="https://gitlab.example.com", ClientIDList=["gitlab"])
    for name, trust in zip(ONES, (github_trust(github), service_trust()), strict=True):
        _identities(aws, name, trust, answers)
        repository(aws, name, tags(name, answers))
        kubectl("apply", "-f", "-", stdin=json.dumps(_kubernetes(name)))
    for path, text in FILES.items():
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text(text)


def _policy() -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::elses/*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _identities(aws: Client, name: str, trust: Mapping[str, Any], answers: Answers) -> None:
    """A role, a policy on it, a user, and the role's access entry."""
    marks = tags(name, answers)
    arn = role(aws, name, trust, marks)
    policy = aws("iam").create_policy(PolicyName=name, PolicyDocument=json.dumps(_policy()))["Policy"]["Arn"]
    aws("iam").attach_role_policy(RoleName=name, PolicyArn=policy)
    aws("iam").create_user(UserName=name)
    where = {"clusterName": answers.cluster, "principalArn": arn}
    aws("eks").create_access_entry(**where, kubernetesGroups=[name], tags=marks)
    aws("eks").associate_access_policy(
        **where,
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
        accessScope={"type": "namespace", "namespaces": ["default"]},
    )


def repository(aws: Client, name: str, marks: Mapping[str, str]) -> None:
    """A repository with one image, tagged v1."""
    pairs = [{"Key": key, "Value": value} for key, value in marks.items()]
    aws("ecr").create_repository(repositoryName=name, tags=pairs)
    put_image(aws, name, "v1")


def put_image(aws: Client, name: str, tag: str) -> None:
    """Push a one-layer image to a repository, through the registry's own door."""
    data = aws("ecr").get_authorization_token()["authorizationData"][0]
    where, login = f"{data['proxyEndpoint']}/v2/{name}", f"Basic {data['authorizationToken']}"
    config, layer = (_blob(where, login, content) for content in (b"{}", base64.b64encode(name.encode())))
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
    _send("PUT", f"{where}/manifests/{tag}", login, json.dumps(manifest).encode(), MANIFEST)


def _blob(where: str, login: str, content: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    _send("POST", f"{where}/blobs/uploads/?digest={digest}", login, content, "application/octet-stream")
    return {"mediaType": "application/octet-stream", "digest": digest, "size": len(content)}


def _send(method: str, url: str, login: str, body: bytes, kind: str) -> None:
    headers = {"Authorization": login, "Content-Type": kind}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=10) as answer:
        assert answer.status == 201


def _kubernetes(name: str) -> dict[str, Any]:
    """A namespace, and in it one object of each kind that ekswiz or a deployment touches."""
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name}
    bound = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "ekswiz-deployer"}
    labels = {"app": name}
    container = {"name": "app", "image": "registry.example.com/app@sha256:" + 64 * "0"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    items = [
        _item("v1", "Namespace", name),
        _item("rbac.authorization.k8s.io/v1", "Role", "ekswiz-deployer", name, rules=[rule]),
        _item("rbac.authorization.k8s.io/v1", "RoleBinding", "ekswiz-deployer", name, subjects=[group], roleRef=bound),
        _item("v1", "ConfigMap", "settings", name, data={"a": "1"}),
        _item("v1", "Secret", "password", name, stringData={"password": "hidden"}),
        _item("v1", "Service", "app", name, spec={"selector": labels, "ports": [{"port": 80}]}),
        _item(
            "apps/v1", "Deployment", "app", name,
            spec={"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
        ),
    ]  # fmt: skip
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _item(api: str, kind: str, name: str, namespace: str = "", **rest: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name} | ({"namespace": namespace} if namespace else {})
    if LOOKS_OURS in (name, namespace):
        metadata["labels"] = {"ekswiz/stack": "hello-eks"}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **rest}
