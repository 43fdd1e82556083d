"""What the six tabs say about one change. Pure: a view and a change go in, lines come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ekswiz import cost
from ekswiz.cost import CostLine
from ekswiz.plan import Action, Change
from ekswiz.risks import CATALOGUE
from ekswiz.tui.preview import documents, reach, roles
from ekswiz.tui.preview.ink import INK_OF, Line, line, plain
from ekswiz.tui.preview.names import kind_of, label
from ekswiz.tui.preview.offers import offer
from ekswiz.tui.preview.selection import relying
from ekswiz.tui.preview.subject import Subject

POLICIES: Mapping[str, tuple[str, ...]] = {
    "iam_role": ("trust", "policies", "attached", "boundary"),
    "service_role": ("trust", "attached", "inline"),
    "ecr_repository": ("lifecycle",),
    "deployer_rbac": ("rules", "subjects"),
    "access_entry": ("groups", "policies"),
    "access_policy": ("policy", "namespaces"),
    "namespace": ("pod_security",),
    "github_environment": ("branches",),
    "github_pull_request": ("files",),
}
"""Attributes that are policies, or say who is bound to one."""
GUIDES: Mapping[str, str] = {
    "oidc_provider": "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html",
    "iam_role": "https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/"
    "configuring-openid-connect-in-amazon-web-services",
    "ecr_repository": "https://docs.aws.amazon.com/AmazonECR/latest/userguide/Repositories.html",
    "eks_cluster": "https://docs.aws.amazon.com/eks/latest/userguide/clusters.html",
    "access_entry": "https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
    "access_mode": "https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html",
    "access_policy": "https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html",
    "namespace": "https://kubernetes.io/docs/concepts/security/pod-security-admission/",
    "deployer_rbac": "https://kubernetes.io/docs/reference/access-authn-authz/rbac/",
    "load_balancer": "https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html",
    "repository_file": "https://docs.github.com/actions/writing-workflows/workflow-syntax-for-github-actions",
    "github_environment": "https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments",
    "github_variables": "https://docs.github.com/actions/learn-github-actions/variables",
    "github_subject": "https://docs.github.com/actions/reference/security/oidc",
    "github_branch": "https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/"
    "managing-rulesets/about-rulesets",
}
"""Where the makers describe it."""


def diff(about: Subject) -> Iterator[Line]:
    """The change in plain words, its risks, then what differs."""
    change = about.change
    yield from _title(change)
    yield line(change.why)
    yield from _risks(change)
    yield line()
    if kind_of(change.address) == "iam_role" and (change.after or change.before):
        yield from roles.role_lines(change.after or change.before or {})
        yield line()
    yield from _differences(change)
    yield line()
    waiting = offer(change)
    if waiting is not None:
        yield line(f"Space plans again with --{waiting.flag.replace('_', '-')}.", "strong")
    yield line(undo(change), "faint")


def policy(about: Subject) -> Iterator[Line]:
    """Every document in full; for an update, what differs in it."""
    change = about.change
    names = POLICIES.get(kind_of(change.address), ())
    held = {**(change.before or {}), **(change.after or {})}
    shown = [name for name in names if held.get(name)]
    if not shown:
        yield line("No policy in this object. All its attributes:", "faint")
        yield from documents.json_lines(change.after or change.before or {})
        return
    for name in shown:
        yield line(name, "strong")
        yield from _document(change, name)
        yield line()


def why(about: Subject) -> Iterator[Line]:
    """What it is for, what breaks without it, what it needs, and where to read more."""
    change = about.change
    yield from _title(change)
    yield line(change.why)
    yield line()
    yield from _skipping(about)
    yield from _listed("It needs", change.needs)
    yield from _permissions(about)
    if kind_of(change.address) in GUIDES:
        yield line()
        yield line("Read more", "strong")
        yield line(GUIDES[kind_of(change.address)], "key")


def cli(about: Subject) -> Iterator[Line]:
    """Commands that do the same."""
    change = about.change
    yield line("Nothing would be done. To look at it:" if _untouched(change) else "The same by hand:", "faint")
    yield line()
    yield from (line(text) for text in change.cli.split("\n"))


def money(about: Subject) -> Iterator[Line]:
    """What it costs a month, how that is made up, and what the whole stack costs."""
    found = next((each for each in about.view.costs if each.address == about.change.address), None)
    yield from _title(about.change)
    yield from _cost(found) if found else [line("Cost: unknown")]
    yield line()
    yield line("The whole stack", "strong")
    yield line(cost.sentence(about.view.costs, about.view.quotes).removeprefix("cost: "))


def section(title: str, changes: Sequence[Change]) -> Iterator[Line]:
    """A heading: its changes, each with what it is for."""
    yield line(title, "strong")
    for change in changes:
        yield line()
        yield from _title(change)
        yield line(f"  {change.why}")


def access(about: Subject) -> Iterator[Line]:
    """This change's part of the access matrix, as it is meant."""
    yield from _title(about.change)
    yield from reach.lines(about.change, about.answers)


