"""Rules about who may become a role: above all what a trust policy asks of GitHub's tokens.

Every value of every line is looked at, unlike IAM's own guard-rail, which looks at the first and lets `repo:*` pass.

Sources: GitHub, "OpenID Connect reference"; IAM User Guide, "Create a role for OpenID Connect federation", "Available
keys for AWS OIDC federation".
"""

from __future__ import annotations

from ekswiz.iam.documents import AUDIENCE, TRUST_LIMIT, size
from ekswiz.lint.clauses import WILD, Clause, Line
from ekswiz.lint.finding import Document, Said
from ekswiz.lint.subjects import (
    any_owner,
    contexts,
    malformed,
    open_owner,
    open_repository,
    readable,
    subject_lines,
    whole_owner,
    whole_repository,
)

STS_KEYS = frozenset({
    "aud", "sub", "amr", "actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository",
    "repository_id", "repository_owner_id", "workflow",
})  # fmt: skip
"""Claims of GitHub's token that STS makes condition keys of, since January 2026."""
AUDIENCES = frozenset({AUDIENCE, "sts.amazonaws.com.cn"})


def _github(document: Document) -> list[Clause]:
    return [clause for clause in document.clauses if clause.lets_github_in]


def subject_missing(document: Document) -> Said:
    """GitHub's jobs get in without being asked which repository they are of."""
    for clause in _github(document):
        if not clause.pins("sub") and not clause.pins("job_workflow_ref"):
            yield document.where(clause), "Neither sub nor job_workflow_ref is asked for: any repository's job gets in."


def subject_any(document: Document) -> Said:
    """A subject of any owner."""
    for clause, line, value in subject_lines(document):
        if line.base == "StringLike" and any_owner(value):
            yield document.where(clause), f"sub may be {value!r}: repositories of every owner get in."


def subject_open_owner(document: Document) -> Said:
    """A subject whose owner is a prefix."""
    for clause, line, value in subject_lines(document):
        if line.base == "StringLike" and open_owner(value):
            owner = readable(value).partition("/")[0].partition("@")[0].rstrip("*?")
            yield (
                document.where(clause),
                f"sub may be {value!r}: the owner's name is open at its end, so {owner}-evil gets in as well.",
            )


def subject_whole_owner(document: Document) -> Said:
    """A subject of any repository of an owner."""
    for clause, line, value in subject_lines(document):
        if line.base == "StringLike" and whole_owner(value):
            yield document.where(clause), f"sub may be {value!r}: every repository of the owner gets in."


def subject_open_repository(document: Document) -> Said:
    """A subject whose repository is a prefix."""
    for clause, line, value in subject_lines(document):
        if line.base == "StringLike" and open_repository(value):
            yield document.where(clause), f"sub may be {value!r}: every repository whose name begins so gets in."


def subject_whole_repository(document: Document) -> Said:
    """A subject of anything in a repository."""
    for clause, line, value in subject_lines(document):
        if line.base == "StringLike" and whole_repository(value):
            what = "every branch, tag, environment and pull request gets in"
            yield document.where(clause), f"sub may be {value!r}: {what}."


def subject_open_ref(document: Document) -> Said:
    """A subject with a pattern for the branch, tag or environment."""
    for clause, line, value in subject_lines(document):
        if line.base == "StringLike" and not whole_repository(value) and set(contexts(value)) & WILD:
            yield document.where(clause), f"sub may be {value!r}: whoever can name a branch or tag so gets in."


def subject_pull_request(document: Document) -> Said:
    """The subject of pull requests."""
    for clause, _, value in subject_lines(document):
        if contexts(value) == "pull_request":
            yield document.where(clause), f"sub may be {value!r}: code that nobody has reviewed becomes the role."


def subject_tag(document: Document) -> Said:
    """A subject of tags."""
    for clause, _, value in subject_lines(document):
        if contexts(value).startswith("ref:refs/tags/"):
            yield document.where(clause), f"sub may be {value!r}: tags have no review and can be moved."


def subject_malformed(document: Document) -> Said:
    """A subject that no token carries."""
    for clause, _, value in subject_lines(document):
        problem = malformed(value)
        if problem:
            yield document.where(clause), f"sub {value!r} is never sent by GitHub: {problem}."


def subject_old_form(document: Document) -> Said:
    """The form of sub that this repository never sends; only where that is known."""
    for clause in _github(document) if document.facts.immutable else ():
        values = [value for line in clause.on("sub") if line.binding for value in line.values]
        old = [value for value in values if value.startswith("repo:") and "@" not in value.partition(":")[2]]
        if old and len(old) == len(values) and not any(set(readable(value)) & WILD for value in old):
            prefix = next(iter(document.facts.subject_prefixes), "repo:OWNER@OWNER_ID/REPO@REPO_ID")
            yield (
                document.where(clause),
                f"sub must be {' or '.join(old)}, but this repository's tokens begin with {prefix}: nobody gets in.",
            )


