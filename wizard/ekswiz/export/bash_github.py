"""What is set up at GitHub, by `gh api`: variables, the environment, the form of `sub`, the pull request."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from ekswiz.answers import Answers
from ekswiz.export.wanted import there, values
from ekswiz.hand_off.steps import kind, q
from ekswiz.plan import Action, Change
from ekswiz.resources.github import variable_name


def functions() -> str:
    """What the steps below call."""
    return r"""
# GitHub's answer; with --check it may not be known yet.
at_github() {
  gh api "$@" 2>"$scratch/error"
}

right_repository() {
  local found
  found="$(at_github "repos/$1" --jq .id)" || stop "$1 cannot be read at GitHub: $(head -n 1 "$scratch/error")"
  [ "$found" = "$2" ] || stop "$1 has the id $found at GitHub, and this is for $2: it was made anew"
}

# Who made an object at GitHub, by the variable that says so.
owner_at_github() {
  owner=None
  if owner="$(at_github "repos/$1/actions/variables/$2" --jq .value)"; then return; fi
  absent 404
  owner=None
}

variable() {
  if at_github "repos/$1/actions/variables/$2" >"$scratch/found"; then
    run gh api --method PATCH "repos/$1/actions/variables/$2" -f "value=$3"
  else
    absent 404
    run gh api --method POST "repos/$1/actions/variables" -f "name=$2" -f "value=$3"
  fi
}"""


def lines(change: Change, answers: Answers) -> Iterator[str]:
    """One object; nothing where there is nothing to do that a script could."""
    make = {
        "github_variables": _variables,
        "github_environment": _environment,
        "github_subject": _subject,
        "github_pull_request": _pull_request,
    }.get(kind(change))
    return iter(()) if make is None else make(change, answers)


def _variables(change: Change, answers: Answers) -> Iterator[str]:
    where, mark = q(answers.repository), variable_name(answers.stack, "STACK")
    yield f"owner_at_github {where} {mark}"
    yield f'[ "$owner" = None ] || ours {q(f"variables {mark} and its like")} "$owner" own'
    for name, value in {mark: answers.stack, **values(change)["values"]}.items():
        yield f"variable {where} {q(name)} {q(value)}"


def _environment(change: Change, answers: Answers) -> Iterator[str]:
    """One that is there stays as it is but for our branch, where branches are listed."""
    after = values(change)
    path = f"repos/{answers.repository}/environments/{quote(after['name'], safe='')}"
    mark = variable_name(answers.stack, "ENVIRONMENT")
    policies = f"{path}/deployment-branch-policies"
    listed = "-F 'deployment_branch_policy[protected_branches]=false'"
    yield f'if at_github {q(path)} >"$scratch/found"; then'
    yield f"  by_list=\"$(at_github {q(path)} --jq '.deployment_branch_policy.custom_branch_policies')\""
    yield "else"
    yield "  absent 404"
    yield f"  variable {q(answers.repository)} {mark} {q(after['name'])}"
    yield f"  run gh api --method PUT {q(path)} {listed} -F 'deployment_branch_policy[custom_branch_policies]=true'"
    yield "  by_list=true"
    yield "fi"
    for branch in after["branches"]:
        yield f"known=\"$(at_github {q(policies)} --jq '.branch_policies[].name' || true)\""
        yield f'if [ "$by_list" = true ] && ! grep -Fxq -e {q(branch)} <<<"$known"; then'
        yield f"  run gh api --method POST {q(policies)} -f {q('name=' + branch)}"
        yield "fi"


def _subject(change: Change, answers: Answers) -> Iterator[str]:
    del answers
    if change.action in (Action.CREATE, Action.UPDATE):
        yield f"run {change.cli}"


def _pull_request(change: Change, answers: Answers) -> Iterator[str]:
    """Made once: a pull request that is there is its readers' business."""
    if there(change):
        return
    after = values(change)
    owner = quote(answers.owner, safe="")
    asked = f"state=all&head={owner}:{quote(after['head'], safe='/')}&base={quote(after['base'], safe='/')}"
    alive = '[.[] | select(.state == "open" or .merged_at != null)] | length'
    yield f'found="$(at_github {q(f"repos/{answers.repository}/pulls?{asked}")} --jq {q(alive)})" || absent nothing'
    yield 'if [ "$found" != 0 ]; then'
    yield "  printf '    the pull request is there\\n'"
    yield 'elif [ -n "$check" ]; then'
    yield f"  printf '    would make the pull request %s\\n' {q(after['head'])}"
    yield "else"
    yield "  {"
    yield change.cli
    yield '  } >"$scratch/output"'
    yield "fi"
