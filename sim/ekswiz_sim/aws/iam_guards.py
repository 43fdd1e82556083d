"""What IAM refuses and moto would let through: existence, conflicts, grammar, limits, protected roles."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ekswiz.iam.grammar import validate_document
from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.aws.trust_guard import MALFORMED, check_trust, parsed
from ekswiz_sim.gate.policies import Directory
from ekswiz_sim.gate.tables import names
from ekswiz_sim.seams import ServiceError

Params = Mapping[str, Any]
MANAGED_LIMIT = 6144
# operation -> (what holds the policy, quota of all its inline policies together)
_INLINE: Mapping[str, tuple[str, int]] = {
    "PutRolePolicy": ("role", 10240),
    "PutUserPolicy": ("user", 2048),
    "PutGroupPolicy": ("group", 5120),
}
_CHANGES_ROLE = names(
    """
    DeleteRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy PutRolePolicy DeleteRolePolicy
    AttachRolePolicy DetachRolePolicy PutRolePermissionsBoundary DeleteRolePermissionsBoundary
    """
)


class IamGuards:
    """Checks that run before a judged call reaches the backend."""

    def __init__(self, backend: MotoBackend, directory: Directory) -> None:
        self._backend = backend
        self._directory = directory
        self._guards: Mapping[str, Callable[[Params], None]] = {
            "CreateRole": self._create_role,
            "UpdateAssumeRolePolicy": self._trust,
            "PutRolePermissionsBoundary": self._boundary,
            "CreateUser": self._create_user,
            "DeleteUser": self._delete_user,
            "CreatePolicy": self._managed,
            "CreatePolicyVersion": self._managed,
            "DeletePolicy": self._delete_policy,
            "DeleteGroup": self._delete_group,
            "CreateOpenIDConnectProvider": self._create_provider,
        }

    def check(self, operation: str, params: Params) -> None:
        """Refuse what IAM refuses.

        Raises:
            ServiceError: In IAM's words.
        """
        for name in ("PolicyArn", "PermissionsBoundary"):
            if name in params:
                self._backend.ensure_managed(str(params[name]))
        if operation in _CHANGES_ROLE:
            self._unprotected(str(params.get("RoleName", "")))
        if operation in _INLINE:
            self._inline(operation, params)
        guard = self._guards.get(operation)
        if guard is not None:
            guard(params)

    def _unprotected(self, name: str) -> None:
        role = self._directory.role(name)
        if role is None:
            raise ServiceError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
        if ":role/aws-service-role/" in role.arn:
            text = f"Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
            raise ServiceError("UnmodifiableEntity", text)

    def _trust(self, params: Params) -> None:
        text = str(params.get("AssumeRolePolicyDocument", params.get("PolicyDocument", "")))
        check_trust(text, self._directory, self._backend.account)

    def _create_role(self, params: Params) -> None:
        self._trust(params)
        if "PermissionsBoundary" in params:
            self._boundary(params)

    def _boundary(self, params: Params) -> None:
        arn = str(params["PermissionsBoundary"])
        if self._directory.managed(arn) is None:
            raise ServiceError("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.", 404)

    def _create_user(self, params: Params) -> None:
        if "PermissionsBoundary" in params:
            raise ServiceError("AccessDenied", "A user's permissions boundary is not modelled here.", 403)

    def _delete_user(self, params: Params) -> None:
        name = params.get("UserName", "")
        with self._backend.lock:
            user = self._backend.iam.users.get(name)
            keys = user is not None and bool(user.access_keys)
            grouped = user is not None and any(user in group.users for group in self._backend.iam.groups.values())
        if keys:
            raise ServiceError("DeleteConflict", "Cannot delete entity, must delete access keys first.", 409)
        if grouped:
            raise ServiceError("DeleteConflict", "Cannot delete entity, must remove users from group first.", 409)

    def _delete_group(self, params: Params) -> None:
        with self._backend.lock:
            group = self._backend.iam.groups.get(params.get("GroupName", ""))
            held = group is not None and bool(group.users or group.policies or group.managed_policies)
        if held:
            raise ServiceError("DeleteConflict", "Cannot delete entity, must remove referenced objects first.", 409)

    def _delete_policy(self, params: Params) -> None:
        arn = str(params.get("PolicyArn", ""))
        if arn.split(":")[4:5] == ["aws"]:
            raise ServiceError("AccessDenied", f"The managed policy {arn} belongs to AWS.", 403)
        with self._backend.lock:
            iam = self._backend.iam
            policy = iam.managed_policies.get(arn)
            holders = [*iam.roles.values(), *iam.users.values(), *iam.groups.values()]
            attached = any(arn in holder.managed_policies for holder in holders)
            bounding = any(role.permissions_boundary_arn == arn for role in iam.roles.values())
            versions = len(policy.versions) if policy else 0
        if attached or bounding:
            raise ServiceError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
        if versions > 1:
            text = "This policy has more than one version. Before you delete a policy, you must delete the policy's "
            text += "versions. The default version is deleted with the policy."
            raise ServiceError("DeleteConflict", text, 409)

    def _grammar(self, params: Params) -> None:
        problems = validate_document(parsed(str(params.get("PolicyDocument", ""))), "identity")
        if problems:
            raise ServiceError(MALFORMED, problems[0])

    def _managed(self, params: Params) -> None:
        self._grammar(params)
        if _size(str(params["PolicyDocument"])) > MANAGED_LIMIT:
            raise ServiceError("LimitExceeded", f"Cannot exceed quota for PolicySize: {MANAGED_LIMIT}", 409)

    def _inline(self, operation: str, params: Params) -> None:
        self._grammar(params)
        kind, quota = _INLINE[operation]
        name = str(params.get(f"{kind.title()}Name", ""))
        with self._backend.lock:
            iam = self._backend.iam
            holders = {"role": iam.roles, "user": iam.users, "group": iam.groups}[kind].values()
            held = next((dict(holder.policies) for holder in holders if holder.name == name), {})
        held[str(params["PolicyName"])] = str(params["PolicyDocument"])
        if sum(_size(text) for text in held.values()) > quota:
            raise ServiceError("LimitExceeded", f"Maximum policy size of {quota} bytes exceeded for {kind} {name}", 409)

    def _create_provider(self, params: Params) -> None:
        url = str(params.get("Url", ""))
        if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[^\s?#]*)?", url, re.ASCII):
            raise ServiceError("ValidationError", "Invalid Open ID Connect Provider URL")
        if url.partition("://")[2] in self._directory.providers():
            raise ServiceError("EntityAlreadyExists", f"Provider with url {url} already exists.", 409)


def _size(text: str) -> int:
    return len(re.sub(r"\s", "", text))
