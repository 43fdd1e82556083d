"""IAM's operations: the resource each one is judged on, and the condition keys it brings along.

An operation that is not in this table is not modelled, and is refused by name.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.gate.policies import Directory
from ekswiz_sim.gate.tables import names
from ekswiz_sim.seams import Principal

Params = Mapping[str, Any]

ROLE = names(
    """
    CreateRole GetRole DeleteRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy PutRolePolicy
    GetRolePolicy DeleteRolePolicy ListRolePolicies AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
    TagRole UntagRole ListRoleTags PutRolePermissionsBoundary DeleteRolePermissionsBoundary
    ListInstanceProfilesForRole DeleteServiceLinkedRole
    """
)
USER = names(
    """
    CreateUser GetUser DeleteUser UpdateUser PutUserPolicy GetUserPolicy DeleteUserPolicy ListUserPolicies
    AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies CreateAccessKey DeleteAccessKey UpdateAccessKey
    ListAccessKeys TagUser UntagUser ListUserTags ListGroupsForUser
    """
)
GROUP = names(
    """
    CreateGroup GetGroup DeleteGroup PutGroupPolicy GetGroupPolicy DeleteGroupPolicy ListGroupPolicies
    AttachGroupPolicy DetachGroupPolicy ListAttachedGroupPolicies AddUserToGroup RemoveUserFromGroup
    """
)
POLICY = names(
    """
    CreatePolicy GetPolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion GetPolicyVersion
    ListPolicyVersions SetDefaultPolicyVersion ListEntitiesForPolicy TagPolicy UntagPolicy ListPolicyTags
    """
)
PROVIDER = names(
    """
    CreateOpenIDConnectProvider GetOpenIDConnectProvider DeleteOpenIDConnectProvider
    AddClientIDToOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProvider
    UpdateOpenIDConnectProviderThumbprint TagOpenIDConnectProvider UntagOpenIDConnectProvider
    ListOpenIDConnectProviderTags
    """
)
PROFILE = names(
    """
    CreateInstanceProfile GetInstanceProfile DeleteInstanceProfile AddRoleToInstanceProfile
    RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile
    """
)
LISTS: Mapping[str, str] = {
    "ListRoles": "role",
    "ListUsers": "user",
    "ListGroups": "group",
    "ListPolicies": "policy",
    "ListInstanceProfiles": "instance-profile",
}
ACCOUNT = frozenset({"GetAccountSummary", "ListAccountAliases", "GetAccountAuthorizationDetails"})
OTHER = frozenset({"ListOpenIDConnectProviders", "CreateServiceLinkedRole", "SimulatePrincipalPolicy"})
MODELLED = ROLE | USER | GROUP | POLICY | PROVIDER | PROFILE | frozenset(LISTS) | ACCOUNT | OTHER

SERVICE_LINKED: Mapping[str, str] = {
    "eks.amazonaws.com": "AWSServiceRoleForAmazonEKS",
    "eks-nodegroup.amazonaws.com": "AWSServiceRoleForAmazonEKSNodegroup",
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
}


class IamActions:
    """Names the resources of IAM operations in one account."""

    def __init__(self, backend: MotoBackend, directory: Directory) -> None:
        self._backend = backend
        self._directory = directory
        self._start = f"arn:{backend.partition}:iam::{backend.account}:"

    def arns(self, operation: str, params: Params, principal: Principal) -> Sequence[str]:
        """The ARNs that the operation is judged on."""
        for operations, resource in self._table():
            if operation in operations:
                return [resource(params, principal)]
        if operation in LISTS:
            return [f"{self._start}{LISTS[operation]}{params.get('PathPrefix', '/')}"]
        if operation == "ListOpenIDConnectProviders":
            return [f"{self._start}oidc-provider/*"]
        if operation == "SimulatePrincipalPolicy":
            return [str(params["PolicySourceArn"])]
        return ["*"]

    def _table(self) -> Sequence[tuple[frozenset[str], Callable[[Params, Principal], str]]]:
        return (
            (ROLE, self._role),
            (USER, self._user),
            (GROUP, lambda params, _: self._named("groups", "group", params.get("GroupName", ""), params)),
            (POLICY, self._policy),
            (PROVIDER, self._provider),
            (PROFILE, self._profile),
            (frozenset({"CreateServiceLinkedRole"}), self._service_linked),
        )

    def _role(self, params: Params, _: Principal) -> str:
        name = str(params.get("RoleName", ""))
        found = self._directory.role(name)
        return found.arn if found else f"{self._start}role{_path(params)}{name}"

    def _user(self, params: Params, principal: Principal) -> str:
        if "UserName" not in params:
            return principal.arn
        return self._named("users", "user", params["UserName"], params)

    def _profile(self, params: Params, _: Principal) -> str:
        name = params.get("InstanceProfileName", "")
        return self._named("instance_profiles", "instance-profile", name, params)

    def _named(self, store: str, kind: str, name: str, params: Params) -> str:
        with self._backend.lock:
            iam = self._backend.iam
            held = {"users": iam.users, "groups": iam.groups, "instance_profiles": iam.instance_profiles}[store]
            for thing in held.values():
                if thing.name == name:
                    return str(thing.arn)
        return f"{self._start}{kind}{_path(params)}{name}"

    def _policy(self, params: Params, _: Principal) -> str:
        if "PolicyArn" in params:
            return str(params["PolicyArn"])
        return f"{self._start}policy{_path(params)}{params.get('PolicyName', '')}"

    def _provider(self, params: Params, _: Principal) -> str:
        if "OpenIDConnectProviderArn" in params:
            return str(params["OpenIDConnectProviderArn"])
        return f"{self._start}oidc-provider/{str(params.get('Url', '')).partition('://')[2]}"

    def _service_linked(self, params: Params, _: Principal) -> str:
        service = str(params.get("AWSServiceName", ""))
        name = SERVICE_LINKED.get(service, f"AWSServiceRoleFor{service.partition('.')[0]}")
        return f"{self._start}role/aws-service-role/{service}/{name}"

    def context(self, params: Params) -> Mapping[str, Sequence[str]]:
        """IAM's own condition keys, as far as the parameters carry them."""
        keys = {"PolicyArn": "iam:PolicyARN", "PermissionsBoundary": "iam:PermissionsBoundary"}
        keys["AWSServiceName"] = "iam:AWSServiceName"
        found: dict[str, Sequence[str]] = {key: [str(params[name])] for name, key in keys.items() if name in params}
        boundary = self._boundary(params)
        if boundary and "iam:PermissionsBoundary" not in found:
            found["iam:PermissionsBoundary"] = [boundary]
        return found

    def _boundary(self, params: Params) -> str | None:
        role = self._directory.role(str(params["RoleName"])) if "RoleName" in params else None
        if role is None:
            return None
        with self._backend.lock:
            arn = self._backend.iam.roles[role.unique_id].permissions_boundary_arn
        return str(arn) if arn else None

    def tags(self, arn: str) -> Mapping[str, str]:
        """Tags of an existing role, user, provider or policy."""
        kind = arn.partition(self._start)[2].partition("/")[0]
        if kind == "role":
            role = self._directory.role(arn)
            return role.tags if role else {}
        if kind == "user":
            return self._directory.user_tags(arn.rpartition("/")[2])
        if kind == "oidc-provider":
            return self._directory.provider_tags(arn)
        return self._directory.policy_tags(arn) if kind == "policy" else {}


def _path(params: Params) -> str:
    return str(params.get("Path", "/"))
