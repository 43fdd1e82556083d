"""The bash file: guards first, then the steps, each named as it begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import resources

from ekswiz import __version__
from ekswiz.answers import Answers
from ekswiz.hand_off.steps import Step, handed_over, q, steps
from ekswiz.plan import Action, Plan
from ekswiz.risks import unagreed

RESUME = "Tell whoever sent this file: ekswiz resume"


def script(plan: Plan, answers: Answers, answers_text: str) -> str:
    """The whole file. `answers_text` is `ekswiz.toml`, for what only ekswiz itself makes."""
    made = steps(plan)
    kubernetes = made is not None and any(step.kubernetes for step in made)
    body = _by_ekswiz(plan, answers_text) if made is None else by_steps(made, RESUME)
    return "".join(
        f"{line}\n"
        for line in (
            *_head(plan, answers),
            guards(),
            *_after_guards(plan, answers, made, kubernetes=kubernetes),
            *body,
        )
    )


def _head(plan: Plan, answers: Answers) -> Iterator[str]:
    yield "#!/usr/bin/env bash"
    yield f"# Written by ekswiz {__version__} on {plan.made_at} for stack {plan.stack}."
    yield f"# Lets workflows of {answers.repository}, branch {answers.branch}, deploy to cluster {answers.cluster}."
    yield f"# Plan {plan.fingerprint[:16]}. What each step is for stands in the Markdown file beside this one."
    yield "#"
    yield "#   bash FILE --check                 look only: print what would be run"
    yield "#   bash FILE                         ask, then do it"
    yield f"#   bash FILE --yes --account {plan.account}"
    yield "#"
    yield "# It may be run again: each step looks first, and touches nothing that belongs to somebody else."
    yield "set -Eeuo pipefail"
    yield f"readonly stack={q(plan.stack)} account={q(plan.account)}"
    yield f"readonly region={q(plan.region)} cluster={q(answers.cluster)}"


def guards() -> str:
    """The functions that every such script begins with."""
    return (resources.files("ekswiz.hand_off") / "guards.sh").read_text(encoding="utf-8").rstrip()


def _after_guards(plan: Plan, answers: Answers, made: tuple[Step, ...] | None, *, kubernetes: bool) -> Iterator[str]:
    yield ""
    yield "needs aws"
    if kubernetes:
        yield "needs kubectl"
    if made is None:
        yield "needs ekswiz"
    yield "right_account"
    if made is not None and not answers.create_cluster:
        yield "cluster_active"
    yield from (f"agree {q(sentence)}" for sentence in consents(plan))
    yield f"ask {len(made) if made is not None else 'all'}"
    if kubernetes:
        yield "kubernetes_access"


def by_steps(made: Sequence[Step], after: str) -> Iterator[str]:
    """The steps, each named as it begins; `after` is what to do when all are done."""
    for number, step in enumerate(made, 1):
        change = step.change
        yield ""
        verb = "" if change.action is Action.KEEP else f"{change.action.word} "
        yield f"step {q(f'{number} of {len(made)}: {verb}{change.address}')}"
        yield f"# {' '.join(change.why.split())}"
        yield from step.lines
    yield ""
    yield f"finished {q(after)}"


def consents(plan: Plan) -> Iterator[str]:
    """What an apply of this plan would ask consent for."""
    yield from (f"{address}: {risk.sentence}" for address, risk in unagreed(plan, frozenset()))


def _by_ekswiz(plan: Plan, text: str) -> Iterator[str]:
    """A cluster and its network are made by ekswiz itself: it waits, resumes and knows what is whose."""
    agreed = sorted({risk.id for _, risk in unagreed(plan, frozenset())})
    adopt = " --adopt" if any(change.adopted for change in handed_over(plan)) else ""
    flags = adopt + "".join(f" --allow-risk {q(name)}" for name in agreed)
    where = '--answers "$scratch/ekswiz.toml" --source "$scratch"'
    yield ""
    yield f"step {q('everything, by ekswiz itself')}"
    yield f'printf %s {q(text)} >"$scratch/ekswiz.toml"'
    yield f"ekswiz plan {where}{adopt}"
    yield f"run ekswiz apply {where} --yes --account {q(plan.account)}{flags}"
    yield f"finished {q(RESUME)}"
