"""Step 2: which repository and branch may deploy, and what GitHub's token says about it."""

from __future__ import annotations

from ekswiz.steps.model import Field, Option, Step

GITHUB = Step(
    id="github",
    title="GitHub",
    question="Which repository and branch may deploy?",
    fields=(
        Field(
            "repository",
            "Repository",
            "Only workflows of this repository get a role. Its name is compared in its exact case: Acme/Payments and "
            "acme/payments are two different subjects to AWS.",
            hint="owner/name",
        ),
        Field(
            "owner_id",
            "Owner's id",
            "GitHub's number of the owner. Names can be given up and taken by somebody else, numbers cannot: the trust "
            "policy asks for both. See: gh api users/OWNER --jq .id",
            hint="digits",
        ),
        Field(
            "repo_id",
            "Repository's id",
            "GitHub's number of the repository, for the same reason. See: gh api repos/OWNER/NAME --jq .id",
            hint="digits",
        ),
        Field(
            "branch",
            "Deploy from branch",
            "One exact branch. Wildcards are refused: rel/* would let every matching branch deploy.",
            hint="e.g. main",
        ),
        Field(
            "environment",
            "Environment of the deploy job",
            "With an environment, GitHub can ask a person before each deployment, and the job's sub names the "
            "environment instead of the branch. Empty: the deploy job lives in a workflow file of its own, which the "
            "trust policy names.",
            unset="none",
            hint="empty: none",
        ),
        Field(
            "subject",
            "Form of the sub claim",
            "Repositories that were created, renamed or moved after 2026-07-15 send ids inside sub. A role that trusts "
            "the wrong form can never be assumed: AWS then says only AccessDenied.",
            kind="choice",
            options=(
                Option("immutable", "with ids", "repo:OWNER@ID/NAME@ID:... and nothing else is accepted."),
                Option("classic", "names only", "repo:OWNER/NAME:... today; the form with ids is accepted, too."),
            ),
        ),
        Field(
            "github",
            "What is set up at GitHub",
            "The workflow file is written into your checkout. The environment, its variables and the form of sub are "
            "GitHub's: ekswiz can set them up by GitHub's API, with your sign-in, or leave them to you.",
            kind="choice",
            options=(
                Option("files", "nothing", "Files go into the checkout; the plan says what to set up by hand."),
                Option("api", "environment and variables", "Through GitHub's API; files go into the checkout."),
                Option("pull_request", "all, as a pull request", "As before, and the files come as a pull request."),
            ),
        ),
    ),
    why="GitHub signs a token for each job. AWS lets a job in if the token's sub is exactly the one above.",
)
