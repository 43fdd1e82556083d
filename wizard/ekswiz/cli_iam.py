"""`ekswiz iam explain | lint | access`: what a policy decides, what is wrong with it, who can do what with a role."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ekswiz.cli import ekswiz, here, merged
from ekswiz.errors import Exit, InputError
from ekswiz.given import Choice, Given
from ekswiz.options import answer_options, world_options

if TYPE_CHECKING:
    from ekswiz.access.compute import Cell
    from ekswiz.access.see import Seen
    from ekswiz.iam.evaluate import Documents, Explanation
    from ekswiz.iam.findings import Finding as Looked
    from ekswiz.lint.finding import Finding

__all__ = ["ekswiz"]
FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
KINDS = ("identity", "trust", "resource", "boundary", "session")
SIGNS = {"yes": "yes", "no": ".", "?": "?"}
TITLES = {
    "push-image": "push", "push-other-repository": "push-other", "read-other-repository": "read-other",
    "read-secrets": "secrets", "deploy-elsewhere": "elsewhere", "delete-cluster": "del-cluster", "change-iam": "iam",
}  # fmt: skip
"""Columns of the matrix whose own name is too long for a table."""
LONGEST = 1_048_576
"""Bytes of a file that is read as a policy or context."""


@ekswiz.group()
def iam() -> None:
    """Judge IAM policies by AWS's documented rules, without AWS."""


@iam.command()
@click.option(
    "--policy", "identity", type=FILE, multiple=True, metavar="FILE", help="Identity policy; may be repeated."
)
@click.option("--boundary", type=FILE, metavar="FILE", help="Permissions boundary.")
@click.option("--session", type=FILE, multiple=True, metavar="FILE", help="Session policy; may be repeated.")
@click.option("--resource-policy", type=FILE, metavar="FILE", help="The resource's own policy.")
@click.option("--trust", type=FILE, metavar="FILE", help="A role's trust policy, judged by itself.")
@click.option("--context", type=FILE, metavar="FILE", help='The request\'s condition keys: {"aws:key": "value"}.')
@click.option("--action", metavar="NAME", required=True, help="One action, e.g. ecr:PutImage.")
@click.option("--resource", metavar="ARN", default="*", show_default=True, help="One ARN.")
@click.option("--principal", metavar="ARN", help="Who asks: user, role, session, provider or service.")
@click.option("--json", "as_json", is_flag=True, help="The explanation as JSON.")
@click.option("--exit-code", "code", is_flag=True, help="Exit 1 where the answer is no.")
@click.pass_context
def explain(ctx: click.Context, /, *, as_json: bool, code: bool, **asked: Any) -> None:
    """Say whether a request is allowed, and which statement decides.

    It also says how far each of the others got.
    """
    context = _json(asked["context"]) if asked["context"] else {}
    made = _of_trust(asked, context) if asked["trust"] else _of_policies(asked, context)
    click.echo(json.dumps(_explained(made), indent=2) if as_json else "\n".join(_lines(made)))
    ctx.exit(Exit.FAILED if code and not made.decision.allowed else Exit.OK)


@ekswiz.command()
@click.argument("files", type=FILE, nargs=-1, metavar="[FILE]...")
@click.option("--role", "roles", multiple=True, metavar="ARN", help="A role of the account, with all that hangs on it.")
@click.option("--kind", type=click.Choice(KINDS), help="What the files are attached to (default: by what they hold).")
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON.")
@click.option("--sarif", "as_sarif", is_flag=True, help="The findings as SARIF 2.1.0.")
@click.option("--strict", is_flag=True, help="Exit 5 on warnings, too.")
@click.option("--rules", is_flag=True, help="Print every rule, and read nothing.")
@world_options
@answer_options
@click.pass_context
def lint(ctx: click.Context, /, given: Given, choice: Choice, **asked: Any) -> None:
    """Find the holes in policies: in FILEs, in real roles, or in what ekswiz writes (exit 5 if there are any)."""
    if asked["rules"]:
        click.echo("\n".join(_rules()))
        return
    given, choice = merged(ctx, given), here(ctx, choice)
    found, notes = _found(ctx, given, choice, asked)
    _show(found, notes, asked)
    bad = {"error", "warning"} if asked["strict"] else {"error"}
    ctx.exit(Exit.PREFLIGHT if any(finding.severity in bad for finding in found) else Exit.OK)


