"""What exists before anybody acts: users with keys, roles, providers, planted by the world as its root user.

These go past the wire but not past IAM's own guards: a world cannot start with an object that AWS would refuse.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from ekswiz_sim.gate.keys import AccessKey
from ekswiz_sim.gate.models import nested
from ekswiz_sim.gate.parts import Parts
from ekswiz_sim.seams import ServiceError

Json = Mapping[str, Any]


class Seeds:
    """Plants IAM objects. Every method raises ServiceError where IAM refuses."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def user(self, name: str, policy: Json | None = None, tags: Mapping[str, str] | None = None) -> AccessKey:
        """An IAM user with an inline policy and an access key."""
        self._call("CreateUser", {"UserName": name, **_tags(tags)})
        if policy is not None:
            form = {"UserName": name, "PolicyName": "seeded", "PolicyDocument": json.dumps(policy)}
            self._call("PutUserPolicy", form)
        made = self._call("CreateAccessKey", {"UserName": name})
        return AccessKey(_text(made, "AccessKeyId"), _text(made, "SecretAccessKey"))

    def role(
        self,
        name: str,
        trust: Json,
        policy: Json | None = None,
        managed: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
    ) -> str:
        """A role with an inline policy and attached managed policies (ARNs). Its ARN."""
        form = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(trust), **_tags(tags)}
        made = self._call("CreateRole", form)
        if policy is not None:
            form = {"RoleName": name, "PolicyName": "seeded", "PolicyDocument": json.dumps(policy)}
            self._call("PutRolePolicy", form)
        for arn in managed:
            self._call("AttachRolePolicy", {"RoleName": name, "PolicyArn": arn})
        return _text(made, "Arn")

    def provider(self, url: str, clients: Sequence[str], tags: Mapping[str, str] | None = None) -> str:
        """An OIDC provider. Its ARN."""
        ids = {f"ClientIDList.member.{at}": client for at, client in enumerate(clients, 1)}
        made = self._call("CreateOpenIDConnectProvider", {"Url": url, **ids, **_tags(tags)})
        return _text(made, "OpenIDConnectProviderArn")

    def service_linked_role(self, service: str = "eks.amazonaws.com") -> str:
        """A service's own role, as any account has that used the service before. Its ARN."""
        return str(self._parts.iam.ensure_service_linked(service).arn)

    def _call(self, operation: str, form: Mapping[str, str]) -> bytes:
        root = self._parts.keys.root_principal()
        reply = self._parts.iam.call(operation, nested(form.items()), {"Action": operation, **form}, root)
        if reply.status >= 400:  # noqa: PLR2004 - HTTP's own border
            raise ServiceError(_text(reply.body, "Code"), _text(reply.body, "Message"), reply.status)
        return reply.body


def _tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    found = {}
    for at, (key, value) in enumerate((tags or {}).items(), 1):
        found[f"Tags.member.{at}.Key"] = key
        found[f"Tags.member.{at}.Value"] = value
    return found


def _text(body: bytes, name: str) -> str:
    # The text is our own moto's, made in this process.
    for element in ET.fromstring(body).iter():  # noqa: S314 - see above
        if element.tag.rpartition("}")[2] == name:
            return element.text or ""
    return ""
