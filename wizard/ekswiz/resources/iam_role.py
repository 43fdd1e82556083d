"""An IAM role that GitHub's jobs assume: its trust policy, its one inline policy, and nothing else attached.

Whatever else hangs on the role (a managed policy somebody added, a second inline policy) is drift: it is shown, and
removed by an update. Sources: IAM API, CreateRole, PutRolePolicy, UpdateAssumeRolePolicy, DeleteRole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, pages, tell
from ekswiz.iam.documents import deploy_policy, deploy_trust, push_policy, push_trust, role_arn
from ekswiz.plan import Action, Json, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.shell import command, lines
from ekswiz.resources.tags import STACK, owner, pairs, visible
from ekswiz.target import Target

SESSION_SECONDS = 3600
"""How long a job's credentials live at most; IAM's own default and minimum."""
POLICY = "ekswiz"
"""Name of the one inline policy."""
PERMISSIONS: Mapping[Verb, tuple[str, ...]] = {
    "read": ("iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"),
    "create": ("iam:CreateRole", "iam:TagRole", "iam:PutRolePolicy"),
    "update": (
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
    ),
    "delete": ("iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:DeleteRole"),
}


@dataclass(frozen=True, slots=True)
class RoleAttributes:
    """`policies` are inline policies by name, `attached` ARNs of managed ones, in order."""

    name: str
    trust: Json
    policies: Mapping[str, Json]
    attached: tuple[str, ...]
    session_seconds: int


@dataclass(slots=True)
class IamRole:
    """See `ekswiz.resource.Resource`. Updated in place: an access entry remembers the role's unique id."""

    address: str
    desired: RoleAttributes
    needs: tuple[str, ...]
    why: str
    stack: str
    scopes: Mapping[str, str]
    warning: Risk
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset({"name"})
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: PERMISSIONS)

    def read(self, target: Target) -> Live[RoleAttributes] | None:
        """The role of this name with everything that hangs on it."""
        answer = ask(target, "iam", "get_role", RoleName=self.desired.name)
        if answer is None:
            return None
        role = answer["Role"]
        attached = pages(target, "iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role["RoleName"])
        attributes = RoleAttributes(
            name=role["RoleName"],
            trust=role["AssumeRolePolicyDocument"],
            policies=self._inline(target),
            attached=tuple(sorted(policy["PolicyArn"] for policy in attached)),
            session_seconds=role.get("MaxSessionDuration", SESSION_SECONDS),
        )
        outputs = {"arn": role["Arn"], "unique_id": role["RoleId"]}
        return Live(attributes, outputs, role["RoleId"], owner(role.get("Tags")))

    def create(
        self,
        target: Target,
        desired: RoleAttributes,
        token: str,  # noqa: ARG002 - IAM has no idempotency tokens
        tags: Mapping[str, str],
    ) -> Live[RoleAttributes]:
        """Create it with its tags, then give it its policy."""
        answer = tell(
            target, "iam", "create_role",
            RoleName=desired.name,
            AssumeRolePolicyDocument=json.dumps(desired.trust),
            MaxSessionDuration=desired.session_seconds,
            Description=f"{self.why} Made by ekswiz for stack {self.stack}.",
            Tags=pairs(tags),
        )  # fmt: skip
        self._put(target, desired.policies)
        role = answer["Role"]
        outputs = {"arn": role["Arn"], "unique_id": role["RoleId"]}
        visible(ask(target, "iam", "get_role", RoleName=desired.name), self.address)
        return Live(desired, outputs, role["RoleId"], self.stack)

    def update(self, target: Target, live: Live[RoleAttributes], desired: RoleAttributes) -> Live[RoleAttributes]:
        """Bring trust, session length and policies to what is desired; remove what does not belong."""
        before, name = live.attributes, desired.name
        if before.trust != desired.trust:
            document = json.dumps(desired.trust)
            tell(target, "iam", "update_assume_role_policy", RoleName=name, PolicyDocument=document)
        if before.session_seconds != desired.session_seconds:
            tell(target, "iam", "update_role", RoleName=name, MaxSessionDuration=desired.session_seconds)
        self._put(target, {n: d for n, d in desired.policies.items() if before.policies.get(n) != d})
        self._remove(
            target,
            inline=sorted(set(before.policies) - set(desired.policies)),
            attached=sorted(set(before.attached) - set(desired.attached)),
        )
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[RoleAttributes]) -> None:
        """Take everything off the role, then delete it; gone already is fine."""
        self._remove(target, inline=sorted(live.attributes.policies), attached=live.attributes.attached)
        with suppress(Absent):
            tell(target, "iam", "delete_role", RoleName=self.desired.name)

    def cli(self, action: Action) -> str:
        """The AWS CLI's commands."""
        name = self.desired.name
        put = command(
            "aws", "iam", "put-role-policy", "--role-name", name, "--policy-name", POLICY,
            "--policy-document", self.desired.policies[POLICY],
        )  # fmt: skip
        if action is Action.CREATE:
            tag = f"Key={STACK},Value={self.stack}"
            trust = ("--assume-role-policy-document", self.desired.trust)
            return lines(command("aws", "iam", "create-role", "--role-name", name, *trust, "--tags", tag), put)
        if action is Action.UPDATE:
            words = ("update-assume-role-policy", "--role-name", name, "--policy-document", self.desired.trust)
            return lines(command("aws", "iam", *words), put)
        if action is Action.DELETE:
            gone = command("aws", "iam", "delete-role-policy", "--role-name", name, "--policy-name", POLICY)
            return lines(gone, command("aws", "iam", "delete-role", "--role-name", name))
        return command("aws", "iam", "get-role", "--role-name", name)

    def risks(self, live: Live[RoleAttributes] | None) -> tuple[Risk, ...]:
        """Who gains what by this role, while that is new."""
        if live is not None and live.attributes.trust == self.desired.trust:
            return ()
        return (self.warning,)

    def farewell(self, target: Target, live: Live[RoleAttributes]) -> Farewell:
        """Its jobs will be denied."""
        del target, live
        return Farewell(risks=(Risk("workflow-stops", f"Workflow runs that assume {self.desired.name} will fail."),))

    def _inline(self, target: Target) -> dict[str, Any]:
        role = self.desired.name
        found = {}
        for name in pages(target, "iam", "list_role_policies", "PolicyNames", RoleName=role):
            answer = ask(target, "iam", "get_role_policy", RoleName=role, PolicyName=name)
            if answer is not None:
                found[name] = answer["PolicyDocument"]
        return found

    def _put(self, target: Target, policies: Mapping[str, Json]) -> None:
        for name, document in policies.items():
            text = json.dumps(document)
            tell(target, "iam", "put_role_policy", RoleName=self.desired.name, PolicyName=name, PolicyDocument=text)

    def _remove(self, target: Target, *, inline: list[str], attached: list[str] | tuple[str, ...]) -> None:
        for arn in attached:
            with suppress(Absent):
                tell(target, "iam", "detach_role_policy", RoleName=self.desired.name, PolicyArn=arn)
        for name in inline:
            with suppress(Absent):
                tell(target, "iam", "delete_role_policy", RoleName=self.desired.name, PolicyName=name)


