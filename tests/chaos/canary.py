"""Sweep: credentials with canary values. They turn up in no journal, lock, log, plan, event, report or traceback."""

from __future__ import annotations

import io
import json
import logging
import os
import random
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from chaos.death import run
from chaos.faults import Case, OneKubernetesFault, cases
from chaos.figures import Figures
from chaos.lab import Lab
from ekswiz.answers import Answers
from ekswiz.errors import EkswizError

CANARY = "CANARY7f3a9c"
VARIABLES = {
    "AWS_SECRET_ACCESS_KEY": f"{CANARY}-environment-secret",
    "AWS_SESSION_TOKEN": f"{CANARY}-environment-token",
    "GITHUB_TOKEN": f"ghp_{CANARY}",
    "AWS_BEARER_TOKEN_BEDROCK": f"{CANARY}-bearer",
}
LOGGERS = ("ekswiz", "ekswiz_sim")


@contextmanager
def listening() -> Iterator[io.StringIO]:
    """Everything that our own loggers say, at their most talkative."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    held = [(logging.getLogger(name), logging.getLogger(name).level) for name in LOGGERS]
    for logger, _ in held:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        for logger, level in held:
            logger.removeHandler(handler)
            logger.setLevel(level)


def secrets(lab: Lab) -> list[str]:
    """What must not be seen: the canaries, the operator's own secret, and the start of any EKS token or signature."""
    return [CANARY, lab.keys["SecretAccessKey"], lab.root_keys["SecretAccessKey"], "k8s-aws-v1.", "X-Amz-Signature"]


def check(answers: Answers, case: Case) -> int:
    """A run with one fault, and everything that it leaves and says; how many texts were looked through."""
    with Lab(answers) as lab, mock.patch.dict(os.environ, VARIABLES), listening() as log:
        said: list[str] = []
        if case.service == "kubernetes":
            lab.tap = OneKubernetesFault(case.operation, case.kind)
        else:
            lab.gate.faults.add(case.service, case.operation, case.kind)
        for how in ("apply", "destroy"):
            said += _run(lab, how)
        plan = lab.plan()
        said += [json.dumps(plan.to_json()), repr(plan), repr(lab.session()), repr(lab.target()), log.getvalue()]
        files = [path for path in lab.home.rglob("*") if path.is_file() and "registry" not in path.parts]
        said += [path.read_text(encoding="utf-8", errors="replace") for path in files]
        for secret in secrets(lab):
            hits = [text for text in said if secret in text]
            assert not hits, f"{secret[:8]}... in: {hits[0][:300]}"
        return len(said)


def _run(lab: Lab, how: Any) -> list[str]:
    try:
        events = run(lab, how)
    except EkswizError:
        return [traceback.format_exc(), "".join(traceback.format_exc(chain=True))]
    return [repr(event) for event in events]


def sweep(answers: Answers, size: int | None, seed: int, shard: tuple[int, int] = (0, 1), name: str = "") -> Figures:
    """`size` of the fault sweep's cases; all of them if None."""
    every = [case for case in cases(answers) if case.how == "apply"]
    chosen = random.Random(seed).sample(every, min(len(every), 60 if size is None else size))
    figures = Figures(f"canary secrets{name}", "zero hits", seed)
    for number, case in enumerate(chosen):
        if number % shard[1] == shard[0]:
            with figures.case(str(case)):
                figures.add("texts searched", check(answers, case))
    return figures
