"""The exact `sub` that GitHub will send, while one types. A wrong one is the most reported failure of this domain."""

from __future__ import annotations

from dataclasses import dataclass

from ekswiz.frontend import Draft
from ekswiz.iam.documents import AUDIENCE
from ekswiz.steps.values import NO_ENVIRONMENT, value

UNKNOWN = "?"
"""What stands for a part that is not known yet."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """What the two jobs will send as `sub`, what is accepted beside it, and what never is."""

    push: str
    deploy: str
    audience: str
    also: tuple[str, ...]
    """Accepted as well: the other form, where a repository may move to it."""
    refused: tuple[str, ...]
    complete: bool
    """Whether every part is known."""


def subjects(draft: Draft) -> Subjects:
    """The `sub` claims for the answers so far, in the form that was chosen."""
    parts = {name: value(draft, name) or UNKNOWN for name in ("owner", "repo", "owner_id", "repo_id", "branch")}
    immutable = f"repo:{parts['owner']}@{parts['owner_id']}/{parts['repo']}@{parts['repo_id']}"
    classic = f"repo:{parts['owner']}/{parts['repo']}"
    first, also = (immutable, ()) if value(draft, "subject") == "immutable" else (classic, (immutable,))
    environment = value(draft, "environment")
    ref = f"ref:refs/heads/{parts['branch']}"
    deploy = ref if environment in ("", NO_ENVIRONMENT) else f"environment:{environment}"
    others = tuple(dict.fromkeys(f"{prefix}:{context}" for prefix in also for context in (ref, deploy)))
    return Subjects(
        push=f"{first}:{ref}",
        deploy=f"{first}:{deploy}",
        audience=AUDIENCE,
        also=others,
        refused=("pull requests", "forks", "other branches", "tags"),
        complete=UNKNOWN not in (parts["owner"], parts["repo"], parts["branch"], parts["owner_id"], parts["repo_id"]),
    )
