"""The access matrix of a real role: intent's principals against what is written about the role.

Computed, not tried: organisations' guard-rails (SCPs, RCPs), resource policies and what Kubernetes binds to a group are
not seen here. Where the answer hangs on one of them, or on something that could not be read, the cell says "?".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ekswiz import intent
from ekswiz.answers import Answers
from ekswiz.iam.decision import Decision
from ekswiz.iam.documents import PUSH_ACTIONS, cluster_arn, provider_arn, repository_arn
from ekswiz.iam.evaluate import evaluate
from ekswiz.iam.trust import evaluate_trust
from ekswiz.lint.finding import Role
from ekswiz.lint.trust import STS_KEYS

Got = Literal["yes", "no", "?"]
COLUMNS = ("assume", *(column.id for column in intent.COLUMNS if not column.id.startswith("assume-")))
WEB = "sts:AssumeRoleWithWebIdentity"
OTHER = "ekswiz-probe/somebody-elses"
EDITS = frozenset({"AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy", "AmazonEKSEditPolicy"})
READS_SECRETS = EDITS | {"AmazonEKSAdminViewPolicy", "AmazonEKSSecretReaderPolicy"}
MASTERS = "system:masters"


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer. `surplus` is set where somebody can what nobody meant them to."""

    role: str
    row: str
    column: str
    expected: str
    got: Got
    by: str | None
    why: str

    @property
    def surplus(self) -> bool:
        """Whether this is more than was intended."""
        return self.got == "yes" and self.expected == "no"

    def to_json(self) -> Mapping[str, Any]:
        """As JSON values."""
        return {**asdict(self), "surplus": self.surplus, "basis": "computed, not tried"}


_Found = tuple[Got, str | None, str]


def compute(role: Role, answers: Answers) -> tuple[Cell, ...]:
    """Every principal, every action, with this role."""
    wanted = intent.expected(answers)
    cells = []
    for row in intent.rows(answers):
        entered = _enters(role, row, answers)
        for column in COLUMNS:
            found = entered if column == "assume" or entered[0] != "yes" else _does(role, column, answers)
            cells.append(Cell(role.name, row.id, column, _expected(wanted, row, column, role, answers), *found))
    return tuple(cells)


def unmet(cells: Sequence[Cell]) -> tuple[tuple[str, str], ...]:
    """What was meant to be possible and is certainly not, with none of the roles: (row, column)."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        if cell.expected == "yes" and cell.column != "assume":
            found.setdefault((cell.row, cell.column), []).append(cell)
    return tuple(place for place, held in found.items() if all(cell.got == "no" for cell in held))


def _expected(wanted: Mapping[tuple[str, str], str], row: intent.Row, column: str, role: Role, answers: Answers) -> str:
    if column != "assume":
        return wanted[row.id, column]
    own = {answers.push_role: "assume-push", answers.deploy_role: "assume-deploy"}.get(role.name)
    return wanted[row.id, own] if own else "yes" if row.wins else "no"


def _enters(role: Role, row: intent.Row, answers: Answers) -> _Found:
    """Whether any token of this principal opens the role."""
    if row.origin == "none":
        return "no", None, "GitHub hands this job no token."
    if row.key != "good" or row.lifetime <= 0:
        return "no", None, "STS refuses the token: expired, or not signed by GitHub."
    provider = provider_arn(answers)
    known = role.audiences.get(provider)
    if known is not None and row.audience not in known:
        return "no", None, f"The provider does not know the audience {row.audience}."
    decisions = [
        _trusts(role, claims, row.audience, answers) for claims in (row.build, row.deploy) if claims is not None
    ]
    best = next((each for each in decisions if each.allowed), decisions[-1])
    return "yes" if best.allowed else "no", best.by, best.why


def _trusts(role: Role, claims: intent.Claims, audience: str, answers: Answers) -> Decision:
    context = {f"{answers.issuer}:{name}": [value] for name, value in claims.items() if name in STS_KEYS}
    context[f"{answers.issuer}:aud"] = [audience]
    provider = provider_arn(answers)
    return evaluate_trust(role.trust, principal_type="Federated", principal=provider, action=WEB, context=context)


def _does(role: Role, column: str, answers: Answers) -> _Found:
    other = repository_arn(answers).rpartition(":repository/")[0] + f":repository/{OTHER}"
    questions: Mapping[str, Iterator[tuple[str, str]]] = {
        "push-image": _push(repository_arn(answers)),
        "push-other-repository": _push(other),
        "read-other-repository": iter([("ecr:BatchGetImage", other)]),
        "delete-cluster": iter([("eks:DeleteCluster", cluster_arn(answers))]),
        "change-iam": iter([("iam:PutRolePolicy", role.arn)]),
    }
    if column in questions:
        return _allowed(role, questions[column], answers)
    return _inside(role, column, answers)


def _push(repository: str) -> Iterator[tuple[str, str]]:
    yield "ecr:GetAuthorizationToken", "*"
    for action in PUSH_ACTIONS:
        yield action, repository


def _allowed(role: Role, questions: Iterator[tuple[str, str]], answers: Answers) -> _Found:
    """All of the actions; the first that is refused says why."""
    for action, resource in questions:
        decision = judge(role, action, resource, answers)
        if not decision.allowed:
            unsure = bool(role.unread) or (decision.key is not None and not decision.got)
            return "?" if unsure and decision.by is None else "no", decision.by, decision.why
    return "yes", decision.by, decision.why


def judge(role: Role, action: str, resource: str, answers: Answers) -> Decision:
    """What the role's own policies and its boundary say of an action."""
    session = role.arn.replace(":iam::", ":sts::").partition(":role/")[0] + f":assumed-role/{role.name}/gha-1-1"
    context = {
        "aws:RequestedRegion": [answers.region],
        "aws:PrincipalArn": [role.arn],
        "aws:PrincipalAccount": [answers.account],
        "aws:PrincipalType": ["AssumedRole"],
        "aws:SecureTransport": ["true"],
    }
    documents = [*role.inline.values(), *role.managed.values()]
    return evaluate(action, resource, context, identity=documents, boundary=role.boundary, principal=session)


def _inside(role: Role, column: str, answers: Answers) -> _Found:
    """What the access entry gives inside the cluster."""
    way = next((each for each in role.ways if each.cluster == answers.cluster), None)
    if way is None:
        unread = any("access entry" in what for what in role.unread)
        return "?" if unread else "no", None, f"{role.name} has no access entry in {answers.cluster}."
    if MASTERS in way.groups:
        return "yes", MASTERS, f"The group {MASTERS} may do everything."
    namespace = "default" if column == "deploy-elsewhere" else answers.namespace
    enough = READS_SECRETS if column == "read-secrets" else EDITS
    for arn, namespaces in way.policies:
        name = arn.rpartition("/")[2]
        if name in enough and (not namespaces or namespace in namespaces):
            return "yes", name, f"{name} holds in {namespace}."
    if way.groups == (answers.kubernetes_group,):
        return _own_group(column, answers)
    if way.groups:
        return "?", None, f"It hangs on what the cluster binds to {', '.join(way.groups)}."
    return "no", None, f"No access policy of the entry covers it in {namespace}."


def _own_group(column: str, answers: Answers) -> _Found:
    group = answers.kubernetes_group
    if column == "deploy":
        return "yes", group, f"{group} is bound to the deployer's Role in {answers.namespace}, as ekswiz writes it."
    return "no", None, f"{group} is bound to the deployer's Role in {answers.namespace} alone, as ekswiz writes it."
