"""What can be looked up before there are answers, in AWS or in a simulated world. Composed here, for `main`."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ekswiz.errors import InputError, RehearsalError

if TYPE_CHECKING:  # whoever asks for help pays for none of it
    from ekswiz.answers import Answers
    from ekswiz.doctor.facts import Source
    from ekswiz.frontend import Check, Choice, ClusterSeen, Draft, Given, Identity, Profile, RepositorySeen
    from ekswiz.plan import Plan
    from ekswiz.probes.github_api import GitHubApi
    from ekswiz.target import Target

OPERATOR = "operator"
"""The one profile of a simulated account."""
NEWEST = "latest"


def simulator() -> Any:
    """The simulator's entry points.

    Raises:
        RehearsalError: Its packages are not installed.
    """
    from ekswiz_sim import packages  # the simulator is loaded only when it is asked for

    missing = packages.missing()
    if missing:
        raise RehearsalError(
            f"the simulator's packages are not installed ({', '.join(missing)} missing).",
            "Install them with: pip install 'ekswiz[sim]'",
        )
    from ekswiz_sim import entry

    return entry


def simulator_for(answers: Answers) -> Any:
    """The simulator for a world in which this pipeline can be set up.

    Raises:
        RehearsalError: Packages that it needs are not installed.
    """
    if answers.github != "files" and importlib.util.find_spec("githubkit") is None:
        raise RehearsalError(
            f"github = {answers.github} needs the package for GitHub's API, which is not installed.",
            "Install it: pip install 'ekswiz[github]'; or rehearse with --github files.",
        )
    return simulator()


def sample_of(given: Given, *, sim: bool) -> Mapping[str, str]:
    """The bundled sample's answers, if it was asked for.

    Raises:
        InputError: Outside a rehearsal.
    """
    if not given.sample:
        return {}
    if not sim:
        raise InputError("--sample", "the sample is for rehearsals.", "Add --sim.")
    found: Mapping[str, str] = simulator().SAMPLE
    return found


class Looking:
    """`frontend.Look`. What `draft` was last asked says in which world the lookups after it are made."""

    def __init__(self) -> None:
        self._sim = False
        self._known: Mapping[str, str] = {}

    def draft(self, given: Given, *, sim: bool) -> Draft:
        """Defaults with their sources."""
        from ekswiz.probes.draft import draft  # the command line needs none of it

        world = _texts(_attached()[0]) if sim and _is_up() else {}
        made = draft(given, sim=sim, sample=sample_of(given, sim=sim), world=world)
        self._sim, self._known = sim, made.values
        return made

    def profiles(self) -> Sequence[Profile]:
        """AWS profiles of this machine; of a simulated account its operator."""
        if self._sim:
            from ekswiz.frontend import Profile

            return [Profile(OPERATOR, self._said("region"), sso=False, source="of the simulated account")]
        from ekswiz.probes.aws_files import profiles

        return profiles(os.environ)

    def identity(self, profile: str | None, region: str) -> Identity:
        """Who the profile is."""
        from ekswiz.frontend import Identity
        from ekswiz.probes import aws  # boto3 is slow to import

        if not self._sim:
            return aws.identity(profile, region)
        if _is_up():
            return aws.who(_attached()[1].aws)
        account = self._said("account")
        return Identity(account, f"arn:aws:iam::{account}:user/{OPERATOR}")

    def clusters(self, profile: str | None, region: str) -> Sequence[ClusterSeen]:
        """The region's EKS clusters; of a simulated account the one that it has or will have."""
        from ekswiz.frontend import ClusterSeen
        from ekswiz.probes import aws

        if not self._sim:
            return aws.clusters(profile, region)
        if not _is_up():
            return [ClusterSeen(self._said("cluster"), NEWEST, "ACTIVE", "API_AND_CONFIG_MAP", public=True)]
        answers, target = _attached()
        found = aws.one_cluster(target.aws("eks"), answers.cluster)
        return [found] if found else []

    def repository(self, owner: str, repo: str) -> RepositorySeen:
        """The repository by GitHub's API; in a simulated world by that world's."""
        from ekswiz.frontend import RepositorySeen

        if self._sim and not _is_up():
            branch, private = self._said("branch"), False
            ids = (self._said("owner_id"), self._said("repo_id"))
            return RepositorySeen(owner, repo, *ids, branch, private, immutable_subject=self._immutable())
        from ekswiz.probes.github_api import GitHubApi
        from ekswiz.probes.repository import repository

        if not self._sim:
            return repository(GitHubApi(), owner, repo)
        return repository(_simulated_github(), owner, repo)

    def checks(self, given: Given, choice: Choice) -> Iterator[Check]:
        """The doctor's checks."""
        from ekswiz.doctor.checks import CHECKS
        from ekswiz.doctor.facts import Facts
        from ekswiz.doctor.run import run

        return run(CHECKS, Facts(_source(given, choice)))

    def save(self, draft: Draft, file: Path) -> Path:
        """Write the answers so far."""
        from ekswiz.probes.save import save

        return save(draft, file)

    def hand_off(self, plan: Plan, answers: Answers, folder: Path) -> Sequence[Path]:
        """Write what an administrator has to do, and note that `resume` goes on after it."""
        from ekswiz.hand_off import hand_off
        from ekswiz.session import Session

        written = hand_off(plan, answers, folder)
        Session(answers, state_dir=simulator().attach()[2] if self._sim and _is_up() else None).handed_over(plan)
        return written

    def _said(self, name: str) -> str:
        return self._known.get(name, "")

    def _immutable(self) -> bool:
        return self._known.get("subject", "immutable") == "immutable"


