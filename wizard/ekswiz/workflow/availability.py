"""Which contexts and functions GitHub offers in which key of a workflow file.

Source: "Contexts reference", section "Context availability", in GitHub's documentation.
"""

from __future__ import annotations

from dataclasses import dataclass

from ekswiz.workflow.functions import STATUS


@dataclass(frozen=True, slots=True)
class Place:
    """What an expression may read and call in one key; all names in lower case."""

    contexts: frozenset[str]
    functions: frozenset[str] = frozenset()


def _place(contexts: str, functions: frozenset[str] = frozenset()) -> Place:
    return Place(frozenset(contexts.split()), functions)


_JOB = "github needs strategy matrix vars inputs"
_STEP = f"{_JOB} job runner env secrets steps"
_FILES = frozenset({"hashfiles"})

RUN_NAME = _place("github inputs vars")
WORKFLOW_ENV = _place("github secrets inputs vars")
WORKFLOW_CONCURRENCY = _place("github inputs vars")
CALL_DEFAULT = _place("github inputs vars")
CALL_OUTPUT = _place("github jobs vars inputs")
JOB = _place(_JOB)
JOB_IF = _place("github needs vars inputs", STATUS)
JOB_ENV = _place(f"{_JOB} secrets")
JOB_DEFAULTS = _place(f"{_JOB} env")
JOB_STRATEGY = _place("github needs vars inputs")
JOB_OUTPUT = _place(_STEP)
JOB_SECRET = _place(f"{_JOB} secrets")
ENVIRONMENT_URL = _place(f"{_JOB} job runner env steps")
STEP = _place(_STEP, _FILES)
STEP_IF = _place(f"{_JOB} job runner env steps", STATUS | _FILES)
NOTHING = _place("")
