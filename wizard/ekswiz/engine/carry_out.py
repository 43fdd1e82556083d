"""One change, carried out: intent on disk, the call with its retries, the end on disk.

Runs in worker threads. The surprising thing: an end is written only where the outcome is known. A call whose reply was
lost leaves its intent open, and the next run finds out by looking.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ekswiz import __version__
from ekswiz.engine.journal import Journal
from ekswiz.engine.patience import patiently
from ekswiz.engine.planner import look
from ekswiz.engine.values import Outputs, attributes, differing, resolve, unknown
from ekswiz.errors import Conflict, EkswizError, Stopped, TargetError, Transient
from ekswiz.plan import Action, Change
from ekswiz.resource import Live, Resource
from ekswiz.target import Flag, Target

T = TypeVar("T")
VISIBLE_WITHIN = 60.0
"""Seconds until an object that AWS says exists can be read."""
GONE_WITHIN = 1800.0
"""Seconds until a deleted object is gone; a cluster takes longest."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker needs: the world, the journal, the stop, and the tokens of intents that a dead run left open."""

    target: Target
    journal: Journal
    stop: Flag
    stack: str
    tokens: Mapping[str, str]
    say: Callable[[str, str], None]
    """Announces progress: address, sentence."""


@dataclass(frozen=True, slots=True)
class Task:
    """A change with its resource, what is there now, and the outputs known so far."""

    change: Change
    resource: Resource[Any]
    live: Live[Any] | None
    outputs: Outputs


def carry_out(work: Work, task: Task) -> Live[Any] | None:
    """Make one change; the object as it is afterwards, None after a deletion.

    Raises:
        Stopped: The stop came between two calls; the intent stays open.
        EkswizError: The change failed.
    """
    change = task.change
    token = work.tokens.get(change.address) or str(uuid.uuid4())
    seq = work.journal.begin(change, token)
    try:
        live = _act(work, task, token)
    except (Stopped, Transient):
        raise
    except EkswizError as error:
        work.journal.end(seq, None, str(error))
        raise
    work.journal.end(seq, live, None)
    return live


def _act(work: Work, task: Task, token: str) -> Live[Any] | None:
    action = task.change.action
    if action is Action.CREATE:
        return _create(work, task, token)
    if action is Action.UPDATE:
        return _update(work, task)
    _delete(work, task)
    return _create(work, task, token) if action is Action.REPLACE else None


def _create(work: Work, task: Task, token: str) -> Live[Any]:
    desired = _desired(task)
    return _patiently(work, task, partial(_create_once, work, task, desired, token))


def _create_once(work: Work, task: Task, desired: Any, token: str) -> Live[Any]:
    try:
        return task.resource.create(work.target, desired, token, _tags(work, task))
    except Conflict as error:
        return _meet(work, task, desired, error)


def _meet(work: Work, task: Task, desired: Any, error: Conflict) -> Live[Any]:
    """The object exists already: ours, from a call whose reply never came, is compared and used; a foreign one not."""
    found = look(work.target, task.resource, work.stop)
    if found is None:
        raise Transient(f"{task.change.address} exists and cannot be read yet.", within=VISIBLE_WITHIN) from error
    if not isinstance(found, Live) or found.owner != work.stack:
        raise error
    work.say(task.change.address, "exists already, made by this stack: comparing and going on")
    if not differing(attributes(found.attributes), attributes(desired)):
        return found
    return task.resource.update(work.target, found, desired)


def _update(work: Work, task: Task) -> Live[Any]:
    return _patiently(work, task, partial(task.resource.update, work.target, _there(task), _desired(task)))


def _delete(work: Work, task: Task) -> None:
    """Delete, and see that it is gone. A stop does not wait for that: the intent stays open and is looked at later."""
    live = task.live
    if live is None:  # a dead run's call took effect since the plan was made
        return
    _patiently(work, task, partial(task.resource.delete, work.target, live))
    _patiently(work, task, partial(_gone, work, task, live))


def _gone(work: Work, task: Task, live: Live[Any]) -> None:
    found = look(work.target, task.resource, work.stop)
    if isinstance(found, Live) and found.unique_id == live.unique_id:
        raise Transient(f"{task.change.address} is being deleted.", within=GONE_WITHIN)


def _patiently(work: Work, task: Task, call: Callable[[], T]) -> T:
    return patiently(call, work.target.clock, work.stop, partial(work.say, task.change.address))


def _desired(task: Task) -> Any:
    """The desired attributes with every Ref resolved."""
    desired = resolve(task.resource.desired, task.outputs)
    missing = [f"{ref.output} of {ref.address}" for ref in unknown(desired)]
    if missing:
        raise TargetError(f"{task.change.address} needs {', '.join(missing)}, which is not known.", "Plan again.")
    return desired


def _there(task: Task) -> Live[Any]:
    if task.live is None:
        raise TargetError(f"{task.change.address} is not there any more.", "Plan again.")
    return task.live


def _tags(work: Work, task: Task) -> Mapping[str, str]:
    """The tags that say whose an object is; they go into the create call itself."""
    return {
        "ekswiz:stack": work.stack,
        "ekswiz:address": task.change.address,
        "ekswiz:version": __version__,
    }
