"""The policies that speak for a principal, fetched anew for every decision: nothing is cached, nothing is stale."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.gate.keys import Keyring
from ekswiz_sim.seams import Principal

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Policies:
    """All that identity-based judging needs. `names` are the policies' names, in `identity`'s order."""

    identity: tuple[Json, ...] = ()
    names: tuple[str, ...] = ()
    boundary: Json | None = None
    session: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role as STS and the trust's judge need it. Durations are in seconds."""

    arn: str
    name: str
    unique_id: str
    trust: str
    max_duration: int
    tags: Mapping[str, str] = field(default_factory=dict)


class Directory:
    """Looks into IAM on behalf of the judges. Every answer is a copy."""

    def __init__(self, backend: MotoBackend, keys: Keyring) -> None:
        self._backend = backend
        self._keys = keys

    def policies_of(self, principal: Principal) -> Policies:
        """Inline, attached and group policies, the boundary, and the session's own policies.

        A principal whose user or role is gone has no policies left.
        """
        session = self._keys.session(principal.access_key)
        boundary = None
        with self._backend.lock:
            iam = self._backend.iam
            if principal.kind == "user":
                owner = next((user for user in iam.users.values() if user.id == principal.unique_id), None)
                groups = [group for group in iam.groups.values() if owner is not None and owner in group.users]
            else:
                owner, groups = iam.roles.get(principal.unique_id), []
                boundary = self._boundary(owner.permissions_boundary_arn) if owner else None
            if owner is None:
                return Policies()
            found = [pair for holder in [owner, *groups] for pair in _documents(holder)]
        documents = tuple(document for _, document in found)
        names = tuple(name for name, _ in found)
        return Policies(documents, names, boundary, session.policies if session else ())

    def _boundary(self, arn: str | None) -> Json | None:
        if not arn:
            return None
        policy = self._backend.iam.managed_policies.get(arn)
        # A boundary that points to nothing allows nothing: AWS never lets a deleted boundary open a door.
        return _default_version(policy) if policy else {"Version": "2012-10-17", "Statement": []}

    def managed(self, arn: str) -> Json | None:
        """A managed policy's document in its default version, or None."""
        self._backend.ensure_managed(arn)
        with self._backend.lock:
            policy = self._backend.iam.managed_policies.get(arn)
            return _default_version(policy) if policy else None

    def role(self, name_or_arn: str) -> Role | None:
        """A role by name, or by its whole ARN (path included)."""
        with self._backend.lock:
            for role in self._backend.iam.roles.values():
                if name_or_arn in {role.name, role.arn}:
                    tags = {tag["Key"]: tag["Value"] for tag in role.tags or ()}
                    longest = int(role.max_session_duration or 3600)
                    return Role(role.arn, role.name, role.id, role.assume_role_policy_document, longest, tags)
        return None

    def unique_id(self, arn: str) -> str | None:
        """The AROA…/AIDA… behind a role's or user's ARN, or None if there is no such principal."""
        with self._backend.lock:
            for holder in [*self._backend.iam.roles.values(), *self._backend.iam.users.values()]:
                if holder.arn == arn:
                    return str(holder.id)
        return None

    def providers(self) -> Mapping[str, Sequence[str]]:
        """OIDC providers: URL without scheme -> client ids."""
        with self._backend.lock:
            found = self._backend.iam.open_id_providers.values()
            return {str(provider.url): tuple(provider.client_id_list or ()) for provider in found}

    def provider_tags(self, arn: str) -> Mapping[str, str]:
        """Tags of an OIDC provider; empty if it does not exist."""
        with self._backend.lock:
            found = self._backend.iam.open_id_providers.get(arn)
            return {tag["Key"]: tag["Value"] for tag in found.tags.values()} if found else {}

    def policy_tags(self, arn: str) -> Mapping[str, str]:
        """Tags of a customer managed policy; empty if it does not exist."""
        with self._backend.lock:
            found = self._backend.iam.managed_policies.get(arn)
            return {tag["Key"]: tag["Value"] for tag in (found.tags or {}).values()} if found else {}

    def user_tags(self, name: str) -> Mapping[str, str]:
        """Tags of a user; empty if it does not exist."""
        with self._backend.lock:
            found = self._backend.iam.users.get(name)
            return {tag["Key"]: tag["Value"] for tag in found.tags or ()} if found else {}


def _documents(holder: Any) -> list[tuple[str, Json]]:
    inline = [(str(name), json.loads(text)) for name, text in holder.policies.items()]
    attached = [(str(policy.name), _default_version(policy)) for policy in holder.managed_policies.values()]
    return [*inline, *attached]


def _default_version(policy: Any) -> Json:
    for version in policy.versions:
        if version.version_id == policy.default_version_id:
            document: Json = json.loads(version.document)
            return document
    return {"Version": "2012-10-17", "Statement": []}