def ids_missing(document: Document) -> Said:
    """A subject by names alone."""
    for clause in _github(document):
        classic = [value for line in clause.on("sub") for value in line.values if "@" not in value]
        if classic and not (clause.pins("repository_id") and clause.pins("repository_owner_id")):
            yield (
                document.where(clause),
                "The repository is trusted by its name alone: whoever registers a freed name next gets in.",
            )


def audience_missing(document: Document) -> Said:
    """No audience."""
    for clause in _github(document):
        if not clause.pins("aud"):
            yield document.where(clause), "aud is not asked for: a token that was made for somebody else gets in."


def audience_other(document: Document) -> Said:
    """Another audience than the action asks for."""
    for clause in _github(document):
        for line in clause.on("aud"):
            for value in set(line.values) - AUDIENCES if line.binding else ():
                yield document.where(clause), f"aud may be {value!r}, which configure-aws-credentials does not ask for."


def no_key(document: Document) -> Said:
    """A claim that is no condition key."""
    for clause in document.clauses:
        for provider in clause.providers:
            for line in clause.lines:
                name = line.key.removeprefix(f"{provider.lower()}:")
                if name != line.key and name not in STS_KEYS:
                    what = "the line keeps nobody out" if not line.binding else "nobody ever gets in"
                    yield document.where(clause), f"{line.key} is a claim but no condition key of STS: {what}."


def like_without_pattern(document: Document) -> Said:
    """A pattern operator without pattern."""
    for clause, line in _lines(document):
        if line.base in {"StringLike", "ArnLike"} and not any(set(value) & WILD for value in line.values):
            yield document.where(clause), f"{line.operator} on {line.key} holds no wildcard: a later edit opens it."


def equals_with_pattern(document: Document) -> Said:
    """A pattern in an exact operator."""
    for clause, line in _lines(document):
        if line.base in {"StringEquals", "StringEqualsIgnoreCase"}:
            for value in (value for value in line.values if "*" in value):
                yield (
                    document.where(clause),
                    f"{line.operator} takes the * of {value!r} for a letter, so nothing matches.",
                )


def any_case(document: Document) -> Said:
    """Names without regard to case."""
    for clause, line in _lines(document):
        if "IgnoreCase" in line.base and line.key.endswith((":sub", ":job_workflow_ref", ":repository")):
            yield document.where(clause), f"{line.operator} on {line.key} lets names in other case in."


def absent_passes(document: Document) -> Said:
    """A line that absent claims satisfy by set operator or suffix."""
    for clause, line in _lines(document):
        if clause.lets_github_in and (line.for_all or line.if_exists):
            yield document.where(clause), f"{line.operator} on {line.key} also holds for a token without that claim."


def negated(document: Document) -> Said:
    """A line that names whom to keep out."""
    for clause, line in _lines(document):
        if clause.lets_github_in and line.negated:
            yield document.where(clause), f"{line.operator} on {line.key} lets everything in that it does not name."


def environment_alone(document: Document) -> Said:
    """An environment without branch."""
    said = "sub names an environment and so no branch, and ref is not asked for: the environment's own rules decide."
    for clause in _github(document):
        subjects = [contexts(value) for line in clause.on("sub") if line.binding for value in line.values]
        named = any(context.startswith("environment:") for context in subjects)
        if named and not clause.pins("ref") and not clause.pins("job_workflow_ref"):
            yield document.where(clause), said


def workflow_open(document: Document) -> Said:
    """Any workflow file."""
    for clause in _github(document):
        if (clause.pins("sub") or clause.pins("repository_id")) and not clause.pins("job_workflow_ref"):
            yield document.where(clause), "job_workflow_ref is not asked for: any workflow file of the branch gets in."


def everybody(document: Document) -> Said:
    """A principal that is everybody."""
    for clause in document.clauses:
        if clause.allow and any(value == "*" for _, value in clause.principals) and not clause.not_principal:
            limit = " (its condition decides alone)" if clause.lines else ""
            yield document.where(clause), f"Principal is everybody{limit}."


def other_account(document: Document) -> Said:
    """A principal of another account, unconditionally."""
    for clause in document.clauses if document.facts.account else ():
        home = {"", document.facts.account}
        outside = [value for kind, value in clause.principals if kind == "AWS" and _account(value) not in home]
        if clause.allow and outside and not any(line.binding for line in clause.lines):
            yield (
                document.where(clause),
                f"{', '.join(outside)} of another account may become the role, just so.",
            )


def too_long(document: Document) -> Said:
    """Longer than IAM stores."""
    length = size(document.content) if isinstance(document.content, dict) else 0
    if length > TRUST_LIMIT:
        yield document.name, f"It has {length} characters; IAM stores {TRUST_LIMIT} unless the quota was raised."


def _lines(document: Document) -> list[tuple[Clause, Line]]:
    return [(clause, line) for clause in document.clauses for line in clause.lines]


def _account(principal: str) -> str:
    if principal.isdigit():
        return principal
    parts = principal.split(":")
    return parts[4] if len(parts) > 4 else ""  # noqa: PLR2004 - the fifth part of an ARN
