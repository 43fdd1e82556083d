"""A small AWS on loopback: checks every signature with botocore's own signer and answers what a test sets."""

from __future__ import annotations

import base64
import json
from typing import Any

from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEYS = {"ASIAGOOD": ("se/cret+key", "to/ken+=="), "ASIAROLE": ("role/secret", "role-token")}
DIGEST = f"sha256:{'c' * 64}"
STS_ERROR = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId>
</ErrorResponse>"""
ASSUMED = """<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>
  <AssumedRoleUser><AssumedRoleId>AROAX:gha-1-1</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/r/gha-1-1</Arn>
  </AssumedRoleUser><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role/secret</SecretAccessKey>
  <SessionToken>role-token</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""
CALLER = """<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>AROAX:gha</UserId>
<Account>012345678901</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


class FakeAws:
    """Set `denials` to refuse so many role assumptions; read `seen` for what was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[tuple[str, Any]] = []
        self.denials = 0
        self.images: dict[str, str] = {"v1": DIGEST}
        self.status = "ACTIVE"
        self.registry_status = 200
        self.proxy = ""
        self.token_status = 200

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes([
            web.post("/", self._root), web.get("/clusters/{name}", self._cluster), web.get("/v2/", self._registry),
            web.get("/idtoken", self._idtoken),
        ])  # fmt: skip
        return app

    async def _root(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("Action") == "AssumeRoleWithWebIdentity":
            return self._assume(dict(form))
        refused = await self._unsigned(request, "sts" if form else "ecr")
        if refused:
            return refused
        if form:
            return web.Response(
                text=CALLER.format(arn="arn:aws:sts::1:assumed-role/r/a&amp;b"), content_type="text/xml"
            )
        return self._ecr(request.headers["X-Amz-Target"].partition(".")[2], await request.json())

    def _assume(self, form: dict[str, Any]) -> web.Response:
        self.seen.append(("AssumeRoleWithWebIdentity", form))
        if self.denials > 0:
            self.denials -= 1
            message = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
            return web.Response(status=403, text=STS_ERROR.format(code="AccessDenied", message=message))
        return web.Response(text=ASSUMED, content_type="text/xml")

    def _ecr(self, operation: str, body: dict[str, Any]) -> web.Response:
        self.seen.append((operation, body))
        if operation == "GetAuthorizationToken":
            token = base64.b64encode(b"AWS:pass:word").decode()
            return _json(
                {"authorizationData": [{"authorizationToken": token, "proxyEndpoint": self.proxy or self.url}]}
            )
        if operation == "DescribeRepositories":
            page, more = body.get("nextToken", "1"), {"1": {"nextToken": "2"}}
            return _json({"repositories": [{"repositoryName": page, "createdAt": 0}], **more.get(page, {})})
        tags = [wanted["imageTag"] for wanted in body.get("imageIds", [])] or list(self.images)
        if missing := [tag for tag in tags if tag not in self.images]:
            message = f"The image with imageId {{imageDigest:'null', imageTag:'{missing[0]}'}} does not exist"
            return _json({"__type": "com.amazonaws#ImageNotFoundException", "message": message}, 400)
        return _json({"imageDetails": [{"imageDigest": self.images[tag], "imagePushedAt": 1.5} for tag in tags]})

    async def _cluster(self, request: web.Request) -> web.Response:
        if refused := await self._unsigned(request, "eks"):
            return refused
        name = request.match_info["name"]
        if name != "one":
            headers = {"x-amzn-ErrorType": "ResourceNotFoundException:http://internal/"}
            return web.json_response({"message": f"No cluster found for name: {name}."}, status=404, headers=headers)
        arn = f"arn:aws:eks:eu-central-1:012345678901:cluster/{name}"
        authority = {"data": base64.b64encode(b"CA").decode()}
        found = {"name": name, "arn": arn, "status": self.status, "endpoint": "https://127.0.0.1:6443"}
        return web.json_response({"cluster": {**found, "certificateAuthority": authority, "createdAt": 1.0}})

    async def _registry(self, request: web.Request) -> web.Response:
        self.seen.append(("login", request.headers.get("Authorization")))
        return web.Response(status=self.registry_status)

    async def _idtoken(self, request: web.Request) -> web.Response:
        self.seen.append(("idtoken", (dict(request.query), request.headers.get("Authorization"))))
        body = {"value": "ey.job.token"} if self.token_status == 200 else {"message": "not authorized"}
        return web.json_response(body, status=self.token_status)

    async def _unsigned(self, request: web.Request, service: str) -> web.Response | None:
        """An answer if the signature is not botocore's for the same request."""
        authorization = request.headers.get("Authorization", "")
        key = authorization.partition("Credential=")[2].partition("/")[0]
        secret, token = KEYS.get(key, ("", ""))
        names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        again = AWSRequest(request.method, self.url + request.raw_path, data=await request.read())
        for name in names:
            again.headers[name] = request.headers[name]
        again.context["timestamp"] = request.headers.get("X-Amz-Date", "")
        signer = SigV4Auth(Credentials(key, secret, token), service, "eu-central-1")
        expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
        if authorization.endswith(f"Signature={expected}") and request.headers.get("X-Amz-Security-Token") == token:
            return None
        return _json({"__type": "InvalidSignatureException", "message": "The request signature does not match"}, 403)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, text=json.dumps(body), content_type="application/x-amz-json-1.1")
