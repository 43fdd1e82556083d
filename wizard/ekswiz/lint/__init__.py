"""Policies and roles, read for the holes that people really leave in them: ours, and those we find.

`judge.lint_document` takes one document, `judge.lint_role` everything that decides what a role may do. Rules are in
`judge.RULES`; each has an id that is never renamed, a severity, a reason and a fix.
"""
