"""What `--help` prints: options in groups and what holds where they are not given, commands by purpose, examples.

It fits into 80 columns. `tests/unit/cli/help.txt` holds all of it, so that a change of any word is seen in a review.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import click

WIDEST, NARROWEST = 80, 50
"""Columns that help takes, at most and at least."""
HERE = "Options"
"""The group of what belongs to a command alone."""
ANSWER = "answer_"
TIER = "tier_"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Consents, and which AWS": (
        "allow_risk", "adopt", "take_over", "delete_images", "delete_protected", "profile", "endpoint_url",
    ),
    "What happens at GitHub": ("event", "fork", "workflow", "secrets", "variables", "actions", "outside"),
    "Where answers come from": ("answers", "source", "sample"),
    "Answers: who deploys, and where": (
        "stack", "account", "region", "repository", "owner_id", "repo_id", "branch", "environment", "subject",
        "cluster", "namespace", "ecr_repository", "workload",
    ),
    "Answers: the service, and its rights": (
        "context", "dockerfile", "manifests", "port", "expose", "rights", "boundary", "migrate_access",
        "operator_access",
    ),
    "Answers: a new cluster": (
        "create_cluster", "kubernetes_version", "compute", "node_type", "node_min", "node_max", "endpoint_cidrs",
        "vpc_cidr", "zones", "deletion_protection",
    ),
    "Answers: generated files": (
        "platform", "provenance", "path_filter", "folder", "test_command", "framework", "app_entry", "oidc_check",
        "dependabot", "deploy_runner", "github",
    ),
    "What a rehearsal's world is made of": (),
}  # fmt: skip
"""Every group after the command's own, and the parameters in it. (The last one takes the flags of `tier_options`.)"""
COMMANDS: Mapping[str, Mapping[str, str]] = {
    "Rehearse and change": {
        "rehearse": "Try all of it in a simulated world, then remove it",
        "plan": "Show every change, and change nothing",
        "apply": "Make the changes",
        "status": "Show what moved since the last apply",
        "resume": "Go on with a run that was interrupted",
        "destroy": "Remove what ekswiz created, and nothing else",
    },
    "Look and judge": {
        "doctor": "Look at everything that can stop a deployment",
        "access": "Compute who can do what with real roles",
        "lint": "Find the holes in policies",
        "iam": "Judge IAM policies by AWS's rules, without AWS",
    },
    "Take along": {
        "answers": "Print the answers as a file; also those of a live stack",
        "export": "Write the plan as bash, Terraform, CloudFormation, HTML",
        "files": "List and write the files for the repository",
        "hand-off": "Write what somebody with more rights has to do",
        "operator-policy": "Print the IAM policy that you need yourself",
        "pins": "Show the commits that actions are pinned to",
    },
    "Around it": {
        "sim": "Keep a simulated AWS, GitHub and Kubernetes up",
        "completion": "Print a script that completes commands and values",
        "schema": "Print the JSON Schema of what a command writes",
    },
}
"""What `ekswiz --help` lists, in the order of use."""
EXAMPLES: Mapping[str, Sequence[str]] = {
    "ekswiz": ("ekswiz --sim --sample", "ekswiz --sim --headless --sample", "ekswiz"),
    "ekswiz rehearse": ("ekswiz rehearse --sample --json report.json", "ekswiz rehearse --event pull_request --fork"),
    "ekswiz plan": (
        "ekswiz plan --account 123456789012 --region eu-west-1 --cluster platform",
        "ekswiz plan --out today.plan",
    ),
    "ekswiz apply": ("ekswiz apply today.plan", "ekswiz apply --yes --account 123456789012"),
    "ekswiz destroy": ("ekswiz destroy", "ekswiz destroy --yes --account 123456789012 --delete-images"),
    "ekswiz access": ("ekswiz access", "ekswiz access github-deployer --all"),
    "ekswiz lint": ("ekswiz lint trust.json", "ekswiz lint --role arn:aws:iam::123456789012:role/github-deployer"),
    "ekswiz iam explain": (
        "ekswiz iam explain --policy push.json --action ecr:PutImage",
        "ekswiz iam explain --trust trust.json --action sts:AssumeRole",
    ),
    "ekswiz doctor": ("ekswiz doctor", "ekswiz doctor --redact"),
    "ekswiz export": ("ekswiz export terraform infra", "ekswiz export html --report report.json > report.html"),
    "ekswiz answers": ("ekswiz answers > ekswiz.toml", "ekswiz answers --from-account --stack payments"),
    "ekswiz files": ("ekswiz files --diff", "ekswiz files --side"),
    "ekswiz operator-policy": ("ekswiz operator-policy > operator.json",),
    "ekswiz sim up": ("ekswiz sim up --sample", "ekswiz --sim plan"),
    "ekswiz sim env": ('eval "$(ekswiz sim env)"',),
    "ekswiz completion": ('eval "$(ekswiz completion bash)"',),
    "ekswiz schema": ("ekswiz schema plan",),
}
RULE = (
    "Each answer is also a variable (EKSWIZ_APP_PORT for --app-port) and a line in ekswiz.toml. A flag wins over a "
    "variable, a variable over the file, the file over what is found in the repository."
)
REPOSITORY = "from the repository's name"
FOUND: Mapping[str, str] = {
    "stack": REPOSITORY,
    "namespace": REPOSITORY,
    "ecr_repository": REPOSITORY,
    "workload": REPOSITORY,
    "repository": "from git's remote",
    "branch": "from git",
}
"""Answers that follow from something else."""
USUAL: Mapping[str, str] = {
    "environment": "production", "subject": "immutable", "context": ".", "dockerfile": "Dockerfile",
    "manifests": "manifests", "port": "8000", "create_cluster": "false", "kubernetes_version": "latest",
    "compute": "nodegroup", "node_type": "t3.medium", "node_min": "2", "node_max": "6", "endpoint_cidrs": "0.0.0.0/0",
    "vpc_cidr": "192.168.0.0/16", "zones": "2", "deletion_protection": "true", "migrate_access": "false",
    "operator_access": "false", "expose": "inside", "rights": "group", "platform": "amd64", "provenance": "false",
    "path_filter": "false", "folder": ".", "framework": "none", "oidc_check": "false", "dependabot": "false",
    "deploy_runner": "ubuntu-latest", "github": "files",
}  # fmt: skip
"""Answers that hold where nobody gives another, as `Answers` has them. Help does not load that for its words: it would
take a tenth more. A test holds the two equal."""


