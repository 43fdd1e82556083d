"""Whom a trust policy of somebody else lets in: this repository alone, others as well, or not this one.

Its conditions are judged with the very tokens that GitHub would mint, by the evaluator that judges ours. A statement
that names this repository and can never apply (a stray space, a quoted list) counts as naming it: its author meant it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from ekswiz.answers import Answers
from ekswiz.iam.documents import AUDIENCE, provider_arn
from ekswiz.iam.trust import evaluate_trust
from ekswiz.intent import Run, intended

Reach = Literal["this", "shared", "none"]
PATTERN = ("*", "?")
STRANGER = "ekswiz-probe"
"""Owner of a repository that nobody should have named."""


def reach(trust: Mapping[str, Any], answers: Answers) -> Reach:
    """Whether a role with this trust policy is this repository's, shared with others, or none of our business."""
    run = intended(answers)
    # What names others is read off; only then it is worth asking whom it lets in: an account has hundreds of roles.
    if not _names_only(trust, answers) or any(_lets_in(trust, other, answers) for other in _others(run)):
        return "shared" if any(_lets_in(trust, own, answers) for own in _own(run)) else "none"
    return "this"


def _own(run: Run) -> Iterator[Run]:
    """This repository's runs, in both forms of `sub`."""
    for subject in ("immutable", "classic"):
        for event in ("push", "pull_request"):
            yield replace(run, subject=subject, event=event)


def _others(run: Run) -> Iterator[Run]:
    """Runs of repositories that are not this one."""
    for own in _own(run):
        yield replace(own, repo=f"{run.repo[:90]}-other", repo_id="990000001")
        yield replace(own, owner=STRANGER, owner_id="990000002", repo_id="990000001")


def _lets_in(trust: Mapping[str, Any], run: Run, answers: Answers) -> bool:
    return any(
        evaluate_trust(
            trust,
            principal_type="Federated",
            principal=provider_arn(answers),
            action="sts:AssumeRoleWithWebIdentity",
            context={f"{answers.issuer}:{name}": [value] for name, value in claims.items()},
        ).allowed
        for claims in ({**run.claims(job), "aud": AUDIENCE} for job in ("build", "deploy"))
    )


def _names_only(trust: Mapping[str, Any], answers: Answers) -> bool:
    """Whether every subject that the policy names is one of this repository, and there is one."""
    repository = answers.repository.lower()
    immutable = f"{answers.owner}@{answers.owner_id}/{answers.repo}@{answers.repo_id}".lower()
    starts = (f"repo:{repository}:", f"repo:{immutable}:")
    subjects = [text.strip().strip("'\"").lower() for text in _subjects(trust, f"{answers.issuer}:sub")]
    return bool(subjects) and all(text.startswith(starts) for text in subjects)


def _subjects(value: Any, key: str) -> Iterator[str]:
    """Every value of the subject's condition key, wherever it stands."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if str(name).lower() == key.lower():
                yield from ([item] if isinstance(item, str) else map(str, item))
            else:
                yield from _subjects(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _subjects(item, key)