TABS: Mapping[str, Callable[[Subject], Iterator[Line]]] = {
    "Diff": diff,
    "Policy": policy,
    "Why": why,
    "AWS CLI": cli,
    "Cost": money,
    "Access": access,
}
"""The tabs, in their order."""


def copied(about: Subject, tab: str) -> str:
    """What the copy key takes: the commands, the documents, or the text of the tab."""
    change = about.change
    if tab == "AWS CLI":
        return change.cli
    if tab == "Policy":
        return documents.pretty(change.after or change.before or {})
    return plain(TABS[tab](about))


def undo(change: Change) -> str:
    """How to get what was there before."""
    if _untouched(change):
        return "Destroy leaves it: it existed before." if change.adopted else "Nothing would be done to it."
    if change.action is Action.DELETE:
        return "There is no undo but to make it again: ekswiz apply."
    if change.adopted:
        return "Undo: by hand, with the values shown as before. Destroy leaves it: it existed before."
    return "Undo: ekswiz destroy removes it."


def _title(change: Change) -> Iterator[Line]:
    mark: Line = ((" ", "plain"), ("!", "risk")) if change.risks else ()
    yield ((f"{change.action.value} ", INK_OF[change.action]), (label(change), "strong"), *mark)
    yield line(f"  {change.action.word}{', existed before' if change.adopted else ''}", INK_OF[change.action])


def _risks(change: Change) -> Iterator[Line]:
    for risk in change.risks:
        yield (("! ", "risk"), (risk.sentence, "plain"))
        kind = CATALOGUE.get(risk.id)
        asks = kind is None or kind.consent or change.action is Action.DELETE
        consent = "asks for your consent" if asks else "for your information"
        yield line(f"  {risk.id}: {consent}", "faint")
        if kind and kind.back:
            yield line(f"  The way back: {kind.back}", "faint")


def _differences(change: Change) -> Iterator[Line]:
    if change.action is Action.UNKNOWN:
        yield line("It could not be read, so nobody knows. What rests on it would be skipped.", "unknown")
        return
    before, after = dict(change.before or {}), dict(change.after or {})
    if kind_of(change.address) == "repository_file" and "text" in {**before, **after}:
        old, new = str(before.pop("text", "")), str(after.pop("text", ""))
        yield line("Lines of the file", "strong")
        yield from documents.compared(old, new) if old != new else [line(f"  {len(new.splitlines())} unchanged")]
        return
    yield line("Attributes", "strong")
    if change.action is not Action.UPDATE:  # an update shows what differs in its policies; else they would be all new
        told = [name for name in POLICIES.get(kind_of(change.address), ()) if {**before, **after}.get(name)]
        for name in told:
            before.pop(name, None)
            after.pop(name, None)
        yield from [line(f"  {', '.join(told)}: see tab Policy", "faint")] if told else []
    yield from documents.attributes(before, after)


def _document(change: Change, name: str) -> Iterator[Line]:
    before, after = (change.before or {}).get(name), (change.after or {}).get(name)
    if change.action is Action.UPDATE and before is not None and after is not None:
        old, new = documents.pretty(before), documents.pretty(after)
        if old != new:
            yield from documents.compared(old, new)
            return
    yield from documents.json_lines(after if after is not None else before)


def _skipping(about: Subject) -> Iterator[Line]:
    change = about.change
    if _untouched(change):
        return
    resting = relying(about.view.plan, change.address)
    if change.action is Action.DELETE:
        yield from _listed("If you skip it, these stay, too", resting)
    else:
        yield from _listed("Without it, these cannot be made", resting)
    if not resting:
        yield line("Nothing else rests on it: Space skips it.", "faint")


def _listed(title: str, names: Any) -> Iterator[Line]:
    if names:
        yield line(title, "strong")
        yield from (line(f"  {name}") for name in names)


def _permissions(about: Subject) -> Iterator[Line]:
    if not about.change.permissions:
        return
    yield line("IAM actions that you need for it", "strong")
    known = about.view.permissions
    said = (
        {v.need.action: v.answer for v in known.verdicts if about.change.address in v.need.addresses} if known else {}
    )
    for action in about.change.permissions:
        answer = said.get(action, "")
        yield ((f"  {action}", "plain"), (f"  {answer}", "delete" if answer == "denied" else "faint"))
    if known and "unknown" in said.values():
        yield line(next((v.why for v in known.verdicts if v.answer == "unknown" and v.why), ""), "faint")


def _cost(found: CostLine) -> Iterator[Line]:
    if found.kind == "not ours":
        yield line(found.why)
        return
    words = found.figure if found.monthly is None else f"${found.figure} a month"
    was = f", now ${found.before.quantize(cost.CENT)}" if found.before is not None else ""
    yield ((words, "strong"), (was, "plain"))
    for title, text in (("", found.why), ("Not in it: ", found.open), ("Assumes ", found.assumes)):
        if text:
            yield line(f"{title}{text}")
    if found.source:
        yield line(f"Source: {found.source}", "faint")


def _untouched(change: Change) -> bool:
    return change.action in (Action.KEEP, Action.UNKNOWN)
