"""One call, all the questions it raises: its own action on each resource, and the actions that AWS asks for besides.

Tagging in a create call needs the tagging permission too; handing a role to a service needs iam:PassRole on that
role; the first cluster of an account needs the right to create EKS's service-linked role.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ekswiz_sim.aws.moto_backend import MotoBackend
from ekswiz_sim.gate import actions_ec2, actions_iam
from ekswiz_sim.gate.actions_iam import SERVICE_LINKED, IamActions
from ekswiz_sim.gate.context import of_resource, of_tags, removed_keys, request_tags
from ekswiz_sim.gate.eks_context import eks_context
from ekswiz_sim.gate.models import known
from ekswiz_sim.gate.policies import Directory
from ekswiz_sim.seams import Principal, Service

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One question for the judge. `policy` is the resource's own policy where the asker knows it (a role's trust)."""

    action: str
    resource: str
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    policy: Mapping[str, Any] | None = None


_TAGGED: Mapping[str, str] = {
    "iam:CreateRole": "iam:TagRole",
    "iam:CreateUser": "iam:TagUser",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
    "iam:CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
    "ecr:CreateRepository": "ecr:TagResource",
    "eks:CreateCluster": "eks:TagResource",
    "eks:CreateNodegroup": "eks:TagResource",
    "eks:CreateAddon": "eks:TagResource",
    "eks:CreateAccessEntry": "eks:TagResource",
    "eks:CreateFargateProfile": "eks:TagResource",
    "eks:CreatePodIdentityAssociation": "eks:TagResource",
}
# action that makes a part of a cluster -> an operation that is authorised on such a part
_PARTS: Mapping[str, str] = {
    "eks:CreateAccessEntry": "DescribeAccessEntry",
    "eks:CreateNodegroup": "DescribeNodegroup",
    "eks:CreateAddon": "DescribeAddon",
}
# action -> (parameter that holds a role ARN, the service it is passed to)
_PASSED: Mapping[str, Sequence[tuple[str, str]]] = {
    "eks:CreateCluster": (("roleArn", "eks.amazonaws.com"),),
    "eks:CreateNodegroup": (("nodeRole", "eks.amazonaws.com"),),
    "eks:CreateFargateProfile": (("podExecutionRoleArn", "eks-fargate-pods.amazonaws.com"),),
    "eks:CreateAddon": (("serviceAccountRoleArn", "eks.amazonaws.com"),),
    "eks:UpdateAddon": (("serviceAccountRoleArn", "eks.amazonaws.com"),),
    "eks:CreatePodIdentityAssociation": (("roleArn", "pods.eks.amazonaws.com"),),
}
_LINKED: Mapping[str, str] = {
    "eks:CreateCluster": "eks.amazonaws.com",
    "eks:CreateNodegroup": "eks-nodegroup.amazonaws.com",
}


class Questions:
    """Turns a parsed call into checks."""

    def __init__(self, backend: MotoBackend, directory: Directory, services: Mapping[str, Service]) -> None:
        self._backend = backend
        self._directory = directory
        self._services = services
        self._iam = IamActions(backend, directory)

    def modelled(self, service: str, operation: str) -> bool:
        """Whether this world knows the operation; what it does not know it refuses."""
        if service == "iam":
            return operation in actions_iam.MODELLED
        if service == "ec2":
            return operation in actions_ec2.MODELLED
        return service in self._services and known(service, operation)

    def of(self, service: str, operation: str, params: Params, principal: Principal) -> Sequence[Check]:
        """Every check that must be answered with yes."""
        if service == "ec2":
            return self._of_ec2(operation, params)
        action = f"{service}:{operation}"
        arns = self._arns(service, operation, params, principal)
        own = self._own_context(service, operation, params)
        checks = [Check(action, arn, {**own, **self._resource(service, arn)}) for arn in arns]
        return [*checks, *self._tagging(action, params, arns), *self._passing(action, params), *self._linking(action)]

    def _of_ec2(self, operation: str, params: Params) -> Sequence[Check]:
        asked = actions_ec2.questions(operation, params, self._start("ec2"), self._backend.ec2_association)
        return [Check(action, arn, {**own, **self._resource("ec2", arn)}) for action, arn, own in asked]

    def _arns(self, service: str, operation: str, params: Params, principal: Principal) -> Sequence[str]:
        if service == "iam":
            return self._iam.arns(operation, params, principal)
        return list(self._services[service].arns(operation, params)) or ["*"]

    def _start(self, service: str) -> str:
        return f"arn:{self._backend.partition}:{service}:{self._backend.region}:{self._backend.account}:"

    def _resource(self, service: str, arn: str) -> Mapping[str, Sequence[str]]:
        if arn == "*":
            return {}
        if service == "ec2":
            return of_resource(self._backend.ec2_tags(arn.rpartition("/")[2]), service)
        tags = self._iam.tags(arn) if service == "iam" else self._services[service].tags(arn)
        return of_resource(tags, service)

    def _own_context(self, service: str, operation: str, params: Params) -> Mapping[str, Sequence[str]]:
        found = dict(of_tags(request_tags(params)))
        removed = removed_keys(params)
        if removed:
            found["aws:TagKeys"] = removed
        if service == "iam":
            found.update(self._iam.context(params))
        if service == "eks":
            found.update(eks_context(operation, params))
        return found

    def _tagging(self, action: str, params: Params, arns: Sequence[str]) -> Sequence[Check]:
        if action in _TAGGED and request_tags(params):
            if action in _PARTS:
                # Creating is authorised on the cluster, but the tags go onto the part.
                arns = self._services["eks"].arns(_PARTS[action], params)
            return [Check(_TAGGED[action], arn, of_tags(request_tags(params))) for arn in arns]
        return []

    def _passing(self, action: str, params: Params) -> Sequence[Check]:
        found = []
        for name, service in _PASSED.get(action, ()):
            if params.get(name):
                found.append(Check("iam:PassRole", str(params[name]), {"iam:PassedToService": [service]}))
        if action == "iam:AddRoleToInstanceProfile":
            role = self._directory.role(str(params.get("RoleName", "")))
            if role:
                found.append(Check("iam:PassRole", role.arn, {"iam:PassedToService": ["ec2.amazonaws.com"]}))
        return found

    def _linking(self, action: str) -> Sequence[Check]:
        service = _LINKED.get(action)
        if service is None or self._directory.role(SERVICE_LINKED[service]):
            return []
        arn = f"arn:{self._backend.partition}:iam::{self._backend.account}:role/aws-service-role/{service}/"
        context = {"iam:AWSServiceName": [service]}
        return [Check("iam:CreateServiceLinkedRole", arn + SERVICE_LINKED[service], context)]
