"""GitHub's provider in IAM and the two roles that trust it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ekswiz.access.see import see
from ekswiz.answers import Answers
from ekswiz.doctor.checks.stack import named
from ekswiz.doctor.facts import Facts
from ekswiz.doctor.finding import Examination, Finding, Unasked, fail, ok, skip, warn
from ekswiz.iam.documents import AUDIENCE, deploy_trust, provider_arn, push_trust
from ekswiz.iam.trust import evaluate_trust
from ekswiz.intent import Job, intended
from ekswiz.resources.legacy_trust import reach
from ekswiz.resources.oidc_provider import MOST_AUDIENCES

NOT_YET = "not made yet: ekswiz apply makes it"
AGAIN = "Make it again: ekswiz apply"
SETTLE = "See the difference: ekswiz plan. Put it right: ekswiz apply"
Trust = Callable[[Answers], dict[str, Any]]


def provider(facts: Facts) -> Finding:
    """IAM knows GitHub's issuer."""
    issuer = facts.answers().issuer
    if facts.provider() is not None:
        return ok(issuer)
    if facts.applied():
        return fail(f"the account has no OIDC provider {issuer}, and roles trust it", AGAIN)
    return skip(NOT_YET)


def audience(facts: Facts) -> Finding:
    """The provider accepts tokens that are meant for STS."""
    found = facts.provider()
    if found is None:
        raise Unasked("there is no OIDC provider yet")
    listed = found.get("ClientIDList", [])
    if AUDIENCE in listed:
        return ok(AUDIENCE)
    if len(listed) >= MOST_AUDIENCES:
        return fail(
            f"not {AUDIENCE}, and it has {len(listed)} others, which is the most", "Remove one that nobody uses."
        )
    arn = provider_arn(facts.answers())
    by_hand = (
        f"aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn} --client-id {AUDIENCE}"
    )
    return fail(f"{named(listed) or 'none'}, not {AUDIENCE}", f"Add it: ekswiz apply, or {by_hand}")


def push_role(facts: Facts) -> Finding:
    """The push role trusts the build job, and nobody else."""
    return _trust(facts, facts.answers().push_role, push_trust, "build")


def deploy_role(facts: Facts) -> Finding:
    """The deploy role trusts the deploy job, and nobody else."""
    return _trust(facts, facts.answers().deploy_role, deploy_trust, "deploy")


def rights(facts: Facts) -> Finding:
    """Neither role may do more than it needs."""
    answers = facts.answers()
    extra, found = [], 0
    for name in (answers.push_role, answers.deploy_role):
        if facts.role(name) is None:
            continue
        found += 1
        attached = facts.listed("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        inline = facts.listed("iam", "list_role_policies", "PolicyNames", RoleName=name)
        more = [*(policy["PolicyName"] for policy in attached), *(each for each in inline if each != "ekswiz")]
        extra += [f"{policy} on {name}" for policy in more]
    if not found:
        raise Unasked("there are no roles yet")
    return fail(named(extra), f"Take it off: ekswiz apply. {SETTLE}") if extra else ok("ekswiz's own policies alone")


def policies(facts: Facts) -> Finding:
    """What `ekswiz lint` finds in both roles, as they are now."""
    answers = facts.answers()
    if not facts.applied():
        raise Unasked("there are no roles yet")
    names = [name for name in (answers.push_role, answers.deploy_role) if facts.role(name) is not None]
    found = facts.once("lint", lambda: see(facts.target(), answers, names, ask_aws=False)).findings
    said = [f"{each.rule} in {each.where}" for each in found]
    look = "See what is wrong: ekswiz lint --role NAME. Put it right: ekswiz apply"
    worst = fail if any(each.severity == "error" for each in found) else warn
    return worst(named(said), look) if said else ok("nothing that ekswiz lint knows")


def boundary(facts: Facts) -> Finding:
    """The permissions boundary that the answers name exists."""
    arn = facts.answers().boundary
    if not arn:
        return ok("none is asked for")
    if facts.ask("iam", "get_policy", PolicyArn=arn) is None:
        return fail(f"there is no policy {arn}", "Correct boundary in ekswiz.toml, or make the policy.")
    return ok(arn)


def _trust(facts: Facts, name: str, wanted: Trust, job: Job) -> Finding:
    answers = facts.answers()
    role = facts.role(name)
    if role is None:
        return fail(f"there is no role {name}", AGAIN) if facts.applied() else skip(NOT_YET)
    trust = role["AssumeRolePolicyDocument"]
    if trust == wanted(answers):
        return ok(f"{name} trusts the {job} job of {answers.branch} alone")
    if reach(trust, answers) == "shared":
        return fail(f"{name} lets in other repositories as well", SETTLE)
    decision = evaluate_trust(
        trust,
        principal_type="Federated",
        principal=provider_arn(answers),
        action="sts:AssumeRoleWithWebIdentity",
        context=_claims(answers, job),
    )
    if not decision.allowed:
        return fail(f"{name} refuses the {job} job: {decision.why}", SETTLE)
    return warn(f"the trust policy of {name} is not the one that ekswiz writes", SETTLE)


def _claims(answers: Answers, job: Job) -> dict[str, list[str]]:
    """What STS would read in the token of that job of the intended run."""
    claims = {**intended(answers).claims(job), "aud": AUDIENCE}
    return {f"{answers.issuer}:{name}": [value] for name, value in claims.items()}


CHECKS = (
    Examination(
        "provider",
        "OIDC provider",
        "IAM verifies GitHub's tokens through it; without it every sign-in fails.",
        provider,
    ),
    Examination(
        "provider-audience",
        "Audience",
        'A token for an audience that the provider lacks is refused: "Incorrect token audience".',
        audience,
    ),
    Examination("role-push", "Push role", "The build job becomes this role to push the image.", push_role),
    Examination("role-deploy", "Deploy role", "The deploy job becomes this role to reach the cluster.", deploy_role),
    Examination(
        "role-rights", "Rights of the roles", "A workflow that is broken into can do whatever its role can.", rights
    ),
    Examination(
        "role-policies",
        "Policies of the roles",
        "A policy that is wider than it looks lets in somebody whom nobody meant.",
        policies,
    ),
    Examination(
        "boundary", "Permissions boundary", "A role with a boundary that does not exist cannot be made.", boundary
    ),
)
