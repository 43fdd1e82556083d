"""The account's OIDC provider for GitHub: shared by every role that trusts GitHub, so adopted and never taken away.

Ours is one audience of up to a hundred: it is added beside the others, never in their place. Sources: IAM API,
CreateOpenIDConnectProvider and AddClientIDToOpenIDConnectProvider. Thumbprints are optional and not looked at: AWS
verifies GitHub's certificate by its own root store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import ask, pages, tell
from ekswiz.errors import Conflict, Unreadable
from ekswiz.iam.documents import AUDIENCE, provider_arn
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.shell import command
from ekswiz.resources.tags import STACK, owner, pairs, visible
from ekswiz.target import Target

# `farewell` also looks at this stack's own roles; iam:GetRole on them is among the roles' permissions.
PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("iam:GetOpenIDConnectProvider",),
    "create": ("iam:CreateOpenIDConnectProvider", "iam:TagOpenIDConnectProvider"),
    "update": ("iam:AddClientIDToOpenIDConnectProvider",),
    "delete": ("iam:DeleteOpenIDConnectProvider", "iam:ListRoles"),
}


MOST_AUDIENCES = 100
"""Audiences that one provider can have (IAM quota, not adjustable)."""
FULL = "full"
"""Output that says that no audience can be added."""


@dataclass(frozen=True, slots=True)
class ProviderAttributes:
    """`audience` is the one that we need; empty where a provider lacks it. Other audiences are not ours to look at."""

    url: str
    audience: str


@dataclass(slots=True)
class OidcProvider:
    """See `ekswiz.resource.Resource`."""

    address: str
    desired: ProviderAttributes
    arn: str
    own_roles: tuple[str, ...]
    stack: str
    scopes: Mapping[str, str]
    needs: tuple[str, ...] = ()
    why: str = "Lets IAM verify GitHub's tokens, so that no AWS key is stored at GitHub."
    tenure: Tenure = "shared"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[ProviderAttributes] | None:
        """The provider of this issuer, if the account has one."""
        found = ask(target, "iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=self.arn)
        if found is None:
            return None
        audiences = found.get("ClientIDList", ())
        audience = self.desired.audience if self.desired.audience in audiences else ""
        return Live(
            attributes=ProviderAttributes(self.desired.url, audience),
            outputs={"arn": self.arn, FULL: "yes" if len(audiences) >= MOST_AUDIENCES else ""},
            unique_id=found["CreateDate"].isoformat(),
            owner=owner(found.get("Tags")),
        )

    def create(
        self,
        target: Target,
        desired: ProviderAttributes,
        token: str,  # noqa: ARG002 - IAM has no idempotency tokens
        tags: Mapping[str, str],
    ) -> Live[ProviderAttributes]:
        """Create it with its audience and tags."""
        tell(
            target, "iam", "create_open_id_connect_provider",
            Url=desired.url, ClientIDList=[desired.audience], Tags=pairs(tags),
        )  # fmt: skip
        return visible(self.read(target), self.address)

    def update(
        self, target: Target, live: Live[ProviderAttributes], desired: ProviderAttributes
    ) -> Live[ProviderAttributes]:
        """Add our audience; everything else stays as others want it."""
        if live.outputs.get(FULL):
            raise Conflict(_full(self.arn), "Remove one that nobody uses, then plan again.")
        tell(
            target, "iam", "add_client_id_to_open_id_connect_provider",
            OpenIDConnectProviderArn=self.arn, ClientID=desired.audience,
        )  # fmt: skip
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[ProviderAttributes]) -> None:  # noqa: ARG002 - found by its ARN
        """Delete it; IAM does so even while roles trust it, which is why `farewell` looks."""
        tell(target, "iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=self.arn)

    def cli(self, action: Action) -> str:
        """The AWS CLI's command."""
        if action is Action.UPDATE:
            words = ("add-client-id-to-open-id-connect-provider", "--open-id-connect-provider-arn", self.arn)
            return command("aws", "iam", *words, "--client-id", self.desired.audience)
        if action is Action.CREATE:
            words = ("create-open-id-connect-provider", "--url", self.desired.url)
            tag = f"Key={STACK},Value={self.stack}"
            return command("aws", "iam", *words, "--client-id-list", self.desired.audience, "--tags", tag)
        verb = "delete" if action is Action.DELETE else "get"
        return command("aws", "iam", f"{verb}-open-id-connect-provider", "--open-id-connect-provider-arn", self.arn)

    def risks(self, live: Live[ProviderAttributes] | None) -> tuple[Risk, ...]:
        """Adding an audience widens nothing by itself: each role names the audience that it accepts."""
        if live is None or live.attributes.audience or not live.outputs.get(FULL):
            return ()
        return (Risk("provider-full", _full(self.arn)),)

    def farewell(self, target: Target, live: Live[ProviderAttributes]) -> Farewell:
        """It stays while anything but this stack's own roles trusts it."""
        del live
        try:
            others = sorted(self._others(target))
        except Unreadable as error:
            return Farewell(keep=f"Kept: whether other roles trust it cannot be seen ({error.detail}).")
        if others:
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""  # noqa: PLR2004 - what fits a line
            return Farewell(keep=f"Kept: other roles trust it: {', '.join(others[:3])}{more}.")
        return Farewell()

    def _others(self, target: Target) -> set[str]:
        """Names of roles that trust the provider and are not this stack's."""
        trusting = {
            role["RoleName"]
            for role in pages(target, "iam", "list_roles", "Roles")
            if self.arn in json.dumps(role.get("AssumeRolePolicyDocument", {}))
        }
        return {name for name in trusting if not (name in self.own_roles and self._ours(target, name))}

    def _ours(self, target: Target, name: str) -> bool:
        """A role of our name may have been made anew by somebody else: its tag tells."""
        found: dict[str, Any] = ask(target, "iam", "get_role", RoleName=name) or {}
        return owner(found.get("Role", {}).get("Tags")) == self.stack


def oidc_provider(answers: Answers) -> OidcProvider:
    """The provider that this stack's roles trust."""
    arn = provider_arn(answers)
    roles = (answers.push_role, answers.deploy_role)
    every = dict.fromkeys((action for actions in PERMISSIONS.values() for action in actions), arn)
    return OidcProvider(
        address="oidc_provider.github",
        desired=ProviderAttributes(f"https://{answers.issuer}", AUDIENCE),
        arn=arn,
        own_roles=roles,
        stack=answers.stack,
        scopes=every | {"iam:ListRoles": "*"},
    )


def _full(arn: str) -> str:
    return f"{arn} has {MOST_AUDIENCES} audiences, IAM's limit: {AUDIENCE} cannot be added."
