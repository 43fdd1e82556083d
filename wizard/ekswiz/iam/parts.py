"""A policy that is longer than IAM takes, as several that allow the same together.

Allow statements add up however they are spread, so the parts may be attached in any order; each part is a policy of its
own. Source: IAM user guide, "IAM and AWS STS quotas" (6,144 characters a managed policy, 10 policies a user or role).
"""

from __future__ import annotations

from ekswiz.iam.documents import Document, size

MANAGED_LIMIT = 6144
"""Characters of a managed policy (IAM quota)."""


def parts(document: Document, limit: int = MANAGED_LIMIT) -> list[Document]:
    """The statements of a document in as many documents as they need, in their order.

    Raises:
        ValueError: One statement alone is longer than `limit`.
    """
    made: list[Document] = []
    held: list[Document] = []
    for statement in document["Statement"]:
        if held and size({**document, "Statement": [*held, statement]}) > limit:
            made.append({**document, "Statement": held})
            held = []
        held.append(statement)
        if size({**document, "Statement": held}) > limit:
            raise ValueError(f"statement {statement.get('Sid', '')} alone is longer than {limit} characters")
    return [*made, {**document, "Statement": held}]
