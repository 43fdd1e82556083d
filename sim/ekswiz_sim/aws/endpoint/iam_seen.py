"""IAM's objects at an endpoint, as the gate looks at them.

The shapes are those of the embedded backend's objects, as far as the gate, its guards and the snapshot read them: who
judges does not know where the objects are kept. Documents are text, tags as AWS lists them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Tag = Mapping[str, str]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Version:
    """One version of a managed policy."""

    version_id: str
    document: str


@dataclass(slots=True)
class Policy:
    """A managed policy; `tags` by key."""

    name: str
    arn: str
    id: str
    default_version_id: str
    versions: Sequence[Version]
    description: str = ""
    create_date: datetime = EPOCH
    tags: Mapping[str, Tag] = field(default_factory=dict)


@dataclass(slots=True)
class Holder:
    """What holds policies: inline ones as text by name, managed ones by ARN."""

    name: str
    arn: str
    id: str
    path: str
    create_date: datetime
    policies: Mapping[str, str]
    managed_policies: Mapping[str, Policy]


@dataclass(slots=True)
class Role(Holder):
    """A role."""

    assume_role_policy_document: str = "{}"
    description: str = ""
    max_session_duration: int = 3600
    permissions_boundary_arn: str | None = None
    tags: Sequence[Tag] = ()


@dataclass(slots=True)
class Key:
    """An access key. Its secret is known only if this world saw it made."""

    access_key_id: str
    user_name: str
    status: str
    secret_access_key: str = field(default="", repr=False)


@dataclass(slots=True)
class User(Holder):
    """A user; `group_list` are the names of its groups."""

    group_list: Sequence[str] = ()
    access_keys: Sequence[Key] = ()
    tags: Sequence[Tag] = ()


@dataclass(slots=True)
class Group(Holder):
    """A group."""

    users: Sequence[User] = ()


@dataclass(slots=True)
class Provider:
    """An OIDC provider; `url` without scheme, `tags` by key."""

    arn: str
    url: str
    client_id_list: Sequence[str]
    thumbprint_list: Sequence[str]
    create_date: datetime
    tags: Mapping[str, Tag]


@dataclass(slots=True)
class Profile:
    """An instance profile."""

    name: str
    arn: str
    id: str
    create_date: datetime
    roles: Sequence[Role]


@dataclass(slots=True)
class IamSeen:
    """All of it: roles by id, users, groups and profiles by name, the rest by ARN, keys by access key id."""

    roles: dict[str, Role] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    managed_policies: dict[str, Policy] = field(default_factory=dict)
    open_id_providers: dict[str, Provider] = field(default_factory=dict)
    instance_profiles: dict[str, Profile] = field(default_factory=dict)

    @property
    def access_keys(self) -> dict[str, Key]:
        """The keys that somebody can sign with here: an empty secret is one that everybody knows."""
        keys = (key for user in self.users.values() for key in user.access_keys)
        return {key.access_key_id: key for key in keys if key.secret_access_key}

    def aws_policies(self) -> dict[str, Policy]:
        """Those that are AWS's own."""
        return {arn: policy for arn, policy in self.managed_policies.items() if arn.split(":")[4] == "aws"}


def by_key(tags: Any) -> dict[str, Tag]:
    """A list of tags by key."""
    return {str(tag["Key"]): tag for tag in tags or ()}
