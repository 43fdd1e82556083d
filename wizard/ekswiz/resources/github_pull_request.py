"""The stack's files as a pull request: one branch of our own, one commit, an explained body. A person merges it.

What stands in the base branch already counts as delivered: after the merge there is nothing to do. A workflow file that
ekswiz did not write is never overwritten, and a manifest that is there is left alone, as in a checkout. Sources: GitHub
REST API, "Pulls", "Git database", "Repository contents".
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from ekswiz.answers import Answers
from ekswiz.clients.github_rest import Missing, at, get, pages, send
from ekswiz.deliver import RepositoryFile as Delivered
from ekswiz.deliver import files
from ekswiz.errors import Conflict
from ekswiz.plan import Action, Risk
from ekswiz.resource import Farewell, Live, Tenure, Verb
from ekswiz.resources.github import REPOSITORY, repo
from ekswiz.resources.github_words import Proposal, body_of, marked, twin
from ekswiz.resources.namespace import NO_PERMISSIONS
from ekswiz.resources.repository_file import MARK
from ekswiz.target import Target

STATE, FOREIGN, NUMBER, URL = "state", "foreign", "number", "pull_request"
"""Outputs: "open", "merged" or "blocked"; files of others in the way, a line each; its number and address."""


@dataclass(frozen=True, slots=True)
class PullRequestAttributes:
    """`files` are the texts by path as they are after the merge."""

    base: str
    head: str
    files: Mapping[str, str]


@dataclass(slots=True)
class GitHubPullRequest:
    """See `ekswiz.resource.Resource`. `kept` are paths of files that are left alone where there are some."""

    address: str
    desired: PullRequestAttributes
    repository: str
    owner: str
    stack: str
    title: str
    body: str
    kept: frozenset[str]
    needs: tuple[str, ...] = ()
    why: str = "Brings the workflow to the branch by a review, and says in its text what a merge lets happen."
    tenure: Tenure = "owned"
    replaces: frozenset[str] = frozenset()
    permissions: Mapping[Verb, tuple[str, ...]] = field(default_factory=lambda: NO_PERMISSIONS)
    scopes: Mapping[str, str] = field(default_factory=dict)

    def read(self, target: Target) -> Live[PullRequestAttributes] | None:
        """The open pull request, or the files where they were merged; None if neither is there."""
        found = self._files(target, self.desired.base)
        wanted = self._wanted(found)
        request = self._request(target)
        outputs = {FOREIGN: "\n".join(path for path in wanted if self._foreign(found.get(path)))}
        if request is not None:
            outputs |= {NUMBER: str(request["number"]), URL: str(request["html_url"])}
        if not wanted:
            attributes = self._attributes(dict(self.desired.files))
            return Live(attributes, {**outputs, STATE: "merged"}, outputs.get(NUMBER, "by hand"), self.stack)
        if request is None or request["state"] != "open":
            return self._in_the_way(wanted, found, outputs)
        ahead = self._files(target, self.desired.head, wanted)
        there = {path: text for path in self.desired.files if (text := self._there(path, wanted, ahead)) is not None}
        owner = self.stack if marked(str(request.get("body") or ""), self.stack) else None
        return Live(self._attributes(there), {**outputs, STATE: "open"}, outputs[NUMBER], owner)

    def create(
        self,
        target: Target,
        desired: PullRequestAttributes,
        token: str,  # noqa: ARG002 - GitHub has no idempotency tokens
        tags: Mapping[str, str],  # noqa: ARG002 - the body says whose it is
    ) -> Live[PullRequestAttributes]:
        """Commit what the base branch lacks to a branch of ours, and propose it."""
        found = self._files(target, desired.base)
        wanted = self._wanted(found)
        _refuse_foreign([path for path in wanted if self._foreign(found.get(path))])
        base, head = self._tip(target, desired.base), self._tip(target, desired.head)
        if base is None:
            raise Conflict(f"there is no branch {desired.base} to merge into.", f"git push origin {desired.base}")
        # A branch that a dead run or an earlier request left is gone on from: its history stays, its files do not.
        parents = [base] if head is None else [head, base]
        commit = self._commit(target, base, parents, wanted)
        self._point(target, commit, new=head is None)
        made = send(target, "POST", f"{self.repository}/pulls", {
            "title": self.title, "head": desired.head, "base": desired.base, "body": self.body,
        })  # fmt: skip
        outputs = {NUMBER: str(made["number"]), URL: str(made["html_url"]), STATE: "open", FOREIGN: ""}
        return Live(desired, outputs, str(made["number"]), self.stack)

    def update(
        self, target: Target, live: Live[PullRequestAttributes], desired: PullRequestAttributes
    ) -> Live[PullRequestAttributes]:
        """One commit more on the branch of the pull request, which brings our files to what is desired."""
        _refuse_foreign(live.outputs[FOREIGN].splitlines())
        tip = self._tip(target, desired.head)
        if tip is None:
            raise Conflict(f"branch {desired.head} of the pull request is gone.", "Plan again.")
        now = live.attributes.files
        changed = {path: text for path, text in desired.files.items() if now.get(path) != text}
        self._point(target, self._commit(target, tip, [tip], changed), new=False)
        return Live(desired, live.outputs, live.unique_id, live.owner)

    def delete(self, target: Target, live: Live[PullRequestAttributes]) -> None:
        """Close it and remove its branch; gone already is fine. A merged one is kept (see `farewell`)."""
        with suppress(Missing):
            send(target, "PATCH", f"{self.repository}{at('pulls', live.outputs[NUMBER])}", {"state": "closed"})
        if self._tip(target, self.desired.head) is not None:
            with suppress(Missing):
                send(target, "DELETE", f"{self.repository}/git/refs/heads/{_in_path(self.desired.head)}")

    def cli(self, action: Action) -> str:
        """The GitHub CLI's commands: self-contained, from the files to the pull request."""
        name = self.repository.removeprefix("/repos/")
        desired = self.desired
        return twin(action, Proposal(name, desired.base, desired.head, self.title, self.body, desired.files, self.kept))

    def risks(self, live: Live[PullRequestAttributes] | None) -> tuple[Risk, ...]:
        """A file of the user's own stands in the way, or commits of others would be undone."""
        return () if live is None else tuple(self._risks(live))

    def farewell(self, target: Target, live: Live[PullRequestAttributes]) -> Farewell:
        """What was merged is the user's history."""
        del target
        if live.outputs[STATE] == "merged":
            paths = " ".join(path for path in self.desired.files if path not in self.kept)
            return Farewell(keep=f"Kept: it is merged. To remove the workflow: git rm {paths}")
        return Farewell()

    def _risks(self, live: Live[PullRequestAttributes]) -> Iterator[Risk]:
        foreign = live.outputs[FOREIGN].replace("\n", ", ")
        if foreign:
            yield Risk(
                "not-our-file", f"{foreign} is yours: ekswiz never overwrites it. Move it away, or merge by hand."
            )
        texts = live.attributes.files
        edited = [path for path, text in texts.items() if text != self.desired.files.get(path, text)]
        if edited:
            yield Risk("file-edited", f"{', '.join(edited)} differs from what ekswiz writes; edits in it are undone.")

    def _in_the_way(
        self, wanted: Mapping[str, str], found: Mapping[str, str], outputs: Mapping[str, str]
    ) -> Live[PullRequestAttributes] | None:
        """Files of the user's own where ours would go: a conflict that a plan shows; None if there is none."""
        theirs = {path: found[path] for path in wanted if self._foreign(found.get(path))}
        if not theirs:
            return None
        return Live(self._attributes(theirs), {**outputs, STATE: "blocked"}, "others'", None)

    def _attributes(self, found: Mapping[str, str]) -> PullRequestAttributes:
        return PullRequestAttributes(self.desired.base, self.desired.head, found)

    def _wanted(self, found: Mapping[str, str]) -> dict[str, str]:
        """The files that the base branch lacks."""
        return {
            path: text
            for path, text in self.desired.files.items()
            if found.get(path) != text and not (path in self.kept and path in found)
        }

    def _there(self, path: str, wanted: Mapping[str, str], ahead: Mapping[str, str]) -> str | None:
        """A file as it will be after the merge: what the base branch has already counts as desired."""
        return ahead.get(path) if path in wanted else self.desired.files[path]

    def _foreign(self, text: str | None) -> bool:
        return text is not None and not MARK.match(text)

    def _request(self, target: Target) -> Any:
        """The newest pull request from our branch to the base."""
        head = f"{self.owner}:{self.desired.head}"
        asked = urlencode({"state": "all", "head": head, "base": self.desired.base, "sort": "created"})
        found = pages(target, f"{self.repository}/pulls?{asked}&direction=desc")
        alive = [one for one in found if one["state"] == "open" or one.get("merged_at")]
        return alive[0] if alive else None

    def _files(self, target: Target, branch: str, paths: Mapping[str, str] | None = None) -> dict[str, str]:
        """The texts of our files on a branch, by path; without those that are not there."""
        found: dict[str, str] = {}
        for path in self.desired.files if paths is None else paths:
            document = get(target, f"{self.repository}/contents/{_in_path(path)}?{urlencode({'ref': branch})}")
            if isinstance(document, dict) and document.get("type") == "file":
                found[path] = base64.b64decode(document.get("content", "")).decode("utf-8", "replace")
            elif document is not None:
                found[path] = ""  # a folder or a link of that name: certainly not ours
        return found

    def _tip(self, target: Target, branch: str) -> str | None:
        found = get(target, f"{self.repository}/git/ref/heads/{_in_path(branch)}")
        return None if found is None else str(found["object"]["sha"])

    def _commit(self, target: Target, onto: str, parents: list[str], changed: Mapping[str, str]) -> str:
        tree = get(target, f"{self.repository}{at('git', 'commits', onto)}")["tree"]["sha"]
        entries = [{"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in changed.items()]
        made = send(target, "POST", f"{self.repository}/git/trees", {"base_tree": tree, "tree": entries})
        body = {"message": self.title, "tree": made["sha"], "parents": parents}
        return str(send(target, "POST", f"{self.repository}/git/commits", body)["sha"])

    def _point(self, target: Target, commit: str, *, new: bool) -> None:
        if new:
            ref = f"refs/heads/{self.desired.head}"
            send(target, "POST", f"{self.repository}/git/refs", {"ref": ref, "sha": commit})
        else:
            path = f"{self.repository}/git/refs/heads/{_in_path(self.desired.head)}"
            send(target, "PATCH", path, {"sha": commit, "force": False})


def github_pull_request(answers: Answers) -> GitHubPullRequest:
    """The pull request that brings this stack's files."""
    found: tuple[Delivered, ...] = files(answers)
    roles = ("iam_role.push", "iam_role.deploy", "ecr_repository.app", "access_entry.deploy")
    environment = ("github_environment.deploy",) if answers.environment else ()
    return GitHubPullRequest(
        address="github_pull_request.files",
        desired=PullRequestAttributes(
            answers.branch, f"ekswiz/{answers.stack}", {file.path: file.text for file in found}
        ),
        repository=repo(answers),
        owner=answers.owner,
        stack=answers.stack,
        title=f"Deploy {answers.workload} to EKS without stored keys",
        body=body_of(answers, found),
        kept=frozenset(file.path for file in found if file.kind == "manifest"),
        needs=(REPOSITORY, "github_branch.deploy", *environment, *roles),
    )


def _refuse_foreign(paths: list[str]) -> None:
    if paths:
        raise Conflict(f"{', '.join(paths)} is not ours to overwrite.", "Move it away, or merge by hand.")


def _in_path(name: str) -> str:
    """A branch or a file's path inside a URL's path, where its slashes stay."""
    return quote(name, safe="/")
