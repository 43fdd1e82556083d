"""Looking things up while nothing else happens: what the screens ask in threads is asked here in line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from ekswiz.errors import EkswizError, Expired
from ekswiz.plain.console import AGAIN, SIGN_IN, Console
from ekswiz.steps.detection import Detection
from ekswiz.steps.trouble import trouble

if TYPE_CHECKING:
    from ekswiz.steps.wizard_state import Wizard

State = Literal["idle", "loading", "ready", "failed"]
ON_DEMAND = frozenset({"checks", "unfinished"})
"""What the start screen shows by itself and lines show when asked for."""
ASKING = {
    "identity": "Asking AWS who these credentials are ...",
    "clusters": "Reading the EKS clusters of the region ...",
    "repository": "Asking GitHub about the repository ...",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One question and its answer, as `tui.lookups.Lookup`."""

    state: State = "idle"
    about: tuple[Any, ...] = ()
    found: Any = None
    error: EkswizError | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What the detection is told."""

    name: str
    lookup: Found


@dataclass
class Lookups:
    """Asks at once, says what it asks and what came of it, and tells the detection."""

    console: Console
    wizard: Wizard
    known: dict[str, Found] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.detection = Detection(self.wizard, cast("Any", self))

    def __getitem__(self, name: str) -> Found:
        return self.known.get(name, Found())

    def ask(self, name: str, about: tuple[Any, ...], question: Callable[[], Any]) -> None:
        """Ask, and put the answer to use."""
        if name in ON_DEMAND:
            self.known[name] = Found("ready", about)
            return
        if name in ASKING:
            self.console.say(ASKING[name])
        # As if under way, so that the detection does not ask for it again while the answer is put to use.
        self.known[name] = Found("loading", about)
        try:
            found = Found("ready", about, found=question())
        except EkswizError as error:
            found = Found("failed", about, error=error)
            self._tell(error)
        self.detection.take(cast("Any", Answered(name, found)))

    def follow(self, name: str, about: tuple[Any, ...], question: Callable[[], Iterable[Any]]) -> None:
        """Ask for something that comes in pieces; lines have no use for the pieces."""
        self.ask(name, about, lambda: list(question()))

    def take(self, answered: Answered) -> bool:
        """Note an answer."""
        self.known[answered.name] = answered.lookup
        self._say(answered)
        return True

    def forget(self, name: str) -> None:
        """Ask it again when it is needed."""
        self.known.pop(name, None)

    @property
    def expired(self) -> bool:
        """Whether signing in again would help."""
        return any(isinstance(found.error, Expired) for found in self.known.values())

    def _tell(self, error: EkswizError) -> None:
        what = trouble(error, self.wizard.profile)
        keys = {SIGN_IN: f"{SIGN_IN} runs: {what.act}", AGAIN: f"{AGAIN} tries again."}
        said = "  ".join(part for part in (what.what, what.remedy, keys.get(what.key, "")) if part)
        self.console.say(f"{what.sign}  {said}")

    def _say(self, answered: Answered) -> None:
        found = answered.lookup.found
        if answered.lookup.state != "ready":
            return
        if answered.name == "identity":
            alias = f" ({found.alias})" if found.alias else ""
            self.console.say(f"ok  account {found.account}{alias} as {found.arn}")
        elif answered.name == "clusters" and not found:
            self.console.say("--  There is no EKS cluster in this region.")
        elif answered.name == "repository":
            private = "private" if found.private else "public"
            self.console.say(f"ok  {found.owner}/{found.repo}, {private}, default branch {found.default_branch}")