@ekswiz.command()
@click.argument("roles", nargs=-1, metavar="[ROLE]...")
@click.option("--json", "as_json", is_flag=True, help="Every cell as JSON.")
@click.option("--all", "every", is_flag=True, help="Say of every cell what decided, not only of surprises.")
@world_options
@answer_options
@click.pass_context
def access(
    ctx: click.Context, given: Given, choice: Choice, *, roles: tuple[str, ...], as_json: bool, every: bool
) -> None:
    """Compute who can do what with real roles, the stack's by default (exit 6 if more than was meant).

    Computed, not tried: guard-rails of the organisation and resource policies are not seen. `ekswiz rehearse` tries.
    """
    seen: Seen = ctx.obj.roles(merged(ctx, given), here(ctx, choice), roles)
    click.echo(json.dumps(_table_json(seen), indent=2) if as_json else "\n".join(_table(seen, every=every)))
    ctx.exit(Exit.RED if any(cell.surplus for cell in seen.cells) else Exit.OK)


# ---- explain


def _of_policies(asked: Mapping[str, Any], context: Any) -> Explanation:
    from ekswiz.iam.evaluate import Documents, explain  # `ekswiz --help` needs none of it

    documents: Documents = Documents(
        identity=[_read(file) for file in asked["identity"]],
        boundary=_read(asked["boundary"]) if asked["boundary"] else None,
        session=[_read(file) for file in asked["session"]],
        resource_policy=_read(asked["resource_policy"]) if asked["resource_policy"] else None,
    )
    return explain(asked["action"], asked["resource"], context, documents, asked["principal"])


def _of_trust(asked: Mapping[str, Any], context: Any) -> Explanation:
    from ekswiz.iam.trust import explain_trust

    if asked["principal"] is None:
        raise InputError("--principal", "a trust policy is judged for somebody.", "Add the provider's or caller's ARN.")
    return explain_trust(_read(asked["trust"]), asked["principal"], asked["action"], context)


def _explained(made: Explanation) -> Mapping[str, Any]:
    decision = made.decision
    keys = ("allowed", "layer", "by", "key", "expected", "got", "why")
    statements = [
        {
            "kind": kind,
            "by": each.statement.by,
            "effect": "Allow" if each.statement.allow else "Deny",
            "stage": each.stage,
            "conditions": [
                {
                    "operator": line.operator,
                    "key": line.key,
                    "expected": line.expected,
                    "got": line.got,
                    "holds": line.truth,
                }
                for line in each.outcomes
            ],
        }
        for kind, findings in made.findings.items()
        for each in findings
    ]
    return {**{key: getattr(decision, key) for key in keys}, "statements": statements}


def _lines(made: Explanation) -> list[str]:
    lines = [f"{'allowed' if made.decision.allowed else 'denied'}: {made.decision.why}."]
    for kind, findings in made.findings.items():
        for each in findings:
            lines += _statement_lines(kind, each)
    return lines


def _statement_lines(kind: str, each: Looked) -> list[str]:
    effect = "Allow" if each.statement.allow else "Deny"
    how = "applies" if each.stage == "applies" else f"does not apply: {each.stage} does not match"
    lines = [f"  {kind:<9} {effect:<6} {each.statement.by}: {how}"]
    signs = {True: "holds", False: "fails", None: "cannot be decided"}
    for line in each.outcomes:
        got = ", ".join(line.got) or "absent"
        asks = ", ".join(line.expected)
        lines.append(f"      {signs[line.truth]:<18}{line.operator} {line.key}: asks {asks}; got {got}")
    return lines


# ---- lint


def _found(
    ctx: click.Context, given: Given, choice: Choice, asked: Mapping[str, Any]
) -> tuple[tuple[Finding, ...], Sequence[str]]:
    if asked["roles"]:
        seen: Seen = ctx.obj.roles(given, choice, asked["roles"])
        return seen.findings, seen.notes
    from ekswiz.access.see import facts, written
    from ekswiz.lint.judge import guess_kind, lint_document

    if not asked["files"]:
        return written(ctx.obj.answers(given, sim=choice.sim)), ()
    try:
        known = facts(ctx.obj.answers(given, sim=choice.sim))
    except InputError:
        if given.file or given.sample or any(value is not None for value in given.fields.values()):
            raise
        known = None
    found: tuple[Finding, ...] = ()
    for file in asked["files"]:
        content = _read(file)
        more = () if known is None else (known,)
        found += lint_document(content, asked["kind"] or guess_kind(content), str(file), *more)
    return found, () if known else (
        "No answers are at hand: rules that need the account or the repository are silent.",
    )


