"""The note under a box: a sign, a sentence. `ok` fine, `--` worth knowing, `xx` not usable, `..` looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ekswiz import steps
from ekswiz.frontend import ClusterSeen
from ekswiz.steps import Field
from ekswiz.steps.lookup import Lookup
from ekswiz.steps.trouble import trouble
from ekswiz.tui.lookups import Lookups, waited
from ekswiz.tui.signs import Said
from ekswiz.tui.words import grouped, session, short_arn

if TYPE_CHECKING:
    from ekswiz.tui.wizard_state import Wizard

STILL = 5.0
"""Seconds after which a lookup is said to be still under way."""


def note(wizard: Wizard, lookups: Lookups, field: Field, text: str) -> Said:
    """What is said under a field whose box holds `text`."""
    refused = steps.problem(field, text)
    if refused is not None and text.strip():
        return "xx", f"{refused.detail.removeprefix(f'{field.label}: ')} {refused.remedy}".strip()
    own = NOTES.get(field.name)
    found = own(wizard, lookups) if own else None
    if found is not None:
        return found
    if refused is not None:
        return "--", ", ".join(part for part in ("needed", field.hint) if part)
    return _plain(wizard, field)


def _plain(wizard: Wizard, field: Field) -> Said:
    where = steps.source(wizard.draft, field.name)
    chosen = steps.value(wizard.draft, field.name)
    means = next((option.means for option in field.options if option.value == chosen), "")
    if means:
        return "ok", means if where == steps.DEFAULT or not where else f"{means} ({where})"
    return "ok", where or "none"


def _waiting(lookup: Lookup, what: str) -> Said:
    return "..", f"still {what} ({waited(lookup):.0f} s)" if waited(lookup) >= STILL else what


def _profile(wizard: Wizard, lookups: Lookups) -> Said | None:
    asked, who = lookups["identity"], wizard.identity
    if asked.state == "loading":
        return _waiting(asked, f"asking AWS who {wizard.profile or 'this'} is")
    if asked.state == "failed" and asked.error is not None:
        told = trouble(asked.error, wizard.profile)
        return told.sign, told.line
    if who is None:
        profiles = lookups["profiles"]
        if profiles.state == "ready" and not profiles.found:
            return "--", "No AWS profile on this machine. Make one: aws configure sso"
        return _waiting(profiles, "reading the AWS configuration") if profiles.state == "loading" else None
    where = steps.source(wizard.draft, "profile")
    parts = (f"{grouped(who.account)}{f' ({who.alias})' if who.alias else ''}", short_arn(who.arn), session(who), where)
    return "ok", ", ".join(part for part in parts if part)


def _account(wizard: Wizard, lookups: Lookups) -> Said | None:
    del lookups
    said, who = steps.value(wizard.draft, "account"), wizard.identity
    if who is not None and said and said != who.account:
        return "xx", f"The profile belongs to {grouped(who.account)}. Change one of the two: they must be the same."
    return None


def _cluster(wizard: Wizard, lookups: Lookups) -> Said | None:
    asked, name = lookups["clusters"], steps.value(wizard.draft, "cluster")
    new = steps.value(wizard.draft, "create_cluster") == "true"
    if asked.state == "loading":
        return _waiting(asked, "reading the EKS clusters")
    if asked.state == "failed" and asked.error is not None:
        told = trouble(asked.error, wizard.profile)
        return told.sign, told.line
    if asked.state != "ready":
        return None
    seen = next((cluster for cluster in wizard.clusters if cluster.name == name), None)
    if seen is not None:
        return ("--", "A cluster of this name exists: it is not made again.") if new else _seen(seen)
    return None if new else _absent(wizard, name)


def _absent(wizard: Wizard, name: str) -> Said:
    names = ", ".join(cluster.name for cluster in wizard.clusters)
    where = steps.value(wizard.draft, "region")
    if not names:
        return "--", f"There is no EKS cluster in {where}. Choose to make one, or another region."
    return "--", f"There is no {name} in {where}. There are: {names}" if name else f"needed. There are: {names}"


def _seen(cluster: ClusterSeen) -> Said:
    nodes = "nodes unknown" if cluster.nodes is None else f"{cluster.nodes} node{'' if cluster.nodes == 1 else 's'}"
    version = f"v{cluster.version}" if cluster.version[:1].isdigit() else f"version {cluster.version}"
    facts = f"{version}, {cluster.mode}, {nodes}"
    if cluster.status != "ACTIVE":
        return "--", f"{cluster.status}: the plan waits for ACTIVE. {facts}"
    if cluster.mode == "CONFIG_MAP":
        return "--", f"{facts}. Access entries need one switch, which has no way back."
    return "ok", facts + ("" if cluster.public else ", private endpoint: only runners inside its network reach it")


def _repository(wizard: Wizard, lookups: Lookups) -> Said | None:
    asked, seen = lookups["repository"], wizard.repository
    if asked.state == "loading":
        return _waiting(asked, "asking GitHub")
    if asked.state == "failed" and asked.error is not None:
        told = trouble(asked.error)
        return ("--" if told.sign == "xx" else told.sign), told.line
    if seen is None:
        return None
    where = steps.source(wizard.draft, "repository")
    return "ok", f"{where}, exact case checked, {'private' if seen.private else 'public'}"


def _ids(name: str) -> Callable[[Wizard, Lookups], Said | None]:
    def said(wizard: Wizard, lookups: Lookups) -> Said | None:
        del lookups
        exact = getattr(wizard.repository, name, "")
        text = steps.value(wizard.draft, name)
        if exact and text and exact != text:
            return (
                "xx",
                f"GitHub says {exact}: another one has this name now. Which one do you mean?",
            )
        return None

    return said


def _branch(wizard: Wizard, lookups: Lookups) -> Said | None:
    del lookups
    seen, branch = wizard.repository, steps.value(wizard.draft, "branch")
    if seen is None or branch != seen.default_branch:
        return None
    guard = {True: ", protected", False: ", not protected: whoever can push can deploy", None: ""}[seen.protected]
    return ("--" if seen.protected is False else "ok"), f"default branch{guard}"


NOTES: Mapping[str, Callable[[Wizard, Lookups], Said | None]] = {
    "profile": _profile,
    "account": _account,
    "cluster": _cluster,
    "repository": _repository,
    "owner_id": _ids("owner_id"),
    "repo_id": _ids("repo_id"),
    "branch": _branch,
}
"""Fields about which something was looked up."""
