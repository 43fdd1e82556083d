"""An IAM role that GitHub's jobs assume: its trust policy, its one inline policy, its boundary, and nothing else.

Whatever else hangs on the role (a managed policy somebody added, a second inline policy) is drift: it is shown, and
removed by an update once the risks that go with it are agreed to. Sources: IAM API, CreateRole, PutRolePolicy,
UpdateAssumeRolePolicy, PutRolePermissionsBoundary, DeleteRole; IAM User Guide, "Permissions boundaries".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ekswiz.answers import Answers
from ekswiz.clients.aws_errors import Absent, ask, pages, tell
from ekswiz.errors import Conflict
from ekswiz.iam.documents import deploy_policy, deploy_trust, push_policy, push_trust, role_arn
from ekswiz.plan import Action, Json, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.role_findings import findings
from ekswiz.resources.shell import command, lines
from ekswiz.resources.tags import ADDRESS, STACK, known, owner, pairs, visible
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
        "iam:TagRole",
        "iam:PutRolePermissionsBoundary",
        "iam:DeleteRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
    ),
    "delete": ("iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:DeleteRole"),
}


@dataclass(frozen=True, slots=True)
class RoleAttributes:
    """`policies` are inline policies by name, `attached` ARNs of managed ones, in order.

    `boundary` is the ARN of the permissions boundary, empty for none. `description` and `tags` are looked at only on a
    role of ours: on others they are theirs. `path` cannot be changed.
    """

    name: str
    trust: Json
    policies: Mapping[str, Json]
    attached: tuple[str, ...]
    session_seconds: int
    boundary: str = ""
    path: str = "/"
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


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
        whose = owner(role.get("Tags"))
        attributes = RoleAttributes(
            name=role["RoleName"],
            trust=role["AssumeRolePolicyDocument"],
            policies=self._inline(target),
            attached=tuple(sorted(policy["PolicyArn"] for policy in attached)),
            session_seconds=role.get("MaxSessionDuration", SESSION_SECONDS),
            boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            path=role["Path"],
            description=role.get("Description", "") if whose == self.stack else self.desired.description,
            tags=known(role.get("Tags"), self.desired.tags) if whose == self.stack else self.desired.tags,
        )
        return Live(attributes, _outputs(role), role["RoleId"], whose)

    def create(
        self,
        target: Target,
        desired: RoleAttributes,
        token: str,  # noqa: ARG002 - IAM has no idempotency tokens
        tags: Mapping[str, str],
    ) -> Live[RoleAttributes]:
        """Create it with its tags and boundary, then give it its policy."""
        answer = tell(
            target, "iam", "create_role",
            RoleName=desired.name,
            AssumeRolePolicyDocument=json.dumps(desired.trust),
            MaxSessionDuration=desired.session_seconds,
            Description=desired.description,
            Tags=pairs(tags),
            **({"PermissionsBoundary": desired.boundary} if desired.boundary else {}),
        )  # fmt: skip
        self._put(target, desired.policies)
        role = answer["Role"]
        visible(ask(target, "iam", "get_role", RoleName=desired.name), self.address)
        return Live(desired, _outputs(role), role["RoleId"], self.stack)

    def update(self, target: Target, live: Live[RoleAttributes], desired: RoleAttributes) -> Live[RoleAttributes]:
        """Bring everything to what is desired, the boundary first; remove what does not belong."""
        before, name = live.attributes, desired.name
        if before.path != desired.path:
            arn = live.outputs.get("arn", name)
            raise Conflict(f"{arn} has a path, and a role cannot be moved.", "Delete it, or choose another stack name.")
        self._limit(target, before, desired)
        if before.trust != desired.trust:
            document = json.dumps(desired.trust)
            tell(target, "iam", "update_assume_role_policy", RoleName=name, PolicyDocument=document)
        self._describe(target, before, desired)
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
        boundary = ("--permissions-boundary", self.desired.boundary) if self.desired.boundary else ()
        if action is Action.CREATE:
            tag = f"Key={STACK},Value={self.stack}"
            trust = ("--assume-role-policy-document", self.desired.trust)
            words = ("create-role", "--role-name", name, *trust, *boundary, "--tags", tag)
            return lines(command("aws", "iam", *words), put)
        if action is Action.UPDATE:
            words = ("update-assume-role-policy", "--role-name", name, "--policy-document", self.desired.trust)
            verb = "put" if boundary else "delete"
            limit = command("aws", "iam", f"{verb}-role-permissions-boundary", "--role-name", name, *boundary)
            return lines(command("aws", "iam", *words), put, limit)
        if action is Action.DELETE:
            gone = command("aws", "iam", "delete-role-policy", "--role-name", name, "--policy-name", POLICY)
            return lines(gone, command("aws", "iam", "delete-role", "--role-name", name))
        return command("aws", "iam", "get-role", "--role-name", name)

    def risks(self, live: Live[RoleAttributes] | None) -> tuple[Risk, ...]:
        """Who gains what by this role, while that is new; who loses what, where it exists."""
        if live is None:
            return (self.warning,)
        gain = (self.warning,) if live.attributes.trust != self.desired.trust else ()
        wrong = findings(live) if live.attributes != self.desired else ()
        return (*gain, *wrong, *role_risks(live.attributes, self.desired))

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

    def _limit(self, target: Target, before: RoleAttributes, desired: RoleAttributes) -> None:
        """Set or remove the permissions boundary."""
        if before.boundary == desired.boundary:
            return
        if not desired.boundary:
            tell(target, "iam", "delete_role_permissions_boundary", RoleName=desired.name)
            return
        arn = desired.boundary
        tell(target, "iam", "put_role_permissions_boundary", RoleName=desired.name, PermissionsBoundary=arn)

    def _describe(self, target: Target, before: RoleAttributes, desired: RoleAttributes) -> None:
        """Session length, description and tags."""
        if (before.session_seconds, before.description) != (desired.session_seconds, desired.description):
            tell(
                target, "iam", "update_role",
                RoleName=desired.name, Description=desired.description, MaxSessionDuration=desired.session_seconds,
            )  # fmt: skip
        if before.tags != desired.tags:
            tell(target, "iam", "tag_role", RoleName=desired.name, Tags=pairs(desired.tags))

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
    inline = {POLICY: push_policy(answers)}
    role = _attributes(answers, answers.push_role, push_trust(answers), inline)
    return _role(answers, "push", role, why, Risk("branch-publishes", sentence))


def deploy_role(answers: Answers) -> IamRole:
    """The role of the deploy job: find one cluster; the rest is granted inside Kubernetes."""
    why = f"The deploy job finds cluster {answers.cluster} with it; its rights there end at one namespace."
    through = f", through environment {answers.environment}" if answers.environment else ""
    sentence = f"Whoever can push to {answers.branch} of {answers.repository} can deploy{through}."
    inline = {POLICY: deploy_policy(answers)}
    role = _attributes(answers, answers.deploy_role, deploy_trust(answers), inline)
    return _role(answers, "deploy", role, why, Risk("branch-deploys", sentence))


def _attributes(answers: Answers, name: str, trust: Json, inline: Mapping[str, Json]) -> RoleAttributes:
    return RoleAttributes(name, trust, inline, (), SESSION_SECONDS, boundary=answers.boundary)


def _role(answers: Answers, kind: str, desired: RoleAttributes, why: str, warning: Risk) -> IamRole:
    actions = dict.fromkeys(action for verb in PERMISSIONS.values() for action in verb)
    address = f"iam_role.{kind}"
    described = f"{why} Made by ekswiz for stack {answers.stack}."
    return IamRole(
        address=address,
        desired=replace(desired, description=described, tags={ADDRESS: address}),
        needs=("oidc_provider.github",),
        why=why,
        stack=answers.stack,
        scopes=dict.fromkeys(actions, role_arn(answers, desired.name)),
        warning=warning,
    )


def role_risks(live: RoleAttributes, desired: RoleAttributes) -> Iterator[Risk]:
    """What bringing a live role to `desired` takes away, and from whom."""
    name = live.name
    if live.path != desired.path:
        yield Risk("other-path", f"Role {name} has the path {live.path}: its ARN is not the one that jobs ask for.")
    if live.trust != desired.trust:
        yield Risk("narrows-trust", f"Role {name}: whoever only its present trust policy lets in is refused.")
    extra = [arn.rpartition("/")[2] for arn in live.attached if arn not in desired.attached]
    if extra:
        yield Risk("drops-managed-policies", f"Role {name} loses {', '.join(extra)}, and all that only they allow.")
    inline = sorted(set(live.policies) - set(desired.policies))
    if inline:
        yield Risk("removes-inline-policy", f"Role {name} loses its inline policies {', '.join(inline)}.")
    if any(live.policies.get(key, document) != document for key, document in desired.policies.items()):
        yield Risk("rewrites-inline-policy", f"Role {name}: what was changed in policy {POLICY} is undone.")
    yield from _limits(live, desired)


def _limits(live: RoleAttributes, desired: RoleAttributes) -> Iterator[Risk]:
    name = live.name
    if desired.boundary and live.boundary != desired.boundary:
        yield Risk("sets-boundary", f"Role {name} is limited by {desired.boundary} from now on.")
    if live.boundary and not desired.boundary:
        yield Risk("removes-boundary", f"Role {name} is not limited by {live.boundary} any more.")
    if live.session_seconds > desired.session_seconds:
        sentence = f"Jobs that ask {name} for more than {desired.session_seconds} s of credentials are refused."
        yield Risk("shortens-session", sentence)


def _outputs(role: Mapping[str, Any]) -> dict[str, str]:
    return {"arn": role["Arn"], "unique_id": role["RoleId"]}