def _source(given: Given, choice: Choice) -> Source:
    """Where the doctor looks: in AWS, or in the world that is up."""
    return _simulated(given) if choice.sim else _live(given, choice)


def live_target(given: Given, choice: Choice) -> Target:
    """AWS as the profile sees it, whatever account that is: the region is said, or the configuration's.

    Raises:
        InputError: There is no such profile, or no region.
        TargetError: There are no usable credentials, or AWS does not answer.
    """
    from ekswiz.doctor.live import live_door
    from ekswiz.probes.aws_files import default_region

    region = given.fields.get("region") or default_region(os.environ)[0]
    return live_door(choice.profile, region, given.source.resolve(), choice.endpoint_url).target


def _live(given: Given, choice: Choice) -> Source:
    from ekswiz import resolve
    from ekswiz.doctor.facts import Source
    from ekswiz.doctor.live import live_door
    from ekswiz.probes.draft import draft
    from ekswiz.probes.github_api import GitHubApi

    checkout = given.source.resolve()
    try:
        region = draft(given, sim=False, sample={}, world={}).values.get("region", "")
    except InputError:
        region = ""  # the check of the answers says why
    return Source(
        answers=lambda: resolve.resolve(given, sim=False, sample=sample_of(given, sim=False)),
        door=lambda: live_door(choice.profile, region, checkout, choice.endpoint_url),
        github=GitHubApi,
        checkout=checkout,
        environment=os.environ,
        region=region,
    )


def _simulated(given: Given) -> Source:
    from ekswiz.doctor.facts import Door, Source
    from ekswiz.probes import aws

    if not _is_up():
        return _before_a_world(given)
    answers, target, state_dir = simulator().attach()
    return Source(
        answers=lambda: answers,
        door=lambda: Door(target, aws.who(target.aws)),
        github=_simulated_github,
        checkout=target.checkout,
        environment=os.environ,
        sim=True,
        state_dir=state_dir,
    )


def _before_a_world(given: Given) -> Source:
    """What can be looked at while the simulated account is not there: the answers, the repository, the machine."""
    from ekswiz import resolve
    from ekswiz.doctor.facts import Source
    from ekswiz.doctor.finding import Unasked

    def nothing_yet() -> NoReturn:
        raise Unasked("no simulated account is up yet")

    sample = sample_of(given, sim=True)
    return Source(
        answers=lambda: resolve.resolve(given, sim=True, sample=sample),
        door=nothing_yet,
        github=nothing_yet,
        checkout=simulator().sample_source() if sample else given.source.resolve(),
        environment=os.environ,
        sim=True,
    )


def _simulated_github() -> GitHubApi:
    from ekswiz.probes.github_api import GitHubApi, SignIn

    who = SignIn(simulator().github_token(), "by the simulated account")
    return GitHubApi(_attached()[1].github().url, who)


def _is_up() -> bool:
    return simulator().status() is not None


def _attached() -> tuple[Answers, Target]:
    answers, target, _ = simulator().attach()
    return answers, target


def _texts(answers: Answers) -> dict[str, str]:
    """Answers as a draft holds them."""
    values = asdict(answers)
    return {name: "none" if value is None else _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
