"""Every rule about documents: id, severity, why it matters, what to do. An id is an interface and is never renamed."""

from __future__ import annotations

from collections.abc import Callable

from ekswiz.iam.policy import Kind
from ekswiz.lint import permission, trust
from ekswiz.lint.finding import Document, Rule, Said, Severity

TRUST: frozenset[Kind] = frozenset({"trust"})
GRANTS: frozenset[Kind] = frozenset({"identity", "session", "resource"})
LIMITS: frozenset[Kind] = frozenset({"boundary"})
POLICIES: frozenset[Kind] = GRANTS | LIMITS
ANY: frozenset[Kind] = POLICIES | TRUST
OPEN: frozenset[Kind] = frozenset({"trust", "resource"})

_Check = Callable[[Document], Said]
_Row = tuple[str, Severity, frozenset[Kind], _Check, str, str]
_ROWS: tuple[_Row, ...] = (
    # ---- any document
    (
        "malformed", "error", ANY, permission.malformed,
        "IAM refuses the document, or nobody can say what it means.", "Correct it as the sentence says.",
    ),
    (
        "old-version", "warning", ANY, permission.old_version,
        'Without "Version": "2012-10-17" a variable such as ${aws:username} is plain text.',
        'Begin the document with "Version": "2012-10-17".',
    ),
    (
        "contradiction", "warning", ANY, permission.contradiction,
        "A statement that never applies is read as if it did.", "Remove the Null line or the other one.",
    ),
    (
        "ip-everywhere", "warning", ANY, permission.ip_everywhere,
        "It looks like a limit and is none.", "Name the addresses, or remove the line.",
    ),
    (
        "pattern-never-matches", "error", ANY, trust.equals_with_pattern,
        "Exact operators compare * and ? letter by letter.", "Write the exact value, or use StringLike.",
    ),
    (
        "like-without-pattern", "warning", ANY, trust.like_without_pattern,
        "The next edit that adds a * opens the door without anybody changing the operator.", "Use StringEquals.",
    ),
    (
        "everybody", "error", OPEN, trust.everybody,
        "Every account of AWS, and for some services everybody without one, is meant.", "Name the principals.",
    ),
    # ---- who may become a role
    (
        "subject-missing", "error", TRUST, trust.subject_missing,
        "The audience is the same in every repository of the world.", "Ask for sub with StringEquals.",
    ),
    (
        "subject-any", "error", TRUST, trust.subject_any,
        "IAM accepts such a pattern; it only looks whether something stands beside the *.",
        "Name owner and repository, and the branch or environment.",
    ),
    (
        "subject-open-owner", "error", TRUST, trust.subject_open_owner,
        "Anybody can register an owner whose name begins like yours.", "End the owner's name with / (or @ID/).",
    ),
    (
        "subject-whole-owner", "error", TRUST, trust.subject_whole_owner,
        "Whoever may push to the least of its repositories becomes the role.", "Name the repository.",
    ),
    (
        "subject-open-repository", "error", TRUST, trust.subject_open_repository,
        "A repository whose name begins alike is another repository.", "End the repository's name with a colon.",
    ),
    (
        "subject-whole-repository", "error", TRUST, trust.subject_whole_repository,
        "Pull requests and every unprotected branch are among them.",
        "Name one branch (ref:refs/heads/main) or one environment.",
    ),
    (
        "subject-open-ref", "warning", TRUST, trust.subject_open_ref,
        "Protection rules seldom cover every name that a pattern covers.", "Name one branch or one environment.",
    ),
    (
        "subject-pull-request", "error", TRUST, trust.subject_pull_request,
        "A pull request runs its own code, before anybody has looked at it.", "Deploy from a branch after the merge.",
    ),
    (
        "subject-tag", "warning", TRUST, trust.subject_tag,
        "Whoever may push can push a tag, at any commit.", "Deploy from a protected branch or an environment.",
    ),
    (
        "subject-never-sent", "error", TRUST, trust.subject_malformed,
        "A value that no token carries lets nobody in, and hides what was meant.", "Copy sub from a job's token.",
    ),
    (
        "subject-old-form", "error", TRUST, trust.subject_old_form,
        "Repositories created, renamed or transferred after 2026-07-15 send repo:OWNER@OWNER_ID/REPO@REPO_ID:...",
        "Name the form with ids in sub (ekswiz plan writes it).",
    ),
    (
        "ids-missing", "warning", TRUST, trust.ids_missing,
        "Names of deleted or renamed owners and repositories can be registered again by anybody.",
        "Ask for repository_id and repository_owner_id as well.",
    ),
    (
        "audience-missing", "error", TRUST, trust.audience_missing,
        "Tokens are handed to other services under their audience; those could use them here.",
        "Ask for aud = sts.amazonaws.com with StringEquals.",
    ),
    (
        "audience-other", "warning", TRUST, trust.audience_other,
        "A job has to ask GitHub for that audience by name.", "Use sts.amazonaws.com.",
    ),
    (
        "not-a-key", "error", TRUST, trust.no_key,
        "STS makes keys of a few claims only; the others are never there.", "Use a claim that is a key, such as ref.",
    ),
    (
        "any-case", "warning", TRUST, trust.any_case,
        "GitHub writes names in one case; another case is another's mistake or intent.", "Use StringEquals.",
    ),
    (
        "absent-passes", "error", TRUST, trust.absent_passes,
        "ForAllValues and ...IfExists hold when there is nothing to compare.", "Use the plain operator.",
    ),
    (
        "negated-allow", "error", TRUST, trust.negated,
        "A list of whom to keep out is never complete, and an absent claim passes.", "Name who may get in.",
    ),
    (
        "environment-without-ref", "warning", TRUST, trust.environment_alone,
        "Environments can be used from every branch unless they have a rule.", "Ask for ref as well.",
    ),
    (
        "workflow-open", "note", TRUST, trust.workflow_open,
        "Whoever can add a workflow file to the branch chooses what the role is used for.", "Ask for job_workflow_ref.",
    ),
    (
        "other-account", "warning", TRUST, trust.other_account,
        "A third party can be talked into using the role for somebody else.", "Ask for sts:ExternalId, or remove it.",
    ),
    (
        "trust-too-long", "error", TRUST, trust.too_long,
        "CreateRole answers LimitExceeded.", "Shorten names, or ask for a higher quota of ACLSizePerRole.",
    ),
    # ---- what it may do then
    (
        "action-everything", "error", GRANTS, permission.action_everything,
        "That is the account.", "Name the actions.",
    ),
    (
        "action-service", "warning", GRANTS, permission.action_service,
        "Deletion, policies and sharing are among them.", "Name the actions.",
    ),
    (
        "not-action", "error", GRANTS, permission.not_action,
        "New services and actions are allowed on the day they appear.", "Name the actions under Action.",
    ),
    (
        "not-resource", "warning", GRANTS, permission.not_resource,
        "What is made tomorrow is allowed today.", "Name the resources under Resource.",
    ),
    (
        "resource-everything", "warning", GRANTS, permission.resource_everything,
        "Everything of that kind in the account is meant, other teams' things too.", "Name the ARNs.",
    ),
    (
        "pass-any-role", "error", GRANTS, permission.pass_role,
        "Whoever hands a role to a service of theirs can use it.", "Name the roles, and ask for iam:PassedToService.",
    ),
    (
        "writes-policies", "error", GRANTS, permission.writes_policies,
        "One call later there is no limit any more.", "Name the roles, and ask for iam:PermissionsBoundary.",
    ),
    (
        "opens-cluster", "error", GRANTS, permission.opens_cluster,
        "The namespace that was meant to hold it does not.", "Leave access entries to the operator.",
    ),
    (
        "destroys", "error", GRANTS, permission.destroys,
        "One wrong or hostile run ends the service.", "Leave it to the operator.",
    ),
    (
        "deny-needs-key", "warning", POLICIES, permission.deny_needs_key,
        "A key that is absent matches nothing, so the Deny does not apply.",
        "Use the negated operator (it holds for absent keys), ...IfExists, or a second Deny with Null.",
    ),
    # ---- boundaries
    (
        "boundary-open", "warning", LIMITS, permission.boundary_is_open,
        "It looks like a limit and is none.", "Allow what the role may at most do.",
    ),
    (
        "boundary-shut", "error", LIMITS, permission.boundary_is_shut,
        "A boundary has to allow what it leaves.", "Add an Allow for what the role may at most do.",
    ),
)  # fmt: skip

OF_DOCUMENTS: tuple[Rule, ...] = tuple(
    Rule(name, severity, why, fix, kinds, check) for name, severity, kinds, check, why, fix in _ROWS
)
"""Rules about single documents, in the order in which they are shown."""
