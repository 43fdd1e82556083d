"""Step 1: which account, who we are there, and the region."""

from __future__ import annotations

from ekswiz.steps.model import Field, Step, Values


def _real(values: Values) -> bool:
    return "sim" not in values


ACCOUNT = Step(
    id="account",
    title="Account",
    question="Which AWS account do we set up?",
    fields=(
        Field(
            "profile",
            "AWS profile",
            "The roles, the registry and the cluster's access entry are made in this profile's account. ekswiz only "
            "reads until you confirm. It keeps no credentials: the AWS SDK finds them as the AWS CLI does.",
            kind="pick",
            unset="",
            hint="empty: the SDK's default chain",
            shown=_real,
        ),
        Field(
            "account",
            "AWS account",
            "Twelve digits. They are part of every ARN in the plan, and the plan is refused if the profile turns out "
            "to belong to another account.",
            hint="12 digits",
        ),
        Field(
            "region",
            "Region",
            "The region of the cluster and of the image registry. Roles and the OIDC provider are global.",
            kind="pick",
            hint="e.g. eu-west-1",
        ),
    ),
    why="Roles, registry and the cluster's access entry are made in this account. We only read until you confirm, and "
    "you confirm by typing the last four digits of the account's number.",
)
