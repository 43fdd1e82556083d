"""What a run came to, what comes next, and what was kept. Pure: a plan, its events and the answers go in."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ekswiz.answers import Answers
from ekswiz.events import Event
from ekswiz.plan import Action, Change, Plan
from ekswiz.state import Verb
from ekswiz.tui.apply.rows import Run
from ekswiz.tui.apply.words import seconds
from ekswiz.tui.preview.names import kind_of, label

WRITING = (Action.CREATE, Action.UPDATE, Action.REPLACE)
LOCAL_PORT = 8080
"""The port at which a forwarded service is looked at."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A finished run."""

    plan: Plan
    verb: Verb
    events: Sequence[Event]
    answers: Answers
    sim: bool
    file: Path | None = None
    """The answers file, if there is one to commit."""
    passing: bool = False
    """Whether the simulated account goes when the wizard does."""

    @property
    def run(self) -> Run:
        """The run, row by row."""
        run = Run(self.plan)
        for event in self.events:
            run.see(event, 0.0)
        return run

    @property
    def took(self) -> float:
        """Seconds from the first event to the last."""
        return self.events[-1].at - self.events[0].at if self.events else 0.0

    @property
    def headline(self) -> str:
        """What was done, and what is possible now."""
        done, total = self.run.count("done"), len(self.plan.pending)
        if self.verb == "destroy":
            return f"{done} of {total} objects removed in {seconds(self.took)}."
        answers = self.answers
        said = f"{done} of {total} changes made in {seconds(self.took)}."
        return f"{said} {answers.repository} can deploy from {answers.branch}."

    @property
    def url(self) -> str:
        """Where the service answers, as its load balancer says; empty where it has none, or none yet."""
        found = [str((event.data.get("outputs") or {}).get("url", "")) for event in self.events]
        return next((url for url in reversed(found) if url), "")

    @property
    def proposed(self) -> str:
        """Where the pull request is that waits for its merge; empty where none was made."""
        found = [str((event.data.get("outputs") or {}).get("pull_request", "")) for event in self.events]
        return next((url for url in reversed(found) if url), "")

    @property
    def written(self) -> list[str]:
        """Files of the repository that the run wrote."""
        changes = (change for change in self.plan.changes if kind_of(change.address) == "repository_file")
        done = self.run.rows
        paths = [
            str((change.after or {}).get("path", ""))
            for change in changes
            if change.action in WRITING and change.address in done and done[change.address].state == "done"
        ]
        return [path for path in paths if path]

    @property
    def commands(self) -> list[str]:
        """What is left to do in the repository, as commands; none after a destroy, or where nothing was written to it.

        A simulated account has a copy of the repository of its own: the user's is never touched.
        """
        files = [*self.written, *([self.file.name] if self.file else [])]
        if self.verb == "destroy" or self.sim:
            return []
        review = [f"gh pr view --web {shlex.quote(self.proposed)}"] if self.proposed else []
        if not files:
            return review
        added = f"git add -- {' '.join(shlex.quote(path) for path in files)}"
        push = f"git push origin {shlex.quote(self.answers.branch)}"
        return [added, 'git commit -m "Deploy to EKS"', push, *review]

    @property
    def kept(self) -> tuple[Change, ...]:
        """What a destroy left, each with its reason."""
        return tuple(change for change in self.plan.changes if change.action is Action.KEEP)

    @property
    def forward(self) -> str:
        """The command that brings a service which only answers inside the cluster to this machine."""
        answers = self.answers
        return f"kubectl -n {answers.namespace} port-forward service/{answers.workload} {LOCAL_PORT}:80"


def reach(facts: Facts) -> Iterator[str]:
    """How the service is reached, after its first deployment."""
    if facts.sim:
        yield "a rehearsal deploys it, asks it, and tries who gets in: t"
    elif facts.url:
        yield facts.url
    elif facts.answers.expose == "inside":
        yield "inside the cluster only; after the first run, from here:"
        yield facts.forward
        yield f"then http://127.0.0.1:{LOCAL_PORT}/"
    else:
        yield "the load balancer has no address yet; AWS takes a few minutes."
        yield f"kubectl -n {facts.answers.namespace} get service {facts.answers.workload}"


def farewell(facts: Facts) -> list[str]:
    """What stays in the scrollback: twelve lines at most."""
    lines = [f"ekswiz: {'(simulated) ' if facts.sim else ''}{facts.headline}"]
    if facts.verb == "destroy":
        lines += [f"  kept  {label(change)}: {change.why}" for change in facts.kept[:10]]
        return lines
    lines += [f"  {number}  {command}" for number, command in enumerate(facts.commands, 1)]
    lines += ["Service: " + "  ".join(reach(facts))] if facts.url else []
    return [*lines, removal(facts)]


def removal(facts: Facts) -> str:
    """What removes what was made."""
    if facts.passing:
        return "The simulated account is gone with the wizard. For a real one: ekswiz"
    return f"ekswiz {'--sim ' if facts.sim else ''}destroy removes what was made, and nothing else."
