"""Policy documents: writing them, evaluating them, explaining them. Pure: no network, no clock, no files.

| module | public |
| --- | --- |
| `evaluate` | `evaluate` (a `Decision`), `explain` (with every statement), `Documents`, `Explanation` |
| `trust` | `evaluate_trust`: a role's trust policy by itself |
| `grammar` | `validate_document`: what is wrong with a document, in IAM's words where it has some |
| `text` | `parse_document`: JSON in which no key stands twice |
| `decision` | `Decision`, `Layer` |
| `documents` | the policies that ekswiz writes |

An Allow needs certainty and a Deny does not: what is not understood, or cannot be known from the request, ends in a
refusal that names it. `docs/reference/iam.md` has every rule with its source, and what is not covered.
"""
