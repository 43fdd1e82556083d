"""What the wizard finds out by itself, in the order in which it becomes possible. What was typed always wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ekswiz import steps
from ekswiz.errors import EkswizError
from ekswiz.frontend import Check, ClusterSeen, Draft, Identity, Profile, RepositorySeen
from ekswiz.state import Unfinished

if TYPE_CHECKING:
    from ekswiz.steps.lookup import Asking, Reply
    from ekswiz.steps.wizard_state import Wizard


class Detection:
    """Asks what can be asked by the answers so far, and puts what is found into the draft with its source."""

    def __init__(self, wizard: Wizard, lookups: Asking) -> None:
        self._wizard, self._lookups = wizard, lookups
        self._look = wizard.application.look
        self.checks: list[Check] = []
        self._rounds = 0

    def start(self) -> None:
        """Ask what needs nothing to be known."""
        given, sim = self._wizard.given, self._wizard.sim
        self._lookups.ask("draft", (), lambda: self._look.draft(given, sim=sim))
        if not sim:
            self._lookups.ask("profiles", (), self._look.profiles)

    def follow(self) -> None:
        """Ask what the answers make possible and nobody has asked yet. Cheap: call it whenever an answer was given."""
        if self._lookups["draft"].state not in ("ready", "failed"):
            return
        self._follow_account()
        self._follow_repository()
        if self._settled() and self._lookups["checks"].state == "idle":
            self._lookups.ask("unfinished", (), lambda: unfinished(self._wizard))
            self.check()

    def _settled(self) -> bool:
        """Whether what everything else depends on has an answer, or cannot have one."""
        names = ("draft", "profiles", "identity", "repository")
        return not any(self._lookups[name].state == "loading" for name in names)

    def again(self) -> None:
        """Ask everything that failed once more."""
        for name in ("draft", "profiles", "identity", "clusters", "repository"):
            if self._lookups[name].state == "failed":
                self._lookups.forget(name)
        if self._lookups["draft"].state == "idle":
            self.start()
        self.follow()

    def check(self) -> None:
        """Run the doctor's checks (again)."""
        self.checks = []
        self._rounds += 1
        given, choice = self._wizard.current(), self._wizard.choice()
        self._lookups.follow("checks", (self._rounds,), lambda: self._look.checks(given, choice))

    def take(self, answered: Reply) -> None:
        """Put an answer to use."""
        if not self._lookups.take(answered) or answered.lookup.state != "ready":
            self.follow()
            return
        uses: dict[str, Callable[[Any], None]] = {
            "draft": self._use_draft,
            "profiles": self._use_profiles,
            "identity": self._use_identity,
            "clusters": self._use_clusters,
            "repository": self._use_repository,
        }
        use = uses.get(answered.name)
        if use is not None:
            use(answered.lookup.found)
        self.follow()

    def piece(self, name: str, about: tuple[Any, ...], check: Check) -> None:
        """One check more."""
        if self._lookups[name].about == about:
            self.checks.append(check)

    # ---- asking

    def _follow_account(self) -> None:
        wizard = self._wizard
        region = steps.value(wizard.draft, "region")
        if not _usable(steps.ACCOUNT, "region", region) or self._lookups["profiles"].state == "loading":
            return
        about = (wizard.profile, region)
        if self._lookups["identity"].about != about:
            wizard.identity, wizard.clusters = None, ()
            self._lookups.ask("identity", about, lambda: self._look.identity(*about))
        if self._lookups["identity"].state == "ready" and self._lookups["clusters"].about != about:
            self._lookups.ask("clusters", about, lambda: self._look.clusters(*about))

    def _follow_repository(self) -> None:
        draft = self._wizard.draft
        about = (draft.values.get("owner", ""), draft.values.get("repo", ""))
        if self._lookups["repository"].about == about or not _usable(steps.GITHUB, "repository", "/".join(about)):
            return
        self._wizard.repository = None
        self._lookups.ask("repository", about, lambda: self._look.repository(*about))

    # ---- using

    def _use_draft(self, found: Draft) -> None:
        """Below what was typed meanwhile."""
        held = self._wizard.draft
        kept = [name for name in held.values if name in steps.LOCAL or held.sources.get(name) == steps.TYPED]
        values = {**found.values, **{name: held.values[name] for name in kept}}
        sources = {**found.sources, **{name: held.sources.get(name, "") for name in kept}}
        self._wizard.draft = Draft(values, sources)
        self._use_profiles(self._lookups["profiles"].found or ())

    def _use_profiles(self, found: Iterable[Profile]) -> None:
        first = next(iter(found), None)
        if first is None:
            return
        self._propose("profile", first.name, first.source)
        self._propose("region", first.region, f"from profile {first.name}" if first.name else first.source)

    def _use_identity(self, found: Identity) -> None:
        self._wizard.identity = found
        self._propose("account", found.account, f"the account of {self._wizard.profile or 'the default credentials'}")

    def _use_clusters(self, found: list[ClusterSeen]) -> None:
        self._wizard.clusters = tuple(found)
        if len(found) == 1:
            self._propose("cluster", found[0].name, "the only cluster here")

    def _use_repository(self, found: RepositorySeen) -> None:
        self._wizard.repository = found
        self._correct_case(found)
        self._propose("owner_id", found.owner_id, "from GitHub")
        self._propose("repo_id", found.repo_id, "from GitHub")
        self._propose("branch", found.default_branch, "default branch")
        if found.immutable_subject is not None:
            self._propose("subject", "immutable" if found.immutable_subject else "classic", "from GitHub")

    def _correct_case(self, found: RepositorySeen) -> None:
        """GitHub's exact case goes into the token, whatever case was typed or stands in the remote's URL."""
        values, sources = dict(self._wizard.draft.values), dict(self._wizard.draft.sources)
        for name, exact in (("owner", found.owner), ("repo", found.repo)):
            if values.get(name, "").lower() == exact.lower() and values.get(name) != exact:
                values[name], sources[name] = exact, "in GitHub's exact case"
        self._wizard.draft = Draft(values, sources)
        about = (values.get("owner", ""), values.get("repo", ""))
        self._lookups.known["repository"] = replace(self._lookups["repository"], about=about)

    def _propose(self, name: str, text: str, source: str) -> None:
        """A value for a field that nobody has given one."""
        if text and name not in self._wizard.draft.values:
            self._wizard.draft = steps.with_value(self._wizard.draft, name, text, source)


def _usable(step: steps.Step, name: str, text: str) -> bool:
    return bool(text) and steps.problem(step.field(name), text) is None


def unfinished(wizard: Wizard) -> Unfinished | None:
    """The run that was interrupted, if the answers are complete and there was one. Blocks."""
    if wizard.sim and wizard.application.sim_status() is None:
        return None
    try:
        with wizard.application.road(wizard.current(), wizard.choice()) as road:
            return road.unfinished()
    except EkswizError:
        return None  # nothing to resume that could be named: the start screen offers what it can