def push_role(answers: Answers) -> IamRole:
    """The role of the build job: push to one ECR repository."""
    why = f"The build job pushes images to {answers.ecr_repository} with it, and can do nothing else."
    sentence = f"Whoever can push to {answers.branch} of {answers.repository} can publish images."
    role = RoleAttributes(answers.push_role, push_trust(answers), {POLICY: push_policy(answers)}, (), SESSION_SECONDS)
    return _role(answers, "push", role, why, Risk("branch-publishes", sentence))


def deploy_role(answers: Answers) -> IamRole:
    """The role of the deploy job: find one cluster; the rest is granted inside Kubernetes."""
    why = f"The deploy job finds cluster {answers.cluster} with it; its rights there end at one namespace."
    through = f", through environment {answers.environment}" if answers.environment else ""
    sentence = f"Whoever can push to {answers.branch} of {answers.repository} can deploy{through}."
    inline = {POLICY: deploy_policy(answers)}
    role = RoleAttributes(answers.deploy_role, deploy_trust(answers), inline, (), SESSION_SECONDS)
    return _role(answers, "deploy", role, why, Risk("branch-deploys", sentence))


def _role(answers: Answers, kind: str, desired: RoleAttributes, why: str, warning: Risk) -> IamRole:
    actions = dict.fromkeys(action for verb in PERMISSIONS.values() for action in verb)
    return IamRole(
        address=f"iam_role.{kind}",
        desired=desired,
        needs=("oidc_provider.github",),
        why=why,
        stack=answers.stack,
        scopes=dict.fromkeys(actions, role_arn(answers, desired.name)),
        warning=warning,
    )
