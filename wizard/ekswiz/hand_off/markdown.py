"""The Markdown file: who asks for what, why, what it lets in, and how it is undone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ekswiz import __version__
from ekswiz.answers import Answers
from ekswiz.hand_off.steps import handed_over, kind, steps
from ekswiz.plan import Change, Plan, encode

DOCUMENTS = {
    "iam_role": ("trust", "policies"),
    "ecr_repository": ("lifecycle",),
    "deployer_rbac": ("rules", "subjects"),
}
"""Attributes that are worth reading as a whole, by resource type."""


def markdown(plan: Plan, answers: Answers, policy: Mapping[str, Any], script: str) -> str:
    """The whole file. `policy` is what whoever runs ekswiz itself needs; `script` is the bash file's name."""
    return "\n".join([*_opening(plan, answers, script), *_what(plan), *_instead(policy), *_undo(plan, answers)]) + "\n"


def _opening(plan: Plan, answers: Answers, script: str) -> Iterator[str]:
    changes = handed_over(plan)
    through = f" through environment `{answers.environment}`" if answers.environment else ""
    yield f"# Please set up the deployment of {answers.repository}"
    yield ""
    yield f"Workflows of `{answers.repository}` are to deploy from branch `{answers.branch}`{through} to namespace"
    yield f"`{answers.namespace}` of EKS cluster `{answers.cluster}`, without stored keys. That takes {len(changes)}"
    yield f"changes in account `{plan.account}`, {plan.region}, which I may not make myself."
    yield ""
    yield "Run this as somebody who may, after reading it:"
    yield ""
    yield "```sh"
    yield f"bash {script} --check     # looks only, prints what would be run"
    yield f"bash {script}             # asks for the account's last four digits, then does it"
    yield "```"
    yield ""
    yield "It stops at the first thing that is not as expected, touches nothing that belongs to somebody else, and may"
    yield "be run again. It needs the AWS CLI and kubectl, and writes no kubeconfig but its own."
    if steps(plan) is None:
        yield ""
        yield f"A cluster or its network is among the changes: the script has ekswiz {__version__} make them"
        yield f"(`pip install ekswiz=={__version__}`), because that takes many minutes and must be able to go on after"
        yield "an interruption."
    yield ""
    yield "Then tell me, and I go on with `ekswiz resume`, which only looks at what is there."
    yield ""


def _what(plan: Plan) -> Iterator[str]:
    yield "## What is made"
    yield ""
    yield "| | object | what for |"
    yield "| --- | --- | --- |"
    yield from (
        f"| `{change.action.value}` {change.action.word} | `{change.address}` | {change.why} |"
        for change in handed_over(plan)
    )
    yield ""
    risks = [(change.address, risk) for change in handed_over(plan) for risk in change.risks]
    if risks:
        yield "## What to agree to"
        yield ""
        yield from (f"- `{address}`: {risk.sentence} (`{risk.id}`)" for address, risk in risks)
        yield ""
    for change in handed_over(plan):
        yield from _detail(change)


def _detail(change: Change) -> Iterator[str]:
    yield f"### {change.address}"
    yield ""
    for name in DOCUMENTS.get(kind(change), ()):
        value = (encode(change.after) or {}).get(name)
        if value:
            yield f"`{name}`:"
            yield ""
            yield from _block("json", json.dumps(value, indent=2, ensure_ascii=False))
    yield "The same by hand, without the tags that say whose it is:"
    yield ""
    yield from _block("sh", change.cli)
    if change.permissions:
        yield f"Needs {', '.join(f'`{action}`' for action in change.permissions)}."
        yield ""


def _instead(policy: Mapping[str, Any]) -> Iterator[str]:
    yield "## Or let me do it"
    yield ""
    yield "With this policy, and administration of the cluster's namespace, I can run `ekswiz apply` myself. It allows"
    yield "what this one stack needs and no more:"
    yield ""
    yield from _block("json", json.dumps(policy, indent=2))


def _undo(plan: Plan, answers: Answers) -> Iterator[str]:
    yield "## Undo"
    yield ""
    yield f"Everything carries the tag `ekswiz:stack={plan.stack}` (in Kubernetes the label `ekswiz/stack`)."
    yield f"`ekswiz destroy` removes what this stack has in account {answers.account} and keeps what existed before or"
    yield "others use."


def _block(language: str, text: str) -> Iterator[str]:
    """A fenced block whose fence is longer than any in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    yield from (f"{fence}{language}", text, fence, "")