class Formatter(click.HelpFormatter):
    """As wide as the terminal, and no wider than 80 columns.

    Click asks `shutil` for the width, whose import (with those of every compression) takes a fifth of ours.
    """

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        super().__init__(indent_increment, width or max(min(_columns(), max_width or WIDEST) - 2, NARROWEST), max_width)


def _columns() -> int:
    """What COLUMNS says, else the terminal at standard output, else the widest."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(1).columns or WIDEST
    except OSError:
        return WIDEST


class Context(click.Context):
    """A context whose help is written by our formatter."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose help is in groups."""

    context_class = Context

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every option, with the others of its kind."""
        for title, rows in _grouped(self, ctx).items():
            with formatter.section(title):
                formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """How answers are also given, the command's own epilog, examples."""
        if any(map(_is_answer, self.params)):
            formatter.write_paragraph()
            formatter.write_text(RULE)
        super().format_epilog(ctx, formatter)
        examples = EXAMPLES.get(ctx.command_path, ())
        if examples:
            with formatter.section("Examples" if len(examples) > 1 else "Example"):
                formatter.write("".join(f"  $ {example}\n" for example in examples))


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command
    group_class: type[click.Group | type] | None = type

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands first: who asks a group for help looks for one of them."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)


def _grouped(command: click.Command, ctx: click.Context) -> Mapping[str, list[tuple[str, str]]]:
    """Titles, in order, with the rows below each."""
    rows: dict[str, list[tuple[str, str]]] = {title: [] for title in (HERE, *GROUPS)}
    grouped = any(map(_is_answer, command.params))
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None and isinstance(parameter, click.Option):
            flags, text = record
            rows[_title(parameter) if grouped else HERE].append((flags, f"{text}{''.join(_default(parameter))}"))
    return {title: found for title, found in rows.items() if found}


def _title(parameter: click.Parameter) -> str:
    name = parameter.name or ""
    if name.startswith(TIER):
        return [*GROUPS][-1]
    plain = name.removeprefix(ANSWER)
    return next((title for title, names in GROUPS.items() if plain in names and _fits(parameter, title)), HERE)


def _fits(parameter: click.Parameter, title: str) -> bool:
    """`--port` is a command's own, `--app-port` an answer; both are called `port`."""
    return _is_answer(parameter) == title.startswith("Answers")


def _is_answer(parameter: click.Parameter) -> bool:
    return (parameter.name or "").startswith(ANSWER)


def _default(parameter: click.Parameter) -> Iterator[str]:
    """What holds for an answer that nobody gives."""
    if not _is_answer(parameter):
        return
    name = (parameter.name or "").removeprefix(ANSWER)
    if name in FOUND:
        yield f"  [{FOUND[name]}]"
    elif name in USUAL:
        yield f"  [default: {USUAL[name]}]"
