"""Which claims of a web identity token are condition keys of a trust policy.

GitHub's list since January 2026; a claim that is not in it is no key, and a condition on it never matches.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ekswiz_sim.aws.webtoken import Token

STANDARD = ("aud", "sub", "amr")
GITHUB = (
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner_id",
    "workflow",
)


def is_github(provider: str) -> bool:
    """Whether a provider's URL (without scheme) is GitHub's, an enterprise's slug or a data residency host."""
    host = provider.partition("/")[0]
    return host == "token.actions.githubusercontent.com" or (
        host.startswith("token.actions.") and host.endswith(".ghe.com")
    )


def condition_keys(token: Token, partition: str) -> Mapping[str, Sequence[str]]:
    """The keys that STS derives from the token, each with the provider's URL as prefix."""
    names = [*STANDARD, *(GITHUB if is_github(token.provider) and partition == "aws" else ())]
    found: dict[str, Sequence[str]] = {}
    for name in names:
        value = token.claims.get(name)
        if isinstance(value, list):
            found[f"{token.provider}:{name}"] = [str(item) for item in value]
        elif value is not None:
            found[f"{token.provider}:{name}"] = [str(value)]
    # With `azp` in the token, the key `aud` holds the authorised party: what was checked is what is judged.
    found[f"{token.provider}:aud"] = [token.audience]
    return found
