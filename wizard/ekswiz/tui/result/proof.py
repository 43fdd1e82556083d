"""What is checked after a run: the world is read again, and the service is called. In a thread; nothing is changed."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from textual.message import Message

from ekswiz.errors import EkswizError
from ekswiz.plan import Action, Plan
from ekswiz.state import Verb
from ekswiz.tui.preview.names import kind_of, label
from ekswiz.tui.wizard_state import Wizard

Tell = Callable[[Message], object]
PATIENCE = 5.0
"""Seconds that an answer of the service is waited for."""
CLAIMS: Mapping[str, str] = {
    "iam_role": "the roles exist, and their trust is what the plan says",
    "ecr_repository": "the registry holds a repository for the images",
    "access_entry": "the cluster lets the deploy role in",
    "deployer_rbac": "the deploy role's rights end at one namespace",
    "repository_file": "the files in your repository are as planned",
    "github_environment": "GitHub's environment lets the branch in",
    "github_pull_request": "the pull request holds the files as planned",
    "load_balancer": "the service has its load balancer",
}
"""What the second plan proves, by the type that it finds unchanged."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was looked at: `ok`, `--` (not yet, or not known) or `xx`."""

    sign: str
    sentence: str


@dataclass
class Proven(Message):
    """What the second look at the world found."""

    proofs: list[Proof] = field(default_factory=list)
    error: EkswizError | None = None


@dataclass
class Answer(Message):
    """What the service answered."""

    proof: Proof


def prove(wizard: Wizard, verb: Verb, url: str, tell: Tell) -> None:
    """Plan again and tell what that proves; then call the service, if it has an address."""
    try:
        with wizard.road() as road:
            now = road.plan() if verb == "apply" else road.destroy_plan()
        tell(Proven(list(after_apply(now) if verb == "apply" else after_destroy(now))))
    except EkswizError as error:
        tell(Proven(error=error))
    except Exception as error:  # noqa: BLE001 - the boundary of a thread: the screen must hear of it
        tell(Proven(error=EkswizError(f"a mistake in ekswiz: {type(error).__name__}: {error}.")))
    if url:
        tell(Answer(call(url)))


def after_apply(now: Plan) -> Iterator[Proof]:
    """What a plan made after an apply proves."""
    for kind, claim in CLAIMS.items():
        found = [change for change in now.changes if kind_of(change.address) == kind]
        if found and all(change.action is Action.KEEP for change in found):
            yield Proof("ok", claim)
    for change in now.pending:
        yield Proof("xx", f"{label(change)} is not as planned: {change.action.word} is still to be done")


def after_destroy(now: Plan) -> Iterator[Proof]:
    """What a destroy plan made after a destroy proves."""
    if not now.pending:
        yield Proof("ok", "nothing that ekswiz created is left, apart from what is kept below")
    for change in now.pending:
        yield Proof("xx", f"{label(change)} is still there")


def call(url: str) -> Proof:
    """Call the service once. It answers with its own pages only after its first deployment."""
    if not url.startswith(("http://", "https://")):
        return Proof("--", f"{url} is no address of the web")
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - the scheme was looked at
            return Proof("ok", f"{url} answers: {answer.status} {answer.reason}")
    except urllib.error.HTTPError as error:
        return Proof("--", f"{url} answers: {error.code} {error.reason}. The first run brings the service.")
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error
        return Proof("--", f"{url} does not answer yet ({why}). The first run brings the service.")
