"""GitHub: who is signed in, and whether the repository is the one that the trust policies name."""

from __future__ import annotations

from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, skip, warn
from ekswiz.errors import EkswizError, Transient, Unreadable
from ekswiz.probes.repository import subject

SIGN_IN = "Sign in: gh auth login"
FORMS = {True: "immutable", False: "classic"}


def sign_in(facts: Facts) -> Finding:
    """Somebody is signed in at GitHub."""
    if facts.source.sim:
        return ok("the simulated GitHub asks nobody to sign in")
    api = facts.github()
    if not api.who.token:
        return warn("not signed in: private repositories and settings cannot be read", SIGN_IN)
    try:
        found = api.get("user")
    except Unreadable as error:
        return fail(error.detail, error.remedy)
    return ok(f"{(found or {}).get('login', 'signed in')}, {api.who.source}")


def repository(facts: Facts) -> Finding:
    """The repository exists, and is written exactly as GitHub writes it."""
    answers = facts.answers()
    try:
        facts.repository()
    except Unasked as error:
        cause = error.__cause__
        if isinstance(cause, EkswizError) and not isinstance(cause, Transient):
            return fail(cause.detail, cause.remedy or SIGN_IN)
        raise
    found = facts.repository()
    name = f"{found.owner}/{found.repo}"
    if name != answers.repository:
        return fail(
            f"GitHub calls it {name}, the answers {answers.repository}", f"Say --repo {name}: IAM compares case."
        )
    return ok(f"{name}, {'private' if found.private else 'public'}")


def ids(facts: Facts) -> Finding:
    """The numbers that the trust policies ask for are the repository's."""
    answers, found = facts.answers(), facts.repository()
    wrong = [
        f"{name} is {theirs}, the answers say {ours}"
        for name, theirs, ours in (
            ("owner_id", found.owner_id, answers.owner_id),
            ("repo_id", found.repo_id, answers.repo_id),
        )
        if theirs != ours
    ]
    if wrong:
        return fail("; ".join(wrong), f"Say --owner-id {found.owner_id} --repo-id {found.repo_id}")
    return ok(f"owner {found.owner_id}, repository {found.repo_id}")


def subject_form(facts: Facts) -> Finding:
    """The form of `sub` is the one that the answers say."""
    found, wanted = facts.repository().immutable_subject, facts.answers().subject
    if found is None:
        return skip("GitHub does not say which form it sends", SIGN_IN)
    if FORMS[found] == wanted:
        return ok(wanted)
    if wanted == "classic":
        return warn(
            "GitHub sends the immutable form; both are accepted", "Narrow it: --subject immutable, then ekswiz apply"
        )
    return fail(
        "GitHub sends the classic form, and only the immutable one is accepted",
        "Say --subject classic, then: ekswiz apply",
    )


def template(facts: Facts) -> Finding:
    """Nobody has changed what `sub` is made of."""
    answers = facts.answers()
    found = subject(facts.github(), answers.owner, answers.repo)
    if found is None:
        return skip("GitHub does not say what sub is made of", SIGN_IN)
    if found.get("use_default", True):
        return ok("as GitHub makes it by default")
    keys = ", ".join(map(str, found.get("include_claim_keys", [])))
    path = f"repos/{answers.repository}/actions/oidc/customization/sub"
    return fail(f"sub is made of {keys}", f"Set it back: gh api -X PUT {path} -F use_default=true")


def branch(facts: Facts) -> Finding:
    """The branch exists, and is protected."""
    answers = facts.answers()
    facts.repository()
    found = facts.github_get("branches", answers.branch)
    if found is None:
        return fail(f"GitHub has no branch {answers.branch}", f"Push it: git push origin {answers.branch}")
    if not found.get("protected"):
        return warn(
            f"{answers.branch} is not protected: whoever can push can deploy", "Protect it: Settings, Rules, Rulesets"
        )
    return ok(f"{answers.branch}, protected")


def environment(facts: Facts) -> Finding:
    """The GitHub environment exists, and lets only the branch deploy."""
    answers = facts.answers()
    name = answers.environment
    if name is None:
        return ok("none: the deploy job has a workflow file of its own")
    facts.repository()
    found = facts.github_get("environments", name)
    where = f"Settings, Environments, {name}"
    if found is None:
        return warn(
            f"{name} is not there: the first run makes it, open to every branch",
            f"Make it, for {answers.branch} alone: {where}",
        )
    if not found.get("deployment_branch_policy"):
        return warn(f"{name} is open to every branch", f"Limit it to {answers.branch}: {where}, Deployment branches")
    return ok(f"{name}, limited to certain branches")


CHECKS = (
    Examination(
        "github-sign-in", "GitHub sign-in", "Settings of a repository can be read only by who is signed in.", sign_in
    ),
    Examination(
        "repository", "Repository", "The trust policies name it in exact case: another spelling is denied.", repository
    ),
    Examination(
        "repository-ids",
        "Ids of owner and repository",
        "A token with other numbers is denied, whatever its names.",
        ids,
    ),
    Examination(
        "subject-form",
        "Form of sub",
        "A role that trusts the wrong form can never be assumed; AWS says only AccessDenied.",
        subject_form,
    ),
    Examination(
        "subject-template", "Make-up of sub", "A repository or organisation can change what sub holds.", template
    ),
    Examination("branch", "Branch", "Whoever can push to it can deploy.", branch),
    Examination(
        "environment", "Environment", "A job of another branch could use it, and ask for the deploy role.", environment
    ),
)
