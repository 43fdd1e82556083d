"""The access matrix: expected comes from intent, got from real calls. Nothing here knows how a policy is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ekswiz import intent
from ekswiz.answers import Answers
from ekswiz_sim.access import probes
from ekswiz_sim.access.callers import assume
from ekswiz_sim.access.probes import Answer, Caller
from ekswiz_sim.seams import Record
from ekswiz_sim.world import World

PROBES: Mapping[str, Callable[[Caller, Answers], Answer]] = {
    "push-image": probes.push_image,
    "push-other-repository": probes.push_elsewhere,
    "read-other-repository": probes.read_elsewhere,
    "deploy": probes.deploy,
    "read-secrets": probes.read_secrets,
    "deploy-elsewhere": probes.deploy_elsewhere,
    "delete-cluster": probes.delete_cluster,
    "change-iam": probes.change_iam,
}
ROLES = ("assume-push", "assume-deploy")
NO_CREDENTIALS = "Holds no credentials."
NO_GRANT = "GitHub hands this job no token."
FORGED = "(forged: GitHub cannot mint this token)"


@dataclass(frozen=True, slots=True)
class Cell:
    """One try: what was meant, what happened, at which layer it was decided and why.

    `tried` is False where there was nothing to try with: a principal that became no role has no credentials.
    """

    row: str
    column: str
    expected: str
    got: str
    layer: str | None
    by: str | None
    why: str
    ok: bool
    tried: bool


def try_all(world: World, answers: Answers, commit: str) -> Iterator[dict[str, Any]]:
    """Every principal tries every action, one cell at a time, as JSON values."""
    expected = intent.expected(answers)
    for row in intent.rows(answers):
        for column, (got, layer, by, why) in _row(world, answers, row, commit):
            wanted = expected[row.id, column]
            tried = not why.startswith((NO_CREDENTIALS, NO_GRANT))
            yield asdict(Cell(row.id, column, wanted, got, layer, by, why, wanted in ("n/a", got), tried))


Found = tuple[str, str | None, str | None, str]


def _row(world: World, answers: Answers, row: intent.Row, commit: str) -> Iterator[tuple[str, Found]]:
    callers: list[Caller] = []
    denied: Found = ("no", "token", None, NO_GRANT)
    for column in ROLES:
        found, caller = _assume(world, answers, row, column, commit)
        callers += [caller] if caller else []
        denied = found if caller is None else denied
        yield column, found
    for column, probe in PROBES.items():
        yield column, _try(world, answers, probe, callers) if callers else _without(denied)


def _without(denied: Found) -> Found:
    _, layer, by, why = denied
    return "no", layer, by, f"{NO_CREDENTIALS} {why}"


def _assume(world: World, answers: Answers, row: intent.Row, column: str, commit: str) -> tuple[Found, Caller | None]:
    claims = row.claims_for(column)
    if claims is None:
        return ("no", "token", None, NO_GRANT), None
    since = len(world.records())
    token = world.token({**claims, "sha": commit}, audience=row.audience, key=row.key, lifetime=row.lifetime)
    role = answers.push_role if column == "assume-push" else answers.deploy_role
    caller, words = assume(world, answers, role, token, tag=f"probe-{row.id}")
    suffix = f" {FORGED}" if row.origin == "forged" else ""
    return _explained(Answer(caller is not None, words), world.records(since), suffix), caller


def _try(
    world: World, answers: Answers, probe: Callable[[Caller, Answers], Answer], callers: Sequence[Caller]
) -> Found:
    """With every role that the principal holds: one that gets in is enough."""
    found: Found = ("no", None, None, "")
    for caller in callers:
        since = len(world.records())
        answer = probe(caller, answers)
        found = _explained(answer, world.records(since))
        if answer.yes:
            break
    return found


def _explained(answer: Answer, records: Sequence[Record], suffix: str = "") -> Found:
    fitting = [record for record in records if record.decision.allowed == answer.yes] or list(records)
    got = "yes" if answer.yes else "no"
    if not fitting:
        return got, None, None, f"{answer.words}{suffix}"
    decision = fitting[-1].decision
    why = decision.why if answer.yes else f"{decision.why} Answer: {answer.words}"
    if decision.key and not answer.yes:
        why += f" [{decision.key}: expected {', '.join(decision.expected)}; got {', '.join(decision.got)}]"
    return got, decision.layer, decision.by, why + suffix
