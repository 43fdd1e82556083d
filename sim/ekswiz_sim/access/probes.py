"""Tries: one small function per column of the access matrix, each a real call through a real door.

A probe answers "yes" when the door let the call through, whatever the service behind it said then: a cluster with
deletion protection that refuses to be deleted has still let the caller in.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ekswiz.answers import Answers

TIMEOUT = 15.0
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
FOREIGN_REPOSITORY = "ekswiz-sim/somebody-elses"
"""An ECR repository that the world holds and that is nobody's business here."""
FOREIGN_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door said: let in or not, and its words."""

    yes: bool
    words: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Credentials of one assumed role, and the clients and doors it tries them on."""

    role: str
    credentials: Mapping[str, str]
    aws: Callable[[str], Any]
    kubernetes_url: str
    kubernetes_ca: bytes
    kubernetes_token: Callable[[], str]
    tag: str


def push_image(caller: Caller, answers: Answers) -> Answer:
    """Push a one-layer image to the pipeline's own repository."""
    return _push(caller, answers.ecr_repository)


def push_elsewhere(caller: Caller, _: Answers) -> Answer:
    """Push the same image to somebody else's repository."""
    return _push(caller, FOREIGN_REPOSITORY)


def read_elsewhere(caller: Caller, _: Answers) -> Answer:
    """Read an image of somebody else's repository."""
    return _aws(
        lambda: caller.aws("ecr").batch_get_image(repositoryName=FOREIGN_REPOSITORY, imageIds=[{"imageTag": "any"}])
    )


def deploy(caller: Caller, answers: Answers) -> Answer:
    """Patch the Deployment in the pipeline's own namespace (a server-side dry run: admission and RBAC are real)."""
    return _patch(caller, answers.namespace, answers.workload)


def deploy_elsewhere(caller: Caller, answers: Answers) -> Answer:
    """Patch a Deployment in another namespace."""
    return _patch(caller, FOREIGN_NAMESPACE, answers.workload)


def read_secrets(caller: Caller, answers: Answers) -> Answer:
    """List the secrets of the pipeline's own namespace."""
    return _kubernetes(caller, "GET", f"/api/v1/namespaces/{answers.namespace}/secrets")


def delete_cluster(caller: Caller, answers: Answers) -> Answer:
    """Ask EKS to delete the cluster; the world's cluster has deletion protection."""
    return _aws(lambda: caller.aws("eks").delete_cluster(name=answers.cluster))


def change_iam(caller: Caller, _: Answers) -> Answer:
    """Write a policy into the caller's own role; the document is malformed, so nothing can come of it."""
    return _aws(lambda: caller.aws("iam").put_role_policy(RoleName=caller.role, PolicyName="more", PolicyDocument="{}"))


def _aws(call: Callable[[], Any]) -> Answer:
    from botocore.exceptions import ClientError  # heavy; probes run long after start

    try:
        call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return Answer(code not in DENIED, f"{code}: {error.response['Error']['Message']}")
    return Answer(yes=True, words="done")


def _patch(caller: Caller, namespace: str, name: str) -> Answer:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}?dryRun=All&fieldManager=ekswiz-probe"
    body = {"metadata": {"annotations": {"ekswiz/probe": caller.tag}}}
    return _kubernetes(caller, "PATCH", path, json.dumps(body).encode())


def _kubernetes(caller: Caller, method: str, path: str, body: bytes | None = None) -> Answer:
    context = ssl.create_default_context(cadata=caller.kubernetes_ca.decode())
    request = urllib.request.Request(caller.kubernetes_url + path, data=body, method=method)  # noqa: S310 - loopback
    request.add_header("Authorization", f"Bearer {caller.kubernetes_token()}")
    request.add_header("Content-Type", "application/merge-patch+json")
    status, text = _open(request, context)
    # 404 is an answer from behind the door: authorization came first.
    return Answer(status not in (401, 403), f"{status} {_message(text)}")


def _push(caller: Caller, repository: str) -> Answer:
    login = _login(caller)
    if isinstance(login, Answer):
        return login
    registry, authorization = login
    manifest_url = f"{registry}/v2/{repository}/manifests/{caller.tag}"
    held = _asks(manifest_url, authorization)
    if not held.yes:
        return held
    digests = []
    for blob in (json.dumps({"probe": caller.tag}).encode(), caller.tag.encode()):
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        put = _put_blob(f"{registry}/v2/{repository}", authorization, blob, digest)
        if put is not None:
            return put
        digests.append({"mediaType": "application/octet-stream", "digest": digest, "size": len(blob)})
    config = {**digests[0], "mediaType": "application/vnd.oci.image.config.v1+json"}
    layers = [{**digests[1], "mediaType": "application/vnd.oci.image.layer.v1.tar"}]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    return _registry(manifest_url, "PUT", authorization, json.dumps(manifest).encode(), MANIFEST)


def _login(caller: Caller) -> tuple[str, str] | Answer:
    from botocore.exceptions import ClientError

    try:
        data = caller.aws("ecr").get_authorization_token()["authorizationData"][0]
    except ClientError as error:
        return Answer(yes=False, words=f"{error.response['Error']['Code']}: {error.response['Error']['Message']}")
    return str(data["proxyEndpoint"]), f"Basic {data['authorizationToken']}"


def _put_blob(base: str, authorization: str, blob: bytes, digest: str) -> Answer | None:
    """Ask for a blob, and upload it in one request; None when it is there."""
    asked = _asks(f"{base}/blobs/{digest}", authorization)
    if not asked.yes:
        return asked
    answer = _registry(
        f"{base}/blobs/uploads/?digest={digest}", "POST", authorization, blob, "application/octet-stream"
    )
    return None if answer.yes else answer


def _asks(url: str, authorization: str) -> Answer:
    """Whether the registry lets itself be asked, as containerd asks before a push: "not there" is an answer."""
    request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - loopback
    request.add_header("Authorization", authorization)
    request.add_header("Accept", MANIFEST)
    status, _ = _open(request, None)
    return Answer(status not in (401, 403), f"{status} on HEAD {url.partition('/v2/')[2]}")


def _registry(url: str, method: str, authorization: str, body: bytes, content_type: str) -> Answer:
    request = urllib.request.Request(url, data=body, method=method)  # noqa: S310 - loopback
    request.add_header("Authorization", authorization)
    request.add_header("Content-Type", content_type)
    status, text = _open(request, None)
    return Answer(status < 300, f"{status} {_message(text)}")  # noqa: PLR2004 - HTTP's success range


def _open(request: urllib.request.Request, context: ssl.SSLContext | None) -> tuple[int, str]:
    handlers: list[Any] = [urllib.request.ProxyHandler({})]
    if context is not None:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT) as response:
            return response.status, response.read(65536).decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(65536).decode(errors="replace")


def _message(text: str) -> str:
    try:
        body = json.loads(text)
    except ValueError:
        return text[:200]
    errors = body.get("errors") if isinstance(body, dict) else None
    if errors:
        return str(errors[0].get("message", ""))
    return str(body.get("message", "")) if isinstance(body, dict) else ""
