"""Whether an event starts a workflow, and why not."""

from __future__ import annotations

from dataclasses import dataclass

from ekswiz.workflow.model import Trigger, Workflow
from ekswiz.workflow.patterns import matches
from ekswiz_sim.runner.event import RunEvent

_DEFAULT_TYPES = frozenset({"opened", "synchronize", "reopened"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the run starts; `why` is a sentence if it does not."""

    starts: bool
    why: str = ""


def judge(workflow: Workflow, event: RunEvent) -> Verdict:
    """GitHub's decision on an event: its name, activity type, then branch or tag filters, then path filters.

    Raises:
        BadPattern: A filter pattern that GitHub refuses.
    """
    trigger = workflow.triggers.get(event.name)
    if trigger is None or event.name == "workflow_call":
        listed = ", ".join(workflow.triggers)
        return Verdict(starts=False, why=f"`on` of {workflow.path} does not name {event.name} (it names {listed}).")
    for refuse in (_wrong_type, _wrong_ref, _wrong_paths):
        why = refuse(trigger, event)
        if why:
            return Verdict(starts=False, why=f"{why} ({workflow.path}:{trigger.at.line})")
    return Verdict(starts=True)


def _wrong_type(trigger: Trigger, event: RunEvent) -> str:
    if not event.action:
        return ""
    pulls = trigger.event in ("pull_request", "pull_request_target")
    wanted = trigger.types if trigger.types is not None else tuple(_DEFAULT_TYPES if pulls else ())
    if wanted and event.action not in wanted:
        return f"Activity type {event.action} does not start it."
    return ""


def _wrong_ref(trigger: Trigger, event: RunEvent) -> str:
    if event.name == "push":
        return _wrong_pushed_ref(trigger, event)
    branch = event.base_ref if event.name.startswith("pull_request") else event.ref_name
    if event.name in ("pull_request", "pull_request_target", "merge_group") and _filtered(trigger, "branches", branch):
        return f"Branch {branch} does not pass the filter `branches`."
    return ""


def _wrong_pushed_ref(trigger: Trigger, event: RunEvent) -> str:
    own, other = ("tags", "branches") if event.ref_type == "tag" else ("branches", "tags")
    has_own = any(key in trigger.filters for key in (own, f"{own}-ignore"))
    has_other = any(key in trigger.filters for key in (other, f"{other}-ignore"))
    if not has_own:
        return f"Only `{other}` are named, and {event.ref} is none of them." if has_other else ""
    if _filtered(trigger, own, event.ref_name):
        kind = "Tag" if own == "tags" else "Branch"
        return f"{kind} {event.ref_name} does not pass the filter `{own}`."
    return ""


def _filtered(trigger: Trigger, key: str, name: str) -> bool:
    wanted, ignored = trigger.filters.get(key), trigger.filters.get(f"{key}-ignore")
    if wanted is not None and not matches([text.value for text in wanted.patterns], name):
        return True
    return ignored is not None and matches([text.value for text in ignored.patterns], name)


def _wrong_paths(trigger: Trigger, event: RunEvent) -> str:
    if event.paths is None or event.ref_type == "tag":
        return ""
    wanted, ignored = trigger.filters.get("paths"), trigger.filters.get("paths-ignore")
    if wanted is not None and not any(matches([text.value for text in wanted.patterns], path) for path in event.paths):
        return "No changed file passes the filter `paths`."
    if ignored is not None and all(matches([text.value for text in ignored.patterns], path) for path in event.paths):
        return "All changed files are named by `paths-ignore`."
    return ""
