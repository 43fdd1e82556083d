"""Decisions per second on the policies that ekswiz writes, and the seconds of a full matrix. Part of `make bench`.

Exit 1 if a goal is missed: 10,000 decisions per second over all, 3 seconds for the matrix.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from ekswiz import intent
from ekswiz.answers import Answers
from ekswiz.iam import documents
from ekswiz.iam.evaluate import evaluate
from ekswiz.iam.trust import evaluate_trust
from ekswiz_sim.access.matrix import try_all
from rehearsal.worlds import halfway
from unit.engine.fakes import ANSWERS

DECISIONS_PER_SECOND = 10_000
MATRIX_SECONDS = 3.0
ROUND = 0.5
"""CPU seconds that each kind of decision is measured for, whatever else the machine does; the best of three counts."""

Ask = Callable[[], object]


def permission(answers: Answers, action: str, resource: str) -> Ask:
    session = (
        documents.role_arn(answers, answers.push_role).replace(":iam::", ":sts::").replace(":role/", ":assumed-role/")
    )
    context = {
        "aws:RequestedRegion": [answers.region],
        "aws:SourceIp": ["127.0.0.1"],
        "aws:SecureTransport": ["true"],
        "aws:userid": ["AROAEXAMPLEEXAMPLE12:gha-1-1"],
        "aws:PrincipalArn": [documents.role_arn(answers, answers.push_role)],
    }
    policies = [documents.push_policy(answers)]
    return lambda: evaluate(action, resource, context, identity=policies, principal=f"{session}/gha-1-1")


def trust(answers: Answers, job: intent.Job) -> Ask:
    claims = {**intent.intended(answers).claims(job), "aud": documents.AUDIENCE}
    context = {f"{answers.issuer}:{name}": [value] for name, value in claims.items()}
    policy, provider = documents.deploy_trust(answers), documents.provider_arn(answers)
    return lambda: evaluate_trust(
        policy,
        principal_type="Federated",
        principal=provider,
        action="sts:AssumeRoleWithWebIdentity",
        context=context,
    )


ASKED: dict[str, Ask] = {
    "push an image (allowed)": permission(ANSWERS, "ecr:PutImage", documents.repository_arn(ANSWERS)),
    "delete the cluster (denied)": permission(ANSWERS, "eks:DeleteCluster", documents.cluster_arn(ANSWERS)),
    "deploy job becomes deploy role (allowed)": trust(ANSWERS, "deploy"),
    "build job becomes deploy role (denied)": trust(ANSWERS, "build"),
}


def rate(ask: Ask) -> float:
    """Decisions per CPU second, the best of three rounds."""
    return max(_round(ask) for _ in range(3))


def _round(ask: Ask) -> float:
    began, count = time.process_time(), 0
    while time.process_time() - began < ROUND:
        for _ in range(100):
            ask()
        count += 100
    return count / (time.process_time() - began)


def matrix() -> tuple[int, float]:
    """Cells of a full matrix, and the seconds that trying them takes."""
    with halfway("plan", "apply", "push") as scene:
        began = time.perf_counter()
        cells = list(try_all(scene.world, scene.answers, scene.commit))
        return len(cells), time.perf_counter() - began


def main() -> int:
    rates = {name: rate(ask) for name, ask in ASKED.items()}
    for name, found in rates.items():
        print(f"{name:<42} {found:>9,.0f} decisions per CPU second")
    overall = len(rates) / sum(1 / found for found in rates.values())
    cells, seconds = matrix()
    print(f"{'all of them in turn':<42} {overall:>9,.0f} decisions per CPU second (goal {DECISIONS_PER_SECOND:,})")
    print(f"{'full matrix':<42} {seconds:>9.2f} s for {cells} cells (goal {MATRIX_SECONDS} s)")
    return int(overall < DECISIONS_PER_SECOND or seconds > MATRIX_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