def _show(found: Sequence[Finding], notes: Sequence[str], asked: Mapping[str, Any]) -> None:
    if asked["as_sarif"]:
        from importlib.metadata import version  # it would be a third of what `ekswiz --help` costs

        from ekswiz.lint.sarif import sarif
        from ekswiz.resolve import FILE as FILE_OF_ANSWERS

        places = [str(file) for file in asked["files"]] or ([FILE_OF_ANSWERS] if not asked["roles"] else [])
        click.echo(json.dumps(sarif(found, places, version("ekswiz")), indent=2))
    elif asked["as_json"]:
        click.echo(json.dumps({"findings": [each.to_json() for each in found], "notes": list(notes)}, indent=2))
    else:
        click.echo("\n".join([each.line() for each in found]) if found else "Nothing found.")
        for note in notes:
            click.echo(note, err=True)


def _rules() -> list[str]:
    from ekswiz.lint.judge import RULES

    return [f"{rule.severity:<8}{rule.id}\n        {rule.why}\n        fix: {rule.fix}" for rule in RULES]


# ---- access


def _table(seen: Seen, *, every: bool) -> list[str]:
    from ekswiz.access.compute import COLUMNS, unmet

    lines = ["Computed, not tried: from what is written about the roles."]
    for role in seen.roles:
        cells = [cell for cell in seen.cells if cell.role == role.name]
        rows = list(dict.fromkeys(cell.row for cell in cells))
        titles = [TITLES.get(column, column) for column in COLUMNS]
        widths = [max(len(title), 5) for title in titles]
        lines += ["", role.arn, _row("", titles, widths)]
        lines += [_row(row, [_sign(cell) for cell in cells if cell.row == row], widths) for row in rows]
    said = [cell for cell in seen.cells if every or cell.surplus]
    if said:
        lines += ["", "What decided:" if every else "More than was meant:"]
        lines += [f"  {cell.role}: {cell.row}/{cell.column}: {cell.got}: {cell.why}" for cell in said]
    missing = [f"  {row}/{column}" for row, column in unmet(seen.cells)]
    lines += ["", "Meant, and not possible with these roles:", *missing] if missing else []
    return [*lines, *([""] if seen.notes else []), *seen.notes]


def _row(name: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    return (f"{name:<26}" + " ".join(map(str.ljust, cells, widths))).rstrip()


def _sign(cell: Cell) -> str:
    return SIGNS[cell.got] + (" !" if cell.surplus else "")


def _table_json(seen: Seen) -> Mapping[str, Any]:
    from ekswiz.access.compute import unmet

    return {
        "basis": "computed, not tried",
        "roles": [role.arn for role in seen.roles],
        "cells": [cell.to_json() for cell in seen.cells],
        "unmet": [{"row": row, "column": column} for row, column in unmet(seen.cells)],
        "findings": [finding.to_json() for finding in seen.findings],
        "notes": list(seen.notes),
    }


# ---- files


def _read(file: Path) -> Any:
    """A policy's JSON; refused by name where JSON readers would disagree about it."""
    from ekswiz.iam.text import parse_document

    try:
        with click.open_file(str(file), encoding="utf-8") as stream:
            text = stream.read(LONGEST)
        return parse_document(text)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(str(file), f"it cannot be read: {reason}.", "Name a file with one JSON document.") from None
    except UnicodeDecodeError:
        raise InputError(str(file), "it is not text in UTF-8.", "Name a file with one JSON document.") from None
    except ValueError as error:
        raise InputError(str(file), f"{error}.", "Name a file with one JSON document.") from None


def _json(file: Path) -> Any:
    content = _read(file)
    if not isinstance(content, dict):
        raise InputError(str(file), "a context is one object of condition keys.", 'Write {"aws:key": "value"}.')
    return content
