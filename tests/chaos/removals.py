"""Each action and statement of what the roles may do, and each condition of who may become them, taken away alone.

Somebody must notice: a named stage of the rehearsal or a cell of the matrix. A condition that nobody misses is defence
in depth: GitHub mints no token that differs in it alone. Those are listed here by name, and a synthetic token in
`tests/unit/iam/test_killer_tokens.py` shows what each keeps out.
"""

from __future__ import annotations

import copy
import json
import random
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chaos.figures import Figures
from ekswiz import intent
from ekswiz.answers import Answers
from ekswiz.iam import documents
from ekswiz_sim.access import probes
from ekswiz_sim.access.callers import assume
from ekswiz_sim.push import push
from ekswiz_sim.scene import Scene, Verdict
from rehearsal.worlds import halfway

ROAD = ("plan", "apply", "push")
DEPTH: Mapping[str, frozenset[str]] = {
    "assume-push": frozenset({"repository_id", "repository_owner_id", "ref"}),
    "assume-deploy": frozenset({"repository_id", "repository_owner_id", "ref", "environment"}),
}
"""Claims that `sub` or `job_workflow_ref` repeat in every token that GitHub mints for such a repository."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What is taken away: `what` an action, statement or claim; `column` the role by the column that assumes it."""

    kind: str
    column: str
    what: str

    @property
    def id(self) -> str:
        return f"{self.column.removeprefix('assume-')} role without {self.kind} {self.what}"


def removals(answers: Answers) -> list[Removal]:
    """Everything that can be taken away by itself."""
    found = []
    for column, policy in (("assume-push", documents.push_policy), ("assume-deploy", documents.deploy_policy)):
        for statement in policy(answers)["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            found += [Removal("action", column, action) for action in actions]
            found += [Removal("statement", column, statement["Sid"])]
    for column, trust in (("assume-push", documents.push_trust), ("assume-deploy", documents.deploy_trust)):
        keys = trust(answers)["Statement"][0]["Condition"]["StringEquals"]
        found += [Removal("condition", column, key.rpartition(":")[2]) for key in keys]
    return found


def sweep(_: Answers, size: int | None, seed: int, shard: tuple[int, int], name: str) -> Figures:
    figures = Figures(
        f"one action, statement or condition less{name}", "somebody notices, or it is defence in depth", seed
    )
    said = []
    with halfway(*ROAD) as scene:
        every = removals(scene.answers)
        random.Random(seed).shuffle(every)
        mine = every[shard[0] :: shard[1]]
        for removal in mine[:size]:
            with figures.case(removal.id):
                noticed = _noticed(scene, removal)
                figures.add(noticed.partition(":")[0])
                said.append(f"{removal.id}: {noticed}")
    sys.stderr.write("".join(f"    {line}\n" for line in sorted(said)))
    return figures


def _noticed(scene: Scene, removal: Removal) -> str:
    """Who notices, in words.

    Raises:
        AssertionError: Nobody does, and it is not listed; or it is listed and somebody does.
    """
    if removal.kind == "condition":
        with _other_audience(scene), _without_condition(scene, removal):
            surplus = sorted(_surplus(scene, removal.column))
        listed = removal.what in DEPTH[removal.column]
        assert bool(surplus) is not listed, f"{surplus} get in; listed as defence in depth: {listed}"
        return f"matrix: {', '.join(surplus)} would get in" if surplus else "defence in depth: no minted token differs"
    with _without_action(scene, removal):
        refused = _refused(scene, removal)
        if refused:
            return f"matrix: {refused}"
    # Another layer than before: one that the registry holds is not uploaded again.
    main = scene.checkout / "app" / "main.py"
    main.write_text(f"{main.read_text()}\n# {removal.id}\n")
    with _without_action(scene, removal):
        verdict = Verdict()
        for _ in push(scene, verdict):
            pass
    assert not verdict.ok, "the pipeline runs as before"
    return f"stage push: {verdict.sentence[:160]}"


def _refused(scene: Scene, removal: Removal) -> str:
    """What the build job can no longer do, by the matrix' own try; empty if it can, or has none to make."""
    if removal.column != "assume-push":
        return ""
    claims = intent.intended(scene.answers).claims("build")
    token = scene.world.token({**claims, "sha": scene.commit})
    tag = re.sub(r"[^a-z]+", "-", f"probe {removal.what}".lower())
    caller, words = assume(scene.world, scene.answers, scene.answers.push_role, token, tag=tag)
    assert caller is not None, words
    answer = probes.push_image(caller, scene.answers)
    return "" if answer.yes else f"build-job/push-image: {answer.words}"[:160]


@contextmanager
def _other_audience(scene: Scene) -> Iterator[None]:
    """The account's provider serves others too, as shared providers do: then the trust policy's `aud` decides."""
    iam = scene.world.root("iam")
    named = {
        "OpenIDConnectProviderArn": documents.provider_arn(scene.answers),
        "ClientID": f"https://github.com/{scene.answers.owner}",
    }
    iam.add_client_id_to_open_id_connect_provider(**named)
    yield
    iam.remove_client_id_from_open_id_connect_provider(**named)


def _surplus(scene: Scene, column: str) -> Iterator[str]:
    """Principals that become the role and should not."""
    expected = intent.expected(scene.answers)
    role = scene.answers.push_role if column == "assume-push" else scene.answers.deploy_role
    for row in intent.rows(scene.answers):
        claims = row.claims_for(column)
        if claims is None or expected[row.id, column] == "yes":
            continue
        token = scene.world.token(
            {**claims, "sha": scene.commit}, audience=row.audience, key=row.key, lifetime=row.lifetime
        )
        if assume(scene.world, scene.answers, role, token, tag=row.id)[0] is not None:
            yield row.id


class _Changed:
    """A policy changed for the length of a block."""

    def __init__(self, write: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        assert before != after
        self._write, self._before, self._after = write, before, after

    def __enter__(self) -> None:
        self._write(json.dumps(self._after))

    def __exit__(self, *_: object) -> None:
        self._write(json.dumps(self._before))


def _without_condition(scene: Scene, removal: Removal) -> _Changed:
    iam, role = scene.world.root("iam"), _role(scene, removal)
    before = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    after = copy.deepcopy(before)
    equals = after["Statement"][0]["Condition"]["StringEquals"]
    del equals[f"{scene.answers.issuer}:{removal.what}"]
    return _Changed(lambda text: iam.update_assume_role_policy(RoleName=role, PolicyDocument=text), before, after)


def _without_action(scene: Scene, removal: Removal) -> _Changed:
    iam, role = scene.world.root("iam"), _role(scene, removal)
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    before = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    after = copy.deepcopy(before)
    after["Statement"] = [each for each in (_less(s, removal) for s in after["Statement"]) if each] or [_NOTHING]

    def write(text: str) -> None:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=text)

    return _Changed(write, before, after)


_NOTHING = {"Effect": "Deny", "Action": "ekswiz:Nothing", "Resource": "*"}


def _less(statement: dict[str, Any], removal: Removal) -> dict[str, Any] | None:
    """The statement without what is taken away; None if nothing of it is left."""
    if removal.kind == "statement":
        return None if statement["Sid"] == removal.what else statement
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    left = [action for action in actions if action != removal.what]
    return {**statement, "Action": left} if left else None


def _role(scene: Scene, removal: Removal) -> str:
    return scene.answers.push_role if removal.column == "assume-push" else scene.answers.deploy_role
