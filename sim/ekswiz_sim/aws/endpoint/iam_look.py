"""Looking at an endpoint's IAM: what a write may have changed is read anew, the rest is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ekswiz_sim.aws.endpoint.iam_seen import (
    EPOCH,
    Group,
    IamSeen,
    Key,
    Policy,
    Profile,
    Provider,
    Role,
    User,
    Version,
    by_key,
)
from ekswiz_sim.aws.endpoint.wire import Wire

Json = Mapping[str, Any]
Held = tuple[str, str, str, str, datetime, dict[str, str], dict[str, Policy]]
_DETAILS: Mapping[str, str] = {"Role": "RoleDetailList", "User": "UserDetailList", "Group": "GroupDetailList"}


class IamLook:
    """Keeps `seen` as the endpoint has it.

    Args:
        wire: The endpoint.
        aws_policy: AWS's own policy of an ARN; None if AWS has none of that name.
        secrets: Secrets of the access keys that this world saw made, by access key id.
    """

    def __init__(self, wire: Wire, aws_policy: Callable[[str], Policy | None], secrets: Mapping[str, str]) -> None:
        self.seen = IamSeen()
        self._wire = wire
        self._aws_policy = aws_policy
        self._secrets = secrets

    def everything(self) -> IamSeen:
        """Read all of it.

        Raises:
            ServiceError: The endpoint does not answer.
        """
        for part in (self._policies, self._roles, self._users, self._providers, self._profiles):
            part()
        return self.seen

    def after(self, operation: str) -> IamSeen:
        """Read what this operation may have changed.

        Raises:
            ServiceError: As above.
        """
        parts: tuple[tuple[str, tuple[Callable[[], None], ...]], ...] = (
            ("OpenIDConnect", (self._providers,)),
            ("InstanceProfile", (self._profiles,)),
            ("Role", (self._roles,)),
            ("PermissionsBoundary", (self._roles,)),
            ("User", (self._users,)),
            ("Group", (self._users,)),
            ("AccessKey", (self._users,)),
            ("Policy", (self._policies, self._roles, self._users)),
        )
        for part in next((those for word, those in parts if word in operation), (self.everything,)):
            part()
        return self.seen

    def _policies(self) -> None:
        """Those of the account, with those of AWS that are known so far."""
        found = self.seen.aws_policies()
        for policy in self._wire.every(
            "iam", "GetAccountAuthorizationDetails", "Policies", Filter=["LocalManagedPolicy"]
        ):
            arn = str(policy["Arn"])
            tags = by_key(self._wire.ask("iam", "ListPolicyTags", PolicyArn=arn).get("Tags"))
            versions = [
                Version(str(one["VersionId"]), _text(one.get("Document"))) for one in policy["PolicyVersionList"]
            ]
            found[arn] = Policy(
                str(policy["PolicyName"]) if "PolicyName" in policy else arn.rpartition("/")[2],
                arn,
                str(policy.get("PolicyId", arn)),
                str(policy["DefaultVersionId"]),
                versions,
                str(policy.get("Description") or ""),
                _date(policy.get("CreateDate")),
                tags,
            )
        self.seen.managed_policies = found

    def _roles(self) -> None:
        more = {str(role["RoleName"]): role for role in self._wire.every("iam", "ListRoles", "Roles")}
        found = {}
        for detail in self._details("Role"):
            listed = more.get(str(detail["RoleName"]), {})
            boundary = detail.get("PermissionsBoundary") or {}
            found[str(detail["RoleId"])] = Role(
                *self._holder(detail, "Role"),
                assume_role_policy_document=_text(detail["AssumeRolePolicyDocument"]),
                description=str(listed.get("Description") or ""),
                max_session_duration=int(listed.get("MaxSessionDuration") or 3600),
                permissions_boundary_arn=boundary.get("PermissionsBoundaryArn"),
                tags=detail.get("Tags") or (),
            )
        self.seen.roles = found

    def _users(self) -> None:
        """Users and groups."""
        found = {}
        for detail in self._details("User"):
            name = str(detail["UserName"])
            keys = [
                Key(key["AccessKeyId"], name, key["Status"], self._secrets.get(key["AccessKeyId"], ""))
                for key in self._wire.every("iam", "ListAccessKeys", "AccessKeyMetadata", UserName=name)
            ]
            found[name] = User(
                *self._holder(detail, "User"),
                group_list=[str(group) for group in detail.get("GroupList") or ()],
                access_keys=keys,
                tags=detail.get("Tags") or (),
            )
        groups = {}
        for detail in self._details("Group"):
            name = str(detail["GroupName"])
            members = [user for user in found.values() if name in user.group_list]
            groups[name] = Group(*self._holder(detail, "Group"), users=members)
        self.seen.users, self.seen.groups = found, groups

    def _providers(self) -> None:
        found = {}
        for listed in self._wire.every("iam", "ListOpenIDConnectProviders", "OpenIDConnectProviderList"):
            arn = str(listed["Arn"])
            said = self._wire.ask("iam", "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
            url, clients = str(said["Url"]).removeprefix("https://"), list(said.get("ClientIDList") or ())
            prints, made = list(said.get("ThumbprintList") or ()), _date(said.get("CreateDate"))
            found[arn] = Provider(arn, url, clients, prints, made, by_key(said.get("Tags")))
        self.seen.open_id_providers = found

    def _profiles(self) -> None:
        found = {}
        for one in self._wire.every("iam", "ListInstanceProfiles", "InstanceProfiles"):
            ids = [str(role["RoleId"]) for role in one.get("Roles") or ()]
            roles = [self.seen.roles[each] for each in ids if each in self.seen.roles]
            name, made = str(one["InstanceProfileName"]), _date(one.get("CreateDate"))
            found[name] = Profile(name, str(one["Arn"]), str(one["InstanceProfileId"]), made, roles)
        self.seen.instance_profiles = found

    def _details(self, kind: str) -> Iterable[Json]:
        return self._wire.every("iam", "GetAccountAuthorizationDetails", _DETAILS[kind], Filter=[kind])

    def _holder(self, detail: Json, kind: str) -> Held:
        """The members that every holder of policies has, in `Holder`'s order."""
        inline = detail.get(f"{kind}PolicyList") or ()
        attached = [str(one["PolicyArn"]) for one in detail.get("AttachedManagedPolicies") or ()]
        return (
            str(detail[f"{kind}Name"]),
            str(detail["Arn"]),
            str(detail[f"{kind}Id"]),
            str(detail.get("Path") or "/"),
            _date(detail.get("CreateDate")),
            {str(one["PolicyName"]): _text(one["PolicyDocument"]) for one in inline},
            {arn: self._managed(arn) for arn in attached},
        )

    def _managed(self, arn: str) -> Policy:
        """An attached policy; one that nobody knows allows nothing."""
        known = self.seen.managed_policies.get(arn) or self._aws_policy(arn)
        if known is None:
            nothing = Version("v1", json.dumps({"Version": "2012-10-17", "Statement": []}))
            return Policy(arn.rpartition("/")[2], arn, arn, "v1", [nothing])
        self.seen.managed_policies.setdefault(arn, known)
        return known


def _text(document: Any) -> str:
    """A policy document as text; botocore has decoded it."""
    return document if isinstance(document, str) else json.dumps(document)


def _date(said: Any) -> datetime:
    return said if isinstance(said, datetime) else EPOCH
