"""What the pull request says, and the commands that make the same one."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ekswiz.answers import Answers
from ekswiz.deliver import RepositoryFile
from ekswiz.plan import Action
from ekswiz.resources.github import gh
from ekswiz.resources.shell import lines

MARK = "<!-- ekswiz: stack {stack} -->"
"""The body's last line: whose the pull request is."""


def marked(body: str, stack: str) -> bool:
    """Whether a pull request's text says that this stack made it."""
    return MARK.format(stack=stack) in body.splitlines()


def body_of(answers: Answers, files: Sequence[RepositoryFile]) -> str:
    """The text of the pull request, in Markdown: what comes, who gets in by it, what a merge does, the way back."""
    listed = [f"- `{file.path}`: {file.why}" for file in files]
    environment = f", environment `{answers.environment}`" if answers.environment else ""
    where = f"namespace `{answers.namespace}`, account {answers.account}, {answers.region}"
    text = f"""\
This lets pushes to `{answers.branch}` deploy `{answers.workload}` to the EKS cluster `{answers.cluster}` ({where}),
without any key stored at GitHub.

### Files
{chr(10).join(listed)}

A manifest that the branch has already is not part of this.

### Who gets in
- the build job of `{answers.branch}` becomes `{answers.push_role}`: it can push to the ECR repository
  `{answers.ecr_repository}`, and nothing else
- the deploy job of `{answers.branch}`{environment} becomes `{answers.deploy_role}`: it can deploy to namespace
  `{answers.namespace}`, and nothing else
- pull requests, forks, tags, other branches and other workflow files get neither

### What a merge does
The workflow runs at once: it builds the image, pushes it and deploys it by its digest. Whoever can push to
`{answers.branch}` can deploy from then on.

### The way back
Close this, or revert the merge; `ekswiz destroy` removes what it made in AWS and at GitHub.
"""
    return f"{text}\n{MARK.format(stack=answers.stack)}"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pull request: `repository` is OWNER/REPO, `files` are texts by path; `kept` ones go where there is none."""

    repository: str
    base: str
    head: str
    title: str
    body: str
    files: Mapping[str, str]
    kept: frozenset[str]


def twin(action: Action, proposal: Proposal) -> str:
    """The GitHub CLI's commands for one action."""
    name, head, base = (quote(part, safe="/") for part in (proposal.repository, proposal.head, proposal.base))
    pulls, owner = f"/repos/{name}/pulls", proposal.repository.partition("/")[0]
    found = f"{pulls}?state={'open' if action is Action.DELETE else 'all'}&head={owner}:{head}"
    if action in (Action.KEEP, Action.UNKNOWN):
        return gh("GET", found)
    if action is Action.DELETE:
        number = gh("GET", found, "--jq", ".[0].number")
        close = f'gh api --method PATCH "repos/{name}/pulls/$({number})" -f state=closed'
        return lines(close, gh("DELETE", f"/repos/{name}/git/refs/heads/{head}"))
    put = [_put(proposal, path, text) for path, text in proposal.files.items()]
    if action is Action.UPDATE:
        return lines(*put)
    tip = gh("GET", f"/repos/{name}/git/ref/heads/{base}", "--jq", ".object.sha")
    branch = gh("POST", f"/repos/{name}/git/refs", "-f", f"ref=refs/heads/{proposal.head}")
    said = {"title": proposal.title, "head": proposal.head, "base": proposal.base, "body": proposal.body}
    flags = [word for key, value in said.items() for word in ("-f", f"{key}={value}")]
    return lines(f'{branch} -f sha="$({tip})"', *put, gh("POST", pulls, *flags))


def _put(proposal: Proposal, path: str, text: str) -> str:
    """One file; where it is there already, GitHub wants to hear which version of it is meant."""
    place = f"/repos/{proposal.repository}/contents/{quote(path, safe='/')}"
    look = gh("GET", f"{place}?ref={quote(proposal.head, safe='')}", "--jq", ".sha")
    content = base64.b64encode(text.encode()).decode()
    said = {"message": proposal.title, "branch": proposal.head, "content": content}
    put = gh("PUT", place, *(word for key, value in said.items() for word in ("-f", f"{key}={value}")))
    if path in proposal.kept:
        return f"{look} >/dev/null 2>&1 || {put}"
    return f'known="$({look} 2>/dev/null)" || known=\n{put} ${{known:+-f "sha=$known"}}'
