"""Calls to the rehearsal's AWS: the three wire protocols that the twins need, and each service's refusals.

Only loopback is ever contacted, and only credentials from the step's own environment are used: no profile, no file.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ekswiz_sim.runner.tools.aws_signer import Credentials, Scope, presign, sign

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TIMEOUT = 60.0
"""Seconds to wait for an answer, as the AWS CLI does."""
ECR_TARGET = "AmazonEC2ContainerRegistry_V20150921"
STS_VERSION = "2011-06-15"
EKS_TOKEN_SECONDS = 60
_OK = 300


class CallFailed(Exception):
    """The service refused. `code` is AWS's."""

    def __init__(self, code: str, message: str, operation: str) -> None:
        super().__init__(f"An error occurred ({code}) when calling the {operation} operation: {message}")
        self.code = code
        self.message = message


class CannotCall(Exception):
    """No call was possible: no credentials, no region, no endpoint on loopback. `exit_code` is the AWS CLI's."""

    def __init__(self, message: str, exit_code: int = 255) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


def endpoint(env: Mapping[str, str], service: str) -> str:
    """Where a service is: `AWS_ENDPOINT_URL_<SERVICE>` before `AWS_ENDPOINT_URL`, without a slash at its end.

    Raises:
        CannotCall: None is set, or it is not on loopback.
    """
    found = env.get(f"AWS_ENDPOINT_URL_{service.upper()}") or env.get("AWS_ENDPOINT_URL") or ""
    if not found:
        raise CannotCall("AWS_ENDPOINT_URL is not set. In a rehearsal `aws` reaches nothing but the world on loopback.")
    if urlsplit(found).hostname not in LOOPBACK:
        raise CannotCall(f"{found} is not on loopback. In a rehearsal `aws` reaches nothing else.")
    return found.rstrip("/")


def credentials(env: Mapping[str, str]) -> Credentials:
    """The credentials in the environment.

    Raises:
        CannotCall: There are none.
    """
    key, secret = env.get("AWS_ACCESS_KEY_ID", ""), env.get("AWS_SECRET_ACCESS_KEY", "")
    if not key:
        raise CannotCall('Unable to locate credentials. You can configure credentials by running "aws login".', 253)
    if not secret:
        raise CannotCall("Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY", 253)
    return Credentials(key, secret, env.get("AWS_SESSION_TOKEN", ""))


@dataclass(frozen=True, slots=True)
class Client:
    """Signs and sends. `env` is the step's environment; `region` may override its region."""

    env: Mapping[str, str]
    chosen_region: str = ""

    @property
    def region(self) -> str:
        """The region: chosen, else AWS_REGION, else AWS_DEFAULT_REGION.

        Raises:
            CannotCall: None of them.
        """
        found = self.chosen_region or self.env.get("AWS_REGION") or self.env.get("AWS_DEFAULT_REGION")
        if not found:
            raise CannotCall(
                'You must specify a region. You can also configure your region by running "aws configure".', 253
            )
        return found

    def ecr(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One ECR call (AWS JSON 1.1).

        Raises:
            CallFailed: ECR refused.
        """
        kind = {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"{ECR_TARGET}.{operation}"}
        answer = self._signed("POST", "ecr", "/", kind, json.dumps(body).encode())
        return _json(answer, operation)

    def cluster(self, name: str) -> dict[str, Any]:
        """The cluster, as DescribeCluster answers it (REST JSON).

        Raises:
            CallFailed: EKS refused, or there is no such cluster.
        """
        answer = self._signed("GET", "eks", f"/clusters/{quote(name, safe='')}", {}, b"")
        found: dict[str, Any] = _json(answer, "DescribeCluster")["cluster"]
        return found

    def caller(self) -> dict[str, str]:
        """UserId, Account and Arn of the credentials' owner.

        Raises:
            CallFailed: STS refused.
        """
        form = urlencode({"Action": "GetCallerIdentity", "Version": STS_VERSION}).encode()
        kind = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        text = _xml(self._signed("POST", "sts", "/", kind, form), "GetCallerIdentity")
        return {name: member(text, name) for name in ("UserId", "Account", "Arn")}

    def eks_token(self, cluster: str) -> str:
        """A bearer token for the cluster's API: a presigned GetCallerIdentity that names the cluster. Calls nobody."""
        url = f"{endpoint(self.env, 'sts')}/?Action=GetCallerIdentity&Version={STS_VERSION}"
        scope = Scope(self.region, "sts", time.time())
        return presign(url, {"x-k8s-aws-id": cluster}, EKS_TOKEN_SECONDS, credentials(self.env), scope)

    def _signed(self, method: str, service: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        url = endpoint(self.env, service) + path
        scope = Scope(self.region, service, time.time())
        signed = sign(method, url, headers, body, credentials=credentials(self.env), scope=scope)
        return send(method, url, signed, body)


def assume_with_token(env: Mapping[str, str], parameters: Mapping[str, str]) -> dict[str, str]:
    """AssumeRoleWithWebIdentity, which nobody signs: the new key and the assumed role's id.

    Raises:
        CallFailed: STS refused.
        CannotCall: No endpoint, or nothing answers there.
    """
    operation = "AssumeRoleWithWebIdentity"
    form = urlencode({"Action": operation, "Version": STS_VERSION, **parameters}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    text = _xml(send("POST", endpoint(env, "sts") + "/", kind, form), operation)
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AssumedRoleId")
    return {name: member(text, name) for name in names}


def send(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """One HTTP request, without proxies and redirects.

    Raises:
        CannotCall: The host is not on loopback, or nothing answers there.
    """
    from http.client import HTTPConnection, HTTPException, HTTPSConnection  # get-token calls nobody

    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK:
        raise CannotCall(f"{parts.scheme}://{parts.netloc} is not on loopback. A rehearsal reaches nothing else.")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request(
            method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, dict(headers)
        )
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    except (OSError, HTTPException) as error:
        raise CannotCall(f'Could not connect to the endpoint URL: "{url}" ({error})') from error
    finally:
        connection.close()
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)


def member(text: str, name: str) -> str:
    """The text of an XML answer's first element of that name; empty if there is none."""
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    return html.unescape(found[1]) if found else ""


def _json(answer: Answer, operation: str) -> dict[str, Any]:
    try:
        body: dict[str, Any] = json.loads(answer.text) if answer.text else {}
    except ValueError:
        body = {}
    if answer.status < _OK:
        return body
    code = answer.headers.get("x-amzn-errortype") or body.get("__type") or body.get("code") or str(answer.status)
    message = body.get("message") or body.get("Message") or answer.text
    raise CallFailed(str(code).rpartition("#")[2].partition(":")[0], str(message), operation)


def _xml(answer: Answer, operation: str) -> str:
    if answer.status < _OK:
        return answer.text
    raise CallFailed(member(answer.text, "Code") or str(answer.status), member(answer.text, "Message"), operation)
